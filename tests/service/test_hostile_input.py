"""What strangers and hostile files try on a real service with a real runner: refused in words, and nothing leaves."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import stat
import subprocess
import time
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from taskmon.core.lifecycle import Status
from taskmon.core.storage import INPUT_FOLDER
from tests.journeys.story import wait_for
from tests.service.house import an_archive
from tests.service.real_engine import RealEngine
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

pytestmark = pytest.mark.journey

INJECTED = "x%0d%0aX-Injected:%20yes%0d%0a%0d%0a%1b[31m<script>"
RAW_INJECTED = "x\r\nX-Injected: yes\r\n\r\n\x1b[31m<script>alert(1)</script>"


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    """One service for the file: nothing that is tried here may harm it. Its folder was there before, open to all."""
    folder = tmp_path_factory.mktemp("hostile") / "service"
    folder.mkdir()
    folder.chmod(0o755)
    before = os.umask(0)
    try:
        running = RealEngine(folder)
        running.start()
        yield running
    finally:
        os.umask(before)
        running.clean_up()


def request(engine: RealEngine, method: str, path: str, *, key: bool = True, **arguments: Any) -> httpx.Response:
    headers = ({"X-API-Key": engine.api_key} if key else {}) | arguments.pop("headers", {})
    return httpx.request(method, engine.url + path, headers=headers, trust_env=False, timeout=30, **arguments)


def raw(engine: RealEngine, head: bytes, body: bytes = b"", *, hang_up: bool = False) -> bytes:
    """Everything that is answered to these very bytes until the connection is closed. `hang_up`: no more follows."""
    address = httpx.URL(engine.url)
    with socket.create_connection((address.host, address.port or 80), timeout=10) as connection:
        answer = b""
        with contextlib.suppress(OSError):
            connection.sendall(head + b"\r\n\r\n" + body)
            if hang_up:
                connection.shutdown(socket.SHUT_WR)
            while piece := connection.recv(65536):
                answer += piece
    return answer


def heading(engine: RealEngine, method: str, path: str, *lines: str) -> bytes:
    words = [
        f"{method} {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Connection: close",
        f"X-API-Key: {engine.api_key}",
        *lines,
    ]
    return "\r\n".join(words).encode("latin-1")


ESCAPES = [
    "../../../api_key",
    "..%2f..%2f..%2fapi_key",
    "%2e%2e/%2e%2e/%2e%2e/api_key",
    "/etc/passwd",
    "%2fetc%2fpasswd",
]
ESCAPES += [
    "%2fetc%2fpasswd",
    "..%5c..%5capi_key",
    "a%00b",
    "%c0%ae%c0%ae/api_key",
    "....//api_key",
    "%ff%fe",
    f"{'d/' * 2048}x",
]


@pytest.mark.parametrize("path", ESCAPES)
async def test_no_path_reads_more_than_the_task(engine: RealEngine, path: str) -> None:
    task_id = engine.queue(an_archive({}, INPUT_FOLDER))
    for place in (f"/taskmon/tasks/{task_id}/files/{path}", f"/objects/{task_id}/{path}", f"/objects/{path}"):
        answer = raw(engine, heading(engine, "GET", place))
        assert answer.split()[1] in (b"400", b"403", b"404", b"422"), answer
        assert engine.api_key.encode() not in answer
        assert b"root:" not in answer


@pytest.mark.parametrize(
    ("lines", "body"),
    [
        (["Transfer-Encoding: chunked"], b"zz\r\nnonsense"),
        (["Transfer-Encoding: chunked"], b"fffffffffffffffff\r\n"),
        (["Transfer-Encoding: chunked"], b"5\r\n{}"),
        (["Content-Length: 1000"], b"{}"),
        (["Content-Length: -1"], b"{}"),
        (["Content-Length: 99999999999999999999999"], b"{}"),
        (["Content-Length: 2", "Content-Length: 3"], b"{} "),
        (["Content-Length: 2", "Transfer-Encoding: chunked"], b"0\r\n\r\n"),
        (["Content-Encoding: gzip", "Content-Length: 4", "Content-Type: application/json"], b"\x1f\x8b\x08\x00"),
        (["Content-Length: 6", "Content-Type: application/json"], b'"\xff\xfe\x00"\n'),
        (["Content-Length: 3", "Content-Type: application/json"], b"NaN"),
        (["Content-Length: 2", "Content-Type: text/html"], b"<>"),
        ([f"X-Long: {'a' * 200_000}"], b""),
        ([f"X-{number}: a" for number in range(20_000)], b""),
    ],
)
async def test_a_body_of_any_shape_is_refused_and_harms_nothing(
    engine: RealEngine, lines: Sequence[str], body: bytes
) -> None:
    before = engine.call("GET", "/tasks")["total_size"]
    answer = raw(engine, heading(engine, "POST", "/tasks/submit", *lines), body, hang_up=True)
    assert answer == b"" or answer.split()[1][:1] == b"4", answer[:200]
    assert engine.call("GET", "/tasks")["total_size"] == before
    until(lambda: not list((engine.data_dir / "incoming").iterdir()), what="something was left of the refused body")


def test_slow_bodies_and_silent_connections_hold_up_nobody(engine: RealEngine) -> None:
    address = httpx.URL(engine.url)
    with contextlib.ExitStack() as kept:
        for number in range(100):
            slow = kept.enter_context(socket.create_connection((address.host, address.port or 80), timeout=10))
            if number % 2:
                slow.sendall(heading(engine, "POST", "/tasks/submit", "Content-Length: 1000") + b"\r\n\r\n{")
        began = time.monotonic()
        assert request(engine, "GET", "/tasks").status_code == 200
        assert time.monotonic() - began < 10


async def test_an_upload_cut_short_is_not_stored(engine: RealEngine) -> None:
    query = {"operation": "upload", "paths": "half/input.zip"}
    [url] = engine.call("GET", "/storage/signed-urls", params=query)
    path = url.removeprefix(engine.url)
    raw(engine, heading(engine, "PUT", path, "Content-Length: 1000"), b"half of it", hang_up=True)
    raw(engine, heading(engine, "PUT", path, "Transfer-Encoding: chunked"), b"5\r\nhalf", hang_up=True)
    until(lambda: not list((engine.data_dir / "incoming").iterdir()))
    assert not (engine.data_dir / "storage" / "half" / "input.zip").exists()


PLACES = ["/tasks/{}", "/projects/{}", "/compute/group/{}", "/objects/{}?signature={}", "/storage/contents?path={}"]
PLACES += ["/{}/", "//{}", "/taskmon/tasks/{}/files/{}"]


@pytest.mark.parametrize("place", PLACES)
def test_no_name_becomes_a_header_of_the_answer(engine: RealEngine, place: str) -> None:
    answer = raw(engine, heading(engine, "GET", place.replace("{}", INJECTED)))
    head = answer.partition(b"\r\n\r\n")[0]
    assert b"x-injected" not in head.lower()
    assert answer.count(b"HTTP/1.1 ") == 1


def test_names_with_lines_and_escapes_stay_data(engine: RealEngine) -> None:
    group = {"provider_id": "LOCAL", "machine_type": "local", "name": RAW_INJECTED, "num_vms": 1}
    answers = [
        request(engine, "POST", "/compute/group", json=group),
        request(engine, "POST", "/projects", params={"name": RAW_INJECTED}, json={"name": RAW_INJECTED}),
        request(engine, "POST", "/storage/input_remote", params={"url": RAW_INJECTED, "file_path": "x"}),
    ]
    for answer in answers:
        assert "x-injected" not in answer.headers
        assert answer.headers["content-type"] == "application/json"
    unreadable = {"type": RAW_INJECTED, "json": RAW_INJECTED}
    request(engine, "POST", f"/task-runner/{INJECTED}/event", json=unreadable)
    log = (engine.data_dir / "service.log").read_text(encoding="utf-8")
    assert "Ignored an unreadable event" in log, "it was written down"
    assert "\x1b" not in log
    assert not [line for line in log.splitlines() if line.startswith("X-Injected")]


def test_a_web_page_cannot_use_the_service(engine: RealEngine) -> None:
    for origin in (
        "https://evil.example",
        "http://evil.example:80",
        "null",
        "file://",
        "http://127.0.0.1.evil.example",
    ):
        assert request(engine, "GET", "/tasks", headers={"Origin": origin}).status_code == 403, origin
        asked = {
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "x-api-key",
        }
        preflight = request(engine, "OPTIONS", "/tasks/submit", key=False, headers=asked)
        assert preflight.status_code == 403
        assert not [name for name in preflight.headers if name.startswith("access-control")]
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "", "[::1].evil.example"):
        assert b" 421 " in raw(engine, f"GET /tasks HTTP/1.1\r\nHost: {host}\r\nConnection: close".encode()), host
    assert request(engine, "GET", "/tasks", headers={"Origin": engine.url}).status_code == 200


def test_the_key_opens_and_nothing_else_does(engine: RealEngine) -> None:
    for path in ("/tasks", "/taskmon/changes", "/storage/contents", "/compute/groups", "/taskmon/reclaim"):
        assert request(engine, "GET", path, key=False).status_code == 401
        assert request(engine, "GET", path, key=False, headers={"X-API-Key": engine.api_key[:-1]}).status_code == 401
        assert request(engine, "GET", path, key=False, params={"X-API-Key": engine.api_key}).status_code == 401


async def test_a_runner_with_the_id_of_another_ones_task_changes_nothing(engine: RealEngine) -> None:
    task_id = engine.queue(an_archive({}, INPUT_FOLDER), "sleep 600")
    async with engine.client() as client:
        before = await wait_for(client, task_id, Status.COMPUTATION_STARTED)
        group = engine.new_group(num_vms=None)
        thief = register(engine, group)
        told = {"timestamp": "2030-01-01T00:00:00Z", "id": task_id, "machine_id": thief, "new_status": "success"}
        for kind in ("TaskWorkFinished", "TaskOutputUploaded", "TaskKilled", "TaskExecutionFailed"):
            envelope = {"type": kind, "json": httpx.Request("POST", "http://x", json=told).content.decode()}
            assert request(engine, "POST", f"/task-runner/{thief}/event", json=envelope).is_success
        mine = f"/task-runner/{thief}/task/{task_id}"
        request(engine, "POST", f"{mine}/metric", json={"metric": "output_size_bytes", "value": 7})
        request(engine, "POST", f"{mine}/operation", json={"name": "upload_output", "attributes": {}})
        assert request(engine, "GET", f"{mine}/message").json() == "done", "it is told that the task is not its own"
        query = {"operation": "upload", "paths": f"{task_id}/output.zip"}
        stolen = {"X-Task-Runner-Id": thief}
        assert request(engine, "GET", "/storage/signed-urls", params=query, headers=stolen).status_code == 409
        after = await client.task(task_id)
        assert [entry.status for entry in after.status_history] == [entry.status for entry in before.status_history]
        assert after.metrics is None or after.metrics.output_size_bytes is None
        steps = [step.name for entry in after.status_history for step in entry.operations or ()]
        assert "upload_output" not in steps
        await client.kill(task_id)
        await wait_for(client, task_id, Status.KILLED)


def register(engine: RealEngine, group: str) -> str:
    machine = {
        "create_time": "2030-01-01T00:00:00Z", "cpu_count_logical": 1, "cpu_count_physical": None, "memory": 1,
        "host_name": "thief", "host_id": "thief", "machine_group_id": group, "mpi_cluster": False, "num_mpi_hosts": 1,
    }  # fmt: skip
    return str(engine.call("POST", "/task-runner/register", json=machine)["task_runner_id"])


def test_other_users_read_neither_folder_nor_key(engine: RealEngine) -> None:
    assert stat.S_IMODE(engine.data_dir.stat().st_mode) == 0o700, "although it was there before, open to all"
    for name in ("api_key", "service.json", "taskmon.db", "service.log", "storage", "work", "signing_secret"):
        assert (engine.data_dir / name).stat().st_mode & 0o077 == 0, name
    for process in [*engine.processes()]:
        with contextlib.suppress(psutil.NoSuchProcess):
            assert engine.api_key not in " ".join(process.cmdline())


def test_another_user_is_kept_out(engine: RealEngine) -> None:
    if os.geteuid() or not shutil.which("setpriv"):
        pytest.skip("only root can become somebody else")
    for folder in (engine.data_dir.parent, *engine.data_dir.parent.parents):
        if folder.stat().st_mode & 0o005 != 0o005 and "pytest" in str(folder):
            folder.chmod(0o755)
    become = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
    for name in ("api_key", "service.json", "taskmon.db"):
        read = subprocess.run([*become, "cat", str(engine.data_dir / name)], capture_output=True, check=False)
        assert read.returncode != 0
        assert b"Permission denied" in read.stderr
    theirs = engine.data_dir.parent / "theirs"
    theirs.mkdir()
    os.chown(theirs, 65534, 65534)
    refused = RealEngine(theirs).argv()
    said = subprocess.run(refused, capture_output=True, text=True, timeout=30, check=False)
    assert said.returncode == 1
    assert "belongs to another user" in said.stderr
