"""Whether a window can be opened here, found out before Qt does: Qt ends the process when it cannot.

`python -m taskmon.cli.display` exits with 0 where it can and prints the reason where it cannot.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTEAD: Final = (
    "Start taskmon in a desktop session or over ssh -X, or use its commands here: taskmon --help lists them."
)
_SCREENLESS: Final = ("offscreen", "minimal", "vnc", "linuxfb", "eglfs")


def missing_display(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """Why there is no display, in one sentence with what to do; empty where there is one."""
    if platform != "linux" or environment.get("QT_QPA_PLATFORM", "").partition(":")[0] in _SCREENLESS:
        return ""
    wayland, x11 = environment.get("WAYLAND_DISPLAY"), environment.get("DISPLAY")
    if wayland and _wayland_answers(wayland, environment.get("XDG_RUNTIME_DIR", "")):
        return ""
    if x11:
        return "" if _x11_answers(x11) else f"The display {x11} does not answer. {INSTEAD}"
    return f"There is no display to open a window on. {INSTEAD}"


def _wayland_answers(name: str, runtime_dir: str) -> bool:
    import socket

    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(str(Path(runtime_dir) / name))
    except OSError:
        return False
    return True


def _x11_answers(name: str) -> bool:
    """Asks the server itself, with the user's cookie. True when libxcb is missing: Qt's message is better then."""
    import ctypes

    try:
        xcb = ctypes.CDLL("libxcb.so.1")
    except OSError:
        return True
    xcb.xcb_connect.restype = ctypes.c_void_p
    xcb.xcb_connect.argtypes = [ctypes.c_char_p, ctypes.c_void_p]
    xcb.xcb_connection_has_error.argtypes = xcb.xcb_disconnect.argtypes = [ctypes.c_void_p]
    connection = xcb.xcb_connect(name.encode(), None)
    try:
        return bool(xcb.xcb_connection_has_error(connection) == 0)
    finally:
        xcb.xcb_disconnect(connection)


def missing_library(environment: Mapping[str, str] = os.environ, platform: str = sys.platform) -> str:
    """The system library that Qt's X11 plugin misses, in one sentence with what to do; empty if none."""
    if platform != "linux" or environment.get("QT_QPA_PLATFORM") or environment.get("WAYLAND_DISPLAY"):
        return ""
    import ctypes
    import importlib.util

    found = importlib.util.find_spec("PySide6")
    for folder in (found.submodule_search_locations or ()) if found else ():
        plugin = Path(folder, "Qt", "plugins", "platforms", "libqxcb.so")
        try:
            if plugin.exists():
                ctypes.CDLL(str(plugin))
        except OSError as error:
            library = str(error).partition(":")[0]
            return (
                f"The window needs the system library {library}. "
                "Install it: make run does so on Debian and Ubuntu, README.md names the packages."
            )
    return ""


if __name__ == "__main__":
    reason = missing_display() or missing_library()
    print(reason, file=sys.stderr, end="\n" if reason else "")
    sys.exit(1 if reason else 0)
