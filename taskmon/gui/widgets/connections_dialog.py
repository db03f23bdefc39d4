"""The dialog in which connections are added, tried, changed, removed and chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QWidget

from taskmon.core.connection import Connection, ConnectionDraft, ConnectionEntry, ConnectionKind
from taskmon.gui import theme
from taskmon.gui.widgets.connection_form import ConnectionForm
from taskmon.gui.widgets.connection_list import ConnectionList
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import Sentence, Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.connection import FormPart
    from taskmon.gui.theme import Theme

_NEW = ConnectionEntry(connection=Connection(name="", url=""), kind=ConnectionKind.OWN)


@dataclass(slots=True)
class _Row:
    """An entry and what is being made of it."""

    entry: ConnectionEntry
    draft: ConnectionDraft

    @property
    def changed(self) -> bool:
        return self.draft != _unchanged(self.entry)


class ConnectionsDialog(QDialog):
    """Shows entries, emits wishes. `save_requested`, `use_requested` and `test_requested` carry a ConnectionDraft; the
    first two lock the form until `show_entries` or `show_problem`. What is not saved stays in the form while the
    dialog is open; closing it then asks by `close_unsaved_requested(list of names)`."""

    save_requested = Signal(object)
    use_requested = Signal(object)
    test_requested = Signal(object)
    remove_requested = Signal(str)
    found_key_requested = Signal(str, str)
    entry_shown = Signal(object)
    close_unsaved_requested = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Connections")
        self._rows: list[_Row] = []
        self._current = -1
        self._busy = False
        self._place = ""
        self._title = QLabel("Connections", self)
        self._title.setFont(theme.ui_font(15, strong=True))
        self._subtitle = Sentence(self)
        self._subtitle.say("The service whose tasks the window shows.")
        self._problem = Sentence(self, boxed=True, points=9.5)
        self.list = ConnectionList(self)
        self.form = ConnectionForm(self)
        self._sentence = Sentence(self, points=9.5)
        self.close_button = QuietButton("Cl&ose", self)
        self.save = QuietButton("&Save", self)
        self.use = QPushButton("&Use", self)
        self.use.setDefault(True)
        self._lay_out()
        self._connect()
        self.set_theme(theme.LIGHT)

    # What the controller shows ---------------------------------------------------------------------------------

    def show_entries(self, entries: Sequence[ConnectionEntry], select: str, settled: str | None = None) -> None:
        """Shows the connections and chooses the one called `select`.

        Drafts of others stay; the one of the connection that was called `settled` (empty: the new one) is done.
        """
        kept = {row.draft.original: row for row in self._rows if row.changed and row.draft.original != settled}
        self._rows = [_Row(entry, _unchanged(entry)) for entry in entries]
        for row in self._rows:
            if row.entry.name in kept:
                row.draft = kept[row.entry.name].draft
        if "" in kept:
            self._rows.append(kept[""])
        self._busy = False
        self._problem.say("")
        names = [row.entry.name for row in self._rows]
        self._current = names.index(select) if select in names else 0
        self._show_rows()

    def show_key_place(self, sentence: str) -> None:
        """Where a key is kept here."""
        self._place = sentence
        self._check()

    def show_stored_key(self, name: str, stored: bool, problem: str = "") -> None:
        """Whether a key of the entry of this name is stored; ignored when another one is shown by now."""
        if self._row().entry.name == name:
            self.form.show_stored_key(stored, problem)

    def fill_key(self, url: str, key: str, note: str) -> None:
        """Puts a key that was asked for into the form."""
        if self._row().entry.connection.url == url:
            self.form.fill_key(key, note)

    def show_result(self, draft: ConnectionDraft, sentence: str, part: FormPart | None) -> None:
        """What a test came to, if the form still shows what was tested."""
        if draft == self.form.draft():
            self.form.show_result(sentence, part)

    def show_problem(self, sentence: str) -> None:
        """Says above the form why something could not be done, and gives the form back."""
        self._busy = False
        self._problem.say(sentence, Tone.ERROR)
        self._check()

    def add(self) -> None:
        """Begins a new connection, or goes on with the one that was begun."""
        fresh = next((number for number, row in enumerate(self._rows) if row.entry is _NEW), None)
        if fresh is None:
            self._rows.append(_Row(_NEW, _unchanged(_NEW)))
            fresh = len(self._rows) - 1
        self._current = fresh
        self._show_rows()
        self.form.name.setFocus()

    def focus_key(self) -> None:
        """The next key press goes into the key field."""
        if self.form.has_own_key():
            self.form.key.setFocus()

    def discard(self) -> None:
        """Closes without saving."""
        super().reject()

    def reject(self) -> None:
        unsaved = [row.draft.name.strip() or "New connection" for row in self._rows if row.changed]
        if unsaved:
            self.close_unsaved_requested.emit(unsaved)
        else:
            super().reject()

    def set_theme(self, colours: Theme) -> None:
        for part in (self._subtitle, self._problem, self.list, self.form, self._sentence):
            part.set_theme(colours)

    # Inside ----------------------------------------------------------------------------------------------------

    def _lay_out(self) -> None:
        footer = QHBoxLayout()
        footer.setSpacing(10)
        footer.addWidget(self._sentence, 1, Qt.AlignmentFlag.AlignVCenter)
        footer.addStretch(0)
        for button in (self.close_button, self.save, self.use):
            button.setMinimumHeight(32)
            footer.addWidget(button)
        self.use.setMinimumWidth(110)
        grid = QGridLayout(self)
        grid.setContentsMargins(22, 20, 22, 18)
        grid.setHorizontalSpacing(22)
        grid.setVerticalSpacing(3)
        grid.addWidget(self._title, 0, 0, 1, 2)
        grid.addWidget(self._subtitle, 1, 0, 1, 2)
        grid.setRowMinimumHeight(2, 10)
        grid.addWidget(self._problem, 3, 0, 1, 2)
        grid.addWidget(self.list, 4, 0)
        grid.addWidget(self.form, 4, 1)
        grid.setRowMinimumHeight(5, 12)
        grid.addLayout(footer, 6, 0, 1, 2)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 7)
        grid.setRowStretch(4, 1)
        self.setMinimumSize(660, 380)
        self.resize(840, 470)

    def _connect(self) -> None:
        self.list.chosen.connect(self._choose)
        self.list.add_requested.connect(self.add)
        self.list.remove_requested.connect(self._remove)
        self.form.changed.connect(self._edited)
        self.form.test_requested.connect(self._test)
        self.form.found_key_requested.connect(
            lambda source: self.found_key_requested.emit(self._row().entry.connection.url, source)
        )
        self.close_button.clicked.connect(self.reject)
        self.save.clicked.connect(lambda: self._settle(self.save_requested))
        self.use.clicked.connect(lambda: self._settle(self.use_requested))

    def _row(self) -> _Row:
        return self._rows[self._current]

    def _show_rows(self) -> None:
        self.list.show_entries([row.entry for row in self._rows], self._current)
        for number, row in enumerate(self._rows):
            self.list.show_row(number, row.draft.name, row.draft.url)
        self._show_current()

    def _choose(self, number: int) -> None:
        if 0 <= number < len(self._rows):
            self._current = number
            self._problem.say("")
            self._show_current()

    def _show_current(self) -> None:
        row = self._row()
        self.form.show_entry(row.entry, row.draft)
        if row.entry is _NEW:
            self.form.show_stored_key(False)
        elif self.form.has_own_key():
            self.entry_shown.emit(row.entry)
        self._check()

    def _edited(self) -> None:
        row = self._row()
        row.draft = self.form.draft()
        self.list.show_row(self._current, row.draft.name, row.draft.url)
        self._check()

    def _check(self) -> None:
        if not self._rows:
            return
        row = self._row()
        problem = self.form.check([other.entry.name for other in self._rows if other is not row])
        needs_key = self.form.lacks_key()
        own = self.form.has_own_key()
        in_use = row.entry.present and not row.changed
        self.form.setEnabled(not self._busy)
        self.list.setEnabled(not self._busy)
        self.list.allow_removal(row.entry.kind is ConnectionKind.OWN)
        self.form.test.setEnabled(not problem and not needs_key)
        self.save.setVisible(own)
        self.save.setEnabled(own and row.changed and not problem and not self._busy)
        self.use.setText("In use" if in_use else "&Use")
        self.use.setEnabled(not problem and not needs_key and not in_use and not self._busy)
        wanted = problem or ("Enter the API key to use it." if needs_key else "")
        self._sentence.say(wanted or (self._place if own else ""), Tone.QUIET)

    def _settle(self, wish: object) -> None:
        self._busy = True
        self._problem.say("")
        self._check()
        wish.emit(self.form.draft())  # type: ignore[attr-defined]

    def _test(self) -> None:
        self.form.show_testing()
        self.test_requested.emit(self.form.draft())

    def _remove(self) -> None:
        row = self._row()
        if row.entry is _NEW:
            self._rows.pop(self._current)
            self._current = max(0, self._current - 1)
            self._show_rows()
        else:
            self.remove_requested.emit(row.entry.name)


def _unchanged(entry: ConnectionEntry) -> ConnectionDraft:
    return ConnectionDraft(original=entry.name, name=entry.name, url=entry.connection.url)
