"""“Select all that match”, also what has not been loaded yet, and what is then done with it by a real service."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox

from taskmon.client import poller
from taskmon.client.api import ServiceClient
from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import open_desk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import Any

    from taskmon.core.task import TaskPage
    from tests.journeys.story import Service
    from tests.journeys.test_window_stories import Run

pytestmark = pytest.mark.journey

COUNT, PAGE = 14, 4


def test_all_that_match_are_killed_although_most_were_not_loaded_when_they_were_selected(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gate, tasks_of = asyncio.Event(), ServiceClient.tasks

    async def held(client: ServiceClient, page: int = 1, *rest: Any, **named: Any) -> TaskPage:
        if page > 1:
            await gate.wait()
        return await tasks_of(client, page, *rest, **named)

    async def story() -> None:
        inputs = folder()
        async with service.client() as client:
            ids = [await submit(client, inputs, ["sleep 600"]) for _ in range(COUNT)]
        monkeypatch.setattr(poller, "Poller", partial(poller.Poller, page_size=PAGE))
        monkeypatch.setattr(ServiceClient, "tasks", held)
        async with open_desk(app, service, tmp_path) as desk:
            note = desk.shell.table._note
            await until_async(lambda: desk.model.matching() == PAGE, 30, "only the first page is loaded")
            desk.shell.table.select_everything()
            await until_async(lambda: "still being loaded will be" in note.words(), 30, "what is awaited is said")
            assert len(desk.shell.table.selected_ids()) == PAGE
            gate.set()
            await until_async(lambda: len(desk.detail.selected) == COUNT, 30, "all are selected")
            desk.fulfil(Wish.KILL)
            question = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "the question")
            next(button for button in question.buttons() if button.text() == f"Kill {COUNT} tasks").click()
            async with service.client() as client:
                for task_id in ids:
                    await wait_for(client, task_id, Status.KILLED)

    run_on_qt(story())
