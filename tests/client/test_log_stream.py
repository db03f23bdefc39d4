"""A log is the same whether it came byte by byte or lay there: the same lines, folds and styles, from either end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.client import log_spool
from taskmon.client.line_index import BLOCK
from taskmon.client.log_spool import LogSpool
from taskmon.core.log_style import styles_before
from taskmon.core.log_text import shown_line
from tests.log_streams import cut_streams, lines_of, shown_lines

if TYPE_CHECKING:
    from pathlib import Path

FILE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def empty_file(folder: Path) -> Path:
    target = folder / "log.txt"
    target.unlink(missing_ok=True)
    return target


@FILE
@given(pieces=cut_streams(), limit=st.sampled_from([7, 64, 16_384]), last=st.integers(1, 9))
def test_a_stream_that_is_followed_has_the_lines_of_what_came_so_far(
    pieces: list[bytes], limit: int, last: int, tmp_path: Path
) -> None:
    spool, whole = LogSpool(empty_file(tmp_path)), b""
    for piece in pieces:
        spool.append(piece)
        whole += piece
        expected = lines_of(whole, limit)
        assert spool.lines(0, spool.line_count, limit) == expected
        assert spool.tail(last, limit) == expected[-last:]
    assert [spool.lines(number, 1, limit) for number in range(spool.line_count)] == [[line] for line in expected]
    spool.close()


@FILE
@given(pieces=cut_streams(), before=st.sampled_from([0, BLOCK - 9, BLOCK, 2 * BLOCK + 1]), last=st.integers(1, 9))
def test_a_file_that_was_there_has_the_lines_of_the_stream(
    pieces: list[bytes], before: int, last: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_spool, "QUICK_STEP", 1)  # as of a file too large to be counted when it is opened
    whole = (b"a line like any other\n" * (before // 22 + 1))[-before:] * bool(before) + b"".join(pieces)
    target = empty_file(tmp_path)
    target.write_bytes(whole)
    spool, expected = LogSpool(target), lines_of(whole)
    assert spool.tail(last) == expected[-last:]
    while not spool.refresh(BLOCK).complete:
        pass
    assert spool.lines(0, spool.line_count) == expected
    assert spool.tail(last) == expected[-last:]
    for number in range(max(0, len(expected) - 40), len(expected)):
        assert spool.lines(number, 1) == [expected[number]]
    spool.close()


@FILE
@given(pieces=cut_streams(), data=st.data())
def test_lines_of_a_followed_stream_are_shown_as_those_of_the_whole(
    pieces: list[bytes], data: st.DataObject, tmp_path: Path
) -> None:
    spool = LogSpool(empty_file(tmp_path))
    for piece in pieces:
        spool.append(piece)
    expected = shown_lines(b"".join(pieces))
    first = data.draw(st.integers(0, max(0, len(expected) - 1)))
    found = spool.lines(first, 20)
    styles = styles_before(spool, first, found)
    shown = [(shown_line(line, style), style) for line, style in zip(found, styles, strict=True)]
    assert shown == expected[first : first + 20]
    spool.close()
