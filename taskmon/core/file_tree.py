"""Many file paths as folders, looked into one folder at a time: what nobody opens costs nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate
from typing import Final, NamedTuple

from taskmon.core.extensions import TaskFile

_AFTER_SLASH: Final = "0"
"""The character that follows the slash: what begins with `a/` stands in front of `a0`."""


class Entry(NamedTuple):
    """A file, or a folder with what is in it: the sum of sizes in bytes, the latest change, how many files."""

    name: str
    path: str
    is_folder: bool
    size: int | None
    modified: datetime | None
    files: int


class FileTree:
    """The files of a task by folders. The root is the folder ""; a size that nobody tells is None."""

    def __init__(self, files: Iterable[TaskFile] = ()) -> None:
        self.files = sorted(files, key=lambda file: file.path)
        self._paths = [file.path for file in self.files]
        self._sums = [0, *accumulate(file.size or 0 for file in self.files)]
        self._sized = any(file.size is not None for file in self.files)
        self._entries: dict[str, list[Entry]] = {}

    @property
    def size(self) -> int | None:
        """The sum of all sizes in bytes."""
        return self._sums[-1] if self._sized or not self.files else None

    def entries(self, folder: str) -> list[Entry]:
        """What is directly in a folder, in the order of the paths; nothing in one that is not there."""
        if folder not in self._entries:
            self._entries[folder] = self._look_into(folder)
        return self._entries[folder]

    def _look_into(self, folder: str) -> list[Entry]:
        prefix = f"{folder}/" if folder else ""
        at, end = self._range(folder)
        found = []
        while at < end:
            path = self._paths[at]
            slash = path.find("/", len(prefix) + 1)  # a name is never empty, whatever the path looks like
            if slash < 0:
                file = self.files[at]
                found.append(Entry(path[len(prefix) :], path, False, file.size, file.modified, 1))
                at += 1
                continue
            after = bisect_left(self._paths, path[:slash] + _AFTER_SLASH, at, end)
            found.append(self._folder(path[len(prefix) : slash], path[:slash], at, after))
            at = after
        return found

    def _range(self, folder: str) -> tuple[int, int]:
        if not folder:
            return 0, len(self._paths)
        start = bisect_left(self._paths, f"{folder}/")
        return start, bisect_left(self._paths, folder + _AFTER_SLASH, start)

    def _folder(self, name: str, path: str, start: int, end: int) -> Entry:
        changes = [file.modified for file in self.files[start:end] if file.modified is not None]
        size = self._sums[end] - self._sums[start] if self._sized else None
        return Entry(name, path, True, size, max(changes, default=None), end - start)

    def matching(self, text: str) -> FileTree:
        """Only the files whose path has every word of `text` in it, however written; the same tree for no words."""
        words = text.casefold().split()
        if not words:
            return self
        found = zip(self.files, map(str.casefold, self._paths), strict=True)
        return FileTree(file for file, path in found if all(word in path for word in words))
