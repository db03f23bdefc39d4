"""The rows of the timeline: every stay in a state and every step of the runner as a stretch of time. Values only."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from taskmon.core.lifecycle import Status, facts
from taskmon.core.task import Operation, OperationStatus, TaskDetail
from taskmon.core.task_story import Visit, visits
from taskmon.core.units import short_duration_text

_STEPS: Final = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 21600, 43200)
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class Row:
    """A stretch from `start` to `end`, in seconds since the task was made; `open` while it lasts.

    A row without `status` is a step of the runner inside the state above it. `heading` rows name an attempt.
    """

    label: str
    start: float
    end: float
    open: bool = False
    status: Status | None = None
    failed: bool = False
    heading: bool = False
    detail: str = ""
    since: str = ""
    """When it began, in local time, where it has not ended."""

    @property
    def duration(self) -> str:
        """How long, in words; empty for what is only a moment."""
        lasting = self.status is None or not facts(self.status).terminal
        return short_duration_text(self.end - self.start) if lasting and not self.heading else ""

    @property
    def spoken(self) -> str:
        """The row as one sentence for a tooltip or a screen reader, plain text."""
        state = " so far" if self.open else ""
        return f"{self.label}: {self.duration}{state}" if self.duration else self.label

    @property
    def lasting(self) -> str:
        """The row as one sentence that stays true while the time goes on."""
        return f"{self.label}: {self.since}, still going on" if self.open and self.duration else self.spoken

    @property
    def tooltip(self) -> str:
        """The row as rich text; what comes from outside is escaped."""
        lines = [f"<b>{html.escape(self.spoken)}</b>"]
        if self.detail:
            lines.append(html.escape(self.detail))
        return "<br>".join(lines)


def rows_of(detail: TaskDetail, now: datetime) -> tuple[Row, ...]:
    """All rows of a task, oldest first; attempts have headings only if there is more than one."""
    told = visits(detail)
    several = any(visit.attempt > 1 for visit in told)
    return tuple(row for index, visit in enumerate(told) for row in _visit_rows(told, index, visit, several, now))


def _visit_rows(told: tuple[Visit, ...], index: int, visit: Visit, several: bool, now: datetime) -> Iterator[Row]:
    origin = told[0].start
    start = (visit.start - origin).total_seconds()
    if several and (index == 0 or told[index - 1].attempt != visit.attempt):
        yield Row(f"Attempt {visit.attempt}", start, start, heading=True)
    yield Row(
        facts(visit.status).alias,
        start,
        start + visit.seconds(now),
        open=visit.end is None,
        status=visit.status,
        detail=_since(visit.start),
        since=_since(visit.start),
    )
    for operation in visit.operations:
        yield _operation_row(operation, origin, now)


def _operation_row(operation: Operation, origin: datetime, now: datetime) -> Row:
    start = (operation.start_timestamp - origin).total_seconds()
    end = max(start, ((operation.end_timestamp or now) - origin).total_seconds())
    command, code = operation.attributes.get("command"), operation.attributes.get("exit_code")
    return Row(
        str(command) if command else operation.alias or str(operation.name),
        start,
        end,
        open=operation.end_timestamp is None,
        failed=operation.status is OperationStatus.FAILED,
        detail="" if code is None else f"exit code {code}",
        since=_since(operation.start_timestamp),
    )


def _since(moment: datetime) -> str:
    return moment.astimezone().strftime("since %d %b, %H:%M:%S")


def ticks(span: float, most: int) -> tuple[float, ...]:
    """Round moments from 0 to `span` seconds, at most `most` and at least the beginning."""
    step = next((step for step in _STEPS if span / step <= max(1, most)), 0.0)
    if not step:
        step = _DAY
        while span / step > max(1, most):
            step *= 2
    return tuple(step * index for index in range(int(span / step) + 1))


def tick_text(seconds: float) -> str:
    """`0`, `0.5 s`, `30 s`, `5 min`, `1:30 h`, `2 d`: short, and exact for the round moments of `ticks`."""
    if seconds == 0:
        return "0"
    if seconds < 60:
        return f"{seconds:g} s"
    minutes = seconds / 60
    if minutes < 60:
        return f"{minutes:g} min"
    if seconds < _DAY:
        return f"{int(minutes) // 60}:{int(minutes) % 60:02d} h"
    return f"{seconds / _DAY:g} d"
