"""Tasks in windows of their own, beside the list and beside one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QMessageBox

from taskmon.core.lifecycle import Status
from taskmon.gui.theme import DARK
from taskmon.gui.widgets.log_controls import MERGED
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import COUNT, open_desk, status
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.widgets.log_pane import LogPane
    from taskmon.gui.widgets.task_window import TaskWindow
    from tests.journeys.story import Service

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

PRINT = "for number in range(50): print('step', number)\n"


def text(pane: LogPane) -> str:
    lines = pane.shown_lines
    return b"\n".join(line.raw for line in lines.lines(0, lines.line_count)).decode() if lines is not None else ""


def button(window: TaskWindow, key: str) -> Any:
    return window._buttons[key]


def test_two_tasks_stand_side_by_side_and_each_window_follows_its_own(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            client, table = desk.connection.client, desk.shell.table
            ended = await submit(client, folder("ended", work_py=PRINT), ["python3 work.py"])
            await wait_for(client, ended, Status.SUCCESS)
            running = await submit(client, folder("running", count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: status(desk, running) is Status.COMPUTATION_STARTED, 30, "it runs")
            await until_async(lambda: status(desk, ended) is Status.SUCCESS, 30, "the other has ended")
            table.task_activated.emit(running)  # as a double click does
            table.task_activated.emit(ended)
            table.task_activated.emit(running)
            first, second = desk.windows.windows
            await until_async(lambda: "line 30" in text(first.pane), 30, "the running one's log is there")
            await until_async(lambda: "step 49" in text(second.pane), 30, "the ended one's too")
            table.clearSelection()
            seen = text(first.pane).count("\n")
            await until_async(lambda: text(first.pane).count("\n") > seen + 20, 30, "it goes on without a selection")
            assert first.windowTitle() == "running · In Progress – taskmon"
            assert not first.windowIcon().isNull()
            assert second.windowTitle() == "ended · Success – taskmon"
            assert not button(second, "kill").isEnabled()

            desk.fulfil(Wish.THEME_DARK)
            assert first.pane.theme is DARK
            first.resize(first.width(), 600)

            button(first, "kill").click()
            question = await until_async(lambda: first.findChild(QMessageBox), 30, "the question, in this window")
            next(each for each in question.buttons() if each.text() == "Kill 1 task").click()
            await until_async(lambda: "Killed" in first.windowTitle(), 30, "the window tells of the end")
            await until_async(lambda: first.pane.foot.status.text().startswith("ended"), 30, "its log is whole")
            button(first, "resubmit").click()
            await until_async(lambda: len(desk.store) == 3, 30, "it runs again")

            second.close()
            first.close()
            assert desk.windows.windows == []
            table.task_activated.emit(ended)
            [again] = desk.windows.windows
            assert again.height() == 600
            [new] = [each for each in desk.store.tasks if each not in (ended, running)]
            await client.kill(new)
        assert desk.windows.windows == []  # closed with the main window

    run_on_qt(story())


def test_a_file_opens_beside_and_the_stream_is_remembered_by_the_kind_of_task(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            client = desk.connection.client
            ids = [await submit(client, folder(name, work_py=PRINT), ["python3 work.py"]) for name in ("one", "two")]
            for task_id in ids:
                await wait_for(client, task_id, Status.SUCCESS)
            await until_async(lambda: desk.shell.table.select_task(ids[0]), 30, "the first is in the table")
            await until_async(lambda: "step 49" in text(desk.log_pane), 30, "its log is there")
            desk.log_pane.window_requested.emit()
            desk.log_pane.files.setCurrentIndex(desk.log_pane.files.findData("stderr.txt"))
            desk.log_pane.files.activated.emit(desk.log_pane.files.currentIndex())
            [beside] = desk.windows.windows
            await until_async(lambda: "step 49" in text(beside.pane), 30, "stdout is read beside")
            assert desk.log.shown[1] == "stderr.txt"
            beside.pane.files.setCurrentIndex(beside.pane.files.findData(MERGED))
            beside.pane.files.activated.emit(beside.pane.files.currentIndex())
            await until_async(lambda: beside.pane.foot.legend.isVisible(), 30, "both streams are shown")
            beside.close()
            assert desk.shell.table.select_task(ids[1])
            await until_async(lambda: desk.log.shown == (desk.store.get(ids[1]), MERGED), 30, "as it was read last")
        async with open_desk(app, service, tmp_path) as desk:
            await until_async(lambda: desk.shell.table.select_task(ids[0]), 30, "the first is in the table")
            await until_async(lambda: desk.log.shown[1] == MERGED, 30, "also after a restart")

    run_on_qt(story())
