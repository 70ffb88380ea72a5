"""Pure thought: what every system should hold, and why."""
