"""Lines that come over a direct connection are joined to what was told, without gap or repeat that is not said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from taskmon.client.live_lines import Gap, Transcript, _Seam
from taskmon.client.live_webrtc import connection_servers


def lines(first: int, last: int) -> list[bytes]:
    return [b"line %d" % number for number in range(first, last)]


def told(*batches: list[bytes], counted: bool = True) -> Transcript:
    transcript = Transcript()
    if not counted:
        transcript.lose_count()
    for batch in batches:
        transcript.add(batch)
    return transcript


def test_a_whole_history_goes_on_after_the_lines_that_were_counted() -> None:
    same = [b"residual 0"] * 50
    transcript = told(same[:20])
    assert transcript.new_in(same, whole=True) == same[20:]


def test_a_cut_history_is_joined_where_the_last_told_lines_are() -> None:
    transcript = told(lines(0, 1000))
    assert transcript.new_in(lines(500, 1500), whole=False) == lines(1000, 1500)
    assert transcript.new_in(lines(500, 1000), whole=False) == []


def test_a_history_that_begins_later_shows_that_lines_are_missing() -> None:
    assert told(lines(0, 10)).new_in(lines(20, 30), whole=False) is None
    assert Transcript().new_in(lines(20, 30), whole=False) is None


def test_a_file_that_became_another_one_is_not_joined() -> None:
    assert told(lines(0, 10)).new_in(lines(5, 8), whole=True) is None
    assert told(lines(0, 10)).new_in(lines(100, 120), whole=True) is None


@given(some.lists(some.sampled_from([b"a", b"b", b""]), max_size=60), some.data())
def test_nothing_of_a_counted_file_is_lost_or_repeated(file: list[bytes], data: some.DataObject) -> None:
    transcript = Transcript()
    shown: list[bytes] = []
    places = sorted(data.draw(some.lists(some.integers(0, len(file)), max_size=5)))
    for place in [*places, len(file)]:
        new = transcript.new_in(file[:place], whole=True)
        assert new is not None
        transcript.add(new)
        shown += new
    assert shown == file


@given(some.lists(some.sampled_from([b"a", b"bb", b"", b"\xff"]), max_size=40), some.data())
def test_the_stored_file_goes_on_where_the_lines_ended(file: list[bytes], data: some.DataObject) -> None:
    count = data.draw(some.integers(1, len(file))) if file else 0
    transcript = told([line.decode(errors="replace").encode() for line in file[:count]])
    if not transcript.last:
        return
    content = b"".join(line + b"\n" for line in file)
    step = data.draw(some.integers(1, 7))
    seam = _Seam(transcript)
    rest = b"".join(seam.feed(content[place : place + step]) for place in range(0, len(content), step))
    assert rest + seam.finish() == b"".join(line + b"\n" for line in file[count:])
    assert seam.found


def test_a_told_last_line_without_end_is_not_repeated() -> None:
    seam = _Seam(told([b"one", b"two"]))
    assert seam.feed(b"one\ntw") + seam.feed(b"o") + seam.finish() == b""
    assert seam.found


def test_a_stored_file_that_does_not_fit_is_said_and_its_end_told() -> None:
    seam = _Seam(told([b"something else"]))
    assert seam.feed(b"one\ntwo\n") == b""
    assert seam.finish() == b"one\ntwo\n"
    assert not seam.found


def test_a_gap_is_a_line_of_its_own() -> None:
    assert Gap("lines are missing").line() == b"[taskmon: lines are missing]\n"


@pytest.mark.parametrize(
    ("url", "servers"),
    [
        ("http://127.0.0.1:8000", ()),
        ("http://localhost:8000", ()),
        ("http://[::1]:8000", ()),
        ("https://api.inductiva.ai", ("webrtc.inductiva.ai:3478",)),
        ("http://lab.example.org:9000", ("lab.example.org:9000",)),
    ],
)
def test_each_service_has_its_connection_server(url: str, servers: tuple[str, ...]) -> None:
    assert connection_servers(url) == servers


def test_the_official_variable_names_another_connection_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INDUCTIVA_TURN_SERVER_URL", "10.0.0.1:3478")
    assert connection_servers("http://127.0.0.1:8000") == ("10.0.0.1:3478",)
