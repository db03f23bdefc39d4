"""Tasks that say something in nearly every field, 2.2 kB of JSON each, as services send them."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

from taskmon.core.lifecycle import Status
from taskmon.core.task import Executer, Task, TaskMetrics
from tests.builders import NOON, a_task, a_task_id

STORE = "https://storage.example/inductiva-user-outputs"


def full_task(number: int, chance: random.Random) -> Task:
    """The `number`th of many tasks that have ended, with measurements by `chance`."""
    began, task_id = NOON - timedelta(seconds=number), a_task_id(number)
    ended = began + timedelta(seconds=chance.random() * 1e4)
    return a_task(
        task_id=task_id,
        status=(Status.SUCCESS, Status.SUCCESS, Status.FAILED)[number % 3],
        status_alias="in-progress",
        is_terminated=True,
        simulator="openfoam",
        project=f"project-{number % 40}",
        storage_path=f"{STORE}/{task_id}/",
        storage_input_path=f"{STORE}/{task_id}/input.zip",
        storage_output_path=f"{STORE}/{task_id}/output.zip",
        storage_region="europe-west1",
        container_image="docker://inductiva/kutu:openfoam-esi_v2206",
        create_time=began,
        input_submit_time=began,
        start_time=began,
        computation_start_time=began,
        computation_end_time=ended,
        end_time=ended,
        estimated_computation_cost=chance.random() * 3,
        duration_seconds=chance.random() * 1e4,
        metrics=_metrics(chance),
        executer=_executer(number),
        machine_group_name=f"mg-{number % 20}",
        machine_group_id=f"{number % 20:032x}",
        error_detail=None,
        input_resources=["common/mesh.stl", "common/params.json"],
        task_metadata={"name": f"case-{number:06d}", "sweep": f"re-{number % 999}", "note": "grid refinement study"},
        extra_params={
            "commands": [
                {"cmd": "runApplication blockMesh", "prompts": []},
                {"cmd": "mpirun -np 8 simpleFoam -parallel", "prompts": []},
            ]
        },
        num_retries=0,
    )


def _metrics(chance: random.Random) -> TaskMetrics:
    names = TaskMetrics.__slots__
    values: dict[str, Any] = {name: chance.randrange(10**9) for name in names if name.endswith(("bytes", "files"))}
    values |= {name: chance.random() * 1e3 for name in names if name.endswith("seconds")}
    return TaskMetrics(**values)


def _executer(number: int) -> Executer:
    return Executer(
        uuid=f"{number:032x}",
        cpu_count_logical=8,
        cpu_count_physical=4,
        memory=33_000_000_000,
        n_mpi_hosts=1,
        vm_type="c2-standard-8",
        vm_name=f"vm-{number}",
        host_type="LOCAL",
    )
