"""Mailboxes through which two programs find each other for a direct connection about a task."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from taskmon.service.bell import Bell

_LETTERS_AT_MOST: Final = 32
BOXES_AT_MOST: Final = 1000
"""Answers to clients that have gone are never read: the boxes that have waited longest make room."""


class Mailboxes:
    """Letters wait per task and receiver until they are read once; the oldest are dropped when a box overflows."""

    def __init__(self, bell: Bell) -> None:
        self._bell = bell
        self._boxes: defaultdict[tuple[str, str], deque[dict[str, Any]]] = defaultdict(
            lambda: deque(maxlen=_LETTERS_AT_MOST)
        )

    def put(self, task_id: str, receiver: str, letter: dict[str, Any]) -> None:
        self._boxes[task_id, receiver].append(letter)
        if len(self._boxes) > BOXES_AT_MOST:
            del self._boxes[next(iter(self._boxes))]
        self._bell.ring()

    def take(self, task_id: str, receiver: str) -> dict[str, Any] | None:
        """The oldest letter, which leaves the box; None if it is empty."""
        box = self._boxes.get((task_id, receiver))
        if not box:
            return None
        letter = box.popleft()
        if not box:
            del self._boxes[task_id, receiver]
        return letter
