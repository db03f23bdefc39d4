"""Clients that are silent, or that tell a request by drops, lose their connection; slow and patient ones keep it."""

from __future__ import annotations

import contextlib
import resource
import socket
import time
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import httpx
import pytest

from tests.waiting import PATIENCE_S, until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.service.program import Program

LIMIT_S: Final = 1.0
LIMITS: Final = {"head_seconds": LIMIT_S, "body_seconds": LIMIT_S}
DROP_S: Final = LIMIT_S / 10


@contextlib.contextmanager
def connected(program: Program) -> Iterator[socket.socket]:
    """A bare connection to the service, which waits for an answer no longer than one drop takes."""
    address = urlsplit(program.ready["url"])
    with socket.create_connection((str(address.hostname), address.port or 0)) as line:
        line.settimeout(DROP_S)
        yield line


def answer_to(line: socket.socket, drops: bytes = b"", within_s: float = PATIENCE_S) -> bytes:
    """What comes until the service closes the connection, to which the `drops` are sent one by one, round and round."""
    told, sent, deadline = b"", 0, time.monotonic() + within_s
    while time.monotonic() < deadline:
        try:
            if not (piece := line.recv(65536)):
                return told
            told += piece
        except TimeoutError:
            with contextlib.suppress(OSError):
                line.send(drops[sent % len(drops) :][:1] if drops else b"")
            sent += 1
        except ConnectionResetError:
            return told
    raise AssertionError(f"the connection is still open after {within_s} s")


def head(program: Program, method: str, path: str, *more: str) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"X-API-Key: {program.ready['api_key']}", *more]
    return "\r\n".join([*lines, "", ""]).encode()


def upload_path(program: Program, name: str) -> str:
    [url] = program.call("GET", "/storage/signed-urls", params={"operation": "upload", "paths": name})
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def read_head(line: socket.socket, told: bytes = b"") -> bytes:
    """What has come up to the first blank line, and after it."""
    deadline = time.monotonic() + PATIENCE_S
    while b"\r\n\r\n" not in told and time.monotonic() < deadline:
        with contextlib.suppress(TimeoutError):
            told += line.recv(65536)
    return told


@pytest.mark.parametrize("faults", [None, {}])
def test_a_connection_that_says_nothing_is_closed(program: Program, faults: dict[str, float] | None) -> None:
    program.start(machines=0, faults=faults, **LIMITS)
    with connected(program) as line:
        assert answer_to(line) == b""


def test_a_head_that_comes_by_drops_is_not_waited_for(program: Program) -> None:
    program.start(machines=0, **LIMITS)
    with connected(program) as line:
        told = answer_to(line, b"GET /version HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 10_000)
    assert told.startswith(b"HTTP/1.1 408 "), told
    assert b"did not come whole" in told


@pytest.mark.parametrize("drops", [b"\r\n", b"GET /version HTTP/1.1\r\nX: " + b"y" * 10_000])
def test_a_connection_is_not_kept_by_drops_after_an_answer(program: Program, drops: bytes) -> None:
    program.start(machines=0, **LIMITS)
    with connected(program) as line:
        line.sendall(head(program, "GET", "/version"))
        assert b"200 OK" in read_head(line)
        answer_to(line, drops)


@pytest.mark.parametrize("key", ["", "wrong"])
def test_a_body_that_comes_by_drops_is_not_waited_for(program: Program, key: str) -> None:
    program.start(machines=0, **LIMITS)
    program.ready["api_key"] = key or program.ready["api_key"]
    with connected(program) as line:
        line.sendall(head(program, "POST", "/tasks/submit", "Content-Length: 1000000"))
        told = answer_to(line, b"{ ")
    assert told.startswith(b"HTTP/1.1 401 " if key else b"HTTP/1.1 408 "), told
    assert told.count(b"HTTP/1.1") == 1, "one answer to one request"


@pytest.mark.parametrize("length", ["Content-Length: 1000000", "Transfer-Encoding: chunked"])
def test_a_silent_upload_leaves_nothing_and_keeps_no_unused_service(program: Program, length: str) -> None:
    program.start(machines=0, idle_exit_seconds=0.5, **LIMITS)
    path = upload_path(program, "mesh.msh")
    with connected(program) as line:
        line.sendall(head(program, "PUT", path, length) + b"5\r\nhello\r\n")
        incoming = program.folder / "incoming"
        until(lambda: list(incoming.iterdir()), what="the upload has begun")
        assert answer_to(line).startswith(b"HTTP/1.1 408 ")
        assert program.process is not None
        program.process.communicate(timeout=PATIENCE_S)
    assert program.process.returncode == 0
    assert list(incoming.iterdir()) == []
    assert list((program.folder / "storage").rglob("*.msh")) == []


def test_a_slow_upload_that_goes_on_is_stored(program: Program) -> None:
    program.start(machines=0, **LIMITS)
    piece, pieces = bytes(4096), 30
    with connected(program) as line:
        line.sendall(head(program, "PUT", upload_path(program, "mesh.msh"), f"Content-Length: {len(piece) * pieces}"))
        began = time.monotonic()
        for _ in range(pieces - 1):
            line.sendall(piece)
            with pytest.raises(TimeoutError):  # which takes the time of a drop
                line.recv(1)
        line.sendall(piece)
        assert time.monotonic() - began > 2 * LIMIT_S
        assert b"200 OK" in read_head(line)
    [stored] = (program.folder / "storage").rglob("mesh.msh")
    assert stored.stat().st_size == len(piece) * pieces


def test_who_waits_for_an_answer_is_not_hurried(program: Program) -> None:
    program.start(machines=0, **LIMITS)
    cursor = program.call("GET", "/taskmon/changes")["cursor"]
    with connected(program) as line:
        for _ in range(2):  # also on a connection that was kept
            began = time.monotonic()
            line.sendall(head(program, "GET", f"/taskmon/changes?since={cursor}&wait_s={3 * LIMIT_S}"))
            assert b"200 OK" in read_head(line)
            assert time.monotonic() - began > 2 * LIMIT_S


def test_a_silent_stream_and_a_kept_connection_last(program: Program) -> None:
    program.start(**LIMITS)
    task_id = program.compute()
    log = program.folder / "work" / task_id / "output" / "artifacts" / "stdout.txt"
    log.parent.mkdir(parents=True)
    log.write_bytes(b"first\n")
    with connected(program) as stream, connected(program) as kept:
        kept.sendall(head(program, "GET", "/version"))
        assert b"200 OK" in read_head(kept)
        stream.sendall(head(program, "GET", f"/taskmon/tasks/{task_id}/files/stdout.txt?follow=true"))
        told, end = read_head(stream), time.monotonic() + 3 * LIMIT_S
        while time.monotonic() < end:
            with contextlib.suppress(TimeoutError):
                told += stream.recv(65536)
        with log.open("ab") as file:
            file.write(b"second\n")
        deadline = time.monotonic() + PATIENCE_S
        while b"second" not in told and time.monotonic() < deadline:
            with contextlib.suppress(TimeoutError):
                told += stream.recv(65536)
        assert b"first" in told and b"second" in told
        kept.sendall(head(program, "GET", "/version"))
        assert b"200 OK" in read_head(kept)


@contextlib.contextmanager
def few_open_files(number: int) -> Iterator[None]:
    """What is started in the block may have no more files and connections open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (number, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


def opened(program: Program, number: int, said: bytes) -> list[socket.socket]:
    address = urlsplit(program.ready["url"])
    lines = []
    for _ in range(number):
        line = socket.socket()
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        line.connect((str(address.hostname), address.port or 0))
        with contextlib.suppress(OSError):
            line.sendall(said)
        lines.append(line)
    return lines


def comes_in(program: Program) -> bool:
    try:
        return bool(program.call("GET", "/tasks")["total_size"] == 0)
    except httpx.TransportError:
        return False


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n",
        40 * b"GET /openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n",  # of which nobody reads the answers
    ],
)
def test_many_that_do_nothing_keep_nobody_out(program: Program, said: bytes) -> None:
    with few_open_files(128):
        program.start(machines=0)
    cursor = program.call("GET", "/taskmon/changes")["cursor"]
    with connected(program) as patient:
        patient.sendall(head(program, "GET", f"/taskmon/changes?since={cursor}&wait_s=3"))
        lines = opened(program, 150, said)
        try:
            until(lambda: all(comes_in(program) for _ in range(20)), what="once they have what they asked for")
            path = upload_path(program, "mesh.msh")
            program.call("PUT", path, content=bytes(100_000))
            assert b"200 OK" in read_head(patient), "who waits for an answer is not sent away"
        finally:
            for line in lines:
                line.close()
    assert "Too many open files" not in (program.folder / "service.log").read_text()
