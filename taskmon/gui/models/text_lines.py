"""One text per slot, in lower case, many of them joined in one piece of memory: they take little room there, a word is
found in all of them at once, and their first letters are read as numbers. Needs numpy, like the index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from taskmon.gui.models.shared_facts import encoded
from taskmon.gui.models.slot_arrays import Flags, Slots
from taskmon.gui.models.text_finders import LINE_END, TextFinder

_PIECE: Final = 4096
"""Slots per piece of memory; changing one text in it means writing it anew."""

_LATE: Final = 1024
"""So many new texts of a piece wait beside it until it is written."""

_SPARSE: Final = 32
"""Where less than this part of a piece is wanted, line by line is faster."""

_FEW: Final = 256
"""So many texts are looked at one by one, since writing a piece for them would take longer."""

WORD: Final = 8
"""Bytes that are compared as one number."""

_ENDS: Final = LINE_END * (WORD + 1)
_FIRST_BYTES: Final = np.array([(1 << 64) - (1 << 64 - 8 * count) for count in range(WORD + 1)], dtype=np.uint64)


class _Piece(NamedTuple):
    """`data` has a `LINE_END` after each line; `starts` are the offsets of the lines and of what follows the last one.
    `plain` is ASCII only."""

    data: bytes
    starts: npt.NDArray[np.uint32]
    plain: bool


class TextLines:
    """A text that was not put is empty."""

    def __init__(self) -> None:
        self._pieces: list[_Piece] = []
        self._late: dict[int, dict[int, str]] = {}

    def put(self, slot: int, text: str) -> bool:
        """Sets the text of a slot; tells whether it was another one before."""
        lower = text.lower()
        if self.text(slot) == lower:
            return False
        number, line = divmod(slot, _PIECE)
        late = self._late.setdefault(number, {})
        late[line] = lower
        if len(late) >= _LATE:
            self._write(number)
        return True

    def text(self, slot: int) -> str:
        """The text of a slot, in lower case."""
        return self._line(slot).decode("utf-8", "surrogatepass")

    def _line(self, slot: int) -> bytes:
        number, line = divmod(slot, _PIECE)
        late = self._late.get(number)
        if late is not None and line in late:
            return encoded(late[line])
        if number >= len(self._pieces) or line >= len(self._pieces[number].starts) - 1:
            return b""
        data, starts, _ = self._pieces[number]
        return data[starts[line] : starts[line + 1] - 1]

    def sort_text(self, slot: int) -> str:
        """What the text of a slot is sorted by."""
        return self.text(slot).casefold()

    def filled(self, slots: Slots) -> Flags:
        """Which of `slots`, in growing order, have a text."""
        if len(slots) <= _FEW:
            return np.array([bool(self._line(slot)) for slot in slots.tolist()], dtype=np.bool_)
        flags: Flags = np.zeros(len(slots), dtype=np.bool_)
        for part, piece, lines in self._by_piece(slots):
            flags[part] = piece.starts[lines + 1] - piece.starts[lines] > 1
        return flags

    def found(self, finder: TextFinder, slots: Slots) -> Flags:
        """In the texts of which of `slots`, in growing order, something is."""
        if len(slots) <= _FEW:
            return np.array([finder.within(self._line(slot)) for slot in slots.tolist()], dtype=np.bool_)
        flags: Flags = np.zeros(len(slots), dtype=np.bool_)
        for part, piece, lines in self._by_piece(slots):
            first, end = int(lines[0]), int(lines[-1]) + 1
            if len(lines) * _SPARSE < end - first:
                data = piece.data
                pairs = zip(piece.starts[lines].tolist(), piece.starts[lines + 1].tolist(), strict=True)
                flags[part] = [finder.within(data[start : stop - 1]) for start, stop in pairs]
                continue
            starts = piece.starts[first : end + 1].astype(np.intp)
            places = finder.places(piece.data[starts[0] : starts[-1]]) + starts[0]
            known: Flags = np.zeros(end - first, dtype=np.bool_)
            known[np.searchsorted(starts, places, "right") - 1] = True
            flags[part] = known[lines - first]
        return flags

    def longest(self) -> int:
        """Bytes of the longest text as it is sorted."""
        return max((int(np.diff(piece.starts).max(initial=1)) - 1 for piece in self._sorted()), default=0)

    def words(self, first: int) -> npt.NDArray[np.uint64]:
        """By slot, eight bytes from `first` on of what the texts are sorted by, as numbers: of two texts that are equal
        up to there, none has a greater number than the one that sorts later."""
        pieces = self._sorted()
        words = np.zeros(len(pieces) * _PIECE, dtype=np.uint64)
        for number, piece in enumerate(pieces):
            words[number * _PIECE :][: len(piece.starts) - 1] = _words(piece, first)
        return words

    def _sorted(self) -> list[_Piece]:
        for number in list(self._late):
            self._write(number)
        return [piece if piece.plain else _folded(piece) for piece in self._pieces]

    def _by_piece(self, slots: Slots) -> Iterator[tuple[slice, _Piece, Slots]]:
        """Which part of `slots`, all in growing order, is in which piece, and the numbers of their lines there."""
        if not len(slots):
            return
        first, last = int(slots[0]) // _PIECE, int(slots[-1]) // _PIECE
        cuts = np.searchsorted(slots, [number * _PIECE for number in range(first, last + 2)]).tolist()
        for number, (start, end) in enumerate(pairwise(cuts), first):
            if number in self._late:
                self._write(number)
            if number < len(self._pieces) and start < end:
                piece = self._pieces[number]
                lines = slots[start:end] - number * _PIECE
                known = int(np.searchsorted(lines, len(piece.starts) - 1))
                if known:
                    yield slice(start, start + known), piece, lines[:known]

    def _write(self, number: int) -> None:
        while number >= len(self._pieces):
            self._pieces.append(_joined([]))
        texts = _split(self._pieces[number])
        late = self._late.pop(number)
        texts += [""] * (max(late) + 1 - len(texts))
        for line, text in late.items():
            texts[line] = text
        self._pieces[number] = _joined(texts)


def _joined(texts: Iterable[str]) -> _Piece:
    lines = [encoded(text) for text in texts]
    data = LINE_END.join(lines) + _ENDS  # so that a word of the last text can be read
    ends = np.flatnonzero(np.frombuffer(data, dtype=np.uint8) == LINE_END[0])[: len(lines)]
    return _Piece(data, np.append(0, ends + 1).astype(np.uint32), all(map(bytes.isascii, lines)))


def _split(piece: _Piece) -> list[str]:
    count = len(piece.starts) - 1
    return [line.decode("utf-8", "surrogatepass") for line in piece.data.split(LINE_END, count)[:count]]


def _folded(piece: _Piece) -> _Piece:
    return _joined(text.casefold() for text in _split(piece))


def _words(piece: _Piece, first: int) -> npt.NDArray[np.uint64]:
    starts = piece.starts[:-1].astype(np.intp) + first
    left = piece.starts[1:] - 1 - starts
    count = len(piece.data) - WORD + 1
    letters = np.ndarray((count,), dtype=">u8", buffer=piece.data, strides=(1,))
    words: npt.NDArray[np.uint64] = letters[np.minimum(starts, count - 1)].astype(np.uint64)
    words &= _FIRST_BYTES[left.clip(0, WORD)]
    return words
