"""Questions to the person, asked without ever blocking the loop: `open()` and await the answer."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QMessageBox, QPushButton, QWidget

_LEAST_WIDTH: Final = 320
"""Of a question's text, in pixels: a shorter one would leave no room for the title between the buttons of its frame."""


@dataclass(frozen=True, slots=True)
class Question:
    """Plain text in all parts. `consequence` is the button that acts; Cancel is always the default."""

    title: str
    text: str
    detail: str
    consequence: str = ""


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
    box = _box(question, parent)
    act = box.addButton(question.consequence, QMessageBox.ButtonRole.DestructiveRole)
    try:
        await finished(box)
        return box.clickedButton() is act
    finally:
        box.deleteLater()


async def choose_answer(question: Question, answers: Sequence[str], parent: QWidget) -> str | None:
    """The one of `answers` that the person chose; None for Cancel, which is the default. `consequence` is not shown."""
    box = _box(question, parent)
    buttons = {box.addButton(answer, QMessageBox.ButtonRole.AcceptRole): answer for answer in answers}
    try:
        await finished(box)
        return buttons.get(cast("QPushButton", box.clickedButton()))
    finally:
        box.deleteLater()


def _box(question: Question, parent: QWidget) -> QMessageBox:
    """The question with a Cancel button, which Enter and Escape press."""
    box = QMessageBox(parent)
    box.setTextFormat(Qt.TextFormat.PlainText)
    box.setWindowTitle(question.title)
    box.setText(question.text)
    box.setInformativeText(question.detail)
    box.setStyleSheet(f"#qt_msgbox_label {{ min-width: {_LEAST_WIDTH}px; }}")
    cancel = box.addButton(QMessageBox.StandardButton.Cancel)
    box.setDefaultButton(cancel)
    box.setEscapeButton(cancel)
    return box


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
