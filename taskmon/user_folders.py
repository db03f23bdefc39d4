"""Where taskmon keeps its things by default: the folders that the system gives a person's programs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Final, Literal

_PROGRAM: Final = "taskmon"
_Kind = Literal["cache", "config", "data", "state"]
_UNIX: Final[dict[_Kind, str]] = {
    "cache": ".cache",
    "config": ".config",
    "data": ".local/share",
    "state": ".local/state",
}


def user_folder(kind: _Kind) -> Path:
    """Our folder for a kind of files; it need not exist.

    On Linux by the XDG Base Directory specification (https://specifications.freedesktop.org/basedir-spec): four lines,
    for which no window should wait until a library is loaded. Elsewhere as platformdirs knows it.
    """
    if sys.platform == "linux":
        named = Path(os.environ.get(f"XDG_{kind.upper()}_HOME", "").strip())
        return (named if named.is_absolute() else Path.home() / _UNIX[kind]) / _PROGRAM
    import platformdirs

    return Path(getattr(platformdirs, f"user_{kind}_dir")(_PROGRAM, appauthor=False))
