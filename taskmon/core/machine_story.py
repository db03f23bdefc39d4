"""What a person reads of machine groups and their machines, and what they say to get a new group on this computer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.machine import LOCAL_MACHINE_TYPE, MachineGroupRequest, MachineGroupStatus, Provider
from taskmon.core.submission import name_problem
from taskmon.core.units import count_text, short_duration_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from taskmon.core.machine import Machine, MachineGroup

MACHINES_AT_MOST: Final = 64

_NEVER: Final = timedelta(days=3650)
"""The contract has no word for a group without a limit: its moment is then thousands of years away."""

_STATE_WORDS: Final = {
    MachineGroupStatus.REGISTERED: "not started",
    MachineGroupStatus.STARTING: "starting",
    MachineGroupStatus.START_FAILED: "could not start",
    MachineGroupStatus.STARTED: "started",
    MachineGroupStatus.SHUTTING_DOWN: "ending",
    MachineGroupStatus.SHUTDOWN_FAILED: "could not end",
    MachineGroupStatus.TERMINATED: "terminated",
}
_CAN_START: Final = (MachineGroupStatus.REGISTERED, MachineGroupStatus.START_FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupDraft:
    """A group of machines of this computer as a person asks for it. Times in seconds; None: no limit."""

    name: str
    machines: int = 1
    spot: bool = False
    time_to_live_s: float | None = None
    max_idle_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineLine:
    """One machine: its name, what it does, and the task it has (empty: none)."""

    name: str
    state: str
    task_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupLine:
    """One group with its machines; `facts` is all else that is worth knowing, in one line."""

    id: str
    name: str
    state: str
    facts: str
    can_start: bool
    machines: tuple[MachineLine, ...]
    spot: bool = False


def draft_problem(draft: GroupDraft, taken: Collection[str]) -> str:
    """What is wrong with the draft, beside groups called `taken`; empty if nothing is."""
    if not draft.name.strip():
        return "Give the group a name."
    problem = name_problem(draft.name)
    if problem:
        return problem
    if draft.name.strip() in taken:
        return f"There is a group “{draft.name.strip()}” already."
    if not 1 <= draft.machines <= MACHINES_AT_MOST:
        return f"A group has 1 to {MACHINES_AT_MOST} machines."
    return ""


def group_request(draft: GroupDraft, now: datetime) -> MachineGroupRequest:
    """The request for the group. Raises InvalidInputError with what is wrong."""
    problem = draft_problem(draft, ())
    if problem:
        raise InvalidInputError(problem)
    limit = draft.time_to_live_s
    return MachineGroupRequest(
        name=draft.name.strip(),
        provider_id=Provider.LOCAL,
        machine_type=LOCAL_MACHINE_TYPE,
        num_vms=draft.machines,
        spot=draft.spot,
        auto_terminate_ts=None if limit is None else now + timedelta(seconds=limit),
        max_idle_time=draft.max_idle_s,
    )


def group_line(group: MachineGroup, task_names: Mapping[str, str], now: datetime, *, reclaimed: bool) -> GroupLine:
    """The group as a person reads it; `task_names` by id, `reclaimed` if spot groups give way to the person now."""
    resting = bool(group.spot) and reclaimed and group.status is MachineGroupStatus.STARTED
    state = "gives way to you" if resting else _STATE_WORDS.get(group.status or MachineGroupStatus.REGISTERED, "")
    return GroupLine(
        id=group.id or "",
        name=group.name or group.id or "",
        state=state or str(group.status or ""),
        facts=_facts(group, now),
        can_start=group.status in _CAN_START,
        machines=tuple(sorted((_machine_line(machine, task_names) for machine in group.machines or ()), key=_number)),
        spot=bool(group.spot),
    )


def _facts(group: MachineGroup, now: datetime) -> str:
    most = group.max_vms or group.num_vms or 0
    words = [count_text(most, "machine")]
    if group.spot:
        words.append("spot")
    if group.provider_id is not None and group.machine_type not in (None, LOCAL_MACHINE_TYPE):
        words.append(str(group.machine_type))
    left = None if group.auto_terminate_ts is None else group.auto_terminate_ts - now
    if left is not None and left < _NEVER:
        words.append(f"ends in {short_duration_text(max(0.0, left.total_seconds()))}")
    if group.max_idle_time:
        words.append(f"ends when idle for {short_duration_text(group.max_idle_time)}")
    return ", ".join(words)


def _machine_line(machine: Machine, task_names: Mapping[str, str]) -> MachineLine:
    task_id = machine.current_task_id or ""
    state = f"works on {task_names.get(task_id, task_id)}" if task_id else "waits for a task"
    return MachineLine(name=machine.host_name or machine.uuid, state=state, task_id=task_id)


def _number(line: MachineLine) -> tuple[int, str]:
    """The machines of a group bear its name and a number: 10 comes after 9."""
    return len(line.name), line.name


def reclaim_told(*, wanted: bool, spot_groups: int) -> str:
    """What is said once the person has taken the computer back, or given it to spot machines again."""
    if not wanted:
        return "Spot machines may work again."
    resting = f"{count_text(spot_groups, 'spot group')} {'rests' if spot_groups == 1 else 'rest'}"
    return f"The computer is yours: {resting} until you give it back."


def reclaim_sentence(*, reclaimed: bool, spot_groups: int) -> str:
    """Whether spot machines work or give way, for the line beside the button that changes it."""
    if reclaimed:
        return "You have this computer for yourself: spot machines rest, and their tasks wait or were reclaimed."
    if spot_groups:
        return "Spot machines work while this computer is otherwise idle, and give way when you need it."
    return "There is no spot group. Machines of other groups work on, however busy this computer is."


def why_not_reclaim(*, offered: bool, reclaimed: bool, spot_groups: int) -> str:
    """Why the computer cannot be taken back from spot machines now; empty if it can. `offered`: the service has such
    machines at all."""
    if not offered:
        return "This service has no spot machines of this computer."
    if reclaimed:
        return "You have this computer for yourself already."
    return "" if spot_groups else "There is no spot group, from which it could be taken back."


def why_not_release(*, offered: bool, reclaimed: bool) -> str:
    """Why the computer cannot be given to spot machines again; empty if it can."""
    if not offered:
        return "This service has no spot machines of this computer."
    return "" if reclaimed else "Nothing keeps spot machines from working."
