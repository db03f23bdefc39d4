"""The service as a process: the ready line, one per folder, restart, idle end, and the runners that it keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import psutil
import pytest

from taskmon.service.listening import is_loopback
from tests.service.house import an_archive
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

TINY_RUNNER = str(Path(__file__).with_name("tiny_runner.py"))
START = """
import json, sys
from pathlib import Path
from taskmon.service.server import ServiceOptions, serve
given = json.loads(sys.argv[1])
given["data_dir"] = Path(given["data_dir"])
given["runner_command"] = tuple(given["runner_command"])
sys.exit(serve(ServiceOptions(**given)))
"""


@dataclass
class Program:
    """The service in a process of its own over one data folder."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    ready: dict[str, Any] = field(default_factory=dict)

    def launch(self, **options: Any) -> subprocess.Popen[str]:
        given = {"data_dir": str(self.folder), "machines": 1, "runner_command": [sys.executable, TINY_RUNNER]}
        argv = [sys.executable, "-c", START, json.dumps({**given, **options})]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def start(self, **options: Any) -> None:
        self.process = self.launch(**options)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        self.ready = json.loads(line)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        assert out == "", "one line on standard output, no more"
        code, self.process = self.process.returncode, None
        return code

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        with httpx.Client(trust_env=False, verify=False, base_url=self.ready["url"]) as client:
            answer = client.request(method, path, headers={"X-API-Key": self.ready["api_key"]}, **arguments)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def machines(self) -> list[str]:
        return [machine["uuid"] for group in self.call("GET", "/compute/groups") for machine in group["machines"]]

    def runners(self) -> list[psutil.Process]:
        """The runner processes that work in this folder."""
        work = str(self.folder / "work")
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if {TINY_RUNNER, work} <= set(process.info["cmdline"] or ())
        ]

    def compute(self, **fields: Any) -> str:
        """Submit a task and wait until it computes; its id."""
        group = self.call("GET", "/compute/groups")[0]["id"]
        request = {"simulator": "arbitrary_commands", "resource_pool": group, "container_image": "x", **fields}
        task_id: str = self.call("POST", "/tasks/submit", json=request)["id"]
        query = {"operation": "upload", "paths": f"{task_id}/input.zip"}
        [url] = self.call("GET", "/storage/signed-urls", params=query)
        self.call("PUT", url, content=an_archive({}, "sim_dir"))
        self.call("POST", f"/tasks/{task_id}/input_uploaded")
        until(lambda: self.status(task_id) == "computation-started")
        return task_id

    def status(self, task_id: str) -> str:
        return str(self.call("GET", f"/tasks/{task_id}/status")["status"])


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "data")
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.communicate()
    for runner in made.runners():
        runner.kill()


def test_it_says_where_it_is_and_leaves_in_order(program: Program) -> None:
    program.start()
    handshake = json.loads((program.folder / "service.json").read_text())
    assert {**program.ready}.items() <= handshake.items()
    assert set(program.ready) == {"url", "api_key", "pid"}
    for name in ("service.json", "api_key", "taskmon.db", "service.log", "port"):
        assert (program.folder / name).stat().st_mode & 0o077 == 0
    until(program.machines)
    [group] = program.call("GET", "/compute/groups")
    assert (group["name"], group["started"], group["num_vms"]) == ("this-computer", True, 1)
    assert program.end() == 0
    assert not (program.folder / "service.json").exists()
    until(lambda: not program.runners())
    assert program.ready["api_key"] not in (program.folder / "service.log").read_text()

    before = program.ready["url"]
    program.start()
    assert program.ready["url"] == before, "a restarted service answers at the old address"
    until(lambda: len(program.machines()) == 1)
    assert program.end(signal.SIGINT) == 0


def test_a_number_of_machines_for_a_folder_that_has_some_is_answered_in_words(program: Program) -> None:
    for wanted, told in ((2, False), (2, False), (3, True)):
        running = program.launch(machines=wanted)
        program.process = running
        assert running.stdout is not None
        assert running.stdout.readline()
        running.send_signal(signal.SIGTERM)
        said = running.communicate(timeout=60)[1]
        assert ("keeps its 2 machines" in said) is told, said


def test_a_service_that_others_can_reach_says_so_loudly(program: Program) -> None:
    program.start(host="0.0.0.0")
    assert program.process is not None
    running = program.process
    program.end()
    assert running.stderr is not None
    assert "reached from other computers" in (program.folder / "service.log").read_text()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_loopback_is_reached_by_this_computer_alone(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.168.1.4", "host.example"])
def test_any_other_address_may_be_reached_by_others(host: str) -> None:
    assert not is_loopback(host)


def test_a_second_one_over_the_same_folder_names_the_first(program: Program) -> None:
    program.start(machines=0)
    second = program.launch()
    out, error = second.communicate(timeout=60)
    assert (second.returncode, out) == (3, "")
    assert str(program.ready["pid"]) in error
    assert program.ready["url"] in error
    assert program.call("GET", "/tasks")["total_size"] == 0


@pytest.mark.parametrize("options", [{"port": 1, "host": "192.0.2.1"}, {"data_dir": "/dev/null/x"}])
def test_it_says_in_one_sentence_why_it_cannot_start(program: Program, options: dict[str, Any]) -> None:
    failed = program.launch(**options)
    out, error = failed.communicate(timeout=60)
    assert (failed.returncode, out) == (1, "")
    assert "cannot" in error
    assert "Traceback" not in error


def test_a_database_of_a_newer_taskmon_is_left_alone(program: Program) -> None:
    import sqlite3
    from contextlib import closing

    program.folder.mkdir()
    with closing(sqlite3.connect(program.folder / "taskmon.db")) as database:
        database.execute("PRAGMA user_version = 99")
    failed = program.launch()
    _, error = failed.communicate(timeout=60)
    assert failed.returncode == 1
    assert "newer taskmon" in error


def test_it_ends_by_itself_when_nobody_needs_it(program: Program) -> None:
    program.start(idle_exit_seconds=0.5)
    assert program.process is not None
    program.process.communicate(timeout=60)
    assert program.process.returncode == 0
    assert not (program.folder / "service.json").exists()
    until(lambda: not program.runners())


def test_it_never_ends_by_itself_while_a_task_lives(program: Program) -> None:
    program.start(idle_exit_seconds=1.5)
    task_id = program.compute()
    assert program.process is not None
    with pytest.raises(subprocess.TimeoutExpired):
        program.process.wait(3)
    group = program.call("GET", "/compute/groups")[0]["id"]
    program.call("DELETE", "/compute/group", params={"machine_group_id": group})
    assert program.status(task_id) == "executer-terminated-by-user"
    program.process.communicate(timeout=60)
    assert program.process.returncode == 0


def test_a_killed_runner_loses_its_task_and_is_replaced(program: Program) -> None:
    program.start()
    task_id = program.compute()
    [first] = program.machines()
    [runner] = program.runners()
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: program.status(task_id) == "executer-terminated")
    detail = program.call("GET", f"/tasks/{task_id}")
    assert "runner ended" in detail["error_detail"]
    [second] = until(program.machines)
    assert second != first
    again = program.compute(resubmit_on_preemption=True)
    [runner] = program.runners()
    os.kill(runner.pid, signal.SIGKILL)
    until(lambda: program.call("GET", f"/tasks/{again}")["num_retries"] == 1)
    until(lambda: program.status(again) == "computation-started")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_runners_at_work_outlive_the_service_and_are_found_again(program: Program, number: signal.Signals) -> None:
    program.start()
    task_id = program.compute()
    [machine] = program.machines()
    [runner] = program.runners()
    program.end(number)
    assert runner.is_running()
    program.start()
    assert program.machines() == [machine]
    assert program.status(task_id) == "computation-started"
    runner.kill()
    until(lambda: program.status(task_id) == "executer-terminated")


def test_a_runner_that_died_while_the_service_was_away_is_noticed(program: Program) -> None:
    program.start()
    task_id = program.compute()
    [runner] = program.runners()
    program.end(signal.SIGKILL)
    runner.kill()
    runner.wait(30)
    program.start()
    until(lambda: program.status(task_id) == "executer-terminated")
    until(program.machines)


def test_a_terminated_group_takes_its_runners_along(program: Program) -> None:
    program.start(machines=2)
    until(lambda: len(program.machines()) == 2)
    group = program.call("GET", "/compute/groups")[0]["id"]
    program.call("DELETE", "/compute/group", params={"machine_group_id": group})
    until(lambda: not program.runners())
    assert program.call("GET", "/compute/groups") == []
    program.end()
    program.start()
    assert program.call("GET", "/compute/groups") == [], "what the user terminated stays terminated"


def test_a_runner_that_cannot_start_does_not_spin(program: Program) -> None:
    program.start(runner_command=[sys.executable, "-c", "print('once')"])
    log = program.folder / "work" / "runner-this-computer-1.log"
    until(lambda: log.exists() and log.read_text().count("once") >= 2)
    program.end()
    assert log.read_text().count("once") <= 4


def test_an_unknown_runner_program_is_no_end_of_the_service(program: Program) -> None:
    program.start(runner_command=["/nonexistent/runner"])
    assert program.call("GET", "/tasks")["total_size"] == 0
    assert program.end() == 0
