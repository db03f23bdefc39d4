"""taskmon: a desktop task monitor for the tasks of the Inductiva simulation API."""

__version__ = "0.1.0"
