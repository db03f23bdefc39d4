"""What failed tasks printed last, where the service does not say why they failed: read for those in sight only."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from itertools import chain
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QTimer

from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.lifecycle import Status
from taskmon.core.log_signals import last_error_line
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.task_story import told_error

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from taskmon.client.api import ServiceClient
    from taskmon.client.poller import Freshness
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.controllers.task_windows import TaskWindowsController
    from taskmon.gui.models.task_table_model import TaskTableModel
    from taskmon.gui.widgets.task_table import TaskTable

logger = logging.getLogger(__name__)

GATHER_MS: Final = 300
"""How long rows that fly past while someone scrolls are left alone."""
AT_ONCE: Final = 2
TAIL_BYTES: Final = 32 * 1024
"""Programs print their reason last; what lies further back is progress."""
MOST_READ: Final = 4 << 20
"""A packed file has to be read from its beginning; the end of a longer one (bytes) is not worth it."""
MOST_SELECTED: Final = 100
MOST_KEPT: Final = 5_000
LONGEST_LINE: Final = 500


class FailureLinesController:
    """Tells the model why tasks failed. Each task is asked for once: what has ended does not change."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        model: TaskTableModel,
        table: TaskTable,
        windows: TaskWindowsController,
    ) -> None:
        self._background, self._connection = background, connection
        self._model, self._table, self._windows = model, table, windows
        self._listeners: list[Callable[[str], None]] = [windows.note_reason]
        self._connected = False
        self._asked: dict[str, None] = {}
        self._reading: set[asyncio.Task[None]] = set()
        self._selected = table.selected_ids()[:MOST_SELECTED]
        self._soon = QTimer(table, singleShot=True, interval=GATHER_MS)
        self._soon.timeout.connect(self._look)
        bar = table.verticalScrollBar()
        for moved in (bar.valueChanged, bar.rangeChanged, model.update_ended):
            moved.connect(self._look_soon)
        table.selection_changed.connect(self._select)
        windows.on_open(self._look_soon)
        connection.on_freshness(self._hear)
        connection.on_move(lambda _: self._leave())

    def on_told(self, listener: Callable[[str], None]) -> None:
        """`listener` hears the id of a task whose line has been found."""
        self._listeners.append(listener)

    def _hear(self, freshness: Freshness) -> None:
        self._connected = freshness.connected
        self._look_soon()

    def _leave(self) -> None:
        """Other tasks from now on, once their service answers."""
        self._connected = False
        self._asked.clear()

    def _select(self, ids: list[str], _current: str) -> None:
        self._selected = ids[:MOST_SELECTED]
        self._look_soon()

    def _look_soon(self) -> None:
        if not self._soon.isActive():
            self._soon.start()

    def _look(self) -> None:
        """Begins as many readings as may go on at once; each that ends makes room for the next."""
        if not self._connected:
            return
        for task in self._in_sight():
            if len(self._reading) >= AT_ONCE:
                return
            if task.status is Status.FAILED and task.task_id not in self._asked and not told_error(task):
                self._begin(task)

    def _in_sight(self) -> Iterator[Task]:
        """The tasks of the selected rows, of those in view, and those with windows of their own."""
        first, last = self._table.rowAt(0), self._table.rowAt(self._table.viewport().height() - 1)
        count = self._model.rowCount()
        in_view = range(first, (last if last >= 0 else count - 1) + 1) if first >= 0 else range(0)
        for row in chain(map(self._model.row_of, self._selected), in_view):
            if row is not None and row < count and self._model.heading_at(row) is None:
                yield self._model.task_at(row)
        yield from self._windows.tasks

    def _begin(self, task: Task) -> None:
        self._asked[task.task_id] = None
        if len(self._asked) > MOST_KEPT:
            oldest = next(iter(self._asked))
            del self._asked[oldest]
            self._model.set_failure_line(oldest, "")
        reading = self._background.start(self._read(task), "failure line")
        if reading is not None:
            self._reading.add(reading)
            reading.add_done_callback(self._end)

    def _end(self, reading: asyncio.Task[None]) -> None:
        self._reading.discard(reading)
        if not reading.cancelled():
            self._look_soon()

    async def _read(self, task: Task) -> None:
        try:
            line = await printed_error(self._connection.client, task)
        except TaskmonError as error:
            logger.debug("no last words of %s: %s", task.task_id, error)
            return
        if line:
            self._model.set_failure_line(task.task_id, line)
            for listener in self._listeners:
                listener(task.task_id)


async def printed_error(client: ServiceClient, task: Task) -> str:
    """The last line like an error of an ended task, of stderr before stdout; empty if there is none."""
    for name in (STDERR_FILE, STDOUT_FILE):
        line = await asyncio.to_thread(last_error_line, await _end_of(client, task, name))
        if line:
            return line[:LONGEST_LINE]
    return ""


async def _end_of(client: ServiceClient, task: Task, name: str) -> bytes:
    """The last `TAIL_BYTES` of an output; nothing where there is no such file, or a very long one."""
    from taskmon.client.task_file import read_file

    tail, total = bytearray(), 0
    try:
        async with aclosing(read_file(client, task, name)) as pieces:
            async for piece in pieces:
                total += len(piece)
                if total > MOST_READ:
                    return b""
                tail += piece
                del tail[:-TAIL_BYTES]
    except NotFoundError:
        return b""
    return bytes(tail)
