"""Two streams in one: every line of both, in the order of arrival, and the same again after a restart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.client.log_merge import MergedLog
from taskmon.client.log_spool import LogSpool
from tests.log_streams import HARD, lines_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def streams(tmp_path: Path) -> Iterator[list[LogSpool]]:
    spools = [LogSpool(tmp_path / name) for name in ("out", "err")]
    yield spools
    for spool in spools:
        spool.close()


def shown(merged: MergedLog) -> list[tuple[int, bytes]]:
    lines = merged.spool.lines(0, merged.spool.line_count)
    return [(merged.origin(number), line.raw) for number, line in enumerate(lines)]


def test_lines_stand_in_the_order_in_which_they_came(streams: list[LogSpool], tmp_path: Path) -> None:
    out, err = streams
    merged = MergedLog(tmp_path / "merged", streams)
    out.append(b"step 1\nste")
    assert merged.advance()
    err.append(b"careful\n")
    merged.advance()
    out.append(b"p 2\n")
    merged.advance()
    out.append(b"end")
    err.append(b"bye")
    merged.advance(ended=True)
    expected = [(0, b"step 1"), (1, b"careful"), (0, b"step 2"), (0, b"end"), (1, b"bye")]
    assert shown(merged) == expected
    merged.close()
    again = MergedLog(tmp_path / "merged", streams)
    again.advance(ended=True)
    assert shown(again) == expected
    again.close()


def test_of_what_was_there_before_the_first_look_stdout_comes_first(streams: list[LogSpool], tmp_path: Path) -> None:
    streams[1].append(b"early\n")
    streams[0].append(b"one\ntwo\n")
    merged = MergedLog(tmp_path / "merged", streams)
    merged.advance()
    assert shown(merged) == [(0, b"one"), (0, b"two"), (1, b"early")]
    merged.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(st.tuples(st.integers(0, 1), st.sampled_from([*HARD, b"d\ne", b""])), max_size=30))
def test_no_line_of_either_stream_is_lost_or_told_twice(tmp_path: Path, pieces: list[tuple[int, bytes]]) -> None:
    for name in ("out", "err", "merged", ".merged.order"):
        (tmp_path / name).unlink(missing_ok=True)
    streams = [LogSpool(tmp_path / name) for name in ("out", "err")]
    merged = MergedLog(tmp_path / "merged", streams)
    whole = [b"", b""]
    for number, piece in pieces:
        whole[number] += piece
        streams[number].append(piece)
        merged.advance()
    merged.advance(ended=True)
    for number in (0, 1):
        lines = [line.raw for line in lines_of(whole[number])]
        assert [raw for origin, raw in shown(merged) if origin == number] == lines
    for spool in (*streams, merged.spool):
        spool.close()


def test_an_order_that_does_not_fit_its_file_is_made_anew(streams: list[LogSpool], tmp_path: Path) -> None:
    streams[0].append(b"one\n")
    merged = MergedLog(tmp_path / "merged", streams)
    merged.advance()
    merged.close()
    with (tmp_path / "merged").open("ab") as file:
        file.write(b"cut off by a cr")
    again = MergedLog(tmp_path / "merged", streams)
    again.advance()
    assert shown(again) == [(0, b"one")]
    again.close()


def test_a_stream_that_begins_anew_begins_the_merged_log_anew(streams: list[LogSpool], tmp_path: Path) -> None:
    streams[0].append(b"one\ntwo\n")
    merged = MergedLog(tmp_path / "merged", streams)
    merged.advance()
    streams[0].path.write_bytes(b"new\n")
    streams[0].refresh()
    merged.advance()
    assert shown(merged) == [(0, b"new")]
    merged.close()


def test_two_windows_that_merge_the_same_streams_do_not_disturb_each_other(
    streams: list[LogSpool], tmp_path: Path
) -> None:
    one, other = (MergedLog(tmp_path / "merged", streams) for _ in range(2))
    for number in range(3):
        streams[number % 2].append(b"line %d\n" % number)
        one.advance()
        other.advance()
    expected = [(0, b"line 0"), (1, b"line 1"), (0, b"line 2")]
    assert shown(one) == shown(other) == expected
    one.close()
    again = MergedLog(tmp_path / "merged", streams)
    again.advance()
    assert shown(again) == shown(other) == expected
    again.close()
    other.close()


def test_a_worker_that_still_merges_when_the_log_is_closed_writes_nothing_more(
    streams: list[LogSpool], tmp_path: Path
) -> None:
    merged = MergedLog(tmp_path / "merged", streams)
    streams[0].append(b"one\n")
    merged.close()
    assert merged.advance()
    streams[0].path.write_bytes(b"new\n")
    streams[0].refresh()
    merged.advance()
    assert not (tmp_path / "merged").exists()
    again = MergedLog(tmp_path / "merged", streams)
    again.advance()
    assert shown(again) == [(0, b"new")]
    again.close()
