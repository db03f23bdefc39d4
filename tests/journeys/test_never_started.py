"""A task that was killed while it waited, looked at in the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.log_controls import MERGED
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import open_desk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from tests.journeys.story import Service

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey


def test_a_task_that_was_killed_in_the_queue_says_why_it_has_no_log_and_offers_no_download(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    case = folder("case")
    why = "There is no log: this task never started. Killed: stopped as asked."

    async def story() -> None:
        async with service.client() as client, open_desk(app, service, tmp_path) as desk:
            running = await submit(client, case, ["sleep 600"])
            waiting = await submit(client, case, ["echo never"])
            await wait_for(client, running, Status.COMPUTATION_STARTED)
            download = desk.window.action(Wish.DOWNLOAD)
            await until_async(lambda: desk.shell.table.select_task(waiting), 30, "it is listed")
            await until_async(lambda: download.toolTip() == "This task has not started yet.", 30, "why not")
            assert not download.isEnabled()
            await client.kill(waiting)
            await until_async(lambda: desk.log_pane._placeholder.text() == why, 30, "why there is no log")
            await until_async(lambda: download.toolTip() == "This task never started: it has no outputs.", 30)
            assert not download.isEnabled()
            for path in (MERGED, "stderr.txt", "stdout.txt"):
                desk.log.show_file(path)
                await until_async(lambda: desk.log._reading._missing or desk.log._reading._ended, 30, path)
                assert desk.log_pane._placeholder.text() == why
            await until_async(lambda: desk.shell.table.select_task(running), 30, "the other is listed")
            await until_async(download.isEnabled, 30, "there may be outputs")
            assert "Download and unpack" in download.toolTip()
            await client.kill(running)
            await wait_for(client, running, Status.KILLED)

    run_on_qt(story())
