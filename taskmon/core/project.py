"""Projects: named baskets of tasks. Source: the models Project and ProjectCreate of the Inductiva Web API."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

DEFAULT_PROJECT: Final = "default"


class ProjectType(StrEnum):
    PROJECT = "project"
    BENCHMARK = "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectRequest:
    """`name` has 1 to 128 characters."""

    name: str
    project_type: ProjectType | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """`task_status_overview` maps status codes to numbers of tasks."""

    name: str
    project_type: ProjectType
    id: str
    created_at: datetime
    num_tasks: int
    estimated_computation_cost: float | None = 0.0
    total_orchestration_fee: float | None = 0.0
    task_status_overview: dict[str, int | None] | None = None
    project_metadata: dict[str, str] | None = None
