"""The dataclasses of core are the JSON of the Inductiva Web API, in both directions."""

from __future__ import annotations

import dataclasses
import enum
import json
import types
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

import jsonschema
import msgspec
import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from taskmon.core import extensions, machine, project, runner_protocol, storage, task, user
from taskmon.core.lifecycle import FACTS, Status

SCHEMAS = json.loads(Path(__file__).parents[1].joinpath("contract", "schemas.json").read_text(encoding="utf-8"))

SCHEMA_OF: dict[type, str] = {
    task.Task: "Task",
    task.TaskDetail: "TaskWithStatusHistory",
    task.TaskPage: "TaskWithPagination",
    task.TaskStatus: "TaskStatus",
    task.QueuePosition: "TaskPositionInQueue",
    task.TaskRequest: "TaskRequest",
    task.SubmittedTask: "TaskSubmittedInfo",
    task.StatusEntry: "TaskStatusInfo",
    task.Operation: "TaskOperation",
    task.Executer: "Executer",
    task.TaskMetrics: "TaskMetrics",
    task.OrchestrationFee: "OrchestrationFee",
    machine.MachineGroup: "VMGroupConfig",
    machine.MachineGroupRequest: "RegisterVMGroupRequest",
    machine.Machine: "MachineInfo",
    machine.CpuInfo: "CPUInfo",
    machine.GpuInfo: "GPUInfo",
    machine.DynamicDiskResizeConfig: "DynamicDiskResizeConfig",
    machine.CostPerHour: "MachineGroupCostPerHour",
    project.Project: "Project",
    project.ProjectRequest: "ProjectCreate",
    storage.StorageContents: "StorageContents",
    storage.StorageFile: "StorageFile",
    storage.ZipArchive: "ZipArchiveInfo",
    storage.ZipMember: "FileInfo",
    storage.ZipFileRange: "ZipFileRange",
    user.User: "User",
    user.Quota: "Quota",
    user.VersionCheck: "VersionComparisonResult",
    runner_protocol.Command: "runner.Command",
    runner_protocol.MpiConfig: "runner.MPIConfig",
    runner_protocol.RunnerRegistration: "runner.RegisterRequest",
    runner_protocol.RunnerConnection: "TaskRunnerAPIConnectionInfo",
    runner_protocol.TaskOrder: "runner.TaskRequest",
    runner_protocol.EventEnvelope: "runner.EventEnvelope",
    runner_protocol.RunnerTerminatedEvent: "runner.event.TaskRunnerTerminated",
    runner_protocol.MetricReport: "TaskMetricCreate",
    runner_protocol.OperationStart: "runner.OperationStart",
    runner_protocol.OperationEnd: "runner.OperationEnd",
}

OUR_OWN = (
    extensions.Capabilities,
    extensions.Changes,
    extensions.Faults,
    extensions.KilledRunner,
    extensions.Lease,
    extensions.Reclaim,
    extensions.TaskFile,
    extensions.TaskFiles,
    runner_protocol.BatchedReport,
    runner_protocol.ReportBatch,
)
"""Extensions of the embedded service, which the contract does not describe."""

EXTRA_FIELDS = {"time_to_live_seconds"}
"""What the embedded service adds to a task; readers of the contract ignore it."""

ENUM_SCHEMAS: dict[type[enum.Enum], str] = {
    Status: "TaskStatusCode",
    task.OperationName: "TaskOperationName",
    task.OperationStatus: "OperationStatus",
    task.CompressionMethod: "CompressionMethod",
    machine.MachineGroupStatus: "MachineGroupStatus",
    machine.MachineGroupType: "MachineGroupType",
    machine.Provider: "Providers",
    project.ProjectType: "ProjectType",
    user.TermsDecision: "TermsAndConditions",
    user.QuotaScope: "QuotaScope",
}

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
_MOMENT = st.builds(datetime.fromtimestamp, st.integers(10**9, 4 * 10**9), st.just(UTC))
_PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: _TEXT,
    int: st.integers(0, 2**53),
    float: st.floats(0, 1e12, allow_nan=False),
    bool: st.booleans(),
    type(None): st.none(),
    datetime: _MOMENT,
    Any: st.one_of(st.none(), st.booleans(), st.integers(-1000, 1000), _TEXT, st.lists(_TEXT, max_size=2)),
    Status: st.sampled_from(list(FACTS)),
}

NARROWER: dict[tuple[type, str], st.SearchStrategy[Any]] = {
    (task.TaskDetail, "machine_operations"): st.just([]),
    (machine.CostPerHour, "currency"): st.sampled_from([None, "USD"]),
    (task.OrchestrationFee, "currency"): st.sampled_from([None, "USD"]),
    (user.User, "credits_currency"): st.sampled_from([None, "USD"]),
    (runner_protocol.MpiConfig, "options"): st.dictionaries(_TEXT, st.one_of(st.none(), st.booleans(), _TEXT)),
    (runner_protocol.TaskOrder, "simulator"): st.just(runner_protocol.SIMULATOR),
    (runner_protocol.TaskOrder, "stream_zip"): st.sampled_from("tf"),
    (runner_protocol.TaskOrder, "compress_with"): st.sampled_from(list(task.CompressionMethod)),
    (runner_protocol.TaskOrder, "submitted_timestamp"): _MOMENT.map(datetime.isoformat),
    (runner_protocol.TaskOrder, "time_to_live_seconds"): st.sampled_from(["", "60.0"]),
    (runner_protocol.RunnerTerminatedEvent, "issuer"): st.sampled_from([None, "task-runner"]),
    (runner_protocol.OperationStart, "name"): st.sampled_from(list(task.OperationName)),
    (runner_protocol.OperationStart, "time"): _MOMENT,
    (runner_protocol.OperationEnd, "time"): _MOMENT,
    (runner_protocol.MetricReport, "metric"): st.sampled_from(
        [field.name for field in dataclasses.fields(task.TaskMetrics)]
    ),
    (runner_protocol.TaskEvent, "machine_id"): st.uuids().map(str),
    (runner_protocol.TaskEvent, "error_message"): _TEXT,
    (runner_protocol.TaskEvent, "new_status"): st.sampled_from(["success", "failed", "killed", "ttl-exceeded", None]),
}
"""Fields whose values the contract narrows further than a Python type can say."""


WITH_MORE_FIELDS = {
    runner_protocol.EventType.TASK_OUTPUT_STALLED,
    runner_protocol.EventType.TASK_RUNNER_TERMINATED,
    runner_protocol.EventType.OBSERVER_TRIGGERED,
}
"""Events that are not a plain TaskEvent."""


@cache
def values_of(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that core uses on the wire."""
    if hint in _PLAIN:
        return _PLAIN[hint]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        hints = get_type_hints(hint)
        names = [field.name for field in dataclasses.fields(hint)]
        narrow = {name: NARROWER[hint, name] for name in names if (hint, name) in NARROWER}
        return st.builds(hint, **({name: values_of(hints[name]) for name in names} | narrow))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        return st.sampled_from(list(hint))
    arguments = get_args(hint)
    if get_origin(hint) is list:
        return st.lists(values_of(arguments[0]), max_size=2)
    if get_origin(hint) is dict:
        return st.dictionaries(_TEXT, values_of(arguments[1]), max_size=2)
    if get_origin(hint) in (Union, types.UnionType):
        return st.one_of(*(values_of(argument) for argument in arguments))
    raise AssertionError(f"core uses {hint} on the wire; say here what its values are")


@cache
def validator(schema: str) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator({"$ref": f"#/schemas/{schema}", "schemas": SCHEMAS})


def sent(value: Any) -> bytes:
    return orjson.dumps(value)


def wire_classes() -> set[type]:
    """Every dataclass of core that travels, found rather than listed."""
    modules = (task, machine, project, storage, user, runner_protocol, extensions)
    return {
        thing
        for module in modules
        for thing in vars(module).values()
        if dataclasses.is_dataclass(thing) and isinstance(thing, type) and thing.__module__ == module.__name__
    }


def test_every_wire_class_is_compared_with_the_contract() -> None:
    assert wire_classes() == {*SCHEMA_OF, *OUR_OWN, runner_protocol.TaskEvent, runner_protocol.OperationId}


@pytest.mark.parametrize("kind", list(SCHEMA_OF), ids=lambda kind: kind.__name__)
@settings(max_examples=10, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_what_we_send_is_what_the_contract_describes(kind: type, data: st.DataObject) -> None:
    value = data.draw(values_of(kind))
    encoded = sent(value)
    validator(SCHEMA_OF[kind]).validate(orjson.loads(encoded))
    assert msgspec.json.decode(encoded, type=kind) == value


@pytest.mark.parametrize("kind", list(SCHEMA_OF), ids=lambda kind: kind.__name__)
def test_a_class_has_the_required_fields_of_its_model_and_none_that_it_does_not_know(kind: type) -> None:
    schema = SCHEMAS[SCHEMA_OF[kind]]
    names = {field.name for field in dataclasses.fields(kind)}
    assert set(schema.get("required", ())) <= names
    assert names <= set(schema["properties"]) | EXTRA_FIELDS


@pytest.mark.parametrize("kind", [*SCHEMA_OF, *OUR_OWN], ids=lambda kind: kind.__name__)
def test_a_newer_service_may_add_fields(kind: type) -> None:
    @settings(max_examples=3, deadline=None, database=None)
    @given(value=values_of(kind))
    def check(value: Any) -> None:
        newer = orjson.loads(sent(value)) | {"invented_later": 1}
        assert msgspec.json.decode(orjson.dumps(newer), type=kind) == value

    check()


@pytest.mark.parametrize("event_type", sorted(set(runner_protocol.EventType) - WITH_MORE_FIELDS))
@settings(max_examples=10, deadline=None)
@given(event=values_of(runner_protocol.TaskEvent))
def test_task_events_fit_the_contract_of_their_type(
    event_type: runner_protocol.EventType, event: runner_protocol.TaskEvent
) -> None:
    validator(f"runner.event.{event_type}").validate(orjson.loads(sent(event)))
    assert msgspec.json.decode(sent(event), type=runner_protocol.TaskEvent) == event


@pytest.mark.parametrize("kind", list(ENUM_SCHEMAS), ids=lambda kind: kind.__name__)
def test_an_enum_has_exactly_the_values_of_the_contract(kind: type[enum.Enum]) -> None:
    assert {member.value for member in kind} == set(SCHEMAS[ENUM_SCHEMAS[kind]]["enum"])


def test_a_task_with_a_state_of_the_future_can_be_read() -> None:
    from tests.builders import a_task

    text = sent(a_task()).replace(b'"computation-started"', b'"waiting-for-godot"')
    read = msgspec.json.decode(text, type=task.Task)
    assert read.status == "waiting-for-godot"
    assert not read.status.known
    assert sent(read) == text


def test_times_travel_with_an_explicit_offset() -> None:
    from tests.builders import a_task_detail

    decoded = orjson.loads(sent(a_task_detail()))
    assert decoded["create_time"].endswith("+00:00")
    assert decoded["status_history"][0]["timestamp"].endswith("+00:00")
