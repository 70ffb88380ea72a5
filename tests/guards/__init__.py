"""What may break, the test that covers it, and whether that test fails when its guard is taken out."""
