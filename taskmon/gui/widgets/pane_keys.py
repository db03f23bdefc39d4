"""Moves the keys from pane to pane."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class KeyPane(NamedTuple):
    """A pane, and the part of it that the keys go to at first; any other where that does not take them now."""

    pane: QWidget
    favourite: QWidget | None = None

    def has(self, part: QWidget | None) -> bool:
        return part is not None and (part is self.pane or self.pane.isAncestorOf(part))

    def part_for_keys(self) -> QWidget | None:
        """What had the keys last, else the favourite, else the first that takes them; None if nothing does."""
        wanted = (self.pane.focusWidget(), self.favourite, *_focus_chain(self.pane))
        return next((part for part in wanted if self.has(part) and part is not None and _takes_keys(part)), None)


def go_to_pane(panes: Sequence[KeyPane], step: int) -> None:
    """Gives the keys to the next (+1) or previous (-1) of the `panes` that are seen, and round at the end."""
    seen = [each for each in panes if each.pane.isVisible() and each.part_for_keys() is not None]
    if not seen:
        return
    focus = QApplication.focusWidget()
    here = next((place for place, each in enumerate(seen) if each.has(focus)), -1 if step > 0 else 0)
    part = seen[(here + step) % len(seen)].part_for_keys()
    if part is not None:
        part.setFocus(Qt.FocusReason.TabFocusReason if step > 0 else Qt.FocusReason.BacktabFocusReason)


def _focus_chain(start: QWidget) -> Iterator[QWidget]:
    yield start
    part = start.nextInFocusChain()
    while part is not None and part is not start:
        yield part
        part = part.nextInFocusChain()


def _takes_keys(part: QWidget) -> bool:
    tabbed = part.focusPolicy() & Qt.FocusPolicy.TabFocus
    return bool(tabbed) and part.isVisible() and part.isEnabled()
