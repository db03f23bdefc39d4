"""A search finds every matching line, counts each once, and goes on where the log has grown."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.client import log_search
from taskmon.client.log_search import LinePattern, LogSearch
from taskmon.client.log_spool import LogSpool
from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[LogSpool]:
    spool = LogSpool(tmp_path / "log.txt")
    yield spool
    spool.close()


def found(spool: LogSpool, pattern: str, *, regex: bool = True, case: bool = True) -> list[int]:
    result = spool.search(pattern, regex=regex, case=case)
    assert result.finished
    return list(result.lines[: result.count])


PATTERNS = ["a", "a+b", "^b", "b$", "^$", "", "[^a]", r"\s", "a.*b", "(a|b)b"]


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet="ab \n", max_size=60), pattern=st.sampled_from(PATTERNS), cut=st.integers(0, 60))
def test_the_lines_found_are_those_that_re_finds_one_by_one(tmp_path: Path, text: str, pattern: str, cut: int) -> None:
    target = tmp_path / "log.txt"
    target.unlink(missing_ok=True)
    spool = LogSpool(target)
    search = LogSearch(spool, LinePattern(pattern, regex=True, case_sensitive=True))
    for part in (text[:cut], text[cut:]):
        spool.append(part.encode())
        while not search.advance(1):
            pass
    lines = text.split("\n")
    lines = lines[:-1] if not lines[-1] else lines
    result = search.result()
    assert list(result.lines[: result.count]) == [n for n, line in enumerate(lines) if re.search(pattern, line)]
    assert result.finished
    spool.close()


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(alphabet="ab \né", max_size=60), word=st.text(alphabet="abé", min_size=1, max_size=4))
def test_a_word_is_found_from_its_rarest_letter_on_wherever_it_stands(tmp_path: Path, text: str, word: str) -> None:
    target = tmp_path / "log.txt"
    target.write_text(text, encoding="utf-8")
    spool = LogSpool(target)
    lines = text.split("\n")
    assert found(spool, word) == [number for number, line in enumerate(lines) if word in line]
    assert found(spool, word, regex=False) == found(spool, word)
    spool.close()


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    parts=st.lists(st.text(alphabet="ab \n", max_size=80), max_size=4),
    pattern=st.sampled_from(PATTERNS),
    step=st.integers(2, 90),
    counted=st.booleans(),
)
def test_two_threads_find_what_one_finds(
    tmp_path: Path, parts: list[str], pattern: str, step: int, counted: bool
) -> None:
    """In steps of any size, in a log that grows, whether or not the spool has counted its lines."""
    target = tmp_path / "log.txt"
    target.write_bytes(b"")
    spool = LogSpool(target)
    search = LogSearch(spool, LinePattern(pattern, regex=True, case_sensitive=True))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log_search, "_WORTH_SHARING", 2)
        if not counted:
            patch.setattr(LogSpool, "has_counted", lambda _spool, offset: offset == 0)
        for part in parts:
            spool.append(part.encode())
            while not search.advance(step):
                pass
    lines = "".join(parts).split("\n")
    lines = lines[:-1] if not lines[-1] else lines
    result = search.result()
    assert list(result.lines[: result.count]) == [n for n, line in enumerate(lines) if re.search(pattern, line)]
    assert result.finished
    spool.close()


def test_every_hit_of_a_large_log_is_counted_exactly_once(spool: LogSpool) -> None:
    line = b"Time = 1 residual residual 3.1e-06 %d\n"
    spool.append(b"".join(line % number for number in range(60_000)) + b"needle-7f3a\n" + b"x\n" * 10)
    assert len(found(spool, "residual")) == 60_000
    assert found(spool, "needle-7f3a") == [60_000]
    assert len(found(spool, r"e-06 \d*7$")) == 6_000


def test_a_pattern_never_matches_across_lines(spool: LogSpool) -> None:
    spool.append(b"foo\nbar\nfoo bar\n")
    assert found(spool, r"foo\s+bar") == [2]
    assert found(spool, r"[^x]+r$") == [1, 2]


def test_case_and_literal_text_are_the_persons_choice(spool: LogSpool) -> None:
    spool.append("Größe\ngrößE\na.b\nacb\n".encode())
    assert found(spool, "GRÖSSE", case=False) == []
    assert found(spool, "GRÖßE", case=False) == [0, 1]
    assert found(spool, "a.b", regex=False) == [2]
    assert found(spool, "a.b") == [2, 3]


def test_a_broken_pattern_is_refused_with_its_reason() -> None:
    with pytest.raises(InvalidInputError, match=r"“a\(” is not a regular expression: missing \)"):
        LinePattern("a(", regex=True, case_sensitive=True)
    assert LinePattern("a(", regex=False, case_sensitive=True).find_spans("f(a(x))") == [(2, 4)]


def test_what_comes_later_is_searched_too_without_starting_again(spool: LogSpool) -> None:
    search = LogSearch(spool, LinePattern("err", regex=False, case_sensitive=True))
    assert search.advance()
    spool.append(b"ok\nerr 1\ner")
    assert search.advance() or search.advance()
    assert search.result().count == 1
    spool.append(b"r 2\n")
    while not search.advance():
        pass
    assert list(search.result().lines) == [1, 2]


def test_a_match_in_an_unfinished_line_is_taken_back_when_the_line_goes_on(spool: LogSpool) -> None:
    search = LogSearch(spool, LinePattern("done$", regex=True, case_sensitive=True))
    spool.append(b"done")
    search.advance()
    assert search.result().count == 1
    spool.append(b" not yet\n")
    while not search.advance():
        pass
    assert search.result().count == 0


def test_a_replaced_log_is_searched_from_its_beginning(spool: LogSpool) -> None:
    search = LogSearch(spool, LinePattern("x", regex=False, case_sensitive=True))
    spool.append(b"x\nx\n")
    search.advance()
    spool.path.write_bytes(b"y\ny\nx\n")
    spool.refresh()
    while not search.advance():
        pass
    assert list(search.result().lines) == [2]


def test_a_search_can_be_left_between_two_steps_and_shows_what_it_has(spool: LogSpool) -> None:
    spool.append(b"hit\n" * 2_000_000)
    search = LogSearch(spool, LinePattern("hit", regex=False, case_sensitive=True))
    assert not search.advance(1 << 20)
    part = search.result()
    assert not part.finished
    assert 0 < part.count < 2_000_000
    assert part.searched_bytes >= 1 << 20


def test_catastrophic_patterns_end(spool: LogSpool) -> None:
    spool.append(b"a" * 5000 + b"!\n")
    assert found(spool, "(a+)+$") == []


def test_the_window_reads_while_a_worker_searches(spool: LogSpool) -> None:
    spool.append(b"step 1\n" * 300_000)
    results = []
    worker = threading.Thread(target=lambda: results.append(spool.search("step")))
    worker.start()
    while worker.is_alive():
        assert spool.line(200_000) in (b"step 1", b"")
        worker.join(0.001)  # as a window does; who reads without a pause only fights for the interpreter
    assert results[0].count == 300_000


@pytest.mark.parametrize("counted", [0, 1, 3])
def test_a_search_ahead_of_the_counting_numbers_its_lines_right(spool: LogSpool, counted: int) -> None:
    lines = [
        b"hit %d" % number if number % 70_000 == 5 else b"step %d of the run" % number for number in range(400_000)
    ]
    spool.path.write_bytes(b"\n".join(lines) + b"\n")
    again = LogSpool(spool.path)
    for _ in range(counted):
        again.refresh(1 << 20)
    assert not again.complete
    assert found(again, "hit") == list(range(5, 400_000, 70_000))
    again.close()


@pytest.mark.parametrize("pattern", ["(?=a)b", "(?!a)b", "(?<=a)b", r"(a)\1", "(?P<n>a)(?P=n)", "(?>a)"])
def test_a_pattern_that_looks_around_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(InvalidInputError, match="looks ahead or behind, or repeats an earlier group"):
        LinePattern(pattern, regex=True, case_sensitive=True)
    assert LinePattern(pattern, regex=False, case_sensitive=True).find_spans(pattern) == [(0, len(pattern))]


@pytest.mark.parametrize("pattern", [r"\pL{900}", "(?:[a-z]{900}){900}"])
def test_a_pattern_that_is_too_large_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        LinePattern(pattern * 20, regex=True, case_sensitive=False)
    assert "too large" in refused.value.title or "is not a regular expression" in refused.value.title
    assert len(str(refused.value)) < 500


def test_a_backslash_before_a_digit_is_no_group_where_it_is_escaped() -> None:
    with pytest.raises(InvalidInputError, match="is not a regular expression"):
        LinePattern(r"C:\\1(", regex=True, case_sensitive=True)


PIECE = 4 << 20
"""Longer lines are searched in pieces of this size."""


@pytest.mark.parametrize("ended", [True, False])
@pytest.mark.parametrize("place", [PIECE - 70_000, PIECE - 65_540, PIECE - 4, PIECE - 1, PIECE, 2 * PIECE - 65_539])
def test_a_word_anywhere_in_a_line_of_ten_megabytes_is_found_once(spool: LogSpool, place: int, ended: bool) -> None:
    long_line = b"a" * place + b" needle " + b"b" * (10_000_000 - place)
    spool.append(b"first\n" + long_line + (b"\nneedle\n" if ended else b""))
    assert found(spool, r"\bneedle\b") == ([1, 2] if ended else [1])
    assert found(spool, "needle") == ([1, 2] if ended else [1])
    assert found(spool, "^b|a$|^ |needle$|^needle") == ([2] if ended else [])


def test_lines_after_a_monstrous_one_keep_their_numbers_in_a_log_that_is_not_counted_yet(spool: LogSpool) -> None:
    spool.path.write_bytes(b"x\n" * 100 + b"y" * 9_000_000 + b"\n" + b"x\nneedle\n" * 3)
    again = LogSpool(spool.path)
    assert not again.complete
    assert found(again, "needle") == [102, 104, 106]
    assert found(again, "y") == [100]
    again.close()


def test_a_log_that_grows_without_a_newline_is_searched_on(spool: LogSpool) -> None:
    search = LogSearch(spool, LinePattern("end$", regex=True, case_sensitive=True))
    for _ in range(9):
        spool.append(b"a" * 1_000_000)
        while not search.advance():
            pass
        assert search.result().count == 0
    spool.append(b"end")
    search.advance()
    assert list(search.result().lines) == [0]
    spool.append(b" of it\nend\n")
    while not search.advance():
        pass
    assert list(search.result().lines[: search.result().count]) == [1]


@given(
    text=st.text(alphabet="ab7é日🙂 ", max_size=40), pattern=st.sampled_from(["7", "a+", "[é日]", "🙂.", "b*", r"\w+"])
)
def test_the_shown_places_of_a_match_are_counted_in_characters(text: str, pattern: str) -> None:
    """RE2 counts bytes. Its \\w is ASCII's."""
    expected = [match.span() for match in re.finditer(pattern, text, re.ASCII) if match.group()]
    assert LinePattern(pattern, regex=True, case_sensitive=True).find_spans(text) == expected
