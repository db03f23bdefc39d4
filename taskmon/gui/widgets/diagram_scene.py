"""What the lifecycle diagram says: which states are lit, passed or counted, and which ways were taken. Values only."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.task_story import Visit, steps, visits
from taskmon.core.units import count_text, short_duration_text

if TYPE_CHECKING:
    from taskmon.core.task import Task


class Emphasis(StrEnum):
    """How strongly a state is drawn."""

    IDLE = "idle"
    PLAIN = "plain"
    EARLIER = "earlier"
    PASSED = "passed"
    CURRENT = "current"


class NodeLook(NamedTuple):
    """`note` is a line inside the box (a duration), `badge` a pill on its corner (a count), `spoken` both in words."""

    emphasis: Emphasis
    note: str = ""
    badge: str = ""
    spoken: str = ""
    history: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Scene:
    """One state of the whole diagram.

    `travelled` says in which attempt a way was last taken. `extra` is a state that only a newer version knows; it is
    in `looks` too.
    """

    looks: Mapping[Status, NodeLook]
    travelled: Mapping[tuple[Status, Status], int] = field(default_factory=dict)
    attempt: int = 1
    current: Status | None = None
    extra: Status | None = None
    about_a_task: bool = False
    visits: tuple[Visit, ...] = field(default=(), compare=False)

    def at(self, now: datetime) -> Scene:
        """The same with the time of the current state as it is `now`."""
        if self.current is None or not self.visits or self.visits[-1].end is not None:
            return self
        look = _task_look(self.current, self.visits, now)
        return replace(self, looks={**self.looks, self.current: look})


def plain_scene() -> Scene:
    """No task: the bare picture in its colours."""
    return Scene({status: NodeLook(Emphasis.PLAIN) for status in FACTS})


def scene_of_counts(counts: Mapping[Status, int]) -> Scene:
    """How many tasks are in each state; states without any step back."""
    unknown = sorted((status for status in counts if not status.known and counts[status]), key=counts.__getitem__)
    extra = unknown[-1] if unknown else None
    looks = {status: _count_look(counts.get(status, 0)) for status in FACTS}
    if extra is not None:
        looks[extra] = _count_look(counts[extra])
    return Scene(looks, extra=extra)


def _count_look(count: int) -> NodeLook:
    if count <= 0:
        return NodeLook(Emphasis.IDLE, spoken="no tasks")
    return NodeLook(Emphasis.PLAIN, badge=f"{count:,}", spoken=count_text(count, "task"))


def scene_of_task(task: Task, now: datetime) -> Scene:
    """The path of one task; only its state where its history is not known yet.

    Of a state visited more than once the last visit counts; `history` tells them all.
    """
    from taskmon.core.task import TaskDetail  # the first picture is painted without a task

    told = visits(task) if isinstance(task, TaskDetail) else ()
    current = told[-1].status if told else task.status
    seen = {visit.status for visit in told} | {current}
    looks = {status: NodeLook(Emphasis.IDLE, spoken="not reached") for status in FACTS}
    looks |= {status: _task_look(status, told, now) for status in seen}
    unknown = [visit.status for visit in told if not visit.status.known] or [s for s in (current,) if not s.known]
    return Scene(
        looks={status: look for status, look in looks.items() if status.known or status == unknown[-1]},
        travelled=steps(told),
        attempt=max((visit.attempt for visit in told), default=1),
        current=current,
        extra=unknown[-1] if unknown else None,
        about_a_task=True,
        visits=told,
    )


def _task_look(status: Status, told: tuple[Visit, ...], now: datetime) -> NodeLook:
    mine = [visit for visit in told if visit.status == status]
    is_current = not told or told[-1].status == status
    emphasis = Emphasis.CURRENT if is_current else Emphasis.PASSED
    if mine and mine[-1].attempt < told[-1].attempt:
        emphasis = Emphasis.EARLIER
    if not mine or facts(status).terminal:
        return NodeLook(emphasis, spoken="current state" if is_current else "reached in an earlier attempt")
    note = short_duration_text(mine[-1].seconds(now))
    history = tuple(f"Attempt {visit.attempt}: {short_duration_text(visit.seconds(now))}" for visit in mine)
    spoken = f"current state, for {note}" if is_current else f"passed in {note}"
    return NodeLook(emphasis, note, spoken=spoken, history=history if len(mine) > 1 else ())


def tooltip(status: Status, look: NodeLook) -> str:
    """What happened, why and what to do, as rich text; whatever comes from outside is escaped."""
    told = facts(status)
    title = f"<b>{html.escape(told.alias, quote=False)}</b>"
    if look.spoken:
        title += f" · {look.spoken}"
    lines = [title, *look.history, told.what, told.why, f"<b>Next:</b> {told.next_step}"]
    return "".join(f"<p style='margin:2px 0'>{line}</p>" for line in lines)
