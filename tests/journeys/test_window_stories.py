"""What a person sees and does, told with the real window on a real service."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QMessageBox, QPlainTextEdit, QPushButton, QWidget

from taskmon.core.lifecycle import Status
from taskmon.gui.app import clock
from taskmon.gui.background import Background
from taskmon.gui.crash import crash_reporter
from taskmon.gui.desk import Desk
from taskmon.gui.list_desk import ListDesk
from taskmon.gui.session import here
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.widgets.submit_form import SubmitForm
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from tests.journeys.story import Service

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

COUNT = """
import itertools, time
for number in itertools.count():
    print("line", number, flush=True)
    time.sleep(0.01)
"""


@asynccontextmanager
async def open_desk(app: QApplication, service: Service, root: Path) -> AsyncIterator[Desk]:
    """The window, connected; leaving the block closes it as a person would."""
    shell = Shell(app, clock, Folders(state=root / "state", cache=root / "cache", config=root / "config"))
    shell.window.show()
    async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
        desk = Desk(ListDesk(shell, background))
        background.watch(desk.connection.connect_forever(), "connection")
        desk.connections.begin(here(service.data_dir))
        await until_async(lambda: desk.shell.badge.accessibleName() == "Connection: live", 30, "connected")
        yield desk
        desk.window.close()
        await asyncio.wait_for(shell.left.wait(), 30)  # a question that nobody expects is a failure, not a wait
        await desk.bound.stop_all()
        desk.put_away()


def drop(desk: Desk, *folders: Path) -> None:
    """What Qt delivers when folders are released over the window."""
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder)) for folder in folders])
    action, button, keys = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    where = QPointF(400, 400)
    QApplication.sendEvent(desk.window, QDragEnterEvent(where.toPoint(), action, mime, button, keys))
    QApplication.sendEvent(desk.window, QDropEvent(where, action, mime, button, keys))


def status(desk: Desk, task_id: str) -> Status | None:
    task = desk.store.get(task_id)
    return task.status if task else None


def shown_log(desk: Desk) -> str:
    """The text of the log that the pane shows."""
    spool = desk.log.spool
    if spool is None:
        return ""
    return b"\n".join(line.raw for line in spool.lines(0, spool.line_count)).decode()


def next_steps(desk: Desk) -> list[str]:
    """What the explanation offers to do."""
    return [button.objectName() for button in desk.shell.explanation.findChildren(QPushButton) if button.isVisible()]


def submit_button(form: SubmitForm) -> QPushButton | None:
    """The primary button, once it can be pressed."""
    buttons = form.findChildren(QPushButton)
    ready = [button for button in buttons if button.isVisible() and button.isEnabled()]
    return next((button for button in ready if button.text().replace("&", "").startswith("Submit")), None)


def test_drop_submit_watch_kill_and_run_again(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            await until_async(lambda: desk.shell.stack.currentWidget() is desk.shell.first_start, 30, "no tasks yet")
            drop(desk, folder("wing 12", count_py=COUNT))
            form = await until_async(lambda: desk.window.findChild(SubmitForm), 30, "the form opens")
            editor = await until_async(lambda: form.findChild(QPlainTextEdit), 30, "the commands can be written")
            await until_async(lambda: editor.isVisible(), 30, "the folder is read")
            editor.setPlainText("python3 -u count.py")
            (await until_async(lambda: submit_button(form), 10, "the form can be submitted")).click()
            await until_async(lambda: len(desk.store) == 1, 30, "the task is in the list")
            [task_id] = desk.store.tasks
            await until_async(lambda: desk.store.tasks[task_id].name == "wing 12", 30, "it has its folder's name")
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "the task is in the table")
            await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 30, "it runs")
            await until_async(lambda: "line 30" in shown_log(desk), 30, "its log is read while it runs")
            await until_async(lambda: next_steps(desk) == ["kill"], 30, "nobody is offered a log that is in sight")
            desk.fulfil(Wish.SHOW_FILES)
            await until_async(lambda: next_steps(desk) == ["show_log", "kill"], 30, "now the log is out of sight")
            desk.fulfil(Wish.KILL)
            question = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "the question")
            assert "wing 12" in question.text()
            next(button for button in question.buttons() if button.text() == "Kill 1 task").click()
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "it is killed")
            desk.fulfil(Wish.RESUBMIT)
            await until_async(lambda: len(desk.store) == 2, 30, "it runs again")
            [again] = [task for task in desk.store.tasks.values() if task.task_id != task_id]
            await until_async(lambda: desk.store.tasks[again.task_id].parent_id == task_id, 30, "it notes its parent")
            await desk.connection.client.kill(again.task_id)
            await until_async(lambda: status(desk, again.task_id) is Status.KILLED, 30, "the second is killed")

    run_on_qt(story())


def test_tab_leads_through_the_panes_as_the_eye_reads_them(
    app: QApplication, service: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            chain: list[QWidget] = [desk.shell.table]
            while (part := chain[-1].nextInFocusChain()) is not None and part is not chain[0]:
                chain.append(part)
            first = [
                next(place for place, part in enumerate(chain) if pane is part or pane.isAncestorOf(part))
                for pane in (
                    desk.shell.table, desk.shell.sidebar, desk.log_pane, desk.log_pane.view, desk.details_pane,
                    desk.shell.diagram, desk.shell.explanation,
                )
            ]  # fmt: skip
            assert first == sorted(first)

    run_on_qt(story())


def test_a_task_outlives_the_window_and_its_log_has_no_gap_when_the_window_is_back(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            task_id = await submit(desk.connection.client, folder(count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "the task is in the table")
            await until_async(lambda: "line 30" in shown_log(desk), 30, "its log is read")
        async with service.client() as client:
            assert (await client.task_status(task_id)).status is Status.COMPUTATION_STARTED
        async with open_desk(app, service, tmp_path) as desk:
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "the task is in the table again")
            await until_async(lambda: "line 120" in shown_log(desk), 30, "its log goes on")
            await desk.connection.client.kill(task_id)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "killed")
            seen = [int(line.split()[1]) for line in shown_log(desk).splitlines() if line.startswith("line ")]
            assert seen == list(range(len(seen)))

    run_on_qt(story())


def _lists_both(desk: Desk) -> bool:
    return len(desk.store) == 2


def test_two_windows_see_the_same_and_closing_one_leaves_the_other_and_the_task_alone(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path / "one") as stays:
            async with open_desk(app, service, tmp_path / "two") as leaves:
                kept, ended = [
                    await submit(leaves.connection.client, folder(name, count_py=COUNT), ["python3 -u count.py"])
                    for name in ("kept", "ended")
                ]
                for desk in (stays, leaves):
                    await until_async(partial(_lists_both, desk), 30, "both windows list both tasks")
                await leaves.connection.client.kill(ended)
                await until_async(lambda: status(stays, ended) is Status.KILLED, 30, "the other window sees the end")
                await until_async(lambda: stays.shell.table.select_task(kept), 30, "selected where it was not sent")
            await until_async(lambda: "line 30" in shown_log(stays), 30, "the log goes on in the window that stays")
            assert status(stays, kept) is Status.COMPUTATION_STARTED
            await stays.connection.client.kill(kept)
            await until_async(lambda: status(stays, kept) is Status.KILLED, 30, "killed")

    run_on_qt(story())


def test_the_window_says_when_the_service_is_gone_and_starts_it_again(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            task_id = await submit(desk.connection.client, folder(count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 30, "it runs")
            service.kill()
            await until_async(lambda: desk.shell.badge.accessibleName() != "Connection: live", 30, "the badge says so")
            await until_async(lambda: desk.shell.badge.accessibleName() == "Connection: live", 60, "it is found again")
            assert status(desk, task_id) is Status.COMPUTATION_STARTED
            await desk.connection.client.kill(task_id)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "it can be killed")

    run_on_qt(story())


def test_what_is_dropped_and_is_no_folder_is_refused_with_a_sentence(
    app: QApplication, service: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            told: list[str] = []
            desk.messages.problem_told.connect(told.append)
            drop(desk, tmp_path / "not there")
            await until_async(lambda: told, 30, "a sentence")
            assert told[0].startswith("What was dropped is not a folder")
            assert desk.window.findChild(SubmitForm) is None
            await asyncio.sleep(0)

    run_on_qt(story())
