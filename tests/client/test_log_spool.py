"""A log on disk: every line there is, whatever way it came, and never the whole of it in memory."""

from __future__ import annotations

import asyncio
import hashlib
import random
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.client.line_index import BLOCK
from taskmon.client.log_spool import LogSpool, SpoolState
from taskmon.core.errors import TaskmonError
from taskmon.core.log_source import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterator

BYTES = st.lists(
    st.sampled_from([b"\n", b"\r", b"\r\n", b"a", b"step 12", b"\x1b[31m", b"\xff", "ü".encode(), b""])
).map(b"".join)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "stdout.txt"


@pytest.fixture
def spool(path: Path) -> Iterator[LogSpool]:
    spool = LogSpool(path)
    yield spool
    spool.close()


def lines_of(content: bytes) -> list[bytes]:
    lines = content.split(b"\n")
    lines = lines[:-1] if not lines[-1] else lines
    return [line.removesuffix(b"\r") for line in lines]


def all_lines(spool: LogSpool) -> list[bytes]:
    return [line.raw for line in spool.lines(0, spool.line_count + 5)]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(pieces=st.lists(BYTES, max_size=12))
def test_any_split_of_the_stream_gives_the_same_lines(pieces: list[bytes], tmp_path: Path) -> None:
    whole = b"".join(pieces)
    target = tmp_path / "log.txt"
    target.unlink(missing_ok=True)
    spool = LogSpool(target)
    for piece in pieces:
        spool.append(piece)
    assert all_lines(spool) == lines_of(whole)
    assert [spool.line(number) for number in range(spool.line_count)] == lines_of(whole)
    assert [line.raw for line in spool.tail(1000)] == lines_of(whole)
    spool.close()


CHANGES = st.sampled_from(
    ["append", "append part", "cut", "write anew", "write as much anew", "exchange", "cut and go on"]
)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(changes=st.lists(st.tuples(CHANGES, st.integers(1, 40)), max_size=12))
def test_whatever_a_program_does_to_its_file_the_spool_is_the_file(
    tmp_path: Path, changes: list[tuple[str, int]]
) -> None:
    target, number = tmp_path / "log.txt", 0
    target.write_bytes(b"")
    spool = LogSpool(target)
    for change, amount in changes:
        before = target.read_bytes()
        fresh = b"".join(b"%d of the run\n" % (number + place) for place in range(amount))
        number += amount
        match change:
            case "append" | "append part":
                content = before + (fresh if change == "append" else fresh[: -amount % 13])
            case "cut":
                content = before[: len(before) * amount // 40]
            case "cut and go on":
                content = before[: len(before) * (amount - 1) // 40] + fresh
            case "write as much anew":
                content = (fresh * (len(before) // len(fresh) + 1))[: len(before)]
            case _:
                content = fresh
        if change == "exchange":
            (tmp_path / "other").write_bytes(content)
            (tmp_path / "other").replace(target)
        else:
            target.write_bytes(content)
        spool.refresh()
        assert spool.size == len(content)
        assert all_lines(spool) == lines_of(content)
        spool.copy_to(tmp_path / "copy")
        assert (tmp_path / "copy").read_bytes() == content
    spool.close()


def test_lines_are_found_by_number_across_many_blocks(spool: LogSpool) -> None:
    lines = [b"line %d %s" % (number, b"x" * (number % 173)) for number in range(20_000)]
    spool.append(b"\n".join(lines) + b"\n")
    asyncio.run(spool.count_lines())
    assert spool.size > 20 * BLOCK
    assert spool.line_count == len(lines)
    for first in (0, 1, 655, 656, 9_999, 19_990):
        assert [line.raw for line in spool.lines(first, 12)] == lines[first : first + 12]
    assert spool.lines(20_000, 3) == []


def test_a_newline_on_the_edge_of_a_block_belongs_to_its_line(spool: LogSpool) -> None:
    spool.append(b"a" * (BLOCK - 1) + b"\n" + b"b" * BLOCK + b"\nlast")
    assert spool.line_count == 3
    assert [line.length for line in spool.lines(0, 3)] == [BLOCK - 1, BLOCK, 4]
    assert spool.line(2) == b"last"


def test_a_large_file_is_counted_in_steps_and_its_end_is_readable_before(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"0123456789abcde\n" * (1 << 18) + b"the end")
    spool = LogSpool(path)
    assert not spool.complete
    assert spool.line_count < (1 << 18)
    assert [line.raw for line in spool.tail(2)] == [b"0123456789abcde", b"the end"]
    asyncio.run(spool.count_lines())
    assert spool.complete
    assert spool.line_count == (1 << 18) + 1
    assert spool.line(1 << 18) == b"the end"
    spool.close()


def test_a_line_of_ten_megabytes_is_cut_and_its_length_told(spool: LogSpool) -> None:
    spool.append(b"first\n" + b"z" * 10_000_000 + b"\nafter\n")
    asyncio.run(spool.count_lines())
    first, long, after = spool.lines(0, 3)
    assert (first.raw, after.raw) == (b"first", b"after")
    assert len(long.raw) == LINE_LIMIT
    assert long.length == 10_000_000
    assert long.missing == 10_000_000 - LINE_LIMIT
    assert spool.lines(1, 1, limit=20_000_000)[0].raw == b"z" * 10_000_000


def test_a_long_progress_bar_shows_its_last_state_not_its_first(spool: LogSpool) -> None:
    spool.append(b"".join(b"\r%5d of 50000" % state for state in range(50_001)) + b"\nnext\n")
    bar, following = spool.lines(0, 2)
    assert bar.raw.endswith(b"\r50000 of 50000")
    assert following.raw == b"next"


def test_a_spool_goes_on_by_its_size_after_a_break(path: Path) -> None:
    whole = b"".join(b"step %d\n" % number for number in range(1000))
    first = LogSpool(path)
    first.append(whole[:4321])
    first.close()
    again = LogSpool(path)
    again.append(whole[again.size :])
    assert hashlib.sha256(path.read_bytes()).digest() == hashlib.sha256(whole).digest()
    assert again.line_count == 1000
    again.close()


def test_a_spool_of_ours_is_private(spool: LogSpool, path: Path) -> None:
    spool.append(b"secret\n")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_file_that_does_not_exist_yet_is_read_when_it_comes(spool: LogSpool, path: Path) -> None:
    assert (spool.size, spool.line_count, spool.complete) == (0, 0, True)
    assert spool.lines(0, 5) == spool.tail(5) == []
    path.parent.mkdir()
    path.write_bytes(b"hello\nwor")
    assert spool.refresh() == SpoolState(9, 2, True, False)
    with path.open("ab") as file:
        file.write(b"ld\n")
    assert spool.refresh() == SpoolState(12, 2, True, False)
    assert spool.line(1) == b"world"


def test_a_cut_file_is_noticed_and_read_anew(spool: LogSpool, path: Path) -> None:
    spool.append(b"one\ntwo\nthree\n")
    path.write_bytes(b"new\n")
    state = spool.refresh()
    assert state.replaced
    assert all_lines(spool) == [b"new"]
    assert spool.generation == 1


def test_a_file_written_anew_and_longer_is_noticed(spool: LogSpool, path: Path) -> None:
    spool.append(b"one\ntwo\n")
    path.write_bytes(b"uno\ndos\ntres\ncuatro\n")
    assert spool.refresh().replaced
    assert all_lines(spool) == [b"uno", b"dos", b"tres", b"cuatro"]


def test_another_file_under_the_same_name_is_noticed(spool: LogSpool, path: Path, tmp_path: Path) -> None:
    spool.append(b"one\n")
    other = tmp_path / "other"
    other.write_bytes(b"two\nthree\n")
    other.replace(path)
    assert spool.refresh().replaced
    assert all_lines(spool) == [b"two", b"three"]


def test_a_removed_file_can_still_be_read(spool: LogSpool, path: Path) -> None:
    spool.append(b"one\ntwo\n")
    path.unlink()
    assert not spool.refresh().replaced
    assert all_lines(spool) == [b"one", b"two"]


def test_a_file_cut_between_two_looks_gives_fewer_lines_and_no_crash(spool: LogSpool, path: Path) -> None:
    spool.append(b"line\n" * 50_000)
    path.write_bytes(b"")
    assert len(spool.lines(49_000, 10)) <= 10


def test_a_disk_that_refuses_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    spool = LogSpool(tmp_path / "file" / "below" / "log.txt")
    with pytest.raises(TaskmonError, match=r"cannot be kept in .*/file/below: Not a directory") as refused:
        spool.append(b"x")
    assert "space" not in refused.value.advice, "that would help nobody"
    spool.close()


def test_a_full_disk_is_told_with_what_helps() -> None:
    spool = LogSpool(Path("/dev/full"))
    with pytest.raises(TaskmonError, match="No space left") as refused:
        spool.append(b"x")
    assert refused.value.advice == "Free some space; the log goes on where it stopped."
    spool.close()


def test_every_line_is_found_by_its_number_in_blocks_of_empty_short_and_long_lines(tmp_path: Path) -> None:
    chance = random.Random(5)
    lines = [b"%d " % number + b"x" * chance.choice((0, 1, 90, 3000)) for number in range(600)]
    lines[100:100] = [b""] * 150_000
    target = tmp_path / "log.txt"
    target.write_bytes(b"\n".join(lines) + b"\n")
    spool = LogSpool(target)
    while not spool.refresh().complete:
        pass
    assert spool.line_count == len(lines)
    for number in (*range(120), *range(100, 150_000, 997), *range(150_090, len(lines))):
        assert spool.line(number) == lines[number]
    spool.close()
