"""The columns of the task table: title, text, sort key and tooltip of each, as pure functions of a task."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from enum import IntEnum
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.plain_text import one_line
from taskmon.core.task_reason import pattern_of, reason_pattern, reason_text, reason_tooltip
from taskmon.core.units import duration_text, money_text, short_duration_text
from taskmon.gui.models import task_times as times
from taskmon.gui.models.queue_places import QueuePlaces, waiting_text
from taskmon.gui.models.shared_facts import group_text
from taskmon.gui.task_rows import CellKind, ColumnLook

if TYPE_CHECKING:
    from taskmon.core.task import Task
    from taskmon.gui.models.shared_facts import SharedFacts

SHORT_ID: Final = 6
"""Letters of an id that a person needs to tell tasks apart."""


class Column(IntEnum):
    """The columns in their first order; the number is Qt's logical section."""

    STATUS = 0
    TASK = 1
    NAME = 2
    SIMULATOR = 3
    PROJECT = 4
    MACHINE_GROUP = 5
    SUBMITTED = 6
    IN_QUEUE = 7
    TIME = 8
    PROGRESS = 9
    LAST_OUTPUT = 10
    REASON = 11
    COST = 12


class Observed:
    """What is known about tasks from elsewhere than their own values, by task id: the fraction done (0 to 1), the
    time of the last line of output, an unusual silence in words, and the place in the queue.

    `as_of` is when all that was true, where it may no longer be: what was going on then is told as it was then.
    """

    __slots__ = ("as_of", "last_output", "progress", "queue", "silence")

    def __init__(
        self, progress: dict[str, float] | None = None, last_output: dict[str, datetime] | None = None
    ) -> None:
        self.progress = progress or {}
        self.last_output = last_output or {}
        self.silence: dict[str, str] = {}
        self.queue = QueuePlaces()
        self.as_of: datetime | None = None

    def until(self, now: datetime) -> datetime:
        """To which moment something that goes on is known to have gone on."""
        return now if self.as_of is None else min(now, self.as_of)


SortValue = str | float | None
Text = Callable[["Task", datetime, Observed], str]
Value = Callable[["Task", datetime, Observed], SortValue]


class ColumnFacts(NamedTuple):
    """`sort_key` gives text (compared without case) or a number, None or "" for a blank, which always comes last.

    A column `by_text` of which many tasks say the same has `shared`, which gives the text of `sort_key` from that.
    `drifting` sort keys change with time alone, for tasks that live.
    """

    look: ColumnLook
    text: Text
    sort_key: Value
    tooltip: Text
    by_text: bool = False
    shared: Callable[[SharedFacts], str] | None = None
    drifting: bool = False


def short_id(task_id: str) -> str:
    """The beginning of an id, with an ellipsis where something is left out."""
    return task_id if len(task_id) <= SHORT_ID + 1 else task_id[:SHORT_ID] + "…"


def status_word(status: Status) -> str:
    """The official name of a state."""
    return facts(status).alias


_UNNAMED: Final = (int(Column.NAME),)
_STATUS_RANK: Final = MappingProxyType({status: float(rank) for rank, status in enumerate(FACTS)})


def _status_tooltip(task: Task) -> str:
    told = facts(task.status)
    lines = [told.alias, told.what, told.next_step]
    if task.num_retries:
        lines.append(f"This is attempt {task.num_retries + 1}.")
    return "\n".join(lines)


def quiet_columns(task: Task) -> tuple[int, ...]:
    """Those that show a stand-in for what nobody has said: the first command or the simulator in place of a name."""
    return () if task.has_name else _UNNAMED


def _name_tooltip(task: Task) -> str:
    lines = [task.label] if task.has_name else [task.label, "This task was not given a name."]
    if task.parent_id:
        lines.append(f"↻ of {task.parent_id}")
    return "\n".join(lines)


def fraction_done(task: Task, observed: Observed) -> float | None:
    """How much of a task is done, 0 to 1; None where nothing is known or nothing is left to be done."""
    return None if task.status is Status.SUCCESS else observed.progress.get(task.task_id)


def _progress_text(task: Task, observed: Observed) -> str:
    fraction = fraction_done(task, observed)
    return "" if fraction is None else f"{int(fraction * 100)} %"


def _last_output(task: Task, observed: Observed) -> datetime | None:
    return None if task.is_terminated else observed.last_output.get(task.task_id)


def _last_output_text(task: Task, now: datetime, observed: Observed) -> str:
    last = _last_output(task, observed)
    if last is None:
        return ""
    known = observed.until(now)
    age = ((known if last <= known else now) - last).total_seconds()  # files may be seen while the service is silent
    return "now" if age < 2 else f"{short_duration_text(max(10.0, age)) if age >= 10 else f'{age:.0f} s'} ago"


def _last_output_tooltip(task: Task, observed: Observed) -> str:
    last = _last_output(task, observed)
    told = [] if last is None else [f"Last line of output at {times.full_time_text(last)}"]
    return "\n".join(filter(None, (*told, silence_text(task, observed))))


def silence_text(task: Task, observed: Observed) -> str:
    """That a running task writes nothing although it usually does; empty where there is nothing unusual."""
    words = "" if task.is_terminated else observed.silence.get(task.task_id, "")
    return words[:1].upper() + words[1:]


def _reason_tooltip(task: Task, _now: datetime, observed: Observed) -> str:
    reason = reason_tooltip(task)
    return "\n".join(filter(None, (waiting_text(task, observed.queue), silence_text(task, observed), reason)))


def _last_output_key(task: Task, observed: Observed) -> float | None:
    last = _last_output(task, observed)
    return None if last is None else -last.timestamp()


def _timestamp(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _look(
    column: Column, title: str, kind: CellKind, width: int, shown: bool, *, ticking: bool = False, elastic: bool = False
) -> ColumnLook:
    return ColumnLook(column.name.lower(), title, kind, width, shown, ticking, elastic)


def _of_text(
    look: ColumnLook,
    text: Callable[[Task], str],
    tooltip: Callable[[Task], str] | None = None,
    shared: Callable[[SharedFacts], str] | None = None,
) -> ColumnFacts:
    """A column that shows and sorts by a text of the task; the tooltip is the text in full."""
    tell = tooltip or text
    return ColumnFacts(
        look,
        lambda t, _n, _o: one_line(text(t)),
        lambda t, _n, _o: text(t),
        lambda t, _n, _o: tell(t),
        by_text=True,
        shared=shared,
    )


def _of_duration(look: ColumnLook, seconds: Callable[[Task, datetime], float | None], words: str) -> ColumnFacts:
    """A column of durations [s] that go on while the task lives."""

    def tooltip(task: Task, now: datetime, observed: Observed) -> str:
        value = seconds(task, observed.until(now))
        return "" if value is None else f"{words}: {short_duration_text(value)}"

    return ColumnFacts(
        look,
        lambda t, n, o: duration_text(seconds(t, o.until(n))),
        lambda t, n, _o: seconds(t, n),
        tooltip,
        drifting=True,
    )


def _text_columns() -> dict[Column, ColumnFacts]:
    c, kind = Column, CellKind
    return {
        c.TASK: ColumnFacts(
            _look(c.TASK, "Task", kind.CODE, 68, True),
            lambda t, _n, _o: one_line(short_id(t.task_id)),
            lambda t, _n, _o: t.task_id,
            lambda t, _n, _o: t.task_id,
            by_text=True,
        ),
        c.NAME: _of_text(_look(c.NAME, "Name", kind.TEXT, 120, True), attrgetter("label"), _name_tooltip),
        c.SIMULATOR: _of_text(
            _look(c.SIMULATOR, "Simulator", kind.TEXT, 92, True),
            attrgetter("simulator"),
            shared=attrgetter("simulator"),
        ),
        c.PROJECT: _of_text(
            _look(c.PROJECT, "Project", kind.TEXT, 84, False), attrgetter("project"), shared=attrgetter("project")
        ),
        c.MACHINE_GROUP: _of_text(
            _look(c.MACHINE_GROUP, "Machine group", kind.TEXT, 136, False),
            group_text,
            lambda t: "\n".join(filter(None, (t.machine_group_name, t.machine_group_id))),
            group_text,
        ),
        c.REASON: ColumnFacts(
            _look(c.REASON, "Reason", kind.QUIET, 130, True, elastic=True),
            lambda t, _n, o: waiting_text(t, o.queue) or silence_text(t, o) or one_line(reason_text(t)),
            lambda t, _n, _o: reason_pattern(t),
            _reason_tooltip,
            by_text=True,
            shared=lambda s: pattern_of(s.reason),
        ),
    }


def _time_columns() -> dict[Column, ColumnFacts]:
    c, kind = Column, CellKind
    return {
        c.SUBMITTED: ColumnFacts(
            _look(c.SUBMITTED, "Submitted", kind.NUMBER, 100, False),
            lambda t, n, _o: times.time_text(t.create_time, n),
            lambda t, _n, _o: _timestamp(t.create_time),
            lambda t, _n, _o: times.full_time_text(t.create_time),
        ),
        c.IN_QUEUE: _of_duration(
            _look(c.IN_QUEUE, "In queue", kind.NUMBER, 84, False, ticking=True),
            times.queue_seconds,
            "Waited in the queue",
        ),
        c.TIME: _of_duration(
            _look(c.TIME, "Time", kind.NUMBER, 78, True, ticking=True),
            times.computation_seconds,
            "The simulator's time",
        ),
        c.LAST_OUTPUT: ColumnFacts(
            _look(c.LAST_OUTPUT, "Last output", kind.NUMBER, 110, False, ticking=True),
            _last_output_text,
            lambda t, _n, o: _last_output_key(t, o),
            lambda t, _n, o: _last_output_tooltip(t, o),
        ),
    }


def _value_columns() -> dict[Column, ColumnFacts]:
    c, kind = Column, CellKind
    return {
        c.STATUS: ColumnFacts(
            _look(c.STATUS, "Status", kind.STATUS, 142, True),
            lambda t, _n, _o: status_word(t.status),
            lambda t, _n, _o: _STATUS_RANK.get(t.status, float(len(FACTS))),
            lambda t, _n, _o: _status_tooltip(t),
        ),
        c.PROGRESS: ColumnFacts(
            _look(c.PROGRESS, "Progress", kind.BAR, 82, True),
            lambda t, _n, o: _progress_text(t, o),
            lambda t, _n, o: fraction_done(t, o),
            lambda t, _n, o: _progress_text(t, o),
        ),
        c.COST: ColumnFacts(
            _look(c.COST, "Cost", kind.NUMBER, 88, False),
            lambda t, _n, _o: money_text(t.estimated_computation_cost),
            lambda t, _n, _o: t.estimated_computation_cost or None,
            lambda t, _n, _o: money_text(t.estimated_computation_cost),
        ),
    }


COLUMNS: Final[Mapping[Column, ColumnFacts]] = MappingProxyType(
    dict(sorted({**_text_columns(), **_time_columns(), **_value_columns()}.items()))
)
