"""What to tell somebody who is looking elsewhere: which tasks failed, fell silent or are done, in one short notice."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.plain_text import one_line
from taskmon.core.task_event import TaskEvent
from taskmon.core.task_reason import reason_pattern, reason_text
from taskmon.core.units import count_text
from taskmon.gui.models.task_group import Group, group_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.task import Task


class News(NamedTuple):
    """One task's news; `why` may be empty. Reasons with the same `pattern` differ in numbers and paths only."""

    event: TaskEvent
    task_id: str
    name: str
    why: str = ""
    pattern: str = ""


class Notice(NamedTuple):
    """`title` holds words of ours only; `text` holds names and reasons of others, as plain lines. `task_ids` are those
    of the most serious event, the latest first."""

    title: str
    text: str
    task_ids: tuple[str, ...]


_ALONE: Final = {TaskEvent.FAILED: "failed", TaskEvent.SILENT: "may be stuck", TaskEvent.DONE: "done"}
_LINES: Final = 4
_NAMES: Final = 3
_LONGEST_LINE: Final = 160


def news_of_end(task: Task) -> News | None:
    """What the end of a task is worth telling; None for one that somebody stopped."""
    group = group_of(task)
    if group is Group.FAILED:
        return News(TaskEvent.FAILED, task.task_id, task.name, reason_text(task), reason_pattern(task))
    return News(TaskEvent.DONE, task.task_id, task.name) if group is Group.DONE else None


def notice_of(news: Sequence[News]) -> Notice:
    """One notice of all `news`, which are in the order in which they came."""
    by_event = {event: [one for one in news if one.event is event] for event in TaskEvent}
    told = {event: some for event, some in by_event.items() if some}
    lines = [line for event, some in told.items() for line in _lines(event, some, alone=len(told) == 1)]
    if len(lines) > _LINES:
        lines[_LINES - 1 :] = [f"and {len(lines) - _LINES + 1} more"]
    ids = (one.task_id for one in reversed(next(iter(told.values()), [])))
    return Notice(_title(told), "\n".join(_short(line) for line in lines), tuple(ids))


def _title(told: dict[TaskEvent, list[News]]) -> str:
    if len(told) == 1:
        [(event, some)] = told.items()
        return f"{count_text(len(some), 'task')} {_ALONE[event]}"
    return ", ".join(f"{len(some):,} {event}" for event, some in told.items())


def _lines(event: TaskEvent, news: list[News], *, alone: bool) -> list[str]:
    if len(news) == 1:
        [one] = news
        return [f"{one.name}: {one.why}" if one.why else _with_event(one.name, event, alone=alone)]
    if event is not TaskEvent.FAILED:
        return [_with_event(_names(news), event, alone=alone)]
    patterns = Counter(one.pattern for one in news).most_common()
    return [
        _equal_failures([one for one in news if one.pattern == pattern], only=alone and len(patterns) == 1)
        for pattern, _ in patterns
    ]


def _with_event(names: str, event: TaskEvent, *, alone: bool) -> str:
    return names if alone else f"{names} {event}"


def _equal_failures(equal: list[News], *, only: bool) -> str:
    """Failures that differ in numbers and paths only, in the words of the latest; the title counts the `only` ones."""
    why = equal[-1].why
    if len(equal) == 1 or not why:
        return f"{_names(equal)}: {why}" if why else _names(equal)
    return why if only else f"{len(equal):,} failed: {why}"


def _names(news: list[News]) -> str:
    latest = [one.name for one in reversed(news)]
    more = len(latest) - _NAMES
    return ", ".join(latest[:_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _short(line: str) -> str:
    line = one_line(line)
    return line if len(line) <= _LONGEST_LINE else f"{line[: _LONGEST_LINE - 1]}…"
