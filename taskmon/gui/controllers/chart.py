"""The charts of the selected task: what its machine did, and the number series in its log."""

from __future__ import annotations

import asyncio
from array import array
from contextlib import aclosing, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.plain_text import one_line
from taskmon.core.storage import STDOUT_FILE, SYSTEM_METRICS_FILE
from taskmon.core.usage import parse_usage
from taskmon.gui.controllers.progress import log_patterns_of
from taskmon.gui.dialogs import choose_new_file

if TYPE_CHECKING:
    from taskmon.core.log_signals import LogPatterns, SeriesValues
    from taskmon.core.task import Task
    from taskmon.core.usage import UsageSeries
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.widgets.chart_pane import ChartPane

READ_BACK: Final = 32 * 2**20
"""Bytes of an existing log that are read for its series; an older beginning is left out."""

_SILENT: Final = "The service does not answer; the charts appear here when it does."


class SeriesReader:
    """Collects the number series of a log that arrives in chunks. `read` may be called in a worker thread."""

    def __init__(self, patterns: LogPatterns) -> None:
        self._patterns = patterns
        self._rest = b""
        self._points: dict[str, tuple[array[float], array[float]]] = {}

    def read(self, chunk: bytes) -> None:
        """Takes the next bytes; an unfinished last line waits for its end."""
        lines = (self._rest + chunk).split(b"\n")
        self._rest = lines.pop()
        found = self._patterns.series(line.decode("utf-8", "replace") for line in lines)
        for name, values in found.items():
            self._add(name, values)

    def points(self) -> dict[str, tuple[array[float], array[float]]]:
        """The series by name as (x, y), which go on growing; x is the pattern's own abscissa, else the number of the
        value. Arrays, because a plot copies them on the loop: a million values in 2 ms instead of 40."""
        return dict(self._points)

    def _add(self, name: str, values: SeriesValues) -> None:
        x, y = self._points.setdefault(name, (array("d"), array("d")))
        own = len(values.x) == len(values.values)
        x.extend(values.x if own else range(len(x), len(x) + len(values.values)))
        y.extend(values.values)


class ChartController:
    """Follows the measurements and the log while the pane is in front; nothing is fetched behind the scenes."""

    def __init__(
        self,
        around: Surroundings,
        pane: ChartPane,
    ) -> None:
        self._background, self._connection = around.background, around.connection
        self._messages, self._window = around.messages, around.window
        self._pane = pane
        self._task: Task | None = None
        self._in_front = False
        self._waiting = False  # nothing has been measured yet, as far as is known
        self._connection.on_freshness(lambda _: self._tell_waiting())
        pane.export_requested.connect(lambda form: self._background.start(self._export(form), "export charts"))

    def show_task(self, task: Task | None) -> None:
        """Shows the charts of `task`; None shows none."""
        earlier, self._task = self._task, task
        same = task is not None and earlier is not None and task.task_id == earlier.task_id
        if not same or (task and earlier and task.start_time != earlier.start_time):
            self._restart()

    def set_in_front(self, in_front: bool) -> None:
        """Whether a person can see the pane."""
        if in_front != self._in_front:
            self._in_front = in_front
            self._restart()

    def _restart(self) -> None:
        self._background.cancel("usage chart")
        self._background.cancel("series chart")
        if self._task is None:
            self._pane.show_nothing("Select one task to see what its machine does.")
        elif self._in_front:
            self._waiting = True
            self._pane.show_nothing(self._why_waiting())
            self._background.restart("usage chart", self._follow_usage(self._task))
            self._background.restart("series chart", self._follow_series(self._task))

    def _why_waiting(self) -> str:
        silent = self._connection.is_connected and not self._connection.is_answering
        return _SILENT if silent else "Waiting for the first measurement…"

    def _tell_waiting(self) -> None:
        """Whether measurements can come, as long as there are none."""
        if self._waiting and self._in_front and self._task is not None:
            self._pane.show_no_usage(self._why_waiting())

    async def _follow_usage(self, task: Task) -> None:
        from taskmon.client.live_files import follow_file

        text, samples = bytearray(), 0
        with suppress(NotFoundError):
            client = await self._connection.ready()
            async with aclosing(follow_file(client, task.task_id, SYSTEM_METRICS_FILE, 0)) as chunks:
                async for chunk in chunks:
                    text += chunk
                    usage = await asyncio.to_thread(_usage, text)
                    samples = len(usage)
                    self._waiting = False
                    self._pane.show_usage(usage)
        self._waiting = False
        if not samples:
            self._pane.show_no_usage("This task left no measurements.")

    async def _follow_series(self, task: Task) -> None:
        from taskmon.client.live_files import follow_file, read_tail

        client, reader = await self._connection.ready(), SeriesReader(log_patterns_of(task))
        try:
            size, _ = await read_tail(client, task.task_id, STDOUT_FILE, 1)
        except NotFoundError:
            size = 0
        try:
            start = max(0, size - READ_BACK)
            async with aclosing(follow_file(client, task.task_id, STDOUT_FILE, start)) as chunks:
                async for chunk in chunks:
                    await asyncio.to_thread(reader.read, chunk)
                    self._pane.show_series(reader.points())
        except NotFoundError:
            return

    async def _export(self, form: str) -> None:
        name = one_line(self._task.name if self._task else "charts").replace("/", "_")
        target = await choose_new_file("Save the charts", self._window, f"{name}.{form}")
        if target is None:
            return
        try:
            if form == "csv":
                Path(target).write_text(self._pane.csv_text(), encoding="utf-8")
            elif not self._pane.image().save(target, b"PNG"):
                raise OSError(0, "the picture could not be written")
        except OSError as error:
            raise InvalidInputError(f"Not saved: {error.strerror}.", "Choose another place.") from error
        self._messages.tell(f"The charts are in {target}.")


def _usage(text: bytearray) -> UsageSeries:
    """In a worker thread: the 20,000 samples of a week take 50 ms."""
    return parse_usage(text.decode("utf-8", "replace"))
