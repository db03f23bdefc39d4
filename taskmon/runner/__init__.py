"""A runner: one process per machine, one task at a time."""
