"""What happens to a task, told with a real service, a real runner and real commands."""

from __future__ import annotations

import asyncio
import contextlib
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from taskmon.client.download import download_outputs
from taskmon.client.live_files import follow_file
from taskmon.client.submission import build_request, resubmit, submit_folder
from taskmon.client.task import TaskHandle
from taskmon.core.lifecycle import Status, can_follow
from taskmon.core.storage import STDERR_FILE, STDOUT_FILE
from taskmon.core.task import RESUBMITTED_FROM
from taskmon.resource_files import bundled_example
from tests.journeys.story import files_named, group_id, submit, wait_for
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from taskmon.client.api import ServiceClient
    from taskmon.core.task import TaskRequest
    from tests.journeys.story import Service

pytestmark = pytest.mark.journey

ENDLESS = ["python3 -u count.py"]
COUNT = """
import itertools, time
for number in itertools.count():
    print("line", number, flush=True)
    time.sleep(0.01)
"""
COUNT_TO_300 = COUNT.replace("itertools.count()", "range(300)")


async def read_log(client: ServiceClient, task_id: str, path: str = STDOUT_FILE) -> bytes:
    """The whole log of a task, to its end."""
    return b"".join([chunk async for chunk in follow_file(client, task_id, path, 0)])


def numbers(log: bytes) -> list[int]:
    return [int(line.split()[1]) for line in log.splitlines() if line.startswith(b"line ")]


async def test_a_successful_task_travels_the_whole_trunk_and_leaves_its_outputs(
    client: ServiceClient, folder: Callable[..., Path], tmp_path: Path
) -> None:
    script = "open('result.csv', 'w').write('x,y\\n')\nprint('converged')\n"
    task_id = await submit(client, folder(solve_py=script), ["python3 solve.py"])
    task = await wait_for(client, task_id, Status.SUCCESS)
    visited = [entry.status for entry in task.status_history]
    assert visited == [
        Status.PENDING_INPUT,
        Status.SUBMITTED,
        Status.STARTED,
        Status.COMPUTATION_STARTED,
        Status.COMPUTATION_ENDED,
        Status.SUCCESS,
    ]
    outputs = await download_outputs(client, task, tmp_path / "outputs")
    assert (outputs / "result.csv").read_text() == "x,y\n"
    assert "converged" in (outputs / STDOUT_FILE).read_text()
    assert (outputs / "system_metrics.csv").exists()
    assert not (outputs / "solve.py").exists(), "unchanged inputs are not sent back"


async def test_a_failing_command_ends_as_failed_with_its_error_readable(
    client: ServiceClient, folder: Callable[..., Path]
) -> None:
    script = "import sys\nprint('time step too large', file=sys.stderr)\nsys.exit(7)\n"
    task_id = await submit(client, folder(solve_py=script), ["python3 solve.py", "python3 -c 'print(1)'"])
    task = await wait_for(client, task_id, Status.FAILED)
    assert b"time step too large" in await read_log(client, task_id, STDERR_FILE)
    executed = [
        operation for entry in task.status_history for operation in entry.operations if operation.name == "exec_command"
    ]
    assert [operation.attributes["exit_code"] for operation in executed] == [7], "the second command is not run"


async def test_a_missing_program_ends_as_runtime_error_that_says_what_to_install(
    client: ServiceClient, folder: Callable[..., Path]
) -> None:
    task_id = await submit(client, folder(), ["no-such-solver --fast"])
    task = await wait_for(client, task_id, Status.EXECUTER_FAILED)
    assert "no-such-solver" in (task.error_detail or "")


async def test_a_task_killed_while_running_keeps_its_log(client: ServiceClient, folder: Callable[..., Path]) -> None:
    task_id = await submit(client, folder(count_py=COUNT), ENDLESS)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    async for chunk in follow_file(client, task_id, STDOUT_FILE, 0):
        if b"line 20" in chunk:
            break
    await client.kill(task_id)
    task = await wait_for(client, task_id, Status.KILLED)
    assert Status.PENDING_KILL in [entry.status for entry in task.status_history]
    seen = numbers(await read_log(client, task_id))
    assert len(seen) >= 20
    assert seen == list(range(len(seen)))


async def test_a_task_killed_in_the_queue_never_runs(client: ServiceClient, folder: Callable[..., Path]) -> None:
    case = folder(count_py=COUNT)
    running = await submit(client, case, ENDLESS)
    await wait_for(client, running, Status.COMPUTATION_STARTED)
    queued = await submit(client, case, ENDLESS)
    await client.kill(queued)
    task = await wait_for(client, queued, Status.KILLED)
    assert task.start_time is None
    await client.kill(running)
    await wait_for(client, running, Status.KILLED)


async def test_a_task_past_its_time_to_live_is_stopped_and_keeps_its_outputs(
    client: ServiceClient, folder: Callable[..., Path]
) -> None:
    task_id = await submit(client, folder(count_py=COUNT), ENDLESS, time_to_live_seconds=1)
    await wait_for(client, task_id, Status.TTL_EXCEEDED)
    assert numbers(await read_log(client, task_id))


async def test_running_again_reuses_the_stored_input_and_remembers_the_parent(
    client: ServiceClient, folder: Callable[..., Path]
) -> None:
    script = "print(open('input').read())\n"
    case = folder(solve_py=script, input="4711")
    first = await wait_for(client, await submit(client, case, ["python3 solve.py"]), Status.SUCCESS)
    for file in case.iterdir():
        file.unlink()
    again = await resubmit(client, first)
    assert again.id != first.task_id
    second = await wait_for(client, again.id, Status.SUCCESS)
    assert b"4711" in await read_log(client, second.task_id)
    assert (await client.metadata(second.task_id))[RESUBMITTED_FROM] == first.task_id
    assert second.container_image == first.container_image
    assert second.extra_params == first.extra_params


async def test_equal_submissions_are_different_tasks(client: ServiceClient, folder: Callable[..., Path]) -> None:
    case = folder()
    one = await submit(client, case, ["python3 -c pass"])
    two = await submit(client, case, ["python3 -c pass"])
    assert one != two
    await wait_for(client, one, Status.SUCCESS)
    await wait_for(client, two, Status.SUCCESS)


async def test_an_interrupted_wait_leaves_the_task_running(client: ServiceClient, folder: Callable[..., Path]) -> None:
    task_id = await submit(client, folder(count_py=COUNT), ENDLESS)
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    waiting = asyncio.create_task(TaskHandle(client, task_id).wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert (await client.task_status(task_id)).status is Status.COMPUTATION_STARTED
    await client.kill(task_id)
    await wait_for(client, task_id, Status.KILLED)


async def test_an_interrupted_sync_context_kills_the_task(client: ServiceClient, folder: Callable[..., Path]) -> None:
    task_id = await submit(client, folder(count_py=COUNT), ENDLESS)
    inside = asyncio.Event()

    async def work() -> None:
        async with TaskHandle(client, task_id).sync_context():
            inside.set()
            await asyncio.Event().wait()

    working = asyncio.create_task(work())
    await inside.wait()
    await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    working.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await working
    await wait_for(client, task_id, Status.KILLED)


async def test_two_handles_with_one_id_are_the_same_task_also_later(
    service: Service, folder: Callable[..., Path]
) -> None:
    async with service.client() as first, service.client() as second:
        task_id = await submit(first, folder(), ["python3 -c pass"])
        assert TaskHandle(first, task_id) == TaskHandle(second, task_id)
        await wait_for(first, task_id, Status.SUCCESS)
    service.stop()
    service.start()
    async with service.client() as later:
        assert (await TaskHandle(later, task_id).status()).status is Status.SUCCESS


async def test_commands_survive_a_killed_service_and_report_to_its_successor(
    service: Service, folder: Callable[..., Path]
) -> None:
    async with service.client() as client:
        task_id = await submit(client, folder(count_py=COUNT_TO_300), ENDLESS)
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
    service.kill()
    service.start()
    async with service.client() as client:
        task = await wait_for(client, task_id, Status.SUCCESS)
        assert numbers(await read_log(client, task_id)) == list(range(300))
    visited = [entry.status for entry in task.status_history]
    assert all(can_follow(one, other) for one, other in zip([None, *visited], visited, strict=False))


async def test_a_killed_runner_takes_its_commands_along_and_is_replaced(
    service: Service, folder: Callable[..., Path]
) -> None:
    async with service.client() as client:
        task_id = await submit(client, folder(count_py=COUNT), ENDLESS)
        await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        commands = await until_async(lambda: service.running("count.py"), 60, "the command runs")
        for process in service.running("runner"):
            process.kill()
        await wait_for(client, task_id, Status.EXECUTER_TERMINATED)
        await until_async(lambda: not any(process.is_running() for process in commands), 60, "the commands are gone")
        successor = await submit(client, folder("next"), ["python3 -c pass"])
        await wait_for(client, successor, Status.SUCCESS)


async def test_the_bundled_example_runs_and_speaks_while_it_runs(client: ServiceClient, tmp_path: Path) -> None:
    example = bundled_example()
    request = build_request(example.simulator, example.values, await group_id(client))
    submitted = await submit_folder(client, example.folder, request)
    spoke_while_running = False
    async for chunk in follow_file(client, submitted.id, STDOUT_FILE, 0):
        if b"step " in chunk and not spoke_while_running:
            spoke_while_running = (await client.task_status(submitted.id)).status is Status.COMPUTATION_STARTED
    assert spoke_while_running
    task = await wait_for(client, submitted.id, Status.SUCCESS)
    outputs = await download_outputs(client, task, tmp_path / "outputs")
    assert any(path.stat().st_size > 1000 for path in outputs.rglob("*") if path.is_file())


async def test_a_hostile_archive_does_not_leave_the_work_folder(
    service: Service, client: ServiceClient, tmp_path: Path, folder: Callable[..., Path]
) -> None:
    simulator_request = await _request(client)
    submitted = await client.submit(simulator_request)
    archive = tmp_path / "hostile.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("sim_dir/ok.txt", "ok")
        packed.writestr("../../../escaped.txt", "no")
        packed.writestr("/tmp/taskmon-escaped.txt", "no")
    [url] = await client.signed_urls("upload", [f"{submitted.id}/input.zip"])

    async def body() -> AsyncIterator[bytes]:
        yield archive.read_bytes()

    await client.upload(url, body())
    await client.input_uploaded(submitted.id)
    task = await wait_for(client, submitted.id, Status.EXECUTER_FAILED)
    assert task.error_detail
    assert not files_named("escaped.txt", service.data_dir)
    assert not Path("/tmp/taskmon-escaped.txt").exists()


async def _request(client: ServiceClient) -> TaskRequest:
    from taskmon.resource_files import simulator_catalogue

    simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
    return build_request(simulator, ["python3 -c pass"], await group_id(client))
