"""Where the window was and how it was arranged. A bad value restores nothing and hurts nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QSettings

if TYPE_CHECKING:
    from pathlib import Path


class WindowState:
    """Named byte strings in an INI file of the user's state folder."""

    def __init__(self, path: Path) -> None:
        self._settings = QSettings(str(path), QSettings.Format.IniFormat)

    def load(self, name: str) -> bytes | None:
        """What was saved under `name`; None if nothing usable was."""
        value = self._settings.value(name)
        return bytes(value.data()) if isinstance(value, QByteArray) else None

    def save(self, name: str, value: bytes | QByteArray) -> None:
        self._settings.setValue(name, QByteArray(value))

    def forget(self) -> None:
        """Forgets every arrangement; the next start has the default one."""
        self._settings.clear()

    def flush(self) -> None:
        self._settings.sync()
