"""Lists of tasks: pages for people, changes for programs that keep up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError, RefusedError
from taskmon.core.extensions import Changes
from taskmon.core.task import TaskPage
from taskmon.service.task_rows import TASK_COLUMNS, task_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.service.database import Database, SqlValue
    from taskmon.service.task_repository import TaskRepository

CHANGES_AT_ONCE: Final = 200

_SORT_COLUMNS: Final = {
    "create_time": "tasks.number",
    "start_time": "tasks.start_time",
    "end_time": "tasks.end_time",
    "status": "tasks.status",
    "simulator": "tasks.simulator",
    "project": "projects.name",
    "task_id": "tasks.task_id",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskFilter:
    """What a list shows. `sort` holds `field:asc` or `field:desc`; without it the newest submission comes first."""

    status: str | None = None
    project: str | None = None
    active: bool | None = None
    task_id: str | None = None
    sort: Sequence[str] = ()


_NEWEST_FIRST: Final = "ORDER BY tasks.number DESC"
_ENDS: Final = ("SELECT MIN(number) FROM tasks", "SELECT MAX(number) FROM tasks")


def list_tasks(database: Database, wanted: TaskFilter, page: int, per_page: int) -> TaskPage:
    """One page (the first is 1); beyond the end it is empty. Raises InvalidInputError for an unknown sort field."""
    conditions: list[str] = []
    values: list[SqlValue] = []
    for condition, value in (
        ("tasks.status = ?", wanted.status),
        ("tasks.project_id = (SELECT id FROM projects WHERE name = ?)", wanted.project),
        ("tasks.is_terminated = ?", None if wanted.active is None else int(not wanted.active)),
        ("instr(tasks.task_id, ?) > 0", wanted.task_id),
    ):
        if value is not None:
            conditions.append(condition)
            values.append(value)
    where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
    total = database.value(f"SELECT COUNT(*) FROM tasks {where}", *values)  # noqa: S608 (conditions are ours)
    first = _first_number(database, total, (page - 1) * per_page) if not (conditions or wanted.sort) else None
    if first is not None:
        rows = database.rows(f"{TASK_COLUMNS} WHERE tasks.number <= ? {_NEWEST_FIRST} LIMIT ?", [first, per_page])
    else:
        rows = database.rows(
            f"{TASK_COLUMNS} {where} ORDER BY {_order(wanted.sort)} LIMIT ? OFFSET ?",
            [*values, per_page, (page - 1) * per_page],
        )
    return TaskPage(total_size=total, tasks=[task_of(row) for row in rows])


def _first_number(database: Database, total: int, offset: int) -> int | None:
    """The number of the task that stands `offset` places after the newest, without passing all before it: possible
    while the numbers have no gaps, which is as long as no task was ever taken out of the table."""
    # One at a time: SQLite looks each of them up, but passes the whole table for both at once.
    oldest, newest = (database.value(look) for look in _ENDS)
    if newest is None or newest - oldest + 1 != total:
        return None
    return int(newest) - offset


def _order(sort: Sequence[str]) -> str:
    parts = []
    for wish in sort:
        field, _, direction = wish.partition(":")
        if field not in _SORT_COLUMNS or direction not in ("", "asc", "desc"):
            raise InvalidInputError(
                f"Tasks cannot be sorted by “{wish}”.", f"Use one of {', '.join(_SORT_COLUMNS)} with :asc or :desc."
            )
        parts.append(f"{_SORT_COLUMNS[field]} {direction or 'asc'}")
    return ", ".join([*parts, "tasks.number DESC"])


def changes_since(database: Database, tasks: TaskRepository, cursor: str | None) -> Changes:
    """The tasks that changed after `cursor`; without one only the present cursor.

    Raises RefusedError (410) for a cursor that this database never gave.
    """
    identity = database.identity
    last = tasks.last_change()
    if cursor is None:
        return Changes(cursor=f"{identity}.{last}", tasks=[], removed=[])
    origin, _, number = cursor.partition(".")
    if origin != identity or not (number.isascii() and number.isdigit()) or int(number) > last:
        raise RefusedError("The cursor does not belong to this task list.", "Load the list anew.", status_code=410)
    rows = database.rows(
        f"{TASK_COLUMNS} WHERE tasks.change > ? ORDER BY tasks.change LIMIT ?", [int(number), CHANGES_AT_ONCE + 1]
    )
    shown = rows[:CHANGES_AT_ONCE]
    reached = shown[-1]["change"] if shown else last
    return Changes(
        cursor=f"{identity}.{reached}",
        tasks=[task_of(row) for row in shown],
        removed=[],
        more=len(rows) > len(shown),
    )
