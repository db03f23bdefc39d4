"""Who brings up runners, and where."""
