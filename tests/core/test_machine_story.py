"""What a person reads of machines, and what becomes of what they ask for."""

from __future__ import annotations

from datetime import timedelta

import pytest

from taskmon.core.errors import InvalidInputError
from taskmon.core.extensions import Faults
from taskmon.core.faults import SWITCHES, faults_sentence, is_on, switched
from taskmon.core.machine import MachineGroupStatus, Provider
from taskmon.core.machine_story import GroupDraft, draft_problem, group_line, group_request
from tests.builders import NOON, a_machine, a_machine_group


def test_a_group_is_told_with_what_limits_it_and_what_its_machines_do() -> None:
    group = a_machine_group(
        name="night",
        spot=True,
        num_vms=2,
        max_vms=2,
        machine_type="local",
        max_idle_time=600,
        auto_terminate_ts=NOON + timedelta(hours=2),
        status=MachineGroupStatus.STARTED,
        machines=[a_machine(host_name="night-1", current_task_id="t"), a_machine(host_name="night-2")],
    )
    line = group_line(group, {"t": "wing 12"}, NOON, reclaimed=False)
    assert line.facts == "2 machines, spot, ends in 2 h 00, ends when idle for 10 min"
    assert [(machine.name, machine.state, machine.task_id) for machine in line.machines] == [
        ("night-1", "works on wing 12", "t"),
        ("night-2", "waits for a task", ""),
    ]
    assert (line.state, line.can_start) == ("started", False)
    assert group_line(group, {}, NOON, reclaimed=True).state == "gives way to you"
    endless = a_machine_group(auto_terminate_ts=NOON + timedelta(days=900_000), max_idle_time=None)
    assert "ends" not in group_line(endless, {}, NOON, reclaimed=False).facts


def test_machines_stand_by_their_numbers() -> None:
    names = [f"night-{number}" for number in (10, 2, 1, 9)]
    line = group_line(
        a_machine_group(machines=[a_machine(host_name=name) for name in names]), {}, NOON, reclaimed=False
    )
    assert [machine.name for machine in line.machines] == ["night-1", "night-2", "night-9", "night-10"]


def test_only_a_group_that_is_not_up_can_be_started() -> None:
    group = a_machine_group(status=MachineGroupStatus.REGISTERED, spot=True)
    line = group_line(group, {}, NOON, reclaimed=True)
    assert (line.state, line.can_start) == ("not started", True)


def test_a_draft_becomes_a_request_with_moments_instead_of_durations() -> None:
    request = group_request(GroupDraft(name=" big ", machines=3, spot=True, time_to_live_s=60, max_idle_s=30), NOON)
    assert (request.name, request.num_vms, request.spot, request.provider_id) == ("big", 3, True, Provider.LOCAL)
    assert (request.auto_terminate_ts, request.max_idle_time) == (NOON + timedelta(seconds=60), 30)


@pytest.mark.parametrize(
    ("draft", "words"),
    [
        (GroupDraft(name="  "), "Give the group a name."),
        (GroupDraft(name="lab"), "There is a group “lab” already."),
        (GroupDraft(name="x", machines=0), "A group has 1 to 64 machines."),
        (GroupDraft(name="x\ny"), "The name contains a character that cannot be seen."),
    ],
)
def test_a_draft_that_cannot_be_says_why(draft: GroupDraft, words: str) -> None:
    assert draft_problem(draft, {"lab"}) == words


def test_a_request_without_sense_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        group_request(GroupDraft(name=""), NOON)


def test_faults_are_switched_one_by_one_and_told() -> None:
    faults = Faults()
    assert "none is switched on" in faults_sentence(faults)
    for switch in SWITCHES:
        faults = switched(faults, switch, on=True)
        assert is_on(switch, faults)
        assert switch.words in faults_sentence(faults)
    assert faults.lost + faults.half + faults.busy + faults.broken <= 1, "all together are still shares"
    for switch in SWITCHES:
        faults = switched(faults, switch, on=False)
    assert faults == Faults()
