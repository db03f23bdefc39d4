"""One log in one pane: follows its file or both streams, shows growth at most once a frame, says what is unusual."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from taskmon.client.pieces import in_turns
from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.lifecycle import Status
from taskmon.core.log_silence import OutputRhythm
from taskmon.core.log_times import time_target
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.task_reason import no_log_sentence
from taskmon.core.units import count_text
from taskmon.gui.controllers.log_searching import LogSearching
from taskmon.gui.controllers.progress import log_patterns_of
from taskmon.gui.widgets.log_controls import MERGED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from taskmon.client.log_follower import LogFollower
    from taskmon.client.log_merge import MergedLog
    from taskmon.client.log_spool import LogSpool
    from taskmon.core.task import Task
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.widgets.log_pane import LogPane

STREAMS: Final = (STDOUT_FILE, STDERR_FILE)
_FRAME_S: Final = 0.016
_MERGE_S: Final = 0.05
_SETTLED_S: Final = 2.0
"""A log that did not grow for so long has told what it had."""
_WAITING: Final = {
    Status.PENDING_INPUT: "The inputs are being uploaded; the log appears here when the task runs.",
    Status.SUBMITTED: "The task is in the queue; the log appears here when it runs.",
    Status.STARTED: "The machine is getting ready; the log appears here in a moment.",
}
_SILENT: Final = "The service does not answer; the log appears here when it does."
_NO_OUTPUT: Final = "This task left no such output."
_EMPTY: Final = "This file is empty."
_REPLACED: Final = "the file was cut or written anew; it is read from its beginning"
_ORDER: Final = "in the order of arrival while watched, before that stdout first"


class LogReading:
    """Owns what it follows. `key` names its background work, so that two panes do not disturb one another."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        pane: LogPane,
        folder: Path,
        key: str,
        silence_of: Callable[[str], str] = lambda _task_id: "",
    ) -> None:
        """`silence_of` tells, by task, of a silence that was noticed before this log was opened."""
        self._background = background
        self._connection = connection
        self._pane = pane
        self._folder = folder
        self._key = key
        self._silence_of = silence_of
        self.searching = LogSearching(background, pane, key)
        self._followers: list[LogFollower] = []
        self._merged: MergedLog | None = None
        self._task: Task | None = None
        self._missing = False  # whether the task has no such file
        self._shown: LogSpool | None = None
        self._generation = 0  # which file is shown, where one was written anew under the same name
        self._rhythm = OutputRhythm()
        self._due: asyncio.TimerHandle | None = None
        self._wanted_line: int | None = None
        self._ended = False
        self._note = ""  # what to say once there are lines
        self._waiting = True
        self._patient = True  # the service has not had a second to answer
        pane.search_requested.connect(self.searching.ask)
        pane.time_requested.connect(lambda wanted: background.restart(f"{key} time", self._go_to_time(wanted)))

    @property
    def spool(self) -> LogSpool | None:
        """The log that is shown."""
        return self._shown

    def show(self, task: Task, path: str, line: int | None = None) -> None:
        """Shows a file of `task`, or MERGED; jumps to `line` once it is there."""
        self.stop()
        self._task = task
        self._wanted_line = line
        self._note = _ORDER if path == MERGED else ""
        self._patient = True
        self._pane.show_note(self._waiting_note(task))
        self._pane.set_severity(log_patterns_of(task).severity)
        self._rhythm = OutputRhythm()
        self._background.restart(self._key, self._read(task, path))
        self._background.restart(f"{self._key} service", self._watch_service())
        if not task.is_terminated:
            known_as = task.task_id if path in (*STREAMS, MERGED) else ""
            self._background.restart(f"{self._key} silence", self._listen(known_as))

    def note_task(self, task: Task) -> None:
        """The task has changed: as long as there are no lines, what is said about that may have to change too."""
        self._task = task
        if self._shown is None or self._shown.size == 0:
            self._pane.show_note(self._empty_note() if self._ended or self._missing else self._waiting_note(task))

    def _waiting_note(self, task: Task) -> str:
        """Why there are no lines yet."""
        return _SILENT if self._is_cut_off() else waiting_note(task)

    def _is_cut_off(self) -> bool:
        """Whether no lines can come: the service is silent, and we do not read the task's own file."""
        silent = not self._connection.is_answering and (self._connection.is_connected or not self._patient)
        return silent and not any(follower.spool.is_task_own for follower in self._followers)

    async def _watch_service(self) -> None:
        """Says whether lines can come, until it is known that none will; `_listen` tells it of a task that lives."""
        while self._task is not None and not (self._ended or self._missing):
            await asyncio.sleep(1)
            self._patient = False
            self.note_task(self._task)
            if self._task.is_terminated:
                self._pane.set_silence("", live=not self._is_cut_off())

    async def _read(self, task: Task, path: str) -> None:
        """Follows a file, or both streams; why that cannot be done is said also where the log would be."""
        try:
            await (self._follow_both(task) if path == MERGED else self._follow(task, path))
        except TaskmonError as error:
            self._pane.show_problem(str(error))
            raise

    def _empty_note(self) -> str:
        """Why there is nothing to read, now that nothing more will come."""
        never = no_log_sentence(self._task) if self._task is not None else ""
        return never or (_NO_OUTPUT if self._missing else _EMPTY)

    def show_line(self, line: int) -> None:
        """Jumps to a line (from 0) of what is shown, as soon as it is there; a line that is not there is said."""
        self._wanted_line = line
        self._go_to_wanted(settled=self._ended)

    def stop(self) -> None:
        """Shows nothing and lets go of the files."""
        self._wanted_line, self._ended, self._missing = None, False, False
        for work in ("", " service", " silence", " count", " time", *(f" {path}" for path in STREAMS)):
            self._background.cancel(self._key + work)
        self.searching.show_log(None)
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._shown = None
        self._pane.show_source(None)
        for follower in self._followers:
            follower.close()
        if self._merged is not None:
            self._merged.close()
        self._followers, self._merged = [], None

    # -- one file -------------------------------------------------------------------------------------------------

    async def _follow(self, task: Task, path: str) -> None:
        from taskmon.client.log_follower import LogFollower

        follower = LogFollower(await self._connection.ready(), task, path, self._folder)
        self._followers = [follower]
        try:
            async with aclosing(follower.states()) as states:
                async for _ in states:
                    replaced = follower.spool is self._shown and follower.spool.generation != self._generation
                    if replaced or follower.spool is not self._shown:
                        self._show_spool(follower.spool, task)
                    if replaced:
                        self._note = _REPLACED
                    self._grew()
                    await asyncio.sleep(0)
        except NotFoundError:
            self._missing = True
            self._pane.show_note(self._empty_note())
            return
        self._end()

    def _show_spool(self, spool: LogSpool, task: Task) -> None:
        self._shown = spool
        self._generation = spool.generation
        self._waiting = True
        self.searching.show_log(spool, log_patterns_of(task))
        self._pane.show_source(spool)
        self._pane.show_note(self._waiting_note(task))
        self._background.restart(f"{self._key} count", self._count(spool))

    async def _count(self, spool: LogSpool) -> None:
        """Counts a log that was there already; `_grew` tells of what comes later."""
        await spool.count_lines()
        if spool is self._shown:
            self._show_growth()

    def _grew(self) -> None:
        if self._shown is not None:
            self._rhythm.note(self._shown.size, self._now())
        self.searching.grew()
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_FRAME_S, self._show_growth)

    def _show_growth(self) -> None:
        if self._due is not None:
            self._due.cancel()
            self._due = None
        spool = self._shown
        if spool is None:
            return
        if self._waiting and spool.size:
            self._waiting = False
            self._pane.show_note(self._note)
        self._pane.source_grew()
        self._go_to_wanted(settled=self._ended)

    def _go_to_wanted(self, *, settled: bool) -> None:
        """Jumps to the line that was asked for. Where the log is `settled` and shorter, that is said."""
        spool, line = self._shown, self._wanted_line
        if spool is None or line is None or not spool.complete:
            return
        if spool.line_count > line:
            self._pane.show_problem("")
            self._pane.show_line(line)
        elif settled:
            self._pane.show_problem(_beyond_the_end(line, spool.line_count))
        else:
            return
        self._wanted_line = None

    async def _go_to_time(self, wanted: str) -> None:
        """Jumps to the first line at a time of the log's own, which is looked for in steps of a millisecond."""
        if self._shown is None:
            return
        self._pane.show_jump(await in_turns(time_target(self._shown, wanted)))

    def _end(self) -> None:
        self._background.cancel(f"{self._key} silence")
        self._ended = True
        self._show_growth()
        self._go_to_wanted(settled=True)
        self._pane.set_silence("")
        self._pane.show_ended()
        empty = self._shown is None or self._shown.size == 0
        self._pane.show_note(self._empty_note() if empty else self._note)

    # -- both streams ---------------------------------------------------------------------------------------------

    async def _follow_both(self, task: Task) -> None:
        from taskmon.client.log_follower import LogFollower
        from taskmon.client.log_merge import MergedLog

        client = await self._connection.ready()
        self._followers = [LogFollower(client, task, path, self._folder) for path in STREAMS]
        place = self._folder / task.task_id / str(task.num_retries) / MERGED
        self._merged = merged = MergedLog(place, [follower.spool for follower in self._followers])
        self._show_spool(merged.spool, task)
        self._pane.mark_stderr(lambda line: merged.origin(line) == 1)
        started = [
            self._background.restart(f"{self._key} {path}", self._keep_fresh(follower))
            for path, follower in zip(STREAMS, self._followers, strict=True)
        ]
        following = [stream for stream in started if stream is not None]
        whole = ended = False
        while not (whole and ended):
            ended = all(stream.done() for stream in following)
            merged.show_streams([follower.spool for follower in self._followers])
            before = merged.spool.size
            whole = await asyncio.to_thread(merged.advance, ended=ended)
            if merged.spool.size != before:
                self._grew()
            if whole and not ended:
                await asyncio.sleep(_MERGE_S)
        self._end()

    @staticmethod
    async def _keep_fresh(follower: LogFollower) -> None:
        """Follows one of the streams; a stream that the task never wrote is an empty one."""
        try:
            async with aclosing(follower.states()) as states:
                async for _ in states:
                    await asyncio.sleep(0)
        except NotFoundError:
            return

    # -- silence --------------------------------------------------------------------------------------------------

    async def _listen(self, known_as: str) -> None:
        """Tells of an unusual silence: of the task's, as the table does, or of the file's own."""
        while True:
            await asyncio.sleep(1)
            cut_off = self._is_cut_off()  # then nobody knows how long there has been no output
            silence = None if cut_off else self._rhythm.silence(self._now())
            self._go_to_wanted(settled=self._rhythm.rests(self._now(), _SETTLED_S))
            known = "" if cut_off else self._silence_of(known_as)
            self._pane.set_silence(known or (silence.text if silence is not None else ""), live=not cut_off)

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()


def _beyond_the_end(line: int, count: int) -> str:
    return f"This log has {count_text(count, 'line')}; there is no line {line + 1:,}."


def waiting_note(task: Task) -> str:
    """Why there is no log yet."""
    if task.status in _WAITING:
        return _WAITING[task.status]
    if task.is_terminated:
        return no_log_sentence(task) or "Loading the log…"
    return "Waiting for the first output…"
