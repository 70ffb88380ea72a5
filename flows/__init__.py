"""Will: configuration, the loop, and the thin Prefect flows around it."""
