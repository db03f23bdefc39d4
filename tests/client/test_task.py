"""The handle: waiting leaves the task alone, a sync context does not outlive its block."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.task import TaskHandle
from taskmon.core.errors import NotFoundError
from taskmon.core.lifecycle import Status
from tests.builders import a_task
from tests.client.fake_service import URL, FakeService, a_zip, break_off, refuse
from tests.waiting import until


class Life:
    """A sleep that moves the task one state on."""

    def __init__(self, service: FakeService, *states: Status) -> None:
        self._service = service
        self._states = list(states)

    async def __call__(self, seconds: float) -> None:
        await asyncio.sleep(0)
        if self._states:
            self._service.advance("t", self._states.pop(0))


def a_service(status: Status = Status.SUBMITTED) -> FakeService:
    service = FakeService()
    service.put(a_task(task_id="t", status=status))
    return service


async def test_waiting_tells_every_state_and_returns_the_end() -> None:
    service = a_service()
    life = Life(service, Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED, Status.SUCCESS)
    seen: list[str] = []
    async with service.client() as client:
        end = await TaskHandle(client, "t", sleep=life).wait(lambda detail: seen.append(detail.status_alias))
    assert seen == ["In Queue", "Preparing to Compute", "In Progress", "Finalizing", "Success"]
    assert end.status is Status.SUCCESS


async def test_waiting_survives_an_outage() -> None:
    service = a_service()
    service.faults.extend([break_off] * 4 + [lambda _: refuse(500)])
    async with service.client() as client:
        handle = TaskHandle(client, "t", sleep=Life(service, *[Status.SUBMITTED] * 4, Status.KILLED))
        assert (await handle.wait()).status is Status.KILLED


async def test_waiting_for_what_does_not_exist_ends() -> None:
    async with FakeService().client() as client:
        with pytest.raises(NotFoundError):
            await TaskHandle(client, "t").wait()


async def test_an_interrupted_wait_leaves_the_task_running() -> None:
    service = a_service(Status.COMPUTATION_STARTED)
    async with service.client() as client:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await TaskHandle(client, "t").wait()
    assert service.tasks["t"].status is Status.COMPUTATION_STARTED


async def test_a_sync_context_left_by_an_error_kills_the_task() -> None:
    service = a_service(Status.COMPUTATION_STARTED)
    async with service.client() as client:
        with pytest.raises(ZeroDivisionError):
            async with TaskHandle(client, "t").sync_context():
                raise ZeroDivisionError
    assert service.tasks["t"].status is Status.KILLED


async def test_a_sync_context_left_by_cancellation_kills_the_task_even_if_cancelled_again() -> None:
    service = a_service(Status.COMPUTATION_STARTED)
    service.faults.extend([None, None, break_off, break_off])

    async def impatient(seconds: float) -> None:
        staying.cancel()
        await asyncio.sleep(0)

    async def stay() -> None:
        async with service.client() as client, TaskHandle(client, "t", sleep=impatient).sync_context() as handle:
            await handle.status()
            await asyncio.Event().wait()

    staying = asyncio.create_task(stay())
    while len(service.requests) < 2:  # what the service offers, and the state
        await asyncio.sleep(0)
    staying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await staying
    assert service.tasks["t"].status is Status.KILLED


async def test_a_sync_context_that_is_done_leaves_the_task_as_it_is() -> None:
    service = a_service(Status.COMPUTATION_STARTED)
    async with service.client() as client, TaskHandle(client, "t").sync_context():
        pass
    assert service.tasks["t"].status is Status.COMPUTATION_STARTED


async def test_two_handles_with_one_id_are_the_same_task() -> None:
    async with FakeService().client() as client, ServiceClient(URL + "/", "other-key") as later:
        assert TaskHandle(client, "t") == TaskHandle(later, "t")
        assert len({TaskHandle(client, "t"), TaskHandle(later, "t")}) == 1
        assert TaskHandle(client, "t") != TaskHandle(client, "u")
    async with ServiceClient("http://elsewhere", "k") as elsewhere:
        assert TaskHandle(client, "t") != TaskHandle(elsewhere, "t")


async def test_outputs_come_through_the_handle(tmp_path: Path) -> None:
    service = a_service(Status.SUCCESS)
    service.stored["t/output.zip"] = a_zip({"artifacts/a": b"1"})
    async with service.client() as client:
        handle = TaskHandle(client, "t")
        assert ((await handle.download_outputs(tmp_path / "all")) / "a").read_bytes() == b"1"
        assert (await handle.download_file("a", tmp_path / "one")).read_bytes() == b"1"


STAYING = """
import asyncio, sys
from taskmon.client.api import ServiceClient
from taskmon.client.task import TaskHandle

async def main():
    async with ServiceClient(sys.argv[1], "key") as client:
        if sys.argv[2] == "wait":
            await TaskHandle(client, "t").wait()
        async with TaskHandle(client, "t").sync_context():
            print("inside", flush=True)
            await asyncio.Event().wait()

asyncio.run(main())
"""


@pytest.mark.parametrize(
    ("what", "number", "killed"),
    [
        ("sync", signal.SIGINT, True),
        ("sync", signal.SIGTERM, True),
        ("sync", signal.SIGHUP, True),
        ("wait", signal.SIGINT, False),
    ],
)
def test_a_signal_ends_the_program_and_only_a_sync_context_kills(what: str, number: int, killed: bool) -> None:
    asked: list[str] = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._reply()

        do_POST = do_GET

        def _reply(self) -> None:
            asked.append(f"{self.command} {self.path}")
            body = b'{"id": "t", "status": "submitted", "is_terminated": false}'
            if self.path == "/tasks/t":
                body = b"{}"
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        serving = threading.Thread(target=server.serve_forever)
        serving.start()
        url = f"http://127.0.0.1:{server.server_port}"
        with subprocess.Popen(
            [sys.executable, "-c", STAYING, url, what], stdout=subprocess.PIPE, stderr=subprocess.PIPE
        ) as program:
            assert program.stdout is not None
            if what == "sync":
                program.stdout.readline()
            else:
                until(lambda: asked)
            program.send_signal(number)
            assert program.wait(30) != 0
            assert program.stderr is not None
            program.stderr.read()
        server.shutdown()
        serving.join()
    assert ("POST /tasks/t/kill" in asked) == killed
