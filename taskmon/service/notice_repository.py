"""What users asked to be told about, in the database."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import orjson

from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import Status
from taskmon.core.notices import ActionType, NoticeAction, NoticeRequest, ObserverMessage, TriggerKind
from taskmon.service.database import time_text
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from taskmon.service.database import Database

_NOT_FAILED = (Status.SUCCESS, Status.KILLED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One wish to be told. It is fulfilled once."""

    id: str
    task_id: str
    kind: TriggerKind
    file_path: str | None
    regex: str | None
    action: NoticeAction
    fired: bool

    def described(self) -> dict[str, Any]:
        """As clients see it: exactly the fields that they know."""
        if self.kind.observed:
            trigger: dict[str, Any] = {"trigger_type": "observer", "observer_id": self.id, "observer_type": self.kind}
            trigger |= {"task_id": self.task_id, "file_path": self.file_path or ""}
            if self.kind is TriggerKind.FILE_REGEX:
                trigger["regex"] = self.regex or ""
        else:
            trigger = {"trigger_type": "task", "task_id": self.task_id}
        action = {name: value for name, value in asdict(self.action).items() if value is not None}
        return {"event_id": self.id, "trigger": trigger, "action": action}

    def observer(self) -> ObserverMessage:
        """What the task's machine is asked to look out for."""
        return ObserverMessage(
            observer_id=self.id,
            observer_type=self.kind,
            task_id=self.task_id,
            file_path=self.file_path,
            regex=self.regex,
        )


class NoticeRepository:
    """Reads and writes notices."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, kind: TriggerKind, task_id: str, request: NoticeRequest) -> str:
        """Keep a wish about a task, which must exist; its id."""
        notice_id = new_uuid()
        action = {name: value for name, value in asdict(request.action).items() if value is not None}
        with self._database.transaction():
            number = self._database.value("SELECT coalesce(max(number), 0) + 1 FROM notices")
            self._database.insert(
                "notices",
                {
                    "id": notice_id,
                    "number": number,
                    "task_id": task_id,
                    "trigger_kind": kind,
                    "file_path": request.trigger.file_path,
                    "regex": request.trigger.regex,
                    "action_json": orjson.dumps(action).decode(),
                },
            )
        return notice_id

    def wanted(self, task_id: str | None = None) -> list[Notice]:
        """Those not yet fulfilled, oldest first, about one task or all."""
        sql = "SELECT * FROM notices WHERE fired_at IS NULL AND task_id = coalesce(?, task_id) ORDER BY number"
        return [_notice_of(row) for row in self._database.rows(sql, [task_id])]

    def get(self, notice_id: str) -> Notice:
        """Raises NotFoundError."""
        row = self._database.row("SELECT * FROM notices WHERE id = ?", notice_id)
        if row is None:
            raise NotFoundError(f"There is no event “{notice_id}”.", "List the events to see their ids.")
        return _notice_of(row)

    def remove(self, notice_id: str) -> None:
        """Raises NotFoundError."""
        self.get(notice_id)
        with self._database.transaction():
            self._database.execute("DELETE FROM notices WHERE id = ?", notice_id)

    def observers(self, task_id: str) -> list[ObserverMessage]:
        """What the task's machine has to look out for, oldest first."""
        return [notice.observer() for notice in self.wanted(task_id) if notice.kind.observed]

    def due(self) -> list[Notice]:
        """Notices about a task's state that has come about."""
        sql = """SELECT notices.* FROM notices JOIN tasks ON tasks.task_id = notices.task_id
                 WHERE notices.fired_at IS NULL AND CASE trigger_kind WHEN ? THEN tasks.start_time IS NOT NULL
                 WHEN ? THEN tasks.is_terminated WHEN ? THEN tasks.is_terminated AND tasks.status NOT IN (?, ?) END"""
        kinds = (TriggerKind.TASK_STARTED, TriggerKind.TASK_OUTPUT_UPLOADED, TriggerKind.TASK_FAILED)
        return [_notice_of(row) for row in self._database.rows(sql, [*kinds, *_NOT_FAILED])]

    def forget_missed(self, before: datetime) -> None:
        """Drop the wishes that tasks which had ended by then did not fulfil: nothing of them will come about."""
        sql = """DELETE FROM notices WHERE fired_at IS NULL AND EXISTS (SELECT 1 FROM tasks
                 WHERE tasks.task_id = notices.task_id AND tasks.is_terminated AND tasks.end_time < ?)"""
        self._database.execute(sql, time_text(before))

    def note_fired(self, notice_id: str, at: datetime) -> bool:
        """The notice is fulfilled; False if it was already."""
        with self._database.transaction():
            sql = "UPDATE notices SET fired_at = ? WHERE id = ? AND fired_at IS NULL"
            return bool(self._database.execute(sql, time_text(at), notice_id))


def _notice_of(row: sqlite3.Row) -> Notice:
    action = orjson.loads(row["action_json"])
    return Notice(
        id=row["id"],
        task_id=row["task_id"],
        kind=TriggerKind(row["trigger_kind"]),
        file_path=row["file_path"],
        regex=row["regex"],
        action=NoticeAction(**{**action, "action_type": ActionType(action["action_type"])}),
        fired=row["fired_at"] is not None,
    )
