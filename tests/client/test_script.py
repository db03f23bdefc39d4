"""taskmon in a plain script, as a new user writes it: real programs, a real service, real signals."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import taskmon
from taskmon.client.local_service import ensure_local_service
from taskmon.client.loop_thread import LoopThread
from tests.client.own_service import end, serve
from tests.waiting import until

FIRST_SCRIPT = """
import taskmon

with taskmon.connect() as service:
    task = service.submit("wing", ["python3 -u run.py 3 0"], name="wing 12")
    print(task.id)
    assert task.wait().status == taskmon.Status.SUCCESS
    print(task.download_outputs("results"))
"""
STAY = """
import sys, taskmon
task = taskmon.Task(sys.argv[1])
print("here", flush=True)
if sys.argv[2] == "wait":
    task.wait()
else:
    with task.sync_context():
        print("inside", flush=True)
        if sys.argv[2] == "sync":
            task.wait()
        else:
            import time
            time.sleep(60)
"""
RUN = """
import sys, time
for number in range(int(sys.argv[1])):
    print("line", number)
    time.sleep(float(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A working folder with inputs, whose scripts find a service of their own."""
    root = tmp_path_factory.mktemp("place")
    (root / "wing").mkdir()
    (root / "wing" / "run.py").write_text(RUN)
    address = asyncio.run(ensure_local_service(root / "data", serve(root / "data")))
    yield root
    end(address, root / "data")


def surroundings(place: Path) -> dict[str, str]:
    checkout = str(Path(taskmon.__file__).parents[1])
    clean = {name: value for name, value in os.environ.items() if not name.startswith("TASKMON_")}
    return clean | {
        "TASKMON_DATA_DIR": str(place / "data"),
        "XDG_CONFIG_HOME": str(place / "config"),
        "PYTHONPATH": checkout,
    }


@pytest.fixture
def service(place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[taskmon.Connection]:
    monkeypatch.setenv("TASKMON_DATA_DIR", str(place / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(place / "config"))
    monkeypatch.delenv("TASKMON_URL", raising=False)
    with taskmon.connect() as connection:
        yield connection


@contextmanager
def program(place: Path, text: str, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-X", "dev", "-c", text, *arguments],
        cwd=place,
        env=surroundings(place),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        try:
            yield running
        finally:
            running.kill()


def test_the_first_script_works_and_leaves_no_warning(place: Path) -> None:
    with program(place, FIRST_SCRIPT) as script:
        out, err = script.communicate(timeout=60)
    slow = r"(?m)^Executing .* took [\d.]+ seconds\n"  # asyncio's word on a busy computer
    assert (script.returncode, re.sub(slow, "", err)) == (0, "")
    task_id, made = out.splitlines()
    assert len(task_id) == 25
    assert made == "results"
    assert (place / made / "stdout.txt").read_text().count("line ") == 3


def test_a_task_is_found_again_by_its_id(service: taskmon.Connection, place: Path, tmp_path: Path) -> None:
    task = service.submit(place / "wing", ["python3 -u run.py 1 0"])
    seen: list[taskmon.Status] = []
    assert task.wait(lambda detail: seen.append(detail.status)).status is seen[-1] is taskmon.Status.SUCCESS
    again = service.task(task.id)
    assert again == task
    assert again.status() is taskmon.Status.SUCCESS
    assert again.detail().name == "wing"
    assert task.id in [value.task_id for value in service.tasks(status=taskmon.Status.SUCCESS)]
    assert "line 0" in again.download_file("stdout.txt", tmp_path).read_text()
    child = again.resubmit()
    assert child != task
    assert child.wait().parent_id == task.id


@pytest.mark.parametrize(
    ("how", "number", "killed"),
    [
        ("wait", signal.SIGINT, False),
        ("sync", signal.SIGINT, True),
        ("sync", signal.SIGTERM, True),
        ("busy", signal.SIGINT, True),
        ("busy", signal.SIGHUP, True),
    ],
)
def test_an_interrupted_script_kills_only_what_it_is_in_sync_with(
    service: taskmon.Connection, place: Path, how: str, number: int, killed: bool
) -> None:
    task = service.submit(place / "wing", ["python3 -u run.py 1000 0.1"])
    until(lambda: task.status() is taskmon.Status.COMPUTATION_STARTED, 30)
    with program(place, STAY, task.id, how) as script:
        assert script.stdout is not None
        for _ in range(1 if how == "wait" else 2):
            assert script.stdout.readline()
        script.send_signal(number)
        _, err = script.communicate(timeout=60)
        assert script.returncode != 0
        assert "never" not in err
        assert ("KeyboardInterrupt" in err) == (number == signal.SIGINT)
    if killed:
        assert task.wait().status is taskmon.Status.KILLED
    else:
        assert task.status() is taskmon.Status.COMPUTATION_STARTED
        task.kill()
        task.wait()


def test_a_block_that_fails_kills_its_task_and_one_that_ends_does_not(service: taskmon.Connection, place: Path) -> None:
    task = service.submit(place / "wing", ["python3 -u run.py 1000 0.1"])
    with task.sync_context():
        pass
    assert not task.detail().is_terminated
    with pytest.raises(ZeroDivisionError), task.sync_context():
        raise ZeroDivisionError
    assert task.wait().status is taskmon.Status.KILLED


def test_what_cannot_work_is_said_in_a_sentence(
    service: taskmon.Connection, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempts: list[tuple[Callable[[], object], str]] = [
        (lambda: service.submit(place / "nothing", ["true"]), "is not a folder"),
        (lambda: service.submit(place / "wing", simulator="abacus"), "no simulator “abacus”"),
        (lambda: service.submit(place / "wing", ["echo a | b"]), "cannot be run"),
        (lambda: service.submit(place / "wing", ["true"], machine_group="x"), "no machine group “x”"),
        (lambda: service.task("nothing").status(), "no task"),
        (lambda: taskmon.connect("nowhere", "key"), "address of the service cannot be used"),
    ]
    for attempt, words in attempts:
        with pytest.raises(taskmon.TaskmonError, match=words):
            attempt()
    monkeypatch.delenv("TASKMON_API_KEY", raising=False)
    with pytest.raises(taskmon.TaskmonError, match="needs an API key"):
        taskmon.connect("https://api.example.org")
    service.close()
    service.close()
    with pytest.raises(taskmon.TaskmonError, match="was closed"):
        list(service.tasks())


def test_it_works_inside_a_running_loop_like_that_of_a_notebook(service: taskmon.Connection) -> None:
    async def cell() -> int:
        return len(list(service.tasks()))

    assert asyncio.run(cell()) >= 0


def test_a_loop_thread_ends_with_everything_on_it() -> None:
    loop = LoopThread()

    async def begin() -> asyncio.Task[bool]:
        return asyncio.create_task(asyncio.Event().wait())

    left = loop.run(begin())
    with pytest.raises(ZeroDivisionError):
        loop.run(asyncio.wait_for(fail(), 30))
    loop.close()
    loop.close()
    assert left.cancelled()
    assert not [thread for thread in threading.enumerate() if thread.name == "taskmon-loop"]


async def fail() -> None:
    raise ZeroDivisionError
