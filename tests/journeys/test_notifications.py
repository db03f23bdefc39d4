"""Tasks end while the person looks at another window: the desktop tells it, a click shows them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from taskmon.core.task_event import TaskEvent
from taskmon.gui.controllers import notify_switches
from taskmon.gui.widgets.wishes import Wish
from taskmon.settings import load_settings, settings_path
from tests.desktop import session_bus, shade
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import open_desk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from tests.journeys.story import Service

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed"),
]


def test_failures_are_told_to_the_desktop_and_a_click_selects_them(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Callable[[Coroutine[Any, Any, None]], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen = True
    monkeypatch.setattr(notify_switches, "is_in_front", lambda: seen)

    async def story() -> None:
        nonlocal seen
        async with session_bus(tmp_path, monkeypatch), shade("body", "body-markup") as desktop:
            async with open_desk(app, service, tmp_path) as desk:
                client = desk.connection.client
                before = await submit(client, folder("before"), ["false"])
                await wait_for(client, before, Status.FAILED)
                await until_async(lambda: desk.store.tasks[before].is_terminated, 30, "the window knows")
                desk.fulfil(Wish.NOTIFY_DONE)  # not wanted
                seen = False
                done = await submit(client, folder("done"), ["true"])
                failed = [await submit(client, folder(f"wing{number}"), ["false"]) for number in range(2)]
                for task_id in failed:
                    await wait_for(client, task_id, Status.FAILED)
                await until_async(lambda: desktop.notified and "2" in desktop.notified[-1][3], 30, "both are told")
                title = desktop.notified[-1][3]
                assert title == "2 tasks failed"
                await desktop.say("ActionInvoked", "us", 41, "default")
                await until_async(lambda: set(desk.shell.table.selected_ids()) == set(failed), 30, "both are selected")
                await until_async(lambda: desk.store.tasks[done].is_terminated, 30, "the other is done")
                seen = True
                await until_async(lambda: not desk.notify.notifications.has_news, 30, "nothing is left to tell")
                assert not desk.window.action(Wish.NOTIFY_DONE).isChecked()
            settings = load_settings(settings_path(tmp_path / "config"))
            assert settings.settings.notify == (TaskEvent.FAILED, TaskEvent.SILENT)
            assert settings.problems == ()

    run_on_qt(story())
