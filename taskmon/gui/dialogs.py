"""Questions to the person, asked without ever blocking the loop: `open()` and await the answer."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QWidget


@dataclass(frozen=True, slots=True)
class Question:
    """Plain text in all parts. `consequence` is the button that acts; Cancel is always the default."""

    title: str
    text: str
    detail: str
    consequence: str


async def finished(dialog: QDialog) -> int:
    """Shows `dialog` and waits for its result; cancelling the wait closes it."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def settle(result: int) -> None:
        if not answer.done():
            answer.set_result(result)

    dialog.finished.connect(settle)
    dialog.open()
    try:
        return await answer
    finally:
        dialog.finished.disconnect(settle)
        dialog.close()


async def ask(question: Question, parent: QWidget) -> bool:
    """True if the person chose the consequence; Escape, Enter and the close button all mean no."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    box.setInformativeText(question.detail)
    act = box.addButton(question.consequence, QMessageBox.ButtonRole.DestructiveRole)
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    try:
        await finished(box)
        return box.clickedButton() is act
    finally:
        box.deleteLater()


async def choose_folder(title: str, parent: QWidget, start: str = "") -> str | None:
    """A folder that exists, or None if the person cancelled."""
    dialog = QFileDialog(parent, title, start)
    dialog.setFileMode(QFileDialog.FileMode.Directory)
    dialog.setOption(QFileDialog.Option.ShowDirsOnly, True)
    return await _chosen(dialog)


async def choose_new_file(title: str, parent: QWidget, suggestion: str) -> str | None:
    """A path to write to (Qt has asked before overwriting), or None if the person cancelled."""
    dialog = QFileDialog(parent, title, suggestion)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.selectFile(suggestion)
    return await _chosen(dialog)


async def _chosen(dialog: QFileDialog) -> str | None:
    try:
        if await finished(dialog) != QDialog.DialogCode.Accepted.value:
            return None
        return next(iter(dialog.selectedFiles()), None)
    finally:
        dialog.deleteLater()
