"""The window: values in, wishes out."""
