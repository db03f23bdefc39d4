"""From what a person chose to the request that makes a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taskmon.core.command_line import command_line_problem
from taskmon.core.errors import InvalidInputError
from taskmon.core.runner_protocol import SIMULATOR, Command
from taskmon.core.simulators import Simulator
from taskmon.core.storage import INPUT_FOLDER
from taskmon.core.task import Task, TaskRequest


def build_request(
    simulator: Simulator,
    inputs: Mapping[str, str] | Sequence[str],
    machine_group_id: str,
    *,
    project: str | None = None,
    ttl_seconds: float | None = None,
    resubmit_on_preemption: bool = False,
) -> TaskRequest:
    """The request for one run of `simulator` on a machine group.

    `inputs` are the values of the simulator's parameters, or whole command lines instead of its own. Raises
    InvalidInputError for a missing value or a command that a runner would refuse.
    """
    lines = simulator.fill(inputs) if isinstance(inputs, Mapping) else [line.strip() for line in inputs if line.strip()]
    if not lines:
        raise InvalidInputError("There is no command to run.", "Write at least one command line.")
    for line in lines:
        problem = command_line_problem(line)
        if problem:
            raise InvalidInputError(f"The command “{line}” cannot be run.", problem)
    return TaskRequest(
        simulator=SIMULATOR,
        simulator_name_alias=simulator.key,
        resource_pool=machine_group_id,
        container_image=simulator.image,
        project=project,
        time_to_live_seconds=ttl_seconds,
        resubmit_on_preemption=resubmit_on_preemption,
        input_resources=[],
        extra_params={
            "sim_dir": INPUT_FOLDER,
            "container_image": simulator.image,
            "commands": [Command(cmd=line) for line in lines],
        },
    )


def request_again(task: Task, machine_group_id: str | None = None) -> TaskRequest:
    """The request that makes `task` once more, on its own machine group unless another is given.

    Raises InvalidInputError if the service does not tell how the task was started.
    """
    group = machine_group_id or task.machine_group_id
    if not task.container_image or not task.extra_params or not group:
        raise InvalidInputError(
            f"The service does not say how {task.name} was started.", "Submit its folder again instead."
        )
    return TaskRequest(
        simulator=SIMULATOR,
        simulator_name_alias=None if task.simulator == SIMULATOR else task.simulator,
        resource_pool=group,
        container_image=task.container_image,
        project=task.project,
        time_to_live_seconds=task.time_to_live_seconds,
        resubmit_on_preemption=task.resubmit_on_preemption,
        input_resources=task.input_resources or [],
        stream_zip=task.stream_zip,
        compress_with=task.compress_with,
        extra_params=task.extra_params,
    )
