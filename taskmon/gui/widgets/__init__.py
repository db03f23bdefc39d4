"""Panes: core values in, signals out. They have never heard of the network."""
