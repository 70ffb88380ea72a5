"""What `instep check` looks at, a file for each subject."""
