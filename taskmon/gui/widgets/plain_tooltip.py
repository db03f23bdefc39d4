"""Tooltips that show a text from elsewhere as it is: Qt would take `<b>` in a name for markup, and load pictures."""

from __future__ import annotations

import re
from typing import Final

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QToolTip

from taskmon.core.plain_text import some_lines

_LONG_WORD: Final = re.compile(r"\S{48}")
_BREAK: Final = "\u200b"
"""Where a line may end: a space that has no width."""
_MOST_LETTERS: Final = 1500
_MOST_LINES: Final = 24


def plain_tooltip(text: str) -> str:
    """A tooltip that shows `text` literally, line by line: long words are broken, very long texts cut."""
    if not text:
        return ""
    from html import escape  # no tooltip is shown before the window

    shown = some_lines(text[:_MOST_LETTERS] + ("…" if len(text) > _MOST_LETTERS else ""))
    broken = _LONG_WORD.sub(rf"\g<0>{_BREAK}", shown)
    lines = broken.split("\n")
    return f"<qt>{'<br>'.join(map(escape, lines[:_MOST_LINES]))}{'<br>…' if len(lines) > _MOST_LINES else ''}</qt>"


class PlainTooltips(QStyledItemDelegate):
    """Shows what the model says for tooltips literally."""

    def helpEvent(
        self,
        event: QHelpEvent,
        view: QAbstractItemView,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> bool:
        if event.type() != QHelpEvent.Type.ToolTip:
            return super().helpEvent(event, view, option, index)
        model: QAbstractItemModel | None = index.model() if index.isValid() else None
        told = model.data(index, Qt.ItemDataRole.ToolTipRole) if model is not None else None
        QToolTip.showText(event.globalPos(), plain_tooltip(str(told or "")), view.viewport())
        return True
