"""Which files and folders stand in which row: the tree with some folders open, each folder in the chosen order."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from taskmon.core.file_tree import PORTION, Content, FileTree, folders_above, in_order, portions

if TYPE_CHECKING:
    from taskmon.core.file_tree import Entry, Steps

NAME, SIZE, AGE = range(3)
_NUMBER: Final = re.compile(r"\d+")
Ranges = Sequence[tuple[int, int]]
"""Rows as (first, last), both included."""


class Order(NamedTuple):
    """By which column, and whether the greatest stands first."""

    column: int = NAME
    descending: bool = False


class Place(NamedTuple):
    """What a row stands for, whatever else is shown."""

    path: str
    is_folder: bool


class _Stretch(NamedTuple):
    """Rows that are neighbours in a folder, from `begin` to before `end`, with no open folder between them."""

    folder: str
    depth: int
    begin: int
    end: int


class FileRows:
    """Rows of a tree, counted from 0. Only the folders that are open have cost anything."""

    def __init__(self, tree: FileTree, order: Order) -> None:
        self.tree, self.order = tree, order
        self._contents: dict[str, Content] = {}
        self._ordered: dict[str, list[int]] = {}
        self._numbers: dict[str, dict[int, int]] = {}
        self._keys: dict[str, str] = {}
        self._stretches: list[_Stretch] = []
        self._firsts: list[int] = []
        self._of_folder: dict[str, tuple[list[int], list[int]]] = {}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    # -- arranging ------------------------------------------------------------------------------------------------

    @classmethod
    def arranged(cls, tree: FileTree, order: Order, opened: Callable[[str], bool], before: FileRows) -> Steps[FileRows]:
        """The rows of `tree`; what is known from the rows `before` and still holds is taken over."""
        rows = cls(tree, order)
        if len(before._keys) < 2 * len(tree) + PORTION:
            rows._keys = before._keys
        if tree is before.tree or tree.paths == before.tree.paths:
            rows._contents = before._contents
            if order == before.order and (tree is before.tree or order.column == NAME):
                rows._ordered, rows._numbers = before._ordered, before._numbers
        yield from rows._lay_out(opened)
        return rows

    def _lay_out(self, opened: Callable[[str], bool]) -> Steps[None]:
        waiting: list[_Stretch | tuple[str, int]] = [("", 0)]
        while waiting:
            part = waiting.pop()
            if isinstance(part, _Stretch):
                self._lay(part)
                continue
            folder, depth = part
            content = yield from self._looked_into(folder)
            ordered = self._ordered[folder]
            inside = [path for path in content.folders.values() if opened(path)]
            begin, parts = 0, list[_Stretch | tuple[str, int]]()
            for number, path in (yield from self._numbered(folder, content, set(inside))) if inside else ():
                parts += (_Stretch(folder, depth, begin, number + 1), (path, depth + 1))
                begin = number + 1
            if begin < len(ordered):
                parts.append(_Stretch(folder, depth, begin, len(ordered)))
            waiting += reversed(parts)
            yield

    def _numbered(self, folder: str, content: Content, inside: set[str]) -> Steps[list[tuple[int, str]]]:
        yield from self._number(folder)
        numbers = self._numbers[folder]
        return sorted((numbers[start], path) for start, path in content.folders.items() if path in inside)

    def count_around(self, place: Place) -> Steps[None]:
        """Prepares for many questions about the rows of a folder."""
        folder = _folder_of(place)
        if folder in self._ordered and folder not in self._numbers:
            yield from self._number(folder)

    def _number(self, folder: str) -> Steps[None]:
        numbers: dict[int, int] = {}
        for some in portions(range(len(self._ordered[folder]))) if folder not in self._numbers else ():
            numbers.update(zip(self._ordered[folder][some[0] : some[-1] + 1], some, strict=True))
            yield
        self._numbers.setdefault(folder, numbers)

    def _lay(self, stretch: _Stretch) -> None:
        begins, firsts = self._of_folder.setdefault(stretch.folder, ([], []))
        begins.append(stretch.begin)
        firsts.append(self._count)
        self._stretches.append(stretch)
        self._firsts.append(self._count)
        self._count += stretch.end - stretch.begin

    def _looked_into(self, folder: str) -> Steps[Content]:
        if folder not in self._contents:
            self._contents[folder] = yield from self.tree.content(folder)
        content = self._contents[folder]
        if folder not in self._ordered:
            self._ordered[folder] = yield from self._sorted(folder, content)
        return content

    def _sorted(self, folder: str, content: Content) -> Steps[list[int]]:
        if self.order.column == NAME:
            files = [start for start in content.starts if start not in content.folders]
            first = yield from self._by_name(folder, list(content.folders))
            return first + (yield from self._by_name(folder, files))
        values, by_change = array("d"), self.order.column == AGE
        for some in portions(content.starts):
            values.extend(self.tree.weight(folder, start, by_change=by_change) for start in some)
            yield
        return (yield from self._taken(content.starts, values))

    def _by_name(self, folder: str, starts: list[int]) -> Steps[list[int]]:
        keys: list[str] = []
        known = self._keys
        for some in portions(starts):
            for name in [self._name(folder, start) for start in some]:
                key = known.get(name)
                if key is None:
                    key = known[name] = _natural(name)
                keys.append(key)
            yield
        return (yield from self._taken(starts, keys))

    def _taken(self, starts: list[int], keys: Sequence[Any]) -> Steps[list[int]]:
        """`starts` in the order of their keys, equal ones as they stand whichever way round it is."""
        if self.order.descending:
            starts, keys = starts[::-1], keys[::-1]
        places, ordered = (yield from in_order(keys)), list[int]()
        for some in portions(places):
            ordered += [starts[place] for place in some]
            yield
        return ordered[::-1] if self.order.descending else ordered

    def _name(self, folder: str, start: int) -> str:
        path, begin = self.tree.paths[start], len(folder) + 1 if folder else 0
        slash = path.find("/", begin + 1)
        return path[begin:] if slash < 0 else path[begin:slash]

    # -- rows -----------------------------------------------------------------------------------------------------

    def entry(self, row: int) -> Entry:
        """What a row tells. Raises IndexError."""
        stretch, start = self._start(row)
        return self.tree.entry(stretch.folder, start)

    def place(self, row: int) -> Place:
        """What a row stands for. Raises IndexError."""
        stretch, start = self._start(row)
        path = self._contents[stretch.folder].folders.get(start)
        return Place(self.tree.paths[start], False) if path is None else Place(path, True)

    def name(self, row: int) -> str:
        """The name in a row. Raises IndexError."""
        stretch, start = self._start(row)
        return self._name(stretch.folder, start)

    def depth(self, row: int) -> int:
        """How many folders a row is in. Raises IndexError."""
        return self._start(row)[0].depth

    def is_open(self, path: str) -> bool:
        """Whether what is in a folder is shown, or would be if there were anything."""
        return path in self._of_folder

    def has_folders(self) -> bool:
        """Whether there is anything to open."""
        return "" in self._contents and bool(self._contents[""].folders)

    def row_of(self, place: Place) -> int | None:
        """The row of a file or folder; None if it is not there, or in a folder that is not open."""
        folder = _folder_of(place)
        start = self.tree.place(place.path, is_folder=place.is_folder)
        if start is None or folder not in self._of_folder:
            return None
        number = self._numbers[folder][start] if folder in self._numbers else self._ordered[folder].index(start)
        begins, firsts = self._of_folder[folder]
        part = bisect_right(begins, number) - 1
        return firsts[part] + number - begins[part]

    def parent_row(self, row: int) -> int | None:
        """The row of the folder around a row; None at the top."""
        folder = self._start(row)[0].folder
        return self.row_of(Place(folder, True)) if folder else None

    def same_places(self, other: FileRows) -> bool:
        """Whether every row stands for the same file or folder as there."""
        return (
            self._stretches == other._stretches
            and (self.tree is other.tree or self.tree.paths == other.tree.paths)
            and all(self._ordered[folder] == other._ordered[folder] for folder in self._of_folder)
        )

    def _start(self, row: int) -> tuple[_Stretch, int]:
        if not 0 <= row < self._count:
            raise IndexError(row)
        part = bisect_right(self._firsts, row) - 1
        stretch = self._stretches[part]
        return stretch, self._ordered[stretch.folder][stretch.begin + row - self._firsts[part]]

    # -- several rows ---------------------------------------------------------------------------------------------

    def paths(self, ranges: Ranges) -> list[str]:
        """The paths of the files and folders in some rows."""
        found: list[str] = []
        for stretch, starts in self._parts(ranges):
            folders, paths = self._contents[stretch.folder].folders, self.tree.paths
            found += [folders.get(start) or paths[start] for start in starts]
        return found

    def count_files(self, ranges: Ranges) -> int:
        """How many files are meant by some rows, those in folders among them, none twice."""
        spans, loose = list[tuple[int, int]](), list[tuple[int, int]]()
        for stretch, starts in self._parts(ranges):
            folders = self._contents[stretch.folder].folders
            files = starts
            if folders:
                files = [start for start in starts if start not in folders]
                spans += [(start, self.tree.end_of(folders[start], start)) for start in starts if start in folders]
            loose += [(files[0], len(files))] if files else []
        spans = list(_apart(spans))
        begins = [begin for begin, _ in spans]
        count = sum(end - begin for begin, end in spans)
        for start, number in loose:
            inside = bisect_right(begins, start) - 1
            count += 0 if inside >= 0 and start < spans[inside][1] else number
        return count

    def _parts(self, ranges: Ranges) -> Iterator[tuple[_Stretch, list[int]]]:
        for first, last in ranges:
            part = max(0, bisect_right(self._firsts, first) - 1)
            while part < len(self._firsts) and self._firsts[part] <= last:
                stretch, offset = self._stretches[part], self._firsts[part]
                begin = stretch.begin + max(0, first - offset)
                end = min(stretch.end, stretch.begin + last + 1 - offset)
                if begin < end:
                    yield stretch, self._ordered[stretch.folder][begin:end]
                part += 1


def _folder_of(place: Place) -> str:
    if "//" not in place.path and place.path[:1] != "/":
        return place.path.rpartition("/")[0]
    *_, folder = "", *folders_above(place.path)
    return folder


def _apart(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The outermost of spans, in ascending order; each is inside of another one or beside it."""
    reached = 0
    for begin, end in sorted(spans, key=lambda span: (span[0], -span[1])):
        if begin >= reached:
            yield begin, end
            reached = end


def _natural(name: str) -> str:
    """`step 9` stands in front of `step 10`."""
    return _NUMBER.sub(lambda number: number[0].zfill(12), name.casefold())
