"""Machines in the real window: a group is made, works, gives way, works again and is terminated."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QMessageBox

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import started
from tests.journeys.test_window_stories import COUNT, open_desk, status
from tests.service.real_engine import ENDLESS, RealEngine
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.widgets.machines_dialog import MachinesDialog

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RealEngine]:
    with started(RealEngine(tmp_path / "service")) as running:
        yield running


def state_of(dialog: MachinesDialog, name: str) -> str:
    """What stands beside a group or machine; empty if it is not shown."""
    for number in range(dialog.tree.topLevelItemCount()):
        group = dialog.tree.topLevelItem(number)
        assert group is not None
        for item in (group, *(group.child(child) for child in range(group.childCount()))):
            if item is not None and item.text(0) == name:
                return item.text(1)
    return ""


def test_a_spot_group_from_its_first_to_its_last_hour(
    app: QApplication, engine: RealEngine, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, engine, tmp_path) as desk:
            desk.fulfil(Wish.MACHINES)
            dialog = await until_async(lambda: desk.machines.dialog, 30, "the dialog")
            await until_async(lambda: "started" in state_of(dialog, "this-computer"), 30, "the first group")
            take, give = desk.window.action(Wish.RECLAIM), desk.window.action(Wish.RELEASE)
            assert not take.isEnabled()
            assert "There is no spot group" in take.toolTip()
            dialog.form.name.setText("night")
            dialog.form.spot.setChecked(True)
            dialog.form.idle.setText("10m")
            dialog.form.button.click()
            await until_async(lambda: state_of(dialog, "night-1") == "waits for a task", 30, "its machine waits")
            assert "spot, ends when idle for 10 min" in state_of(dialog, "night")
            group = next(found["id"] for found in engine.call("GET", "/compute/groups") if found["name"] == "night")
            assert (take.isEnabled(), give.isEnabled()) == (True, False)
            made = await engine.submit(folder(count_py=COUNT), ENDLESS, group)
            await until_async(lambda: status(desk, made.id) is Status.COMPUTATION_STARTED, 30, "it works")
            await until_async(lambda: made.id in state_of(dialog, "night-1"), 30, "the machine says what it works on")
            desk.fulfil(Wish.RECLAIM)
            await until_async(lambda: status(desk, made.id) is Status.SPOT_INSTANCE_PREEMPTED, 30, "it gives way")
            await until_async(lambda: "gives way to you" in state_of(dialog, "night"), 30, "the dialog says so")
            assert (take.isEnabled(), give.isEnabled()) == (False, True)
            dialog.reclaim.click()
            await until_async(lambda: state_of(dialog, "night-1") == "waits for a task", 30, "it may work again")
            night = dialog.tree.topLevelItem(1)
            assert night is not None
            dialog.tree.setCurrentItem(night)
            dialog.terminate.click()
            question = await until_async(lambda: dialog.findChild(QMessageBox), 30, "the question")
            assert "night" in question.text()
            next(button for button in question.buttons() if button.text() == "Terminate").click()
            await until_async(lambda: not state_of(dialog, "night"), 30, "it is gone")
            assert (take.isEnabled(), give.isEnabled()) == (False, False)
            dialog.close()

    run_on_qt(story())
