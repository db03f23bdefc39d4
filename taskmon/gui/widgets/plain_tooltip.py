"""Tooltips that show a text from elsewhere as it is: Qt would take `<b>` in a name for markup, and load pictures."""

from __future__ import annotations

from PySide6.QtCore import QAbstractItemModel, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QHelpEvent
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem, QToolTip


def plain_tooltip(text: str) -> str:
    """A tooltip that shows `text` literally, line by line."""
    if not text:
        return ""
    from html import escape  # no tooltip is shown before the window

    return f"<qt>{escape(text).replace(chr(10), '<br>')}</qt>"


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
