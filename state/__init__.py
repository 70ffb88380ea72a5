"""Memory: the only room with SQL for Instep's own tables."""
