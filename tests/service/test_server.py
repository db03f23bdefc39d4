"""The service as a process: the ready line, one per folder, restart, idle end, and the runners that it keeps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from taskmon.service.listening import is_loopback
from tests.waiting import until

if TYPE_CHECKING:
    from tests.service.program import Program


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
