"""The connections dialog from hand-made values: what it shows, what it asks for, what it refuses."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton

from taskmon.core.connection import (
    CLOUD,
    THIS_COMPUTER,
    Connection,
    ConnectionDraft,
    ConnectionEntry,
    ConnectionKind,
    FormPart,
)
from taskmon.gui.theme import DARK, LIGHT
from taskmon.gui.widgets.connection_button import ConnectionButton
from taskmon.gui.widgets.connections_dialog import ConnectionsDialog
from taskmon.gui.widgets.notice_bar import NoticeBar

LAB = Connection(name="Lab & <b>friends</b>", url="http://lab.example:8400")
HERE = Connection(name=THIS_COMPUTER, url="started when it is needed")
ENTRIES = [
    ConnectionEntry(connection=HERE, kind=ConnectionKind.EMBEDDED, present=True),
    ConnectionEntry(connection=CLOUD, kind=ConnectionKind.CLOUD, found_keys=("~/.inductiva/api_key",)),
    ConnectionEntry(connection=LAB, kind=ConnectionKind.OWN),
    ConnectionEntry(connection=Connection(name="given", url="https://g.example"), kind=ConnectionKind.GIVEN),
]


class Ear:
    """Remembers every signal of a dialog by its name."""

    def __init__(self, dialog: ConnectionsDialog) -> None:
        self.heard: list[tuple[str, Any]] = []
        for name in ("save_requested", "use_requested", "test_requested", "remove_requested", "entry_shown"):
            getattr(dialog, name).connect(lambda value, name=name: self.heard.append((name, value)))
        dialog.found_key_requested.connect(lambda url, source: self.heard.append(("found", (url, source))))
        dialog.close_unsaved_requested.connect(lambda names: self.heard.append(("unsaved", names)))

    def last(self, name: str) -> Any:
        return next(value for heard, value in reversed(self.heard) if heard == name)


@pytest.fixture
def dialog(app: QApplication) -> Iterator[ConnectionsDialog]:
    shown = ConnectionsDialog()
    shown.show_entries(ENTRIES, THIS_COMPUTER)
    shown.show()
    yield shown
    shown.discard()
    shown.deleteLater()


def choose(dialog: ConnectionsDialog, name: str, stored: bool | None = None) -> None:
    dialog.list.list.setCurrentRow([entry.name for entry in ENTRIES].index(name))
    if stored is not None:
        dialog.show_stored_key(name, stored)


def test_there_is_one_primary_button_and_it_is_off_for_the_present_connection(dialog: ConnectionsDialog) -> None:
    assert [button for button in dialog.findChildren(QPushButton) if button.isDefault()] == [dialog.use]
    assert (dialog.use.text(), dialog.use.isEnabled()) == ("In use", False)
    choose(dialog, CLOUD.name, stored=True)
    assert (dialog.use.text(), dialog.use.isEnabled()) == ("&Use", True)


@pytest.mark.parametrize(
    ("name", "key", "text", "remove", "save"),
    [
        (THIS_COMPUTER, False, False, False, False),
        (CLOUD.name, True, False, False, True),
        (LAB.name, True, True, True, True),
        ("given", False, False, False, False),
    ],
)
def test_only_what_may_be_changed_can_be(
    dialog: ConnectionsDialog, name: str, key: bool, text: bool, remove: bool, save: bool
) -> None:
    choose(dialog, name)
    form = dialog.form
    assert form.key.isVisible() is key
    assert (form.name.isEnabled(), form.url.isEnabled()) == (text, text)
    assert dialog.list.remove.isEnabled() is remove
    assert dialog.save.isVisible() is save


def test_a_missing_key_is_asked_for_and_a_stored_one_never_comes_into_the_form(dialog: ConnectionsDialog) -> None:
    choose(dialog, LAB.name)
    assert dialog.use.isEnabled()
    dialog.show_stored_key(LAB.name, False)
    assert not dialog.use.isEnabled() and not dialog.form.test.isEnabled()
    dialog.show_stored_key(LAB.name, True)
    assert dialog.use.isEnabled() and dialog.form.key.secret() == ""
    dialog.form.url.setText("https://elsewhere.example")
    assert not dialog.use.isEnabled()
    assert "paste" in dialog.form.key.line.placeholderText()


def test_news_about_the_key_of_another_entry_is_ignored(dialog: ConnectionsDialog) -> None:
    choose(dialog, LAB.name)
    dialog.show_stored_key(CLOUD.name, False)
    dialog.fill_key(CLOUD.url, "cloud-key", "")
    assert dialog.form.key.secret() == ""
    assert dialog.use.isEnabled()


def test_the_key_is_dots_until_it_is_to_be_shown_and_dots_again_in_another_entry(dialog: ConnectionsDialog) -> None:
    choose(dialog, CLOUD.name, stored=False)
    key = dialog.form.key
    assert key.line.echoMode() is QLineEdit.EchoMode.Password
    assert not key.toggle.isEnabled()
    QTest.keyClicks(key.line, "abc")
    key.toggle.click()
    assert (key.line.echoMode(), key.toggle.text()) == (QLineEdit.EchoMode.Normal, "Hid&e")
    choose(dialog, LAB.name)
    choose(dialog, CLOUD.name)
    assert key.secret() == "abc"
    assert key.line.echoMode() is QLineEdit.EchoMode.Password


def test_a_found_key_is_offered_only_where_none_is_stored(dialog: ConnectionsDialog) -> None:
    ear = Ear(dialog)
    choose(dialog, CLOUD.name)
    assert not dialog.form.use_found.isVisible()
    dialog.show_stored_key(CLOUD.name, True)
    assert not dialog.form.use_found.isVisible()
    dialog.show_stored_key(CLOUD.name, False)
    assert dialog.form.use_found.isVisible()
    dialog.form.use_found.click()
    assert ear.last("found") == (CLOUD.url, "~/.inductiva/api_key")
    dialog.fill_key(CLOUD.url, "found-key", "From there.")
    assert dialog.form.key.secret() == "found-key"
    assert not dialog.form.use_found.isVisible()
    dialog.use.click()
    assert ear.last("use_requested").key == "found-key"


def test_using_locks_the_form_until_it_is_answered(dialog: ConnectionsDialog) -> None:
    ear = Ear(dialog)
    choose(dialog, LAB.name, stored=True)
    dialog.use.click()
    assert ear.last("use_requested") == ConnectionDraft(original=LAB.name, name=LAB.name, url=LAB.url)
    assert not dialog.form.isEnabled() and not dialog.use.isEnabled()
    dialog.show_problem("The settings cannot be saved.")
    assert dialog.form.isEnabled() and dialog.use.isEnabled()


def test_changes_of_several_entries_wait_until_they_are_saved_or_given_up(dialog: ConnectionsDialog) -> None:
    ear = Ear(dialog)
    choose(dialog, LAB.name)
    dialog.form.name.setText("Workshop")
    dialog.add()
    dialog.add()
    assert dialog.list.list.count() == len(ENTRIES) + 1
    dialog.form.name.setText("Second")
    dialog.show_entries(ENTRIES, "Second", settled="")
    assert dialog.list.list.count() == len(ENTRIES)
    choose(dialog, LAB.name)
    assert dialog.form.name.text() == "Workshop"
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert ear.last("unsaved") == ["Workshop"]
    assert dialog.isVisible()
    dialog.discard()
    assert not dialog.isVisible()


def test_a_name_that_is_taken_is_refused(dialog: ConnectionsDialog) -> None:
    dialog.add()
    dialog.form.url.setText("https://x.example")
    dialog.form.key.line.setText("key")
    for name, fine in (("", False), (THIS_COMPUTER.upper(), False), ("inductiva CLOUD", False), ("Mine", True)):
        dialog.form.name.setText(name)
        assert dialog.use.isEnabled() is fine


def test_a_result_stands_beside_the_field_it_is_about_and_is_forgotten_with_an_edit(dialog: ConnectionsDialog) -> None:
    ear = Ear(dialog)
    choose(dialog, LAB.name, stored=True)
    dialog.form.test.click()
    draft = ear.last("test_requested")
    dialog.show_result(draft, "No.", FormPart.KEY)
    assert dialog.form.key.line.accessibleDescription() == "No."
    dialog.form.key.line.setText("other")
    assert dialog.form.key.line.accessibleDescription() == ""
    dialog.show_result(draft, "Late.", FormPart.KEY)
    assert dialog.form.key.line.accessibleDescription() == ""


def test_every_field_has_a_name_and_foreign_text_stays_text(dialog: ConnectionsDialog, app: QApplication) -> None:
    choose(dialog, LAB.name)
    for field, name in ((dialog.form.name, "Name"), (dialog.form.url, "Address"), (dialog.form.key.line, "API key")):
        assert field.accessibleName() == name
    for theme in (DARK, LIGHT):
        dialog.set_theme(theme)
        assert not dialog.grab().isNull()
    button = ConnectionButton()
    chosen: list[str] = []
    button.chosen.connect(chosen.append)
    more = button.addAction("Connections…")
    button.show_choices([(entry.name, entry.connection.url) for entry in ENTRIES], LAB.name, more)
    actions = button.menu().actions()
    assert [action.text() for action in actions if action.isChecked()] == [LAB.name.replace("&", "&&")]
    assert actions[-1] is more
    actions[1].trigger()
    assert chosen == [CLOUD.name]
    button.show_name("<b>lab</b>")
    assert "&lt;b&gt;lab&lt;/b&gt;: the service" in button.toolTip(), "said there where it has no words"
    button.deleteLater()


def test_a_notice_is_there_only_while_it_has_something_to_say(app: QApplication) -> None:
    bar = NoticeBar()
    pressed: list[bool] = []
    bar.action_requested.connect(lambda: pressed.append(True))
    assert bar.isHidden()
    bar.show_notice("The key is refused.", "Enter key…")
    assert not bar.isHidden() and bar.text() == "The key is refused."
    bar.button.click()
    assert pressed == [True]
    bar.show_notice("Only a sentence.")
    assert bar.button.isHidden()
    bar.show_notice("")
    assert bar.isHidden()
    bar.deleteLater()
