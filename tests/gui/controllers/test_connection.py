"""How often a place that cannot be found is looked for, and whose list is remembered under which name."""

from __future__ import annotations

from pathlib import Path

from taskmon.client.credentials import Credentials
from taskmon.core.connection import Connection
from taskmon.gui.app import WindowOptions
from taskmon.gui.controllers.connection import retry_pause
from taskmon.gui.controllers.connection_book import ConnectionBook
from taskmon.gui.session import given_place, here


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


def test_a_place_that_stays_away_is_looked_for_less_and_less_often_but_always_again() -> None:
    assert [retry_pause(failures) for failures in (0, 1, 2, 3, 100_000)] == [3.0, 6.0, 12.0, 15.0, 15.0]
