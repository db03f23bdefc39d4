"""The real window on a service whose answers are spoiled: it says so, shows the truth, and comes back by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QMessageBox

from taskmon.core.extensions import Faults
from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import Service, started, submit
from tests.journeys.test_window_stories import COUNT, open_desk, status
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.desk import Desk

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

EVERY_ANSWER = {
    "lost": Faults(lost=1),
    "half": Faults(half=1),
    "busy": Faults(busy=1),
    "broken": Faults(broken=1),
}


@pytest.fixture
def spoiled(tmp_path: Path) -> Iterator[Service]:
    with started(Service(tmp_path / "service", options=("--chaos",))) as running:
        yield running


def badge(desk: Desk) -> str:
    return desk.shell.badge.accessibleName()


async def switch(service: Service, faults: Faults) -> None:
    async with service.client() as client:
        await client.set_faults(faults)


def test_the_window_says_every_kind_of_fault_keeps_what_it_knew_and_recovers_alone(
    app: QApplication, spoiled: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, spoiled, tmp_path) as desk:
            task_id = await submit(desk.connection.client, folder(count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 30, "it runs")
            for kind, faults in EVERY_ANSWER.items():
                await switch(spoiled, faults)
                desk.connection.refresh()  # the answer that was waited for when the line went bad is a good one
                await until_async(lambda: badge(desk) != "Connection: live", 60, f"the badge says {kind}")
                assert status(desk, task_id) is Status.COMPUTATION_STARTED, "what was known stays"
                await switch(spoiled, Faults())
                await until_async(lambda: badge(desk) == "Connection: live", 60, f"it recovers from {kind}")
            await switch(spoiled, Faults(delay_s=1))
            await desk.connection.client.kill(task_id)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 60, "late answers are answers")

    run_on_qt(story())


def test_a_kill_whose_answer_was_lost_is_told_and_shown_as_it_is(
    app: QApplication, spoiled: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, spoiled, tmp_path) as desk:
            problems: list[str] = []
            desk.messages.problem_told.connect(problems.append)
            task_id = await submit(desk.connection.client, folder(count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 30, "it runs")
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "it is in the table")
            await until_async(lambda: desk.detail.selected, 30, "it is selected")
            desk.fulfil(Wish.KILL)
            question = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "the question")
            await switch(spoiled, Faults(lost=1))
            next(button for button in question.buttons() if button.text() == "Kill 1 task").click()
            await until_async(lambda: problems, 30, "the person hears that the answer is missing")
            await switch(spoiled, Faults())
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 60, "and sees what became of it")

    run_on_qt(story())


def test_the_developer_menu_is_there_only_where_faults_are(
    app: QApplication, spoiled: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, spoiled, tmp_path) as desk:
            menu = await until_async(lambda: desk.faults.menu, 30, "the menu")
            notice = desk.faults.notice
            assert notice is not None
            assert notice.isVisible()
            assert "none is switched on" in notice.text()
            actions = {action.text(): action for action in menu.actions()}
            actions["Answer two seconds late"].trigger()
            await until_async(lambda: "late" in notice.text(), 30, "the notice says which")
            notice.button.click()
            await until_async(lambda: "none is switched on" in notice.text(), 30, "and that there are none")
            task_id = await submit(desk.connection.client, folder(count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 30, "it runs")
            actions["Kill a runner now (kill -9)"].trigger()
            await until_async(lambda: status(desk, task_id) is Status.EXECUTER_TERMINATED, 60, "its runner was killed")
            spoiled.stop()
            spoiled.options = ()
            spoiled.start()
            await until_async(lambda: not notice.isVisible(), 60, "a service without faults has no notice")
            assert not menu.menuAction().isVisible()

    run_on_qt(story())
