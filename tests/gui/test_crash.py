"""What is kept of a bug."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

from PySide6.QtWidgets import QMessageBox, QWidget

from taskmon.gui.crash import CrashReporter
from tests.fakes import StillClock

if TYPE_CHECKING:
    from pathlib import Path

    from PySide6.QtWidgets import QApplication


def test_a_report_is_kept_whatever_its_text_and_the_oldest_make_room(app: QApplication, tmp_path: Path) -> None:
    clock, parent = StillClock(), QWidget()
    reporter = CrashReporter(tmp_path / "crashes", clock, parent)
    for _ in range(60):
        reporter.report(ValueError("cannot read " + os.fsdecode(b"caf\xe9")))
        clock.now += timedelta(seconds=1)
    reports = sorted((tmp_path / "crashes").iterdir())
    assert [report.name for report in reports] == [f"crash-20250602-1200{second:02d}.txt" for second in range(10, 60)]
    assert r"cannot read caf\udce9" in reports[-1].read_text()
    [dialog] = parent.findChildren(QMessageBox)
    assert "made a mistake" in dialog.text()
    dialog.close()
    parent.deleteLater()
