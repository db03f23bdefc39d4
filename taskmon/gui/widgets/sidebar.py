"""The list at the left: groups, projects and machines with their numbers; a click filters the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRectF,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QColor, QCursor, QFontMetricsF, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QListView, QPushButton, QStyleOptionViewItem, QVBoxLayout, QWidget

from taskmon.core.plain_text import one_line, telling_part
from taskmon.core.units import count_text
from taskmon.gui.task_rows import TaskGroup
from taskmon.gui.theme import LIGHT, Theme, ui_font
from taskmon.gui.widgets.own_viewport import give_viewport
from taskmon.gui.widgets.plain_tooltip import PlainTooltips
from taskmon.gui.widgets.task_header import header_font

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

_ROW: Final = 30
_SECTION: Final = 40
_MARGIN: Final = 8.0
_PADDING: Final = 10.0
_INDENT: Final = 14.0
_REST_MS: Final = 10_000
"""For so long after the mouse has come to rest over the list somebody may still click."""
_NOWHERE: Final = QModelIndex()

Entry = TaskGroup | str
"""A group, or the title of a section."""


def _entries(groups: Sequence[TaskGroup]) -> list[Entry]:
    entries: list[Entry] = []
    section = ""
    for group in groups:
        if group.section != section:
            section = group.section
            entries.append(section)
        entries.append(group)
    return entries


class _Entries(QAbstractListModel):
    """The entries as Qt sees them. New numbers change rows; only another list of groups is a new list."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.entries: list[Entry] = []

    def show(self, entries: list[Entry]) -> bool:
        """True if the list itself is another one."""
        if [_key(entry) for entry in entries] != [_key(entry) for entry in self.entries]:
            self.beginResetModel()
            self.entries = entries
            self.endResetModel()
            return True
        for row, (new, old) in enumerate(zip(entries, self.entries, strict=True)):
            if new != old:
                self.entries[row] = new
                self.dataChanged.emit(self.index(row), self.index(row))
        return False

    def renumber(self, groups: Iterable[TaskGroup]) -> None:
        """The groups stay where they are, and tell their new numbers; 0 where there is no such group any more."""
        counts = {_key(group): group.size for group in groups}
        self.show([e if isinstance(e, str) else e._replace(size=counts.get(_key(e), 0)) for e in self.entries])

    def has_views_of(self, groups: Iterable[TaskGroup]) -> bool:
        """Whether the views are those, with the same filters."""
        views = [_key(each) for each in self.entries if isinstance(each, TaskGroup) and each.view]
        return views == [_key(group) for group in groups if group.view]

    def beside(self, group: TaskGroup) -> list[str]:
        """The titles of the groups in the section of `group`."""
        return [each.title for each in self.entries if isinstance(each, TaskGroup) and each.section == group.section]

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _NOWHERE) -> int:
        return 0 if parent.isValid() else len(self.entries)

    def flags(self, index: QModelIndex | QPersistentModelIndex) -> Qt.ItemFlag:
        if not index.isValid() or isinstance(self.entries[index.row()], str):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemNeverHasChildren

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        entry = self.entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return entry if isinstance(entry, str) else entry.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return entry if isinstance(entry, str) else f"{entry.title}, {count_text(entry.size, 'task')}"
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(entry, TaskGroup):
            return f"{entry.title}: {count_text(entry.size, 'task')}"
        return None


def _key(entry: Entry) -> tuple[str, str]:
    return ("section", entry) if isinstance(entry, str) else (f"{entry.section}: {entry.title}", entry.filter_text)


class _EntryPainter(PlainTooltips):
    """Titles of sections in small capitals; groups with their number at the right.

    It asks the view itself what is chosen and where the mouse is: to read that from the option, PySide would set up
    the hundreds of numbers of QStyle before the first paint.
    """

    def __init__(self, view: QListView) -> None:
        super().__init__(view)
        self._view = view
        self.theme = LIGHT

    def sizeHint(self, _option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:
        model = index.model()
        section = isinstance(model, _Entries) and isinstance(model.entries[index.row()], str)
        return QSize(120, _SECTION if section else _ROW)

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        model = index.model()
        if not isinstance(model, _Entries):
            return
        entry = model.entries[index.row()]
        room = QRectF(option.rect)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if isinstance(entry, str):
            self._paint_section(painter, room, entry)
        else:
            chosen = self._view.selectionModel().isSelected(index)
            self._paint_group(painter, room, entry, model, chosen=chosen, hovered=self._is_under_mouse(room))
            if self._view.hasFocus() and index == self._view.currentIndex():
                self._paint_focus(painter, room)
        painter.restore()

    def _is_under_mouse(self, room: QRectF) -> bool:
        viewport = self._view.viewport()
        return viewport.underMouse() and room.contains(viewport.mapFromGlobal(QPointF(viewport.cursor().pos())))

    def _paint_focus(self, painter: QPainter, room: QRectF) -> None:
        """Where the keys go on."""
        painter.setPen(QPen(QColor(self.theme.accent), 1.4))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRoundedRect(room.adjusted(_MARGIN, 1, -_MARGIN, -1), 6, 6)

    def _paint_section(self, painter: QPainter, room: QRectF, title: str) -> None:
        font = header_font()
        painter.setFont(font)
        painter.setPen(QColor(self.theme.muted))
        text = room.adjusted(_MARGIN + _PADDING, 0, -_MARGIN, -6)
        title = QFontMetricsF(font).elidedText(title.upper(), Qt.TextElideMode.ElideRight, text.width())
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignBottom, title)

    def _paint_group(
        self, painter: QPainter, room: QRectF, group: TaskGroup, model: _Entries, *, chosen: bool, hovered: bool
    ) -> None:
        plate = room.adjusted(_MARGIN, 1, -_MARGIN, -1)
        if chosen or hovered:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(self.theme.selection if chosen else self.theme.row_hover))
            painter.drawRoundedRect(plate, 6, 6)
        text = plate.adjusted(_PADDING + (_INDENT if group.nested else 0), 0, -_PADDING, 0)
        font = ui_font(10.0, strong=chosen)
        metrics = QFontMetricsF(font)
        number = f"{group.size:,}"
        width = metrics.horizontalAdvance(number)
        painter.setFont(font)
        painter.setPen(QColor(self.theme.selection_text if chosen else self.theme.muted))
        painter.drawText(text, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        quiet = group.size == 0 and not chosen
        ink = self.theme.selection_text if chosen else self.theme.muted if quiet else self.theme.text
        painter.setPen(QColor(ink))
        title, space = one_line(group.title), text.width() - width - 8
        if metrics.horizontalAdvance(title) > space:
            title = one_line(telling_part(group.title, model.beside(group)))
        title = metrics.elidedText(title, Qt.TextElideMode.ElideRight, space)
        painter.drawText(text, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, title)


class Sidebar(QWidget):
    """Emits `filter_requested(str)`: the filter text of the group that was clicked or chosen by key.

    For views that the user has named, by their names: `view_requested(str)`, `view_save_requested(str)`,
    `view_rename_requested(str, str)` with the old and the new one, `view_delete_requested(str)`.
    """

    filter_requested = Signal(str)
    view_requested = Signal(str)
    view_save_requested = Signal(str)
    view_rename_requested = Signal(str, str)
    view_delete_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._filter = ""
        self._late: Sequence[TaskGroup] = ()
        self._mouse: QPoint | None = None
        self._rest = QTimer(self, singleShot=True, interval=_REST_MS)
        self._rest.timeout.connect(lambda: self.show_counts(self._late))
        self._entries = _Entries(self)
        self._list = QListView(self)
        give_viewport(self._list)
        self._painter = _EntryPainter(self._list)
        self._list.setModel(self._entries)
        self._list.setItemDelegate(self._painter)
        self._list.setFrameShape(QListView.Shape.NoFrame)
        self._list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self._list.setSelectionMode(QListView.SelectionMode.NoSelection)  # `show_filter` selects: keys only move
        self._list.setMouseTracking(True)
        self._list.setAccessibleName("Groups of tasks")
        self._list.clicked.connect(self._wish)
        self._list.activated.connect(self._wish)
        self.setFocusProxy(self._list)
        self.setAccessibleName("Views")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 6, 0, 0)
        layout.addWidget(self._list)
        layout.addWidget(self._make_save_button())
        self.setMinimumWidth(140)
        self.set_theme(LIGHT)

    def _make_save_button(self) -> QPushButton:
        self._save = QPushButton("Save view…", self)
        self._save.setToolTip("Keep the present columns, order and filter under a name")
        self._save.setCursor(Qt.CursorShape.PointingHandCursor)
        self._save.clicked.connect(self._ask_view_name)
        self._list.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self._list.customContextMenuRequested.connect(self._offer_actions)
        return self._save

    def _ask_view_name(self) -> None:
        from taskmon.gui.widgets.view_menu import ask_name  # after the first paint

        ask_name(self, "Save view", "", self._save_view)

    def _offer_actions(self, at: QPoint) -> None:
        index = self._list.indexAt(at)
        entry = self._entries.entries[index.row()] if index.isValid() else ""
        if isinstance(entry, TaskGroup) and entry.view:
            from taskmon.gui.widgets.view_menu import offer_view_actions  # after the first paint

            offer_view_actions(
                self, self._list.viewport().mapToGlobal(at), entry.title, save=self._save_view,
                rename=self._rename_view, delete=self.view_delete_requested.emit,
            )  # fmt: skip

    def sizeHint(self) -> QSize:
        return QSize(176, 400)

    def set_theme(self, theme: Theme) -> None:
        self._painter.theme = theme
        self._list.setStyleSheet(f"QListView {{ background: {theme.window}; border: 0; }}")
        self._list.viewport().update()
        self._save.setStyleSheet(
            f"QPushButton {{ background: transparent; color: {theme.muted}; border: 1px solid transparent;"
            f" border-radius: 6px; text-align: left; padding: 5px {int(_PADDING) - 1}px;"
            f" margin: 2px {int(_MARGIN)}px; }}"
            f"QPushButton:hover, QPushButton:focus {{ color: {theme.accent}; }}"
            f"QPushButton:focus {{ border-color: {theme.accent}; }}"
        )

    def show_counts(self, groups: Sequence[TaskGroup]) -> None:
        """The groups with their numbers, sections one after the other; the keys stay at their group. While the mouse is
        aimed at one of them, all stay where they are, but for the views: those the person changes."""
        self._late = groups
        if self._is_aimed_at() and self._entries.has_views_of(groups):
            self._entries.renumber(groups)
            return
        row = self._list.currentIndex().row()
        place = _key(self._entries.entries[row]) if row >= 0 else None
        if self._entries.show(_entries(groups)):
            self.show_filter(self._filter)
            self._go_to(lambda entry: _key(entry) == place)

    def _is_aimed_at(self) -> bool:
        """Whether the mouse is over the list, and did not just rest there all the time."""
        at, before = QCursor.pos(), self._mouse
        self._mouse = at
        if before is not None and at != before:
            self._rest.start()
        return self._rest.isActive() and self._list.viewport().underMouse()

    def leaveEvent(self, event: QEvent) -> None:
        super().leaveEvent(event)
        self.show_counts(self._late)

    def show_filter(self, text: str) -> None:
        """Marks the group whose filter is in force; none where the text is another one."""
        self._filter = text
        wanted = text.strip()
        for row, entry in enumerate(self._entries.entries):
            if isinstance(entry, TaskGroup) and entry.filter_text == wanted:
                self._mark(self._entries.index(row))
                return
        self._mark(QModelIndex())

    def _go_to(self, wanted: Callable[[Entry], bool]) -> QModelIndex:
        """Moves the keys, and not the mark, to the first entry that is wanted, if there is one."""
        row = next((row for row, entry in enumerate(self._entries.entries) if wanted(entry)), -1)
        index = self._entries.index(row)
        if index.isValid():
            self._list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.NoUpdate)
        return index

    def _save_view(self, name: str) -> None:
        self.view_save_requested.emit(name)
        self._show_view(name)

    def _rename_view(self, name: str, new: str) -> None:
        self.view_rename_requested.emit(name, new)
        self._show_view(new)

    def _show_view(self, name: str) -> None:
        """Brings a view that was just named into sight, below how many others it may be."""
        wanted = " ".join(name.split())
        found = self._go_to(lambda entry: isinstance(entry, TaskGroup) and entry.view and entry.title == wanted)
        if found.isValid():
            self._list.scrollTo(found)

    def _mark(self, index: QModelIndex) -> None:
        self._list.selectionModel().setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)

    def _wish(self, index: QModelIndex) -> None:
        entry = self._entries.entries[index.row()]
        if isinstance(entry, TaskGroup) and entry.view:
            self.view_requested.emit(entry.title)
        elif isinstance(entry, TaskGroup):
            self.filter_requested.emit(entry.filter_text)
