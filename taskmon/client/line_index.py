"""Where the lines of a file begin: newlines counted per block of 64 KiB, found exactly inside one block when needed.

A gigabyte costs 128 kB. The count goes on where it stopped, in steps of any size, in any thread.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    Reader = Callable[[int, int], bytes]
    """Reads (offset, length) of the file; shorter at its end."""

    ReaderInto = Callable[[int, bytearray], int]
    """Fills a buffer from an offset of the file; returns the number of bytes."""

BLOCK: Final = 64 * 1024
_GROUP: Final = 16 * BLOCK
_WORTH_NUMPY: Final = 32 * BLOCK
_SPLIT: Final = 2048


class LineIndex:
    """Counts newlines. One thread at a time may call `grow`; any thread may read meanwhile."""

    def __init__(self) -> None:
        self._before = array("q", [0])  # newlines before block k
        self._tail_bytes = 0
        self._tail_newlines = 0
        self._buffer = bytearray()

    @property
    def counted_bytes(self) -> int:
        """How far from the beginning newlines have been counted."""
        return (len(self._before) - 1) * BLOCK + self._tail_bytes

    @property
    def newlines(self) -> int:
        """Newlines in the counted part."""
        return self._before[-1] + self._tail_newlines

    def grow(self, size: int, budget: int, read_into: ReaderInto) -> None:
        """Counts on towards `size`, at most `budget` bytes (at least one block)."""
        whole_blocks = size // BLOCK
        done = len(self._before) - 1
        wanted = min(whole_blocks, done + max(1, budget // BLOCK))
        if wanted > done:
            if (wanted - done) * BLOCK >= _WORTH_NUMPY:
                self._count_blocks_fast(done, wanted, read_into)
            else:
                self._count_blocks(done, wanted, read_into)
        if len(self._before) - 1 == whole_blocks:
            self._count_tail(size, read_into)

    def _append(self, newlines: int) -> None:
        self._tail_bytes = self._tail_newlines = 0
        self._before.append(self._before[-1] + newlines)

    def _count_blocks(self, first: int, end: int, read_into: ReaderInto) -> None:
        block = bytearray(BLOCK)
        for number in range(first, end):
            if read_into(number * BLOCK, block) < BLOCK:
                return
            self._append(block.count(b"\n"))

    def _count_blocks_fast(self, first: int, end: int, read_into: ReaderInto) -> None:
        import numpy as np  # only for large files: importing it costs more than counting a small one

        buffer = self._buffer or bytearray(_GROUP)
        self._buffer = buffer
        view = np.frombuffer(buffer, np.uint8)
        is_newline = np.empty(_GROUP, np.bool_)
        for group in range(first, end, _GROUP // BLOCK):
            blocks = min(_GROUP // BLOCK, end - group)
            if read_into(group * BLOCK, buffer) < blocks * BLOCK:
                return
            np.equal(view, 10, out=is_newline)
            for number in range(blocks):
                self._append(int(np.count_nonzero(is_newline[number * BLOCK : (number + 1) * BLOCK])))

    def _count_tail(self, size: int, read_into: ReaderInto) -> None:
        start = (len(self._before) - 1) * BLOCK
        tail = bytearray(size - start)
        length = read_into(start, tail) if tail else 0
        self._tail_newlines = tail.count(b"\n", 0, length)
        self._tail_bytes = length

    def newlines_before(self, offset: int, read: Reader) -> int:
        """Newlines before a place of the counted part; -1 where it is not counted yet."""
        block = offset // BLOCK
        if block >= len(self._before):
            return -1
        start = block * BLOCK
        return self._before[block] + read(start, offset - start).count(b"\n")

    def offset(self, line: int, size: int, read: Reader) -> int:
        """Where a line begins; `size` for the line after the last newline of the counted part."""
        if line <= 0:
            return 0
        block = bisect_left(self._before, line) - 1
        start = block * BLOCK
        content = read(start, min(BLOCK, size - start))
        place = _after_newline(content, line - self._before[block])
        return size if place < 0 else start + place


def _after_newline(content: bytes, wanted: int) -> int:
    """The place behind the `wanted`-th newline; -1 where there are fewer. Halves first: counting is quicker than
    splitting."""
    begin, end = 0, len(content)
    while end - begin > _SPLIT:
        middle = (begin + end) // 2
        before = content.count(b"\n", begin, middle)
        if before >= wanted:
            end = middle
        else:
            begin, wanted = middle, wanted - before
    pieces = content[begin:end].split(b"\n", wanted)
    return end - len(pieces[-1]) if len(pieces) > wanted else -1
