"""Tasks of every state for pictures of the table, which are written where a person can look at them."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from PySide6.QtWidgets import QWidget

from taskmon.core.lifecycle import Kind, Status, facts
from taskmon.core.task import RESUBMITTED_FROM, Task, TaskMetrics
from tests.builders import NOON, a_task, a_task_id

PICTURES = Path(__file__).parents[3] / "build" / "screenshots"

NAMES = (
    "dam-break",
    "wing-aoa-04",
    "wing-aoa-06",
    "pipe-bend-fine",
    "beam-static",
    "lj-melt",
    "nozzle with a rather long name",
)
SIMULATORS = ("splishsplash", "openfoam", "openfoam", "openfoam", "calculix", "lammps", "freefem")
PROJECTS = ("dam", "wing", "wing", "pipes", "default", "default", "nozzle study 2025")
DETAILS = {
    Status.FAILED: "Exit code 1. simpleFoam: cannot open file system/fvSolution at line 14 while reading",
    Status.EXECUTER_FAILED: "No space left on device while unpacking the inputs",
}


def clock() -> datetime:
    """Ten minutes past the built noon."""
    return NOON + timedelta(minutes=10)


def a_mixed_task(number: int) -> Task:
    """The `number`th of many, each in the next state."""
    statuses = [*Status, Status.SUCCESS, Status.SUCCESS, Status.SUCCESS]
    status = statuses[(number * 7) % len(statuses)]
    created = NOON - timedelta(minutes=number * 13 % 700)
    ended = facts(status).terminal
    queued = status in (Status.PENDING_INPUT, Status.SUBMITTED, Status.ZOMBIE, Status.STARTED)
    kind = number % len(NAMES)
    return a_task(
        task_id=a_task_id(number + 100),
        status=status,
        name=NAMES[kind],
        simulator=SIMULATORS[kind],
        project=PROJECTS[kind],
        create_time=created,
        computation_start_time=None if queued else created + timedelta(seconds=40),
        computation_end_time=created + timedelta(seconds=40 + number * 317 % 90000) if ended and not queued else None,
        error_detail=DETAILS.get(status),
        estimated_computation_cost=number * 0.037,
        metrics=TaskMetrics(queue_time_seconds=number * 3.7),
        machine_group_name="this-computer" if number % 3 else "c2-standard-16 spot",
        num_retries=1 if status is Status.SUBMITTED else 0,
        is_terminated=ended and facts(status).kind is not Kind.ACTIVE,
        task_metadata={"name": NAMES[kind], **({RESUBMITTED_FROM: a_task_id(3)} if number % 5 == 0 else {})},
    )


def save(widget: QWidget, name: str) -> Path:
    """A picture of `widget` in the folder of pictures."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    path = PICTURES / f"{name}.png"
    assert widget.grab().save(str(path))
    return path
