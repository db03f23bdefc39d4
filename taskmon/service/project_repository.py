"""The projects in the database. The project `default` always exists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

from taskmon.core.errors import NotFoundError, RefusedError
from taskmon.core.project import DEFAULT_PROJECT, Project, ProjectType
from taskmon.service.database import parse_time, time_text
from taskmon.service.identifiers import new_uuid

if TYPE_CHECKING:
    import sqlite3
    from datetime import datetime

    from taskmon.service.database import Database


class ProjectRepository:
    """Reads and writes projects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ensure(self, name: str | None, at: datetime) -> str:
        """The id of the project of that name, made if need be; of `default` without a name."""
        wanted = name or DEFAULT_PROJECT
        found: str | None = self._database.value("SELECT id FROM projects WHERE name = ?", wanted)
        return found or self._add(wanted, ProjectType.PROJECT, at)

    def create(self, name: str, project_type: ProjectType, at: datetime) -> Project:
        """Raises RefusedError if the name is taken."""
        if self._database.value("SELECT 1 FROM projects WHERE name = ?", name):
            raise RefusedError(f"There is already a project “{name}”.", "Choose another name.", status_code=409)
        self._add(name, project_type, at)
        return self.project(name)

    def _add(self, name: str, project_type: ProjectType, at: datetime) -> str:
        project_id = new_uuid()
        with self._database.transaction():
            self._database.insert(
                "projects",
                {"id": project_id, "name": name, "project_type": project_type, "created_at": time_text(at)},
            )
        return project_id

    def project(self, name: str) -> Project:
        """Raises NotFoundError."""
        row = self._database.row("SELECT * FROM projects WHERE name = ?", name)
        if row is None:
            raise NotFoundError(f"There is no project “{name}”.", "Create it first.")
        return self._project_of(row)

    def projects(self, page: int, per_page: int, project_type: ProjectType | None) -> list[Project]:
        """One page, oldest project first."""
        sql = "SELECT * FROM projects WHERE project_type = coalesce(?, project_type) ORDER BY created_at, rowid"
        rows = self._database.rows(f"{sql} LIMIT ? OFFSET ?", [project_type, per_page, (page - 1) * per_page])
        return [self._project_of(row) for row in rows]

    def delete(self, name: str) -> None:
        """Its tasks move to `default`, which itself cannot be deleted. Raises NotFoundError, RefusedError."""
        project = self.project(name)
        if name == DEFAULT_PROJECT:
            raise RefusedError("The default project cannot be deleted.", "Delete another one.", status_code=409)
        default = self.project(DEFAULT_PROJECT).id
        with self._database.transaction():
            # Each of its tasks changes, and whoever follows the changes has to hear of each.
            for row in self._database.rows("SELECT task_id FROM tasks WHERE project_id = ?", [project.id]):
                self._database.execute("UPDATE change_counter SET last = last + 1")
                self._database.execute(
                    "UPDATE tasks SET project_id = ?, change = (SELECT last FROM change_counter) WHERE task_id = ?",
                    *(default, row["task_id"]),
                )
            self._database.execute("DELETE FROM projects WHERE id = ?", project.id)

    def _project_of(self, row: sqlite3.Row) -> Project:
        sql = "SELECT status, COUNT(*) AS number FROM tasks WHERE project_id = ? GROUP BY status"
        overview: dict[str, int | None] = {
            count["status"]: count["number"] for count in self._database.rows(sql, [row["id"]])
        }
        created_at = parse_time(row["created_at"])
        assert created_at is not None
        return Project(
            name=row["name"],
            project_type=ProjectType(row["project_type"]),
            id=row["id"],
            created_at=created_at,
            num_tasks=sum(number or 0 for number in overview.values()),
            task_status_overview=overview,
            project_metadata=orjson.loads(row["metadata_json"]),
        )
