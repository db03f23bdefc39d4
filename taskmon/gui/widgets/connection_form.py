"""The right side of the connections dialog: name, address and key of one connection, and whether it works."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from taskmon.core.connection import (
    ConnectionDraft,
    ConnectionKind,
    FormPart,
    address_problem,
    address_warning,
    key_problem,
    name_problem,
    tidy_address,
)
from taskmon.gui.widgets.form_controls import QuietButton
from taskmon.gui.widgets.form_field import ROW_SPACING, FieldRow, Sentence, Tone
from taskmon.gui.widgets.secret_field import SecretField

if TYPE_CHECKING:
    from collections.abc import Collection

    from taskmon.core.connection import ConnectionEntry
    from taskmon.gui.theme import Theme

_ABOUT: Final = {
    ConnectionKind.EMBEDDED: "Tasks run on this computer. It is always here and needs no key.",
    ConnectionKind.CLOUD: "Tasks run on machines of the Inductiva cloud. It needs the API key of your account.",
    ConnectionKind.OWN: "A shared taskmon service, or any service that speaks the Inductiva API.",
    ConnectionKind.GIVEN: "Named by the command line or the environment, for this run only.",
}
_LOOKING: Final = "looking for the stored key…"
_ENTER: Final = "paste the key here"
_STORED: Final = "stored; enter another one to replace it"


class ConnectionForm(QWidget):
    """Shows one entry. `changed` on every edit; wishes carry nothing, the dialog knows the entry."""

    changed = Signal()
    test_requested = Signal()
    found_key_requested = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._kind = ConnectionKind.OWN
        self._original = ""
        self._saved_url = ""
        self._found = ""
        self._has_key: bool | None = None
        self._about = Sentence(self, points=9.5)
        self.name = QLineEdit(self)
        self.url = QLineEdit(self)
        self.url.setPlaceholderText("https://api.example.org")
        for line in (self.name, self.url):
            line.setAcceptDrops(False)
        self.key = SecretField(self)
        self.use_found = QuietButton("", self)
        self.test = QuietButton("&Test", self)
        self._name_row = FieldRow("&Name", self.name, self)
        self._url_row = FieldRow("A&ddress", self.url, self)
        self._key_row = FieldRow("API &key", self.key, self, buddy=self.key.line)
        self._found_row = FieldRow("", _left(self.use_found), self, buddy=self.use_found)
        self._test_row = FieldRow("", _left(self.test), self, buddy=self.test)
        self._rows = (self._name_row, self._url_row, self._key_row, self._found_row, self._test_row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(ROW_SPACING)
        for part in (self._about, *self._rows):
            layout.addWidget(part)
        layout.addStretch(1)
        self.name.textChanged.connect(self._edited)
        self.url.textChanged.connect(self._edited)
        self.key.changed.connect(self._edited)
        self.test.clicked.connect(self.test_requested)
        self.use_found.clicked.connect(lambda: self.found_key_requested.emit(self._found))

    # What the dialog shows -------------------------------------------------------------------------------------

    def show_entry(self, entry: ConnectionEntry, draft: ConnectionDraft) -> None:
        """Shows `draft`, what is being made of `entry`."""
        own = entry.kind is ConnectionKind.OWN
        self._kind, self._original, self._has_key = entry.kind, draft.original, None
        self._saved_url = entry.connection.url
        self.blockSignals(True)
        self._about.say(_ABOUT[entry.kind])
        self.name.setText(draft.name)
        self.url.setText(draft.url)
        for line in (self.name, self.url):
            line.setReadOnly(not own)
            line.setEnabled(own)
        self._key_row.setVisible(self.has_own_key())
        self.key.fill(draft.key, _ENTER if own and not draft.original else _LOOKING)
        self._found = entry.found_keys[0] if entry.found_keys else ""
        self.use_found.setText(f"Use the key &found in {self._found}")
        self._found_row.hide()
        self._found_row.say("")
        self._test_row.say("")
        self.blockSignals(False)

    def show_stored_key(self, stored: bool, problem: str = "") -> None:
        """Whether a key of this entry is stored; `problem` says why that cannot be known."""
        self._has_key = stored
        self.key.fill(self.key.secret(), _STORED if stored else _ENTER)
        self._key_row.say(problem, Tone.WARNING)
        self._offer_found()
        self.changed.emit()

    def fill_key(self, key: str, note: str) -> None:
        """Puts a key into the form, covered, and says where it comes from."""
        self.key.fill(key, _ENTER)
        self._found_row.hide()
        self._key_row.say(note)

    def show_testing(self) -> None:
        self._test_row.say("Asking the service…")

    def show_result(self, sentence: str, part: FormPart | None) -> None:
        """What a test came to; a refusal stands below the field that it is about."""
        rows = {None: self._test_row, FormPart.ADDRESS: self._url_row, FormPart.KEY: self._key_row}
        row = rows[part]
        self._test_row.say("")
        visible = row if row.isVisibleTo(self) else self._test_row
        visible.say(f"✓ {sentence}" if part is None else sentence, Tone.QUIET if part is None else Tone.ERROR)

    # What stands here ------------------------------------------------------------------------------------------

    def has_own_key(self) -> bool:
        """Whether this kind of entry has a key that a person can set."""
        return self._kind in (ConnectionKind.CLOUD, ConnectionKind.OWN)

    def draft(self) -> ConnectionDraft:
        return ConnectionDraft(
            original=self._original, name=self.name.text(), url=self.url.text(), key=self.key.secret()
        )

    def check(self, taken: Collection[str]) -> str:
        """Says beside the fields what is wrong with them; the first problem, or an empty text."""
        if not self.has_own_key():
            return ""
        draft = self.draft()
        name = name_problem(draft.name, taken)
        self._name_row.say(name if draft.name.strip() else "", Tone.ERROR)
        url = address_problem(draft.url)
        if url and draft.url.strip():
            self._url_row.say(url, Tone.ERROR)
        elif address_warning(draft.url):
            self._url_row.say(address_warning(draft.url), Tone.WARNING)
        key = key_problem(draft.key) if draft.key else ""
        if key:
            self._key_row.say(key, Tone.ERROR)
        return name or url or key

    def lacks_key(self) -> bool:
        """Whether there is neither a stored key for this address nor one in the form. Not known means no."""
        return self.has_own_key() and not self.key.secret() and (self._has_key is False or self._moved())

    def set_theme(self, colours: Theme) -> None:
        # What cannot be changed does not look like a field.
        self.setStyleSheet(
            "QLineEdit:disabled { background: transparent; border-color: transparent; padding-left: 0; }"
        )
        self._about.set_theme(colours)
        for row in self._rows:
            row.set_theme(colours)

    def _moved(self) -> bool:
        """A key belongs to an address: another address needs another key."""
        return tidy_address(self.url.text()) != self._saved_url

    def _offer_found(self) -> None:
        wanted = self._has_key is False and not self.key.secret() and not self._moved()
        self._found_row.setVisible(bool(self._found) and wanted)

    def _edited(self) -> None:
        for row in (self._test_row, self._key_row, self._url_row):
            row.say("")
        if self._has_key is not None:
            self.key.line.setPlaceholderText(_STORED if self._has_key and not self._moved() else _ENTER)
        self._offer_found()
        self.changed.emit()


def _left(button: QuietButton) -> QWidget:
    """A button as wide as its words, at the left of its row."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(button)
    layout.addStretch(1)
    return holder
