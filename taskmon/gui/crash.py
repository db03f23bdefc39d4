"""What happens after a bug: a report in a file, a sentence for the person, and the window lives on where it can."""

from __future__ import annotations

import logging
import platform
import traceback
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Qt, qVersion
from PySide6.QtWidgets import QMessageBox, QWidget

import taskmon

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.gui.shell import Shell

logger = logging.getLogger(__name__)

_KEPT: Final = 50
"""Reports; a bug may come back every second for a week."""


class CrashReporter:
    """Writes each bug to `folder` and shows at most one dialog at a time about it.

    A report holds the traceback and versions, no environment and no keys.
    """

    def __init__(self, folder: Path, clock: Callable[[], datetime], parent: QWidget) -> None:
        self._folder = folder
        self._clock = clock
        self._parent = parent
        self._dialog: QMessageBox | None = None

    def report(self, error: BaseException) -> None:
        """Keeps the report and tells the person where it is."""
        path = self._write(error)
        if self._dialog is not None:
            return
        dialog = QMessageBox(self._parent)
        dialog.setIcon(QMessageBox.Icon.Warning)
        dialog.setTextFormat(Qt.TextFormat.PlainText)
        dialog.setWindowTitle("taskmon made a mistake")
        dialog.setText("taskmon made a mistake; your tasks are not affected.")
        where = f"The report is in {path}." if path else "The report could not be written; it is in the log."
        dialog.setInformativeText(f"{where}\nPlease attach it when you tell us about it. You can go on working.")
        dialog.setDetailedText("".join(traceback.format_exception(error)))
        dialog.finished.connect(self._forget)
        self._dialog = dialog
        dialog.open()

    def _forget(self) -> None:
        self._dialog = None

    def _write(self, error: BaseException) -> Path | None:
        now = self._clock()
        path = self._folder / f"crash-{now:%Y%m%d-%H%M%S}.txt"
        versions = f"taskmon {taskmon.__version__}, Python {platform.python_version()}, Qt {qVersion()}"
        text = f"{now.isoformat()}\n{versions}, {platform.platform()}\n\n{''.join(traceback.format_exception(error))}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            for oldest in sorted(self._folder.glob("crash-*.txt"))[:-_KEPT]:
                oldest.unlink()
        except OSError:
            logger.exception("the crash report could not be written")
            return None
        return path


def crash_reporter(shell: Shell) -> CrashReporter:
    """Keeps the reports of this window's bugs."""
    return CrashReporter(shell.folders.state / "crashes", shell.clock, shell.window)
