"""From what a person chose to the request that makes a task."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from taskmon.core.command_line import command_line_problem
from taskmon.core.errors import InvalidInputError
from taskmon.core.machine import OWN_GROUP, MachineGroup
from taskmon.core.runner_protocol import SIMULATOR, Command
from taskmon.core.simulators import Simulator, guess_simulator, matching_files
from taskmon.core.storage import INPUT_FOLDER
from taskmon.core.submission import COMMANDS
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


def choose_simulator(
    key: str | None, commands: Sequence[str], paths: Sequence[str], catalogue: Sequence[Simulator]
) -> Simulator:
    """The simulator of that key, else the one for plain commands if there are any, else a guess from the files.

    Raises InvalidInputError if there is none.
    """
    by_key = {simulator.key: simulator for simulator in catalogue}
    if key is None and commands:
        key = COMMANDS
    if key is None and not paths:
        raise InvalidInputError("There are no files to send.", "Choose the folder that holds the input files.")
    found = guess_simulator(paths, catalogue) if key is None else by_key.get(key.lower())
    if found is None:
        raise InvalidInputError(
            "No simulator recognises these files." if key is None else f"taskmon knows no simulator “{key}”.",
            f"Name one of {', '.join(by_key)}, or give command lines; in the terminal: --command LINE.",
        )
    return found


def choose_values(simulator: Simulator, given: Mapping[str, str], paths: Sequence[str]) -> dict[str, str]:
    """The values given, and for a file that was not given the only one of `paths` that fits.

    Raises InvalidInputError for a name the simulator does not have, and where several files fit or none.
    """
    names = {parameter.name for parameter in simulator.parameters}
    for name in given:
        if name not in names:
            raise InvalidInputError(
                f"{simulator.name} has no parameter “{name}”.", f"It has: {', '.join(sorted(names)) or 'none'}."
            )
    values = dict(given)
    for parameter in simulator.parameters:
        if parameter.kind == "file" and parameter.name not in values and not parameter.default:
            fitting = matching_files(paths, parameter.patterns)
            if len(fitting) > 1:
                raise InvalidInputError(
                    f"Several files can be the {parameter.label.lower()}: {', '.join(fitting[:8])}.",
                    f"Say which one it is; in the terminal: --set {parameter.name}=FILE.",
                )
            if not fitting:
                raise InvalidInputError(
                    f"{simulator.name} needs a {parameter.label.lower()}, and no file fits "
                    f"({', '.join(parameter.patterns)}).",
                    f"Add the file, or say which it is; in the terminal: --set {parameter.name}=FILE.",
                )
            values[parameter.name] = fitting[0]
    return values


def choose_group(groups: Sequence[MachineGroup], wanted: str | None = None) -> MachineGroup:
    """The machine group of that name or id; without one this computer's, else the first that has started.

    Raises InvalidInputError if there is none.
    """
    if wanted is not None:
        matching = [group for group in groups if wanted in (group.name, group.id)]
    else:
        started = [group for group in groups if group.started]
        matching = [group for group in started if group.name == OWN_GROUP] or started
    if matching:
        return matching[0]
    if wanted is None:
        raise InvalidInputError("No machine group has started.", "Start one first.")
    names = ", ".join(group.name or "" for group in groups) or "none"
    raise InvalidInputError(f"There is no machine group “{wanted}”.", f"There are: {names}.")


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
