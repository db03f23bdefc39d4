"""Watches a running task's files: when they last changed, whether they stand still, and what users want to hear of.

Writes `output_update.csv` once a minute, with one row: the time of the last change and the file that changed.
"""

from __future__ import annotations

import csv
import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

import re2

from taskmon.core.notices import ObserverMessage, TriggerKind
from taskmon.core.storage import SYSTEM_METRICS_FILE

if TYPE_CHECKING:
    import os

UPDATE_FILE: Final = "output_update.csv"
_OWN_FILES: Final = frozenset({UPDATE_FILE, SYSTEM_METRICS_FILE})
_TAIL_BYTES: Final = 4 * 1024 * 1024
"""How much of a file's new text is searched at a time."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class WatchTimes:
    """Seconds: between two looks for observers, between two looks at all files, and of stillness that is told."""

    observe_s: float = 1.0
    update_s: float = 60.0
    stalled_s: float = 1800.0


class OutputWatch:
    """Watches from a thread of its own until the block is left, when observers get a last look.

    `on_stalled` is called at every look after nothing has changed for long; `on_observed` with an observer's id and
    what its expression found.
    """

    def __init__(
        self,
        folder: Path,
        *,
        on_stalled: Callable[[], object],
        on_observed: Callable[[str, Any], None],
        times: WatchTimes = WatchTimes(),
    ) -> None:
        self._folder = folder
        self._on_stalled = on_stalled
        self._on_observed = on_observed
        self._times = times
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._observers: dict[str, _Observer] = {}
        self._thread = threading.Thread(target=self._watch_forever, name="outputs", daemon=True)

    def observe(self, message: ObserverMessage) -> None:
        """Look out for something from now on."""
        try:
            observer = _Observer(message, self._folder)
        except (re2.error, ValueError) as error:
            logger.warning("observer %s cannot be used: %s", message.observer_id, error)
            return
        with self._lock:
            self._observers.setdefault(message.observer_id, observer)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look_out()

    def _watch_forever(self) -> None:
        looked = time.monotonic()
        while not self._over.wait(self._times.observe_s):
            self._look_out()
            if time.monotonic() - looked >= self._times.update_s:
                looked = time.monotonic()
                self._note_last_change()

    def _look_out(self) -> None:
        with self._lock:
            observers = list(self._observers.items())
        for name, observer in observers:
            found = observer.look()
            if found is not None:
                with self._lock:
                    del self._observers[name]
                self._on_observed(name, found)

    def _note_last_change(self) -> None:
        changed, name = max(self._changes(), default=(0.0, ""))
        if not name:
            return
        moment = datetime.fromtimestamp(changed, UTC)
        try:
            with (self._folder / UPDATE_FILE).open("w", newline="", encoding="utf-8", errors="replace") as file:
                csv.writer(file, lineterminator="\n").writerow((moment.isoformat(timespec="milliseconds"), name))
        except OSError as error:
            logger.warning("%s could not be written: %s", UPDATE_FILE, error)
        if time.time() - changed > self._times.stalled_s:
            self._on_stalled()

    def _changes(self) -> Iterator[tuple[float, str]]:
        """When each file was last changed, and its path."""
        for path in self._folder.rglob("*"):
            try:
                facts: os.stat_result = path.lstat()
            except OSError:
                continue
            name = path.relative_to(self._folder).as_posix()
            if name not in _OWN_FILES:
                yield facts.st_mtime, name


class _Observer:
    """Looks for a file, or for an expression in the text that a file gains."""

    def __init__(self, message: ObserverMessage, folder: Path) -> None:
        path = Path(message.file_path or "")
        if not message.file_path or path.is_absolute() or ".." in path.parts:
            raise ValueError("its path leaves the task's folder")
        self._path = folder / path
        self._pattern = None
        if message.observer_type is TriggerKind.FILE_REGEX:
            self._pattern = re2.compile((message.regex or "").encode())
        self._offset = 0

    def look(self) -> Any:
        """What was found: True for a file, the captured groups or the matched text for an expression; else None."""
        if self._pattern is None:
            return True if self._path.exists() else None
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                text = file.read(_TAIL_BYTES)
        except OSError:
            return None
        found = self._pattern.search(text)
        # The last line may go on; it is searched again with what follows.
        self._offset += text.rfind(b"\n") + 1 or (len(text) if len(text) == _TAIL_BYTES else 0)
        if found is None:
            return None
        shown = [group.decode(errors="replace") if group is not None else None for group in found.groups()]
        return shown or found.group(0).decode(errors="replace")
