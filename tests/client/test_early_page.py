"""The newest tasks by hand: the same values as the client's, and nothing at all when anything is wrong."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from taskmon.client.early_page import EarlyPage, page_in
from taskmon.core.lifecycle import Status
from taskmon.core.task import TaskPage
from tests.builders import some_tasks

PAGE = TaskPage(total_size=1234, tasks=some_tasks(5, status=Status.FAILED))
BODY = msgspec.json.encode(PAGE)
GOOD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n"


@contextmanager
def service(folder: Path, answer: Callable[[socket.socket], None]) -> Iterator[list[bytes]]:
    """A service that has left its address in `folder`; gives the requests that it got."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            try:
                visitor, _ = listening.accept()
            except OSError:
                return
            with visitor:
                heard.append(visitor.recv(4096))
                answer(visitor)

        thread = threading.Thread(target=serve)
        thread.start()
        told = {"url": f"http://127.0.0.1:{listening.getsockname()[1]}", "api_key": "a-key", "pid": os.getpid()}
        (folder / "service.json").write_text(json.dumps(told))
        try:
            yield heard
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def asked(folder: Path, wait_s: float = 5.0) -> TaskPage | None:
    early = EarlyPage(folder, 60)
    page = early.page(wait_s)
    early._thread.join()
    return page


def test_the_page_is_read_as_the_client_reads_it(tmp_path: Path) -> None:
    with service(tmp_path, lambda visitor: visitor.sendall(GOOD + BODY)) as heard:
        assert asked(tmp_path) == msgspec.json.decode(BODY, type=TaskPage)
    assert heard[0].startswith(b"GET /tasks?page=1&per_page=60 HTTP/1.1\r\n")
    assert b"x-api-key: a-key\r\n" in heard[0]


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 401 Unauthorized\r\n\r\n" + BODY,
        b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://example.org/\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        GOOD + BODY[:-100],
        GOOD + b"[]",
        GOOD + b'{"total_size": 1, "tasks": [{}]}',
        GOOD + b'{"total_size": "many", "tasks": []}',
        GOOD + b'{"total_size": Infinity, "tasks": []}',
        GOOD + b'{"total_size": 1, "tasks": [{"task_id": "a", "status": 7}]}',
        GOOD + b"[" * 100_000,
    ],
)
def test_anything_else_is_no_page(tmp_path: Path, answer: bytes) -> None:
    with service(tmp_path, lambda visitor: visitor.sendall(answer)):
        assert asked(tmp_path) is None


def test_nobody_waits_for_a_service_that_is_slow(tmp_path: Path) -> None:
    released = threading.Event()

    def answer_late(visitor: socket.socket) -> None:
        released.wait(10)
        visitor.close()

    with service(tmp_path, answer_late):
        early, began = EarlyPage(tmp_path, 60), time.monotonic()
        assert early.page(0.01) is None
        assert time.monotonic() - began < 5
        released.set()
        early._thread.join()


ALIVE = os.getpid()


@pytest.mark.parametrize(
    "told",
    [
        None,
        "nothing of ours",
        {"url": "http://127.0.0.1:1", "api_key": "k", "pid": 4194304},
        {"url": "http://127.0.0.1:1", "api_key": "k", "pid": ALIVE},
        {"url": "http://127.0.0.1:99999", "api_key": "k", "pid": ALIVE},
        {"url": "nowhere", "api_key": "k", "pid": ALIVE},
        {"url": "http://127.0.0.1:1", "api_key": "k", "pid": float("inf")},
    ],
)
def test_without_a_living_service_nobody_is_asked(tmp_path: Path, told: object) -> None:
    if told is not None:
        (tmp_path / "service.json").write_text(json.dumps(told))
    assert asked(tmp_path) is None


def test_what_a_newer_service_tells_besides_is_passed_over() -> None:
    told = json.loads(BODY)
    for task in told["tasks"]:
        task["mood"] = "sunny"
        if task.get("metrics"):
            task["metrics"]["mood"] = 1
    assert page_in(json.dumps(told).encode()) == PAGE
