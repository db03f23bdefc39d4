"""Asks for the name of a view, and offers what can be done with one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget


def ask_name(parent: QWidget, title: str, name: str, answer: Callable[[str], None]) -> None:
    """Opens a small dialog; `answer` hears the name if it is accepted."""
    dialog = QInputDialog(parent)
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.setWindowTitle(title)
    dialog.setLabelText("Name of the view:")
    dialog.setTextValue(name)
    dialog.setOkButtonText("Save" if not name else "Rename")
    dialog.textValueSelected.connect(answer)
    dialog.open()


def offer_view_actions(
    parent: QWidget,
    at: QPoint,
    name: str,
    *,
    save: Callable[[str], None],
    rename: Callable[[str, str], None],
    delete: Callable[[str], None],
) -> QMenu:
    """A menu for the view `name` at a global position; it deletes itself when it closes."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    menu.addAction("Save present columns, order and filter here", lambda: save(name))
    menu.addAction("Rename…", lambda: ask_name(parent, "Rename view", name, lambda new: rename(name, new)))
    menu.addSeparator()
    menu.addAction("Delete", lambda: delete(name))
    menu.popup(at)
    return menu
