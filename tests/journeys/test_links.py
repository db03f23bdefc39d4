"""A link to a line of a log: from the command line into the open window, and into its palette and filter box."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit

import taskmon
from taskmon.core.lifecycle import Status
from taskmon.core.log_link import LogLink
from taskmon.gui.door import keep_door
from taskmon.gui.widgets.command_palette import CommandPalette
from taskmon.gui.widgets.wishes import Wish
from taskmon.programs import command
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import open_desk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from taskmon.gui.desk import Desk
    from tests.journeys.story import Service

pytestmark = pytest.mark.journey

PRINT = "for number in range(5000): print('line', number)\n"


async def taskmon_command(*words: str, state: Path) -> tuple[int, str]:
    """Runs the command as a desktop would; its exit code and what it complained of."""
    environment = {
        **os.environ,
        "XDG_STATE_HOME": str(state),
        "PYTHONPATH": str(Path(taskmon.__file__).parents[1]),
    }
    process = await asyncio.create_subprocess_exec(
        *command(*words), env=environment, stderr=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL
    )
    _, complaint = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode or 0, complaint.decode()


def in_view(desk: Desk, text: str) -> bool:
    """Whether a line of this text is among those that the log view shows."""
    view, spool = desk.log_pane.view, desk.log.spool
    if spool is None:
        return False
    first = view.first_visible_line
    return any(line.raw.decode() == text for line in spool.lines(first, 40))


def message(desk: Desk) -> str:
    return desk.window._message.text()


def test_a_link_opens_the_log_at_its_line(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    state = tmp_path / "state"

    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            desk._background.start(keep_door(state / "taskmon", desk.links.open), "door")
            client = desk.connection.client
            first = await submit(client, folder("one", work_py=PRINT), ["python3 work.py"])
            second = await submit(client, folder("two", work_py=PRINT), ["python3 work.py"])
            await wait_for(client, second, Status.SUCCESS)
            await until_async(lambda: len(desk.store) == 2, 30, "both are in the list")
            desk.shell.filter_box.set_text(f"id:{second}")
            await until_async(lambda: desk.shell.table.select_task(second), 30, "the second is selected")
            desk.fulfil(Wish.SHOW_FILES)

            link = str(LogLink(first, "stdout.txt", 2500))
            code, complaint = await taskmon_command(link, state=state)
            assert (code, complaint) == (0, "")
            await until_async(lambda: desk.shell.table.selected_ids() == [first], 30, "its task is selected")
            assert desk.shell.filter_box.text() == ""
            await until_async(lambda: desk.shell.is_in_front(Wish.SHOW_LOG), 30, "the log is in front")
            shown = b""
            await until_async(
                lambda: desk.log.spool is not None and desk.log.spool.line_count > 5000, 20, "all is read"
            )
            assert desk.log.spool is not None
            shown = desk.log.spool.lines(2500, 1)[0].raw
            await until_async(lambda: in_view(desk, shown.decode()), 30, "the line is in view")

            desk.window.show_palette()
            palette = await until_async(lambda: desk.window.findChild(CommandPalette), 30, "the palette")
            line = palette.findChild(QLineEdit)
            assert line is not None
            line.setText(str(LogLink(second, "stdout.txt", 99_999)))
            QTest.keyClick(line, Qt.Key.Key_Return)
            await until_async(lambda: desk.shell.table.selected_ids() == [second], 30, "the other is selected")
            foot = desk.log_pane.foot.status
            await until_async(lambda: "there is no line 100,000" in foot.text(), 30, "the line beyond the end is told")

            box = desk.shell.filter_box.findChild(QLineEdit)
            assert box is not None
            box.setText("taskmon://task/nosuchtask")
            QTest.keyClick(box, Qt.Key.Key_Return)
            await until_async(lambda: "knows no task nosuchtask" in message(desk), 30, "the unknown task is told")
            assert desk.shell.filter_box.text() == ""
            assert len(desk.shell.model.ids()) == 2

            code, complaint = await taskmon_command("taskmon://task/x/../../../etc/passwd", state=state)
            assert code == 2
            assert "is not a link" in complaint

    run_on_qt(story())
