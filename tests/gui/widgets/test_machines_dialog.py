"""The machines dialog and the menu of faults from hand-made values: what they show and what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QColor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from taskmon.core.extensions import Faults
from taskmon.core.machine_story import GroupDraft, GroupLine, MachineLine
from taskmon.gui.styles import dress
from taskmon.gui.theme import DARK, LIGHT
from taskmon.gui.widgets.fault_menu import FaultMenu
from taskmon.gui.widgets.machines_dialog import MachinesDialog

HERE = GroupLine(
    id="a",
    name="this-computer",
    state="started",
    facts="2 machines",
    can_start=False,
    machines=(
        MachineLine(name="this-computer-1", state="works on <b>wing</b>", task_id="t"),
        MachineLine(name="this-computer-2", state="waits for a task"),
    ),
)
NIGHT = GroupLine(
    id="b", name="night", state="not started", facts="1 machine, spot", can_start=True, machines=(), spot=True
)


@pytest.fixture
def dialog(app: QApplication) -> Iterator[MachinesDialog]:
    shown = MachinesDialog()
    shown.show_reclaim(offered=True, reclaimed=False)
    shown.show_groups([HERE, NIGHT])
    shown.show()
    yield shown
    shown.close()
    shown.deleteLater()


def heard(dialog: MachinesDialog) -> list[tuple[str, Any]]:
    said: list[tuple[str, Any]] = []
    for name in ("create", "start", "terminate", "reclaim", "task"):
        getattr(dialog, f"{name}_requested").connect(lambda value, name=name: said.append((name, value)))
    return said


def choose(dialog: MachinesDialog, number: int) -> None:
    group = dialog.tree.topLevelItem(number)
    assert group is not None
    dialog.tree.setCurrentItem(group)


def rows(dialog: MachinesDialog) -> list[tuple[str, str]]:
    found = []
    for number in range(dialog.tree.topLevelItemCount()):
        group = dialog.tree.topLevelItem(number)
        assert group is not None
        items = [group, *(group.child(child) for child in range(group.childCount()))]
        found += [(item.text(0), item.text(1)) for item in items if item is not None]
    return found


def test_groups_and_machines_are_shown_and_follow_what_happens(dialog: MachinesDialog) -> None:
    assert rows(dialog) == [
        ("this-computer", "started, 2 machines"),
        ("this-computer-1", "works on <b>wing</b>"),
        ("this-computer-2", "waits for a task"),
        ("night", "not started, 1 machine, spot"),
    ]
    choose(dialog, 1)
    dialog.show_groups([NIGHT])
    assert rows(dialog) == [("night", "not started, 1 machine, spot")]
    assert dialog.selected() == NIGHT, "the selection stays with its group"


def test_only_what_can_be_done_is_offered(dialog: MachinesDialog) -> None:
    said = heard(dialog)
    assert not dialog.start.isEnabled()
    assert not dialog.terminate.isEnabled()
    choose(dialog, 0)
    assert not dialog.start.isEnabled()
    dialog.terminate.click()
    choose(dialog, 1)
    dialog.start.click()
    assert said == [("terminate", "a"), ("start", "b")]


def test_it_is_seen_when_the_keys_are_on_the_list(app: QApplication, dialog: MachinesDialog) -> None:
    dress(app, LIGHT)
    dialog.activateWindow()
    assert QTest.qWaitForWindowActive(dialog)

    def edge() -> QColor:
        app.processEvents()
        return dialog.tree.grab().toImage().pixelColor(dialog.tree.width() // 2, dialog.tree.height() - 1)

    dialog.form.name.setFocus()
    assert edge() != QColor(LIGHT.accent)
    dialog.tree.setFocus(Qt.FocusReason.TabFocusReason)
    assert edge() == QColor(LIGHT.accent)
    assert dialog.terminate.isEnabled()
    assert dialog.tree.selectedItems() == [dialog.tree.currentItem()], "it is seen what would be terminated"


def test_a_machine_leads_to_its_task(dialog: MachinesDialog) -> None:
    said = heard(dialog)
    group = dialog.tree.topLevelItem(0)
    assert group is not None
    dialog.tree.itemDoubleClicked.emit(group.child(0), 0)
    dialog.tree.itemDoubleClicked.emit(group.child(1), 0)
    assert said == [("task", "t")]


def test_the_computer_is_taken_back_and_given_again(dialog: MachinesDialog) -> None:
    said = heard(dialog)
    dialog.reclaim.click()
    dialog.show_reclaim(offered=True, reclaimed=True)
    assert "work again" in dialog.reclaim.text().replace("&", "")
    dialog.reclaim.click()
    assert said == [("reclaim", True), ("reclaim", False)]
    dialog.show_reclaim(offered=False, reclaimed=False)
    assert not dialog.reclaim.isVisible()


def test_the_computer_cannot_be_taken_back_from_nobody(dialog: MachinesDialog) -> None:
    dialog.show_groups([HERE])
    assert not dialog.reclaim.isEnabled()
    dialog.show_reclaim(offered=True, reclaimed=True)
    assert dialog.reclaim.isEnabled(), "it can be given again, also when the last spot group has gone"
    dialog.show_reclaim(offered=True, reclaimed=False)
    dialog.show_groups([HERE, NIGHT])
    assert dialog.reclaim.isEnabled()


def test_a_new_group_is_asked_for_by_keyboard(dialog: MachinesDialog) -> None:
    said = heard(dialog)
    form = dialog.form
    assert not form.button.isEnabled(), "it has no name"
    QTest.keyClicks(form.name, "night")
    assert not form.button.isEnabled(), "the name is taken"
    QTest.keyClicks(form.name, " 2")
    form.machines.setText("3")
    form.spot.setChecked(True)
    form.time.setText("2h")
    form.idle.setText("soon")
    assert not form.button.isEnabled()
    form.idle.setText("10m")
    form.button.setFocus()
    QTest.keyClick(form.button, Qt.Key.Key_Space)
    wanted = GroupDraft(name="night 2", machines=3, spot=True, time_to_live_s=7200, max_idle_s=600)
    assert said == [("create", wanted)]
    form.machines.setText("many")
    assert not form.button.isEnabled()


def test_a_problem_is_said_until_the_machines_can_be_told_again(dialog: MachinesDialog) -> None:
    dialog.show_problem("The service does not answer.")
    assert "does not answer" in dialog._problem.text()
    dialog.show_groups([HERE])
    assert not dialog._problem.isVisible()
    for theme in (DARK, LIGHT):
        dialog.set_theme(theme)


def test_the_menu_of_faults_asks_for_all_faults_with_one_switched(app: QApplication) -> None:
    menu = FaultMenu()
    wanted: list[Faults] = []
    blows: list[object] = []
    menu.faults_requested.connect(wanted.append)
    menu.kill_runner_requested.connect(lambda: blows.append("kill"))
    menu.reclaim_requested.connect(blows.append)
    menu.show_faults(Faults(delay_s=2))
    ticked = {action.text(): action for action in menu.actions()}
    assert ticked["Answer two seconds late"].isChecked()
    ticked["Lose every fifth answer"].trigger()
    ticked["No faults"].trigger()
    assert wanted == [Faults(delay_s=2, lost=0.2), Faults()]
    ticked["Kill a runner now (kill -9)"].trigger()
    ticked["Reclaim spot machines now"].trigger()
    ticked["Give spot machines back"].trigger()
    assert blows == ["kill", True, False]
    menu.deleteLater()
