"""Which folders of a file tree are open: those that somebody opened, all of a small tree, and all of what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from taskmon.core.file_tree import FileTree, Steps

_OPENED_ROWS: Final = 60
"""Folders of a task are opened by themselves while the rows are no more than that."""
MOST_OPEN: Final = 5000
"""So many folders are open at a time: more is nothing to read, and each one costs."""


class OpenFolders:
    """What is opened or closed while only some files are looked for is forgotten afterwards."""

    def __init__(self, opened: set[str] | None = None) -> None:
        self._all = False
        self._others = opened if opened is not None else set()
        self._kept: tuple[bool, set[str]] | None = None

    @classmethod
    def of(cls, tree: FileTree) -> Steps[OpenFolders]:
        """The folders to be open at first: the outer ones of a tree, as long as that makes few rows."""
        opened, waiting, rows = set[str](), [""], 0
        while waiting:
            folder = waiting.pop(0)
            content = yield from tree.content(folder)
            rows += len(content.starts)
            if rows > _OPENED_ROWS:
                break
            opened.add(folder)
            waiting += content.folders.values()
        return cls(opened)

    def set_filtered(self, filtered: bool) -> None:
        """Begins or ends to show only some files: those are seen without opening a folder."""
        if filtered:
            self._kept = self._kept or (self._all, self._others)
            self._all, self._others = True, set()
        elif self._kept is not None:
            self._all, self._others = self._kept
            self._kept = None

    def set_open(self, path: str, *, is_open: bool) -> None:
        """Opens or closes one folder."""
        (self._others.add if is_open != self._all else self._others.discard)(path)

    def set_all(self, *, is_open: bool) -> None:
        """Opens or closes every folder."""
        self._all, self._others = is_open, set()

    def opener(self) -> Callable[[str], bool]:
        """Says whether a folder is open, for one walk through a tree."""
        left = MOST_OPEN

        def opened(path: str) -> bool:
            nonlocal left
            if left and (path in self._others) != self._all:
                left -= 1
                return True
            return False

        return opened
