"""Making tasks: the whole way of a folder, and what happens when it breaks off."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from pathlib import Path

import httpx
import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.submission import build_request, request_again, resubmit, submit_folder
from taskmon.core.errors import BusyError, ConnectionFailedError, InvalidInputError, NotFoundError, RefusedError
from taskmon.core.lifecycle import Status
from taskmon.core.simulators import Parameter, Simulator
from taskmon.core.task import RESUBMITTED_FROM, TASK_NAME
from tests.builders import a_task, a_task_request
from tests.client.fake_service import FakeService, break_off, refuse, unreachable
from tests.fakes import QuickLoop
from tests.waiting import until_async

HEAT = Simulator(
    key="heat",
    name="Heat",
    image="docker://heat",
    commands=("heat {case} -n {steps}",),
    parameters=(Parameter(name="case", label="Case"), Parameter(name="steps", label="Steps", default="10")),
)


def a_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "in.txt").write_text("input")
    return folder


def the_only(service: FakeService) -> str:
    (task_id,) = service.tasks
    return task_id


async def test_a_folder_becomes_a_queued_task_with_its_inputs_and_name(tmp_path: Path) -> None:
    service = FakeService()
    async with service.client() as client:
        submitted = await submit_folder(client, a_folder(tmp_path), a_task_request(), metadata={TASK_NAME: "dam"})
    assert service.tasks[submitted.id].status is Status.SUBMITTED
    assert service.metadata[submitted.id] == {TASK_NAME: "dam"}
    archive = zipfile.ZipFile(io.BytesIO(service.stored[f"{submitted.id}/input.zip"]))
    assert archive.read("sim_dir/in.txt") == b"input"


async def test_a_failed_upload_leaves_no_waiting_task(tmp_path: Path) -> None:
    service = FakeService()
    service.faults.extend([None, None, lambda _: refuse(507, "Disk full.")])
    async with service.client() as client:
        with pytest.raises(RefusedError, match="Disk full"):
            await submit_folder(client, a_folder(tmp_path), a_task_request())
    assert service.tasks[the_only(service)].status is Status.KILLED


async def test_a_cancelled_upload_leaves_no_waiting_task(tmp_path: Path) -> None:
    service = FakeService()
    reached, never = asyncio.Event(), asyncio.Event()
    folder = a_folder(tmp_path)
    (folder / "big").write_bytes(b"x" * 3_000_000)

    class Stuck(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "PUT":
                async for _ in request.stream:  # type: ignore[union-attr]
                    reached.set()
                    await never.wait()
            return await service._handle(request)

    async with ServiceClient("http://127.0.0.1:1", "key", transport=Stuck()) as client:
        submitting = asyncio.create_task(submit_folder(client, folder, a_task_request()))
        await asyncio.wait_for(reached.wait(), 30)
        submitting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await submitting
    assert service.tasks[the_only(service)].status is Status.KILLED


async def test_a_submission_cancelled_before_its_answer_leaves_no_waiting_task(tmp_path: Path) -> None:
    service = FakeService()
    arrived, answering = asyncio.Event(), asyncio.Event()

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            response = await service._handle(request)
            if request.url.path == "/tasks/submit":
                arrived.set()
                await answering.wait()
            return response

    async with ServiceClient("http://127.0.0.1:1", "key", transport=Slow()) as client:
        submitting = asyncio.create_task(submit_folder(client, a_folder(tmp_path), a_task_request()))
        await arrived.wait()
        submitting.cancel()
        await asyncio.sleep(0)
        answering.set()
        with pytest.raises(asyncio.CancelledError):
            await submitting
    assert service.tasks[the_only(service)].status is Status.KILLED


async def test_a_file_that_vanishes_during_the_upload_kills_the_task(tmp_path: Path) -> None:
    service = FakeService()
    folder = a_folder(tmp_path)

    def lose_file(request: httpx.Request) -> None:
        if request.url.path == "/tasks/submit":
            (folder / "in.txt").unlink()

    service.after_request = lose_file
    async with service.client() as client:
        with pytest.raises(InvalidInputError, match="vanished"):
            from taskmon.client.folder_scan import scan_folder

            await submit_folder(client, scan_folder(folder), a_task_request())
    assert service.tasks[the_only(service)].status is Status.KILLED


async def test_the_confirmation_is_repeated_and_a_lost_answer_is_noticed(tmp_path: Path) -> None:
    service = FakeService()
    lost: list[httpx.Request] = []

    def lose_answer(request: httpx.Request) -> None:
        if request.url.path.endswith("/input_uploaded") and not lost:
            lost.append(request)
            raise httpx.ReadError("cut", request=request)

    service.after_request = lose_answer
    async with service.client() as client:
        submitted = await submit_folder(client, a_folder(tmp_path), a_task_request())
    assert service.tasks[submitted.id].status is Status.SUBMITTED
    assert len([path for path in service.paths() if path.endswith("/input_uploaded")]) == 1


async def test_a_service_without_notes_still_runs_the_task(tmp_path: Path) -> None:
    service = FakeService()
    async with service.client() as client:
        await client.capabilities()
        service.faults.extend([None, lambda _: refuse(404, "Not Found")])
        submitted = await submit_folder(client, a_folder(tmp_path), a_task_request(), metadata={TASK_NAME: "dam"})
    assert service.tasks[submitted.id].status is Status.SUBMITTED


async def test_an_unclear_submission_is_not_repeated(tmp_path: Path) -> None:
    service = FakeService()
    async with service.client() as client:
        await client.capabilities()
        service.faults.append(break_off)
        with pytest.raises(ConnectionFailedError):
            await submit_folder(client, a_folder(tmp_path), a_task_request())
    assert service.paths() == ["/taskmon/capabilities", "/tasks/submit"]


@pytest.mark.parametrize(("asked", "made"), [("2", True), ("42", False)])
def test_a_busy_service_is_waited_for_a_while_and_never_asked_sooner_than_it_wants(
    tmp_path: Path, asked: str, made: bool
) -> None:
    service, at = FakeService(submit_once=True), list[float]()

    async def story() -> None:
        loop = asyncio.get_running_loop()
        service.after_request = lambda _: at.append(loop.time())
        async with service.client() as client:
            await client.capabilities()
            began = loop.time()
            service.faults.append(lambda _: refuse(429, retry_after=asked))
            try:
                await submit_folder(client, a_folder(tmp_path), a_task_request())
            except BusyError as error:
                assert not made
                assert error.advice == f"It wants to be asked again in {asked} s."
            else:
                assert made
                assert at[1] - began >= int(asked)

    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        runner.run(story())
    assert service.paths().count("/tasks/submit") == (2 if made else 1)


async def test_an_unclear_submission_is_repeated_where_the_service_makes_no_second_task_of_it(tmp_path: Path) -> None:
    service = FakeService(submit_once=True)
    async with service.client() as client:
        await client.capabilities()
        service.faults.extend([break_off, break_off])
        await submit_folder(client, a_folder(tmp_path), a_task_request())
    keys = [request.headers["idempotency-key"] for request in service.requests if request.url.path == "/tasks/submit"]
    assert len(keys) == 3
    assert len(set(keys)) == 1


async def test_a_task_that_cannot_even_be_killed_does_not_hide_the_first_error(tmp_path: Path) -> None:
    service = FakeService()
    service.faults.extend([None, None, lambda _: refuse(507, "Disk full."), unreachable])
    async with service.client() as client:
        with pytest.raises(RefusedError, match="Disk full"):
            await submit_folder(client, a_folder(tmp_path), a_task_request())


# --- run again


def a_finished_task(service: FakeService) -> str:
    task = service.put(
        a_task(
            task_id="parent",
            status=Status.FAILED,
            name="dam",
            simulator="heat",
            extra_params={"sim_dir": "sim_dir", "commands": [{"cmd": "heat x"}]},
        )
    )
    service.metadata["parent"] = {TASK_NAME: "dam"}
    service.stored["parent/input.zip"] = b"the inputs" * 10
    return task.task_id


async def test_a_task_runs_again_from_the_inputs_in_the_service() -> None:
    service = FakeService()
    parent = service.tasks[a_finished_task(service)]
    async with service.client() as client:
        child = await resubmit(client, parent)
    assert service.stored[f"{child.id}/input.zip"] == b"the inputs" * 10
    assert service.metadata[child.id] == {TASK_NAME: "dam", RESUBMITTED_FROM: "parent"}
    assert service.tasks[child.id].status is Status.SUBMITTED
    assert "PUT" not in [r.method for r in service.requests if r.url.path.startswith("/objects/")]
    sent = json.loads(next(r for r in service.requests if r.url.path == "/tasks/submit").content)
    assert (sent["simulator"], sent["simulator_name_alias"]) == ("arbitrary_commands", "heat")
    assert sent["extra_params"] == parent.extra_params


@pytest.mark.parametrize("status", [404, 405, 501])
async def test_where_the_service_cannot_copy_the_inputs_travel_through_here(status: int) -> None:
    service = FakeService()
    parent = service.tasks[a_finished_task(service)]
    service.refusals["/storage/copy"] = lambda _: refuse(status, "No.")
    async with service.client() as client:
        child = await resubmit(client, parent, metadata={TASK_NAME: "dam 2"})
    assert service.stored[f"{child.id}/input.zip"] == b"the inputs" * 10
    assert service.metadata[child.id][TASK_NAME] == "dam 2"


async def test_inputs_that_are_gone_are_said_and_the_new_task_is_killed() -> None:
    service = FakeService()
    parent = service.tasks[a_finished_task(service)]
    service.stored.clear()
    async with service.client() as client:
        with pytest.raises(NotFoundError, match="inputs of dam are no longer stored"):
            await resubmit(client, parent)
    assert sorted(task.status for task in service.tasks.values()) == [Status.FAILED, Status.KILLED]


async def test_running_again_with_another_request_reuses_the_inputs() -> None:
    service = FakeService()
    parent = service.tasks[a_finished_task(service)]
    async with service.client() as client:
        child = await resubmit(client, parent, request=a_task_request(commands=["heat y"]))
    assert service.tasks[child.id].extra_params == {
        "sim_dir": "sim_dir",
        "commands": [{"cmd": "heat y", "prompts": []}],
    }


def test_a_task_of_unknown_origin_is_not_guessed_at() -> None:
    with pytest.raises(InvalidInputError, match="does not say how"):
        request_again(a_task(extra_params=None))


# --- requests


def test_a_request_has_the_shape_that_runners_know() -> None:
    request = build_request(HEAT, {"case": "my case.txt"}, "group", project="dams", ttl_seconds=60)
    assert request.simulator == "arbitrary_commands"
    assert (request.simulator_name_alias, request.resource_pool, request.project) == ("heat", "group", "dams")
    assert json.loads(httpx.Request("POST", "http://x", content=_encoded(request)).content)["extra_params"] == {
        "sim_dir": "sim_dir",
        "container_image": "docker://heat",
        "commands": [{"cmd": "heat 'my case.txt' -n 10", "prompts": [], "mpi_config": None, "env": None}],
    }


def _encoded(request: object) -> bytes:
    import msgspec

    return msgspec.json.encode(request)


def test_own_commands_replace_those_of_the_simulator() -> None:
    request = build_request(HEAT, ["ls -l", " ", "pwd"], "group")
    assert request.extra_params is not None
    assert [command.cmd for command in request.extra_params["commands"]] == ["ls -l", "pwd"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("run > log", "no shell"),
        ("say 'hello", "inside a quotation"),
        ("x" * 513, "longer than 512"),
    ],
)
def test_commands_that_a_runner_would_refuse_are_explained(line: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        build_request(HEAT, [line], "group")


def test_no_command_at_all_is_said() -> None:
    with pytest.raises(InvalidInputError, match="no command"):
        build_request(HEAT, [" "], "group")


async def test_two_tasks_from_equal_arguments_have_different_ids(tmp_path: Path) -> None:
    service = FakeService()
    folder = a_folder(tmp_path)
    async with service.client() as client:
        first = await submit_folder(client, folder, a_task_request())
        second = await submit_folder(client, folder, a_task_request())
        await until_async(lambda: len(service.tasks) == 2)
    assert first.id != second.id
