"""What the exit code of `taskmon` says."""

from __future__ import annotations

from typing import Final

OK: Final = 0
TASK_FAILED: Final = 1
"""The command worked, and a task it waited for did not succeed."""
USAGE: Final = 2
"""What was given cannot be used: an option, a folder, a task id."""
SERVICE_PROBLEM: Final = 3
"""The service did not answer, or refused."""
INTERRUPTED: Final = 130
"""Ctrl-C or SIGTERM."""
