"""The words that window, service and runner share. Standard library only: no I/O, no clock, no loop, no Qt."""
