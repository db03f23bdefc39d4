"""A real service process that knows many ended tasks: they are written into its database before it starts."""

from __future__ import annotations

import contextlib
import json
import random
import sqlite3
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from taskmon.core.lifecycle import Status, facts
from taskmon.service.database import time_text
from tests.builders import NOON, a_task_id
from tests.journeys.story import Service

PROJECTS = ("wing", "dam", "pipes", "default")
ENDS = (Status.SUCCESS, Status.SUCCESS, Status.SUCCESS, Status.FAILED, Status.KILLED)
REQUEST = {
    "input_resources_json": json.dumps(["common/mesh.stl", "common/params.json"]),
    "extra_params_json": json.dumps({"commands": ["blockMesh", "mpirun -np 8 simpleFoam -parallel"]}),
    "executer_json": json.dumps(
        {
            "uuid": "0" * 32,
            "cpu_count_logical": 8,
            "cpu_count_physical": 4,
            "memory": 33_000_000_000,
            "n_mpi_hosts": 1,
            "vm_type": "c2-standard-8",
            "vm_name": "vm-1",
            "host_type": "LOCAL",
        }
    ),
}


@contextlib.contextmanager
def seeded_service(data_dir: Path, tasks: int, *options: str) -> Iterator[Service]:
    """The running service of `data_dir`, which knows `tasks` ended tasks; its processes end with the block."""
    service = Service(data_dir, machines=0, options=options)
    try:
        service.start()  # makes the database and the machine group of this computer
        service.stop()
        _seed(data_dir / "taskmon.db", tasks)
        service.start()
        yield service
    finally:
        service.clean_up()


def _seed(path: Path, tasks: int) -> None:
    with contextlib.closing(sqlite3.connect(path)) as database, database:
        group = database.execute("SELECT id FROM machine_groups").fetchone()[0]
        for name in PROJECTS:
            database.execute("INSERT OR IGNORE INTO projects VALUES (?, ?, 'project', ?, '{}')", [name, name, _at(0)])
        projects = dict(database.execute("SELECT name, id FROM projects").fetchall())
        chance = random.Random(7)
        rows = [_row(number, projects[PROJECTS[number % len(PROJECTS)]], group, chance) for number in range(tasks)]
        names = ", ".join(rows[0])
        marks = ", ".join(f":{name}" for name in rows[0])
        database.executemany(f"INSERT INTO tasks ({names}) VALUES ({marks})", rows)
        database.execute("UPDATE change_counter SET last = ?", [tasks])
        database.executemany(
            "INSERT INTO task_events (task_id, cause, status, timestamp) VALUES (?, 'x', ?, ?)",
            [(row["task_id"], row["status"], row["end_time"]) for row in rows],
        )


def _row(number: int, project: str, group: str, chance: random.Random) -> dict[str, Any]:
    status = ENDS[number % len(ENDS)]
    assert facts(status).terminal
    seconds = chance.random() * 1e4
    return {
        "task_id": a_task_id(number),
        "change": number + 1,
        "status": status.value,
        "is_terminated": 1,
        "simulator": "openfoam",
        "project_id": project,
        "group_id": group,
        "container_image": "docker://inductiva/kutu:openfoam-esi_v2206",
        "storage_path": a_task_id(number),
        "resubmit_on_preemption": 0,
        "stream_zip": 1,
        "compress_with": "SEVEN_Z",
        "metadata_json": json.dumps({"name": f"case-{number:06d}", "sweep": f"re-{number % 999}"}),
        "metrics_json": json.dumps({"computation_seconds": seconds, "output_size_bytes": int(seconds * 1e5)}),
        **REQUEST,
        "create_time": _at(number),
        "input_submit_time": _at(number + 1),
        "start_time": _at(number + 2),
        "computation_start_time": _at(number + 3),
        "computation_end_time": _at(number + 3 + seconds),
        "end_time": _at(number + 4 + seconds),
    }


def _at(seconds: float) -> str:
    return time_text(NOON - timedelta(days=30) + timedelta(seconds=seconds))
