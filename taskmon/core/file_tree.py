"""Many file paths as folders, worked through in portions: nobody waits for a hundred thousand files at once."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Generator, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import inf
from random import Random
from typing import Any, Final, NamedTuple, TypeVar

from taskmon.core.extensions import TaskFile

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work in steps of a millisecond or so, and what it comes to."""

PORTION: Final = 1000
"""So many files are looked at in a step."""
_FEW: Final = 8
_BUCKETS: Final = 256
_AFTER_SLASH: Final = "0"
"""The character that follows the slash: what begins with `a/` stands in front of `a0`."""
_UNKNOWN: Final = -1
_MOST: Final = 2**62
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST: Final = (datetime(1000, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
_NEWEST: Final = (datetime(9000, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds()
"""What is told beyond these is held at them: the ends of the calendar have no time in every zone."""


class Entry(NamedTuple):
    """A file, or a folder with what is in it: the sum of sizes in bytes, the latest change, how many files."""

    name: str
    path: str
    is_folder: bool
    size: int | None
    modified: datetime | None
    files: int


class Content(NamedTuple):
    """What is directly in a folder: where each thing begins in the list of paths, and which of these are folders."""

    starts: list[int]
    folders: dict[int, str]


class FileTree:
    """The files of a task by folders, in the order of their paths. The root is the folder ""."""

    def __init__(self, files: Iterable[TaskFile] = ()) -> None:
        self.paths: list[str] = []
        self._sizes = array("q")
        self._changes = array("d")
        self._sums = array("q", [0])
        self._latest_of: list[float] = []
        self._sized = False
        self._folded: list[str] = []
        self._folders: dict[str, Entry] = {}
        at_once(self._take(list(files)))

    @classmethod
    def of(cls, files: list[TaskFile]) -> Steps[FileTree]:
        """The tree of `files`. The list is empty afterwards: to let go of a long one at once takes long as well."""
        tree = cls()
        yield from tree._take(files)
        return tree

    def _take(self, files: list[TaskFile]) -> Steps[None]:
        while files:
            some = files[:PORTION]
            del files[:PORTION]
            self.paths += [file.path for file in some]
            self._sizes.extend(_UNKNOWN if file.size is None else _told(file.size) for file in some)
            self._changes.extend(_seconds(file.modified) for file in some)
            yield
        if not (yield from _ascends(self.paths)):
            yield from self._choose(self, (yield from in_order(self.paths)))
        yield from self._sum()

    def _choose(self, tree: FileTree, places: Sequence[int]) -> Steps[None]:
        """Takes the files at `places` of a tree, which may be this one."""
        paths: list[str] = []
        sizes, changes = array("q"), array("d")
        for some in portions(places):
            paths += [tree.paths[place] for place in some]
            sizes.extend(tree._sizes[place] for place in some)
            changes.extend(tree._changes[place] for place in some)
            yield
        self.paths, self._sizes, self._changes = paths, sizes, changes

    def _sum(self) -> Steps[None]:
        total, sums = 0, array("q", [0])
        for some in portions(self._sizes):
            for size in some:
                total = min(_MOST, total + max(0, size))
                sums.append(total)
            self._sized = self._sized or max(some) > _UNKNOWN
            yield
        self._sums = sums
        self._latest_of = [max(some) for some in portions(self._changes)]

    def __len__(self) -> int:
        return len(self.paths)

    def __iter__(self) -> Iterator[TaskFile]:
        for place, path in enumerate(self.paths):
            yield TaskFile(path=path, size=self.size_at(place), modified=_moment(self._changes[place]))

    @property
    def size(self) -> int | None:
        """The sum of all sizes in bytes; None if nobody tells."""
        return self._sums[-1] if self._sized or not self.paths else None

    def size_at(self, place: int) -> int | None:
        """The size of one file in bytes; None if nobody tells."""
        size = self._sizes[place]
        return None if size == _UNKNOWN else size

    def content(self, folder: str) -> Steps[Content]:
        """What is directly in a folder, in the order of the paths; nothing in one that is not there."""
        starts: list[int] = []
        folders: dict[int, str] = {}
        begin, look = _begin(folder), _FEW
        at, end = self._range(folder)
        while at < end:
            until = min(end, at + look)
            slashes = [path.find("/", begin + 1) for path in self.paths[at:until]]
            number = next((number for number, slash in enumerate(slashes) if slash >= 0), len(slashes))
            starts.extend(range(at, at + number))
            at += number
            look = min(PORTION, 2 * look)
            if number < len(slashes):
                look = _FEW
                path = self.paths[at][: slashes[number]]
                folders[at] = path
                starts.append(at)
                at = bisect_left(self.paths, path + _AFTER_SLASH, at, end)
            yield
        return Content(starts, folders)

    def entry(self, folder: str, start: int) -> Entry:
        """What begins at `start`, one of the starts of the folder's content."""
        path, begin = self.paths[start], _begin(folder)
        slash = path.find("/", begin + 1)  # a name is never empty, whatever the path looks like
        if slash < 0:
            return Entry(path[begin:], path, False, self.size_at(start), _moment(self._changes[start]), 1)
        return self._folder(path[begin:slash], path[:slash], start)

    def _folder(self, name: str, path: str, start: int) -> Entry:
        if path not in self._folders:
            end = self.end_of(path, start)
            size = self._sums[end] - self._sums[start] if self._sized else None
            self._folders[path] = Entry(name, path, True, size, _moment(self._latest(start, end)), end - start)
        return self._folders[path]

    def _latest(self, start: int, end: int) -> float:
        """The latest of the changes from `start` to `end`, looked up where whole portions lie between."""
        first, last = -(-start // PORTION), end // PORTION
        if first >= last:
            return max(self._changes[start:end])
        edges = self._changes[start : first * PORTION] + self._changes[last * PORTION : end]
        return max((*edges, *self._latest_of[first:last]))

    def end_of(self, folder: str, start: int) -> int:
        """The place after the last file in a folder that begins at `start`."""
        return bisect_left(self.paths, folder + _AFTER_SLASH, start)

    def place(self, path: str, *, is_folder: bool) -> int | None:
        """Where a file or folder begins; None if it is not there."""
        start = bisect_left(self.paths, f"{path}/" if is_folder else path)
        found = start < len(self.paths) and (
            self.paths[start].startswith(f"{path}/") if is_folder else self.paths[start] == path
        )
        return start if found else None

    def weight(self, folder: str, start: int, *, by_change: bool) -> float:
        """The size in bytes, or the time of the change, of what begins at `start`; less than any if nobody tells."""
        if self.paths[start].find("/", _begin(folder) + 1) < 0:
            return self._changes[start] if by_change else self._sizes[start]
        entry = self.entry(folder, start)
        if by_change:
            return _seconds(entry.modified)
        return _UNKNOWN if entry.size is None else entry.size

    def _range(self, folder: str) -> tuple[int, int]:
        if not folder:
            return 0, len(self.paths)
        start = bisect_left(self.paths, f"{folder}/")
        return start, self.end_of(folder, start)

    def matching(self, text: str) -> Steps[FileTree]:
        """Only the files whose path has every word of `text` in it, however written; the same tree for no words."""
        words = text.casefold().split()
        if not words:
            return self
        folded = self._folded
        for some in portions(self.paths) if len(folded) < len(self.paths) else ():
            folded += map(str.casefold, some)
            yield
        found: list[int] = []
        for first in range(0, len(folded), PORTION):
            some = folded[first : first + PORTION]
            found += [first + number for number, path in enumerate(some) if all(word in path for word in words)]
            yield
        tree = FileTree()
        yield from tree._choose(self, found)
        yield from tree._sum()
        return tree


def at_once(steps: Steps[T]) -> T:
    """What the steps come to."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            value: T = end.value
            return value


def in_order(keys: Sequence[Any]) -> Steps[list[int]]:
    """The places of `keys` from the least to the greatest, equal ones as they stand: a sort that can be paused."""
    marks = sorted(Random(0).sample(keys, _BUCKETS)) if len(keys) > PORTION else []  # noqa: S311 - only spreads work
    buckets: list[list[int]] = [[] for _ in range(len(marks) + 1)]
    for first in range(0, len(keys), PORTION):
        for place in range(first, min(len(keys), first + PORTION)):
            buckets[bisect_right(marks, keys[place])].append(place)
        yield
    places: list[int] = []
    buckets.reverse()
    while buckets:
        bucket = buckets.pop()
        bucket.sort(key=keys.__getitem__)
        places += bucket
        yield
    return places


def folders_above(path: str) -> Iterator[str]:
    """The folders that a path is in, the outermost first; the root is left out."""
    slash = path.find("/", 1)
    while slash >= 0:
        yield path[:slash]
        slash = path.find("/", slash + 2)


def portions(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """`values` in pieces for a step each."""
    for first in range(0, len(values), PORTION):
        yield values[first : first + PORTION]


def _ascends(paths: list[str]) -> Steps[bool]:
    for first in range(0, len(paths), PORTION):
        some = paths[first : first + PORTION + 1]
        if any(one > other for one, other in pairwise(some)):
            return False
        yield
    return True


def _begin(folder: str) -> int:
    return len(folder) + 1 if folder else 0


def _told(size: int) -> int:
    return min(_MOST, max(_UNKNOWN, size))


def _seconds(moment: datetime | None) -> float:
    if moment is None:
        return -inf
    aware = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    return max(_EARLIEST, min(_NEWEST, (aware - _EPOCH).total_seconds()))


def _moment(seconds: float) -> datetime | None:
    return _EPOCH + timedelta(seconds=seconds) if seconds > -inf else None
