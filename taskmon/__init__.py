"""taskmon: a desktop task monitor for the tasks of the Inductiva simulation API.

In a script: `taskmon.connect()` and `taskmon.Task`. They are loaded when they are first used, because every program of
taskmon begins by importing this.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_SCRIPT_WORDS = {
    "Connection": "taskmon.client.script",
    "Task": "taskmon.client.script",
    "connect": "taskmon.client.script",
    "Status": "taskmon.core.lifecycle",
    "TaskmonError": "taskmon.core.errors",
}


def __getattr__(name: str) -> Any:
    if name not in _SCRIPT_WORDS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_SCRIPT_WORDS[name]), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_SCRIPT_WORDS])
