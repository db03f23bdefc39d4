"""How often a place that cannot be found is looked for, whose list is remembered under which name, and what a window
does after a sleep."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from taskmon.client.credentials import Credentials
from taskmon.client.poller import Freshness
from taskmon.client.task_store import TaskStore
from taskmon.core.connection import Connection
from taskmon.core.errors import (
    BusyError,
    ConnectionFailedError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.place_name import account_list_name, may_be_list
from taskmon.gui.app import WindowOptions
from taskmon.gui.controllers.connection import SLEPT_S, ConnectionController, retry_pause
from taskmon.gui.controllers.connection_book import ConnectionBook
from taskmon.gui.session import given_place, here
from taskmon.gui.widgets.connection_badge import ConnectionBadge
from tests.fakes import StillClock

if TYPE_CHECKING:
    from PySide6.QtWidgets import QApplication


def test_no_list_is_remembered_for_another_service_of_the_same_name(tmp_path: Path) -> None:
    book = ConnectionBook(tmp_path / "settings.toml", Credentials(tmp_path / "keys"))
    urls = ("https://one.example.org", "https://two.example.org", "http://one.example.org")
    places = [book.place_of(Connection(name="cluster", url=url)) for url in urls]
    for url in urls:
        given = given_place(WindowOptions(tmp_path, tmp_path, tmp_path, url=url))
        assert given is not None
        places.append(given[0])
    places += [here(tmp_path / "one"), here(tmp_path / "two")]
    assert len({place.list_name for place in places}) == len(places)


def test_every_account_of_a_place_has_a_list_of_its_own_whose_name_does_not_tell_the_key() -> None:
    names = {account_list_name(place, key) for place in ("one", "two") for key in ("key", "other-key", "")}
    assert len(names) == 6
    assert not any("key" in name for name in names)
    assert account_list_name("one", "key") == account_list_name("one", "key")
    mine, yours = account_list_name("one", "key"), account_list_name("one", "other-key")
    assert may_be_list(mine, mine)
    assert may_be_list(mine, "one")  # not known yet
    assert may_be_list("one", mine)
    assert not may_be_list(mine, yours)
    assert not may_be_list(mine, account_list_name("two", "key"))
    assert not may_be_list(mine, "")


def test_a_place_that_stays_away_is_looked_for_less_and_less_often_but_always_again() -> None:
    assert [retry_pause(failures) for failures in (0, 1, 2, 3, 100_000)] == [3.0, 6.0, 12.0, 15.0, 15.0]


@pytest.mark.parametrize(
    ("problem", "told"),
    [
        (ConnectionFailedError("Silent."), "no answer since"),
        (ServiceFailedError("500."), "only errors since"),
        (BusyError("429."), "busy since"),
        (NotAuthorizedError("401."), "key refused since"),
        (NotFoundError("404."), "no task list since"),
        (RefusedError("400."), "refused since"),
    ],
)
def test_the_badge_tells_silence_from_refusal(app: QApplication, problem: TaskmonError, told: str) -> None:
    clock, nothing = StillClock(), cast("Any", None)
    badge, messages = ConnectionBadge(clock), cast("Any", SimpleNamespace(replace=lambda *_: None))
    connection = ConnectionController(nothing, nothing, badge, nothing, messages, clock)
    connection._hear(Freshness(True, clock.now, None, 1, 1))
    assert badge.accessibleName() == "Connection: live"
    assert "kept up to date" in badge.toolTip()
    connection._hear(Freshness(True, clock.now, None, 1, 1, told=False))
    assert "every ten when nothing changes" in badge.toolTip()
    connection._hear(Freshness(False, clock.now, problem, 1, 1))
    assert badge.accessibleName().startswith(f"Connection: {told}")


class Poller:
    def __init__(self) -> None:
        self.visible = list[bool]()
        self.woken = 0

    def set_visible(self, visible: bool) -> None:
        self.visible.append(visible)

    def wake_up(self) -> None:
        self.woken += 1


async def test_a_window_that_was_asleep_trusts_nothing_any_more() -> None:
    clock, poller, nothing = StillClock(), Poller(), cast("Any", None)
    connection = ConnectionController(nothing, nothing, nothing, nothing, nothing, clock)
    connection._poller = poller  # type: ignore[assignment]
    for pause in (1, 1.2, SLEPT_S - 1):
        clock.advance(pause)
        connection.tick(visible=True)
    assert (poller.visible, poller.woken) == ([True] * 3, 0)
    clock.advance(8 * 3600)
    connection.tick(visible=False)
    clock.advance(1)
    connection.tick(visible=True)
    assert (poller.visible[-2:], poller.woken) == ([False, True], 1)


async def test_another_place_has_not_answered_yet_and_its_account_needs_no_key(app: QApplication) -> None:
    clock, nothing, badge, accounts = StillClock(), cast("Any", None), ConnectionBadge(StillClock()), list[str]()
    window: Any = SimpleNamespace(show_connection=lambda _: None)
    background: Any = SimpleNamespace(cancel_actions=lambda keep: None)
    connection = ConnectionController(background, window, badge, TaskStore(), nothing, clock)
    connection.on_account(accounts.append)
    one, two = here(Path("/one")), here(Path("/two"))
    connection.go_to(one)
    connection._hear(Freshness(True, clock.now, None, 1, 1))
    assert connection.is_answering
    connection.go_to(two)
    assert not connection.is_answering
    connection._tell_account(two, "")  # a service that wants none
    assert accounts[-1] == account_list_name(two.list_name, "")
