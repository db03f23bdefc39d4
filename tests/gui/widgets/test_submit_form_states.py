"""What keeps the submit form from being submitted, and what it shows while it sends."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel, QWidget

from taskmon.core.machine import MachineGroupStatus
from taskmon.core.simulators import Parameter, Simulator
from taskmon.core.submission import FolderContents, UploadState
from taskmon.gui.widgets.submit_form import SubmitForm
from tests.builders import a_machine_group

SPLASH = Simulator(
    key="splash",
    name="Splash",
    image="docker://splash",
    commands=("splash {scene} -n {steps}",),
    parameters=(
        Parameter(name="scene", label="Scene", kind="file", patterns=("*.json",)),
        Parameter(name="steps", label="Steps", kind="number", default="10"),
    ),
    recognised_by=("*.json",),
)
FREE = Simulator(key="commands", name="Own commands", image="docker://any", commands=())
ONE, TWO = "/runs/one", "/runs/two"


def a_folder(*paths: str, name: str = "one", **fields: Any) -> FolderContents:
    given = {"files": tuple((path, 10) for path in paths), "total_size": 10 * len(paths), **fields}
    return FolderContents(path=f"/runs/{name}", name=name, **given)


@pytest.fixture
def form(app: QApplication) -> Iterator[SubmitForm]:
    shown = SubmitForm([SPLASH, FREE])
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


@pytest.fixture
def ready(form: SubmitForm) -> SubmitForm:
    """Two folders, nothing in the way."""
    form.show_machine_groups([a_machine_group(name="here")])
    form.show_folders([a_folder("a.json"), a_folder("a.json", name="two")])
    return form


@pytest.fixture
def sending(ready: SubmitForm) -> SubmitForm:
    button(ready, "Submit").click()
    return ready


def field(form: SubmitForm, name: str) -> Any:
    return next(child for child in form.findChildren(QWidget) if child.accessibleName() == name)


def button(form: SubmitForm, words: str) -> QAbstractButton:
    buttons = form.findChildren(QAbstractButton)
    return next(one for one in buttons if one.text().replace("&", "").startswith(words) and one.isVisible())


def seen(form: SubmitForm) -> list[str]:
    return [label.text() for label in form.findChildren(QLabel) if label.isVisible()]


def is_refused_with(form: SubmitForm, sentence: str) -> bool:
    submit = button(form, "Submit")
    return not submit.isEnabled() and sentence in seen(form) and submit.accessibleDescription() == sentence


def test_nothing_can_be_submitted_before_a_folder_is_there(form: SubmitForm) -> None:
    assert is_refused_with(form, "Choose a folder first.")
    form.show_scanning([ONE])
    assert is_refused_with(form, "The folder is being read.")


def test_a_folder_that_cannot_be_read_says_why(ready: SubmitForm) -> None:
    ready.show_folders([a_folder("a.json"), a_folder(name="two", problem="You may not read this folder.")])
    assert is_refused_with(ready, "two cannot be sent.")
    assert "two: You may not read this folder." in seen(ready)


def test_machine_groups_that_are_not_started_do_not_count(form: SubmitForm) -> None:
    form.show_folders([a_folder("a.json")])
    assert is_refused_with(form, "The machine groups are not known yet.")
    form.show_machine_groups([a_machine_group(status=MachineGroupStatus.STARTING, started=False)])
    assert is_refused_with(form, "No machine group is started. Start one, then submit.")
    form.show_machine_groups([a_machine_group(name="here")])
    assert button(form, "Submit").isEnabled()


@pytest.mark.parametrize(
    ("name", "text", "reason", "beside"),
    [
        ("Scene", "b.json", "Scene: one has no file “b.json”.", "one has no file “b.json”."),
        ("Steps", "many", "Steps: “many” is not a number.", "“many” is not a number."),
        (
            "Time to live",
            "soon",
            "“soon” is not a duration. Write it like 90s, 5m, 1h30m or 2d.",
            "“soon” is not a duration. Write it like 90s, 5m, 1h30m or 2d.",
        ),
    ],
)
def test_a_wrong_value_is_named_beside_its_field_and_beside_submit(
    ready: SubmitForm, name: str, text: str, reason: str, beside: str
) -> None:
    box = field(ready, name)
    write = getattr(box, "setEditText", None) or box.setText
    right = box.currentText() if hasattr(box, "currentText") else box.text()
    write(text)
    assert is_refused_with(ready, reason)
    assert beside in seen(ready)
    assert box.accessibleDescription() == beside
    write(right)
    assert button(ready, "Submit").isEnabled()


def test_commands_can_be_edited_and_given_back(ready: SubmitForm) -> None:
    commands = field(ready, "Commands")
    assert commands.isReadOnly()
    button(ready, "Edit commands").click()
    commands.setPlainText("splash 'half")
    assert is_refused_with(ready, "Command 1: It ends inside a quotation or after a backslash.")
    assert not field(ready, "Scene").isVisible()
    button(ready, "Use the simulator's commands").click()
    assert commands.toPlainText() == "splash a.json -n 10"
    assert button(ready, "Submit").isEnabled()
    button(ready, "Edit commands").click()
    assert commands.toPlainText() == "splash 'half"


def test_commands_that_were_edited_back_to_the_preview_are_the_simulators_own(ready: SubmitForm) -> None:
    got: list[Any] = []
    ready.submit_requested.connect(got.append)
    button(ready, "Edit commands").click()
    button(ready, "Submit").click()
    assert got[0].commands == ()


def test_closing_the_window_is_explained_before_it_is_chosen(ready: SubmitForm) -> None:
    assert any("goes on when the window closes" in text for text in seen(ready))
    button(ready, "Stop the task").click()
    assert any("Closing the window kills the task" in text for text in seen(ready))


def test_a_form_that_is_sending_is_locked_and_shows_percentages(sending: SubmitForm) -> None:
    sending.show_progress(ONE, 250, 1000, UploadState.SENDING)
    assert "sending 25 %" in seen(sending)
    assert "250 B of 1.0 kB" in seen(sending)
    assert not field(sending, "Simulator").isEnabled()
    assert not button(sending, "Sending").isEnabled()


def test_a_refused_submission_can_be_corrected_and_sent_again(sending: SubmitForm) -> None:
    sending.show_problem("The service refused. Choose another project.")
    assert "The service refused. Choose another project." in seen(sending)
    assert field(sending, "Simulator").isEnabled()
    assert button(sending, "Submit 2 tasks").isEnabled()


def test_cancelling_asks_once_and_leaves_the_way_back(sending: SubmitForm) -> None:
    asked: list[bool] = []
    sending.cancel_requested.connect(lambda: asked.append(True))
    sending.show_progress(ONE, 1, 10, UploadState.SENDING)
    button(sending, "Cancel upload").click()
    assert asked == [True]
    assert seen(sending).count("cancelled") == 2
    button(sending, "Back to the form").click()
    assert button(sending, "Submit 2 tasks").isEnabled()


def test_a_fault_on_the_way_keeps_what_has_arrived_and_offers_the_rest_again(sending: SubmitForm) -> None:
    retried: list[str] = []
    sending.retry_requested.connect(retried.append)
    sending.show_done(ONE, "t1")
    sending.show_progress(TWO, 1, 10, UploadState.SENDING)
    sending.show_problem("The service did not answer.")
    assert "1 of 2 tasks submitted." in seen(sending)
    assert "failed" in seen(sending)
    assert not any(one.isVisible() for one in sending.findChildren(QAbstractButton) if "form" in one.text())
    button(sending, "Retry").click()
    assert retried == [TWO]
    assert "waiting" in seen(sending)
    assert button(sending, "Cancel upload").isVisible()


def test_when_all_has_arrived_the_form_says_so_and_only_closes(sending: SubmitForm) -> None:
    sending.show_done(ONE, "t1")
    sending.show_done(TWO, "t2")
    assert "2 of 2 tasks submitted." in seen(sending)
    assert {"Task t1", "Task t2"} <= set(seen(sending))
    button(sending, "Close").click()
    assert not sending.isVisible()


def test_hundreds_of_folders_get_their_rows_when_they_move(ready: SubmitForm, app: QApplication) -> None:
    ready.show_folders([a_folder("a.json", name=f"run{number}") for number in range(300)])
    button(ready, "Submit 300 tasks").click()
    assert seen(ready).count("waiting") == 30
    assert "and 270 more folders" in seen(ready)
    ready.show_progress("/runs/run299", 1, 2, UploadState.SENDING)
    app.processEvents()
    assert "sending 50 %" in seen(ready)
    assert "and 269 more folders" in seen(ready)
