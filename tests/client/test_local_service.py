"""Finding the service of this user, or starting it once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from taskmon.client.local_service import ServiceAddress, ensure_local_service, find_local_service
from taskmon.core.errors import ConnectionFailedError
from tests.waiting import until

STAND_IN = """
import fcntl, http.server, json, os, sys, time
data, key = sys.argv[1], "key-of-" + str(os.getpid())
lock = open(os.path.join(data, "lock"), "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.stderr.write("Another service uses this folder.")
    sys.exit(3)
class Answers(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        known = self.headers.get("x-api-key") == key or self.path.startswith("/version-check")
        self.send_response(200 if known else 401)
        self.end_headers()
    def log_message(self, *words):
        pass
server = http.server.HTTPServer(("127.0.0.1", 0), Answers)
hello = json.dumps({"url": "http://127.0.0.1:%d" % server.server_port, "api_key": key, "pid": os.getpid()})
draft = os.path.join(data, "draft")
open(draft, "w").write(hello)
os.replace(draft, os.path.join(data, "service.json"))
print(hello, flush=True)
server.serve_forever()
"""
"""A process that behaves as the service does towards those who look for it."""


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it may go between opening and reading
        return False


@pytest.fixture
def command(tmp_path: Path) -> Iterator[list[str]]:
    data = tmp_path / "data"
    data.mkdir()
    yield [sys.executable, "-c", STAND_IN, str(data)]
    try:
        pid = json.loads((data / "service.json").read_text())["pid"]
        os.kill(pid, signal.SIGTERM)
    except (FileNotFoundError, ProcessLookupError):
        return
    until(lambda: not is_alive(pid))


async def test_a_service_is_started_once_and_found_afterwards(command: list[str], tmp_path: Path) -> None:
    started = await ensure_local_service(tmp_path / "data", command)
    found = await ensure_local_service(tmp_path / "data", ["/does/not/exist"])
    assert started == found == await find_local_service(tmp_path / "data")
    assert os.getsid(started.pid) == started.pid


async def test_callers_at_the_same_time_get_the_same_service(command: list[str], tmp_path: Path) -> None:
    found = await asyncio.gather(*(ensure_local_service(tmp_path / "data", command) for _ in range(4)))
    assert len(set(found)) == 1


async def test_the_key_is_not_shown(command: list[str], tmp_path: Path) -> None:
    assert "key-of" not in repr(await ensure_local_service(tmp_path / "data", command))


async def test_a_handshake_of_a_dead_service_is_not_believed(command: list[str], tmp_path: Path) -> None:
    first = await ensure_local_service(tmp_path / "data", command)
    os.kill(first.pid, signal.SIGKILL)
    until(lambda: not is_alive(first.pid))
    second = await ensure_local_service(tmp_path / "data", command)
    assert second.pid != first.pid


@pytest.mark.parametrize("content", ["", "{}", "[1]", '{"url": "http://x", "api_key": "k", "pid": "p"}', "\x00"])
async def test_a_handshake_that_cannot_be_read_is_no_handshake(content: str, tmp_path: Path) -> None:
    (tmp_path / "service.json").write_text(content)
    assert await find_local_service(tmp_path) is None


async def test_a_foreign_program_on_the_port_is_not_taken_for_the_service(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        url = f"http://127.0.0.1:{mute.getsockname()[1]}"
        mute.close()
        (tmp_path / "service.json").write_text(json.dumps({"url": url, "api_key": "k", "pid": os.getpid()}))
        assert await find_local_service(tmp_path) is None


async def test_a_service_that_refuses_its_own_key_is_not_taken(command: list[str], tmp_path: Path) -> None:
    address = await ensure_local_service(tmp_path / "data", command)
    stolen = {"url": address.url, "api_key": "another", "pid": address.pid}
    (tmp_path / "service.json").write_text(json.dumps(stolen))
    assert await find_local_service(tmp_path) is None


async def test_a_service_that_is_there_and_silent_is_named(
    command: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("taskmon.client.local_service._CHECK_S", 0.1)
    address = await ensure_local_service(tmp_path / "data", command)
    os.kill(address.pid, signal.SIGSTOP)
    try:
        with pytest.raises(ConnectionFailedError, match=rf"is there \(process {address.pid}\) but does not answer"):
            await ensure_local_service(tmp_path / "data", command, timeout_s=1.0)
    finally:
        os.kill(address.pid, signal.SIGCONT)


async def test_the_last_words_of_a_service_that_fails_are_told(tmp_path: Path) -> None:
    failing = [sys.executable, "-c", "import sys; print('a'); sys.exit('The database is damaged.')"]
    with pytest.raises(ConnectionFailedError, match=r"exit code 1. It said: The database is damaged\.") as raised:
        await ensure_local_service(tmp_path / "data", failing)
    assert "service.log-start" in raised.value.advice


async def test_a_service_that_never_gets_ready_is_ended(tmp_path: Path) -> None:
    code = "import os, sys, time; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
    pid_file = tmp_path / "pid"
    with pytest.raises(ConnectionFailedError, match="did not become ready in time"):
        await ensure_local_service(tmp_path / "data", [sys.executable, "-c", code, str(pid_file)], timeout_s=1.0)
    until(lambda: not is_alive(int(pid_file.read_text())))


async def test_a_program_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConnectionFailedError, match="cannot be started"):
        await ensure_local_service(tmp_path / "data", ["/does/not/exist"])


def test_an_address_is_a_plain_value() -> None:
    assert ServiceAddress("http://x", "k", 1) == ServiceAddress("http://x", "k", 1)


@pytest.mark.parametrize("taken", ["file", "file/below"])
async def test_a_folder_that_cannot_be_used_is_a_sentence(taken: str, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConnectionFailedError, match="cannot use the folder"):
        await ensure_local_service(tmp_path / taken, [sys.executable, "-c", "pass"])


async def test_the_service_does_not_hold_the_folder_in_which_it_was_started(command: list[str], tmp_path: Path) -> None:
    address = await ensure_local_service(tmp_path / "data", command)
    assert Path(f"/proc/{address.pid}/cwd").readlink() == tmp_path / "data"
