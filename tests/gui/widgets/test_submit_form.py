"""The submit form: values in, text seen; what a person does, the submission that comes out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItemIterator,
    QWidget,
)

from taskmon.core.machine import MachineGroupStatus
from taskmon.core.simulators import Parameter, Simulator
from taskmon.core.submission import FolderContents, Submission
from taskmon.gui import theme
from taskmon.gui.widgets.submit_form import SubmitForm
from tests.builders import a_machine, a_machine_group, a_task

SPLASH = Simulator(
    key="splash",
    name="Splash",
    image="docker://splash",
    commands=("splash {scene} -n {steps}",),
    parameters=(
        Parameter(name="scene", label="Scene", kind="file", patterns=("*.json",), help="What moves."),
        Parameter(name="steps", label="Steps", kind="number", default="10"),
    ),
    recognised_by=("*.json",),
)
BEAM = Simulator(key="beam", name="Beam", image="docker://beam", commands=("ccx",), recognised_by=("*.inp",))
FREE = Simulator(key="commands", name="Own commands", image="docker://any", commands=())
GROUP = a_machine_group(id="g1", name="here", machines=[a_machine(), a_machine(current_task_id="busy")])


def a_folder(*paths: str, name: str = "dam", **fields: Any) -> FolderContents:
    given = {"files": tuple((path, 1000) for path in paths), "total_size": 1000 * len(paths), **fields}
    return FolderContents(path=f"/runs/{name}", name=name, **given)


DAM = a_folder("dambreak.json", "box.obj")


@pytest.fixture
def form(app: QApplication) -> Iterator[SubmitForm]:
    shown = SubmitForm([SPLASH, BEAM, FREE])
    shown.show_machine_groups([GROUP])
    shown.show_projects(["default", "coast"])
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def field(form: SubmitForm, name: str) -> Any:
    """The field that a screen reader calls `name`."""
    return next(child for child in form.findChildren(QWidget) if child.accessibleName() == name)


def button(form: SubmitForm, words: str) -> QAbstractButton:
    buttons = form.findChildren(QAbstractButton)
    return next(one for one in buttons if one.text().replace("&", "").startswith(words) and one.isVisible())


def seen(form: SubmitForm) -> str:
    """All text of visible labels."""
    return "\n".join(label.text() for label in form.findChildren(QLabel) if label.isVisible())


def rows(form: SubmitForm) -> list[str]:
    tree = form.findChild(QTreeWidget)
    assert isinstance(tree, QTreeWidget)
    found, iterator = [], QTreeWidgetItemIterator(tree)
    while (item := iterator.value()) is not None:
        found.append(f"{item.text(0)} | {item.text(1)}")
        iterator += 1
    return found


def submissions(form: SubmitForm) -> list[Submission]:
    got: list[Submission] = []
    form.submit_requested.connect(got.append)
    return got


def test_a_dropped_folder_is_ready_to_submit_with_enter(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([DAM])
    assert "guessed from dambreak.json" in seen(form)
    assert field(form, "Commands").toPlainText() == "splash dambreak.json -n 10"
    QTest.keyClick(form, Qt.Key.Key_Return)
    assert got == [
        Submission(
            folders=("/runs/dam",),
            simulator="splash",
            values={"scene": "dambreak.json", "steps": "10"},
            machine_group_id="g1",
        )
    ]


@pytest.mark.parametrize(
    "name", ["Simulator", "Scene", "Steps", "Machine group", "Project", "Task name", "Time to live"]
)
def test_enter_submits_from_every_field(form: SubmitForm, name: str) -> None:
    got = submissions(form)
    form.show_folders([DAM])
    QTest.keyClick(field(form, name), Qt.Key.Key_Return)
    assert len(got) == 1


def test_enter_writes_a_new_line_of_commands_and_control_enter_submits(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([a_folder("notes.txt")])
    commands = field(form, "Commands")
    QTest.keyClicks(commands, "./solve")
    QTest.keyClick(commands, Qt.Key.Key_Return)
    QTest.keyClicks(commands, "./plot")
    assert got == []
    form.activateWindow()
    assert QTest.qWaitForWindowActive(form)
    QTest.keyClick(commands, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert got[0].commands == ("./solve", "./plot")
    assert got[0].simulator == "commands"


def test_escape_closes_without_submitting(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([DAM])
    QTest.keyClick(form, Qt.Key.Key_Escape)
    assert not form.isVisible()
    assert got == []


def test_enter_on_another_button_presses_that_button(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([DAM])
    asked: list[bool] = []
    form.folder_requested.connect(lambda: asked.append(True))
    QTest.keyClick(button(form, "Choose another folder"), Qt.Key.Key_Return)
    assert asked == [True]
    assert got == []


def test_everything_chosen_is_in_the_submission(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([DAM])
    field(form, "Project").setEditText("coast")
    field(form, "Task name").setText(" high tide ")
    field(form, "Time to live").setText("1h30m")
    button(form, "Resubmit").setChecked(True)
    button(form, "Stop the task").setChecked(True)
    button(form, "Submit").click()
    chosen = got[0]
    assert (chosen.project, chosen.name, chosen.time_to_live_seconds) == ("coast", "high tide", 5400.0)
    assert chosen.resubmit_on_preemption
    assert chosen.stop_with_window


def test_several_folders_make_one_form_and_one_task_each(form: SubmitForm) -> None:
    got = submissions(form)
    form.show_folders([DAM, a_folder("dambreak.json", name="dam2")])
    assert not field(form, "Task name").isEnabled()
    assert "1 of 2 tasks can start at once" in seen(form)
    button(form, "Submit 2 tasks").click()
    assert got[0].folders == ("/runs/dam", "/runs/dam2")


def test_what_will_be_sent_is_listed_with_sizes_and_rules(form: SubmitForm) -> None:
    form.show_folders([a_folder("dambreak.json", "box.obj", excluded=((".git/HEAD", ".git"), ("a.tmp", "*.tmp")))])
    assert "2 files · 2.0 kB" in seen(form)
    assert rows(form) == [
        "Files | ",
        "dambreak.json | 1.0 kB",
        "box.obj | 1.0 kB",
        "Not sent | 2 files",
        "excluded by .git | 1 file",
        ".git/HEAD | ",
        "excluded by *.tmp | 1 file",
        "a.tmp | ",
    ]


def test_warnings_do_not_keep_anybody_from_submitting(form: SubmitForm) -> None:
    form.show_folders([a_folder("a.json", total_size=2_000_000_000)])
    assert "2.0 GB take a while" in seen(form)
    assert button(form, "Submit").isEnabled()


def test_hostile_names_stay_plain_text_on_one_line(form: SubmitForm) -> None:
    form.show_folders([a_folder("<b>x</b>\n\x1b[31m.json", name="evil\u202e<img src=x>")])
    assert "evil\ufffd<img src=x>" in seen(form)
    assert "<b>x</b>␊␛[31m.json | 1.0 kB" in rows(form)
    assert field(form, "Scene").currentText() == "<b>x</b>␊␛[31m.json"
    for child in form.findChildren(QWidget):
        assert "<img" not in child.toolTip()
        assert "<b>" not in child.toolTip()
    got = submissions(form)
    button(form, "Submit").click()
    assert got[0].values["scene"] == "<b>x</b>\n\x1b[31m.json"


def test_a_hundred_thousand_files_are_shown_as_counts(form: SubmitForm) -> None:
    paths = tuple(f"part{index % 100}/frame_{index}.json" for index in range(100_000))
    form.show_folders([a_folder(*paths, excluded=tuple((f"o/{index}.o", "*.o") for index in range(100_000)))])
    assert "100,000 files" in seen(form)
    assert len(rows(form)) < 60
    assert field(form, "Scene").count() <= 200
    assert "more files match" in seen(form)


def test_a_folder_dropped_on_the_form_is_passed_on(form: SubmitForm) -> None:
    dropped: list[list[str]] = []
    form.folders_dropped.connect(dropped.append)
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile("/runs/other"), QUrl("https://example.org/x")])
    drop = QDropEvent(
        QPoint(5, 5).toPointF(),
        Qt.DropAction.CopyAction | Qt.DropAction.MoveAction,
        mime,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    drop.setDropAction(Qt.DropAction.MoveAction)
    form.dropEvent(drop)
    assert dropped == [["/runs/other"]]
    assert drop.dropAction() is Qt.DropAction.CopyAction, "after a move its source may remove the folder"


def test_every_field_has_a_name_a_label_and_a_mnemonic_of_its_own(form: SubmitForm) -> None:
    form.show_folders([DAM])
    labels = [label for label in form.findChildren(QLabel) if label.buddy() is not None and label.isVisible()]
    buttons = [one for one in form.findChildren(QAbstractButton) if one.isVisible() and one.text()]
    texts = [label.text() for label in labels] + [button.text() for button in buttons]
    letters = [text[text.index("&") + 1].lower() for text in texts]
    assert len(letters) == len(set(letters)) >= 12
    inputs = [*form.findChildren(QComboBox), *form.findChildren(QPlainTextEdit)]
    lines = [line for line in form.findChildren(QLineEdit) if not isinstance(line.parent(), QComboBox)]
    assert all(one.accessibleName() for one in (*inputs, *lines) if one.isVisible())


def test_there_is_one_primary_button(form: SubmitForm) -> None:
    form.show_folders([DAM])
    button(form, "Close").setFocus()
    assert [one.text() for one in form.findChildren(QPushButton) if one.isDefault()] == ["Su&bmit"]


@pytest.mark.parametrize("colours", [theme.LIGHT, theme.DARK], ids=["light", "dark"])
def test_the_form_can_be_painted_in_both_themes(form: SubmitForm, colours: theme.Theme) -> None:
    form.set_theme(colours)
    form.show_folders([DAM, a_folder("a.inp", name="beam")])
    assert not form.grab().isNull()


def test_last_settings_of_a_folder_are_taken_up_where_they_still_fit(form: SubmitForm) -> None:
    form.show_folders([DAM])
    form.show_last_settings(
        Submission(
            folders=("/runs/dam",),
            simulator="splash",
            values={"scene": "gone.json", "steps": "99"},
            machine_group_id="gone",
            project="coast",
            name="first try",
            time_to_live_seconds=7200.0,
        )
    )
    got = submissions(form)
    button(form, "Submit").click()
    assert got[0].values == {"scene": "dambreak.json", "steps": "99"}
    assert (got[0].machine_group_id, got[0].project, got[0].name) == ("g1", "coast", "")
    assert got[0].time_to_live_seconds == 7200.0


def test_a_machine_group_chosen_by_hand_survives_fresh_numbers(form: SubmitForm) -> None:
    big = a_machine_group(id="g2", name="big", machines=[], num_vms=4)
    off = a_machine_group(id="g3", name="off", status=MachineGroupStatus.TERMINATED)
    form.show_machine_groups([GROUP, big, off])
    groups = field(form, "Machine group")
    assert [groups.itemText(index) for index in range(groups.count())] == [
        "here  ·  1 of 2 machines free",
        "big  ·  4 machines",
    ]
    QTest.keyClick(groups, Qt.Key.Key_Down)
    form.show_machine_groups([a_machine_group(id="g0", name="new"), GROUP, big])
    assert groups.currentData() == "g2"


def test_running_a_task_again_marks_what_differs(form: SubmitForm) -> None:
    task = a_task(
        task_id="t1",
        simulator="splash",
        project="coast",
        machine_group_id="g1",
        extra_params={"commands": [{"cmd": "splash a.json"}]},
        task_metadata={"name": "first"},
    )
    form.show_task(task)
    assert "no change yet" in seen(form)
    field(form, "Time to live").setText("2h")
    field(form, "Commands").setPlainText("splash b.json")
    assert "2 changes" in seen(form)
    assert "was no limit" in seen(form)
    assert "was splash a.json" in seen(form)
    got = submissions(form)
    button(form, "Submit").click()
    assert (got[0].folders, got[0].resubmitted_from, got[0].commands) == ((), "t1", ("splash b.json",))
    form.show_done("", "t2")
    assert "1 task submitted" in seen(form)


def test_a_simulator_that_is_not_installed_is_warned_of_and_can_be_submitted_all_the_same(form: SubmitForm) -> None:
    form.show_folders([DAM])
    form.show_missing({"splash": "Splash is not installed on this computer. Ask for it."})
    [warning] = [label for label in form.findChildren(QLabel) if "not installed" in label.text()]
    assert warning.isVisibleTo(form)
    assert "guessed from dambreak.json" in warning.text()
    assert form._footer.primary.isEnabled()
    box = form._simulation._box
    box.setCurrentIndex(box.findData("beam"))
    assert not [label for label in form.findChildren(QLabel) if "not installed" in label.text()]
