"""Face: the instep command and what it prints."""
