"""Notifications over a real session bus of our own, to a program that answers as the specification says."""

from __future__ import annotations

import os
import shutil
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from taskmon.gui.background import Background
from taskmon.gui.desktop_notices import DesktopNotices
from tests.desktop import session_bus, shade
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

pytestmark = [
    pytest.mark.skipif(shutil.which("dbus-daemon") is None, reason="dbus-daemon is not installed"),
    pytest.mark.usefixtures("app"),
]


@asynccontextmanager
async def notices() -> AsyncIterator[tuple[DesktopNotices, list[str]]]:
    """The notifier, and what it heard of the person."""
    heard: list[str] = []

    def fail(error: Exception) -> None:
        heard.append(repr(error))

    async with Background(fail, fail) as background:
        yield DesktopNotices(background, lambda: heard.append("opened"), lambda: heard.append("dismissed")), heard


async def test_a_notification_arrives_and_a_click_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_ACTIVATION_TOKEN", raising=False)
    async with session_bus(tmp_path, monkeypatch), shade("body", "actions") as desktop, notices() as (notifier, heard):
        assert await notifier.available()
        assert await notifier.show("14 tasks failed", "mesh <b>not</b> found & gone")
        [(program, replaces, icon, title, body, actions, hints, expires)] = desktop.notified
        assert (program, replaces, title, expires) == ("taskmon", 0, "14 tasks failed", -1)
        assert body == "mesh <b>not</b> found & gone"  # this desktop knows no markup
        assert os.path.exists(icon)
        assert actions == ["default", "Show"]
        assert hints["desktop-entry"] == ("s", "taskmon")
        await desktop.say("ActionInvoked", "us", 999, "default")  # of another program
        await desktop.say("ActivationToken", "us", 41, "token of the click")
        await desktop.say("ActionInvoked", "us", 41, "default")
        await until_async(lambda: heard, 30, "the click is heard")
        assert heard == ["opened"]
        assert os.environ["XDG_ACTIVATION_TOKEN"] == "token of the click"
        monkeypatch.delenv("XDG_ACTIVATION_TOKEN")


async def test_a_click_that_arrives_together_with_the_answer_is_heard(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_bus(tmp_path, monkeypatch), shade("body") as desktop, notices() as (notifier, heard):
        desktop.clicks_at_once = True
        assert await notifier.show("1 task failed", "")
        await until_async(lambda: heard, 30, "the click is heard")
        assert heard == ["opened"]


async def test_text_of_others_is_never_markup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with session_bus(tmp_path, monkeypatch), shade("body", "body-markup") as desktop, notices() as (notifier, _):
        await notifier.show("1 task failed", "<img src='http://x/y'> & <a href='x'>wing</a>")
        assert desktop.notified[0][4] == "&lt;img src='http://x/y'&gt; &amp; &lt;a href='x'&gt;wing&lt;/a&gt;"


async def test_a_newer_notification_takes_the_place_of_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_bus(tmp_path, monkeypatch), shade() as desktop, notices() as (notifier, heard):
        await notifier.show("1 task failed", "")
        await notifier.show("2 tasks failed", "")
        await desktop.say("NotificationClosed", "uu", 41, 1)  # it was there long enough
        await desktop.say("NotificationClosed", "uu", 41, 2)  # somebody put it away
        await until_async(lambda: heard, 30, "it was put away")
        assert heard == ["dismissed"]
        await notifier.show("1 task failed", "")
        assert [notified[1] for notified in desktop.notified] == [0, 41, 0]
        await notifier.withdraw()
        await until_async(lambda: desktop.closed == [43], 30, "it is taken back")
        await notifier.withdraw()
        assert desktop.closed == [43]


async def test_a_bus_that_ends_is_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with notices() as (notifier, heard):
        async with session_bus(tmp_path, monkeypatch) as bus, shade():
            assert await notifier.show("1 task failed", "")
            bus.kill()
            await bus.wait()
        (tmp_path / "bus").unlink(missing_ok=True)
        assert not await notifier.show("2 tasks failed", "")
        async with session_bus(tmp_path, monkeypatch), shade() as desktop:
            assert await notifier.show("3 tasks failed", "")
            assert desktop.notified[0][1] == 0
        assert heard == []


async def test_a_bus_where_nobody_shows_notifications_is_no_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with session_bus(tmp_path, monkeypatch), notices() as (notifier, heard):
        assert not await notifier.available()
        assert not await notifier.show("1 task failed", "mesh")
        await notifier.withdraw()
        assert heard == []


@pytest.mark.parametrize("address", ["", "unix:path=/nonexistent/bus", "autolaunch:", "nonsense", "tcp:host=localhost"])
async def test_without_a_bus_nothing_happens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SESSION_BUS_ADDRESS", address)
    async with notices() as (notifier, heard):
        assert not await notifier.available()
        assert not await notifier.show("1 task failed", "mesh")
        await notifier.withdraw()
        assert heard == []
