"""Kill, time to live, and a runner that has to leave or dies."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import psutil

from taskmon.runner.guard import find_processes
from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService
from tests.waiting import until

STUBBORN = (
    "import signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nprint('ready', flush=True)\ntime.sleep(600)"
)


def _started(runner: RunnerProcess, task: str, text: bytes = b"\nready") -> None:
    log = runner.artifact(task, "stdout.txt")
    until(lambda: log.exists() and text in log.read_bytes(), what=runner.log())


def _processes_of(task: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("TASKMON_TASK_ID") == task and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def test_a_kill_while_running_keeps_the_outputs(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("bash -c 'echo half > result; echo ready; sleep 600'")
    _started(runner, task)
    asked = time.monotonic()
    service.kill(task)
    assert service.end(task)["new_status"] == "killed"
    assert time.monotonic() - asked < 4.5, "it heard at once, not when its question of 5 s was over"
    assert service.event_names(task) == ["TaskWorkStarted", "TaskWorkFinished", "TaskOutputUploaded"]
    assert service.outputs(task)["result"] == b"half\n"
    assert not _processes_of(task)


def test_a_command_that_ignores_the_polite_signal_is_killed(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("python3 stubborn.py", "touch never", files={"stubborn.py": STUBBORN.encode()})
    _started(runner, task)
    service.kill(task)
    assert service.end(task)["new_status"] == "killed"
    assert "never" not in service.outputs(task)
    assert not _processes_of(task)


def test_a_kill_before_the_commands_leaves_no_outputs(service: StubService, runner: RunnerProcess) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go_on.wait(30)

    service.on_call["input.zip"] = hold
    task = service.submit("touch ran")
    assert reached.wait(30)
    told = runner.log().count("the task is to be killed")  # other tests share this runner
    service.kill(task)
    until(lambda: runner.log().count("the task is to be killed") > told)
    go_on.set()
    assert service.end(task)["type"] == "TaskKilled"
    assert service.event_names(task) == ["TaskKilled"]
    assert f"{task}/output.zip" not in service.objects
    until(lambda: not (runner.work_dir / task).exists())


def test_a_kill_at_any_moment_ends_the_task_once(service: StubService, runner: RunnerProcess) -> None:
    ends = []
    for step in range(16):
        task = service.submit("sleep 0.1")
        until(service.orders.empty)
        threading.Timer(step * 0.025, service.kill, (task,)).start()
        ends.append(service.end(task))

        def is_gone(work: Path = runner.work_dir / task) -> bool:
            return not work.exists()

        until(is_gone, what=runner.log())
        names = service.event_names(task)
        assert names in (["TaskKilled"], ["TaskWorkStarted", "TaskWorkFinished", "TaskOutputUploaded"])
    statuses = {end.get("new_status") for end in ends}
    assert statuses <= {None, "killed", "success"}
    assert ends[-1].get("new_status") == "success"
    assert ends[0].get("new_status") != "success"


def test_a_kill_after_the_commands_changes_nothing(service: StubService, runner: RunnerProcess) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        reached.set()
        go_on.wait(30)

    task = service.submit("true")
    service.on_call["output.zip"] = hold
    assert reached.wait(30)
    told = runner.log().count("the task is to be killed")
    service.kill(task)
    until(lambda: runner.log().count("the task is to be killed") > told)
    go_on.set()
    assert service.end(task)["new_status"] == "success"


def test_the_time_to_live_counts_from_the_first_command(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("sleep 0.4", "bash -c 'echo ready; sleep 600'", time_to_live_seconds="0.8")
    assert service.end(task)["new_status"] == "ttl-exceeded"
    assert b"ready" in service.outputs(task)["stdout.txt"]
    assert 0.7 < service.metrics(task)["computation_seconds"] < 30


def test_a_runner_told_to_leave_says_so_and_stores_what_there_is(
    fresh_service: StubService, fresh_runner: RunnerProcess
) -> None:
    task = fresh_service.submit("bash -c 'echo half > result; echo ready; sleep 600'")
    _started(fresh_runner, task)
    fresh_runner.leave()
    assert fresh_runner.ended() == 0
    names = [event["type"] for event in fresh_service.events()]
    assert names == ["TaskWorkStarted", "TaskRunnerTerminated", "TaskOutputUploaded"]
    assert fresh_service.events()[1]["stopped_tasks"] == [task]
    assert fresh_service.events()[1]["reason"] == "interrupted"
    assert fresh_service.events()[2]["new_status"] is None
    assert fresh_service.outputs(task)["result"] == b"half\n"
    assert not _processes_of(task)


def test_an_idle_runner_told_to_leave_goes_at_once(fresh_service: StubService, fresh_runner: RunnerProcess) -> None:
    fresh_runner.leave()
    assert fresh_runner.ended(within_s=4.5) == 0
    assert fresh_service.events()[-1]["stopped_tasks"] == []


def test_a_runner_no_longer_wanted_leaves(fresh_service: StubService, fresh_runner: RunnerProcess) -> None:
    fresh_service.refuse_polls_with = 410
    assert fresh_runner.ended() == 0
    assert fresh_service.events()[-1]["type"] == "TaskRunnerTerminated"


def test_when_a_runner_dies_its_commands_die(service: StubService, runner: RunnerProcess) -> None:
    script = (
        "import os, subprocess, sys, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    time.sleep(600)\n"
        "subprocess.Popen([sys.executable, 'stubborn.py']).wait()\n"
    )
    files = {"many.py": script.encode(), "stubborn.py": STUBBORN.encode()}
    task = service.submit("python3 many.py", files=files)
    _started(runner, task)
    assert len(_processes_of(task)) == 3
    runner.die()
    until(lambda: not _processes_of(task), within_s=30, what="commands outlived their runner")


FORGETFUL = (
    "import os, subprocess, sys, time\n"
    "def sleeper(name):\n"
    "    pid = os.posix_spawn('/bin/sleep', ['sleep', '600'], {}, setsid=True)\n"
    "    open(name, 'w').write(str(pid))\n"
    "sleeper('child.pid')\n"
    "if os.fork() == 0:\n"
    "    sleeper('orphan.pid')\n"
    "    os._exit(0)\n"
    "os.wait()\n"
    "print('ready', flush=True)\n"
    "time.sleep(600)\n"
)
"""Starts two programs without any environment in sessions of their own, one of which loses its parent."""


def test_when_a_runner_dies_even_programs_that_forgot_everything_die(
    fresh_service: StubService, fresh_runner: RunnerProcess
) -> None:
    task = fresh_service.submit("python3 forgetful.py", files={"forgetful.py": FORGETFUL.encode()})
    _started(fresh_runner, task)
    sleepers = [
        psutil.Process(int(fresh_runner.artifact(task, f"{name}.pid").read_text())) for name in ("child", "orphan")
    ]
    until(lambda: f"process {sleepers[1].pid} has left its parent" in fresh_runner.log(), what=fresh_runner.log())
    fresh_runner.die()
    until(lambda: not any(_goes_on(sleeper) for sleeper in sleepers), what="commands outlived their runner")


def _goes_on(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_the_guard_leaves_with_its_runner(fresh_service: StubService, fresh_runner: RunnerProcess) -> None:
    guards = [
        child
        for child in psutil.Process(fresh_runner.process.pid).children()
        if "guard.py" in " ".join(child.cmdline())
    ]
    assert len(guards) == 1
    fresh_runner.die()
    until(lambda: not guards[0].is_running() or guards[0].status() == psutil.STATUS_ZOMBIE)


def test_a_guard_that_was_killed_is_replaced(fresh_service: StubService, fresh_runner: RunnerProcess) -> None:
    psutil.Process(fresh_runner.process.pid).children()[0].kill()
    task = fresh_service.submit("bash -c 'echo ready; sleep 600'")
    _started(fresh_runner, task)
    fresh_runner.die()
    until(lambda: not _processes_of(task), within_s=30, what="commands outlived their runner")


def test_a_new_attempt_starts_with_an_empty_folder(fresh_service: StubService, tmp_path: Path) -> None:
    first = RunnerProcess(fresh_service.url, tmp_path / "work")
    task = fresh_service.submit("bash -c 'touch old; echo ready; sleep 600'")
    try:
        _started(first, task)
    finally:
        first.die()
        first.close()
    second = RunnerProcess(fresh_service.url, tmp_path / "work")
    try:
        fresh_service.submit("ls", task_id=task, files={"new": b""})
        assert fresh_service.end(task)["new_status"] == "success"
        assert b"\nnew\n" in fresh_service.outputs(task)["stdout.txt"]
        assert b"\nold\n" not in fresh_service.outputs(task)["stdout.txt"]
    finally:
        second.close()


def test_processes_are_found_by_group_without_a_mark() -> None:
    assert os.getpid() not in find_processes([], [os.getpgrp()])
    assert find_processes(["no such mark"]) == set()
