"""A service that is away for a while, comes back elsewhere, or never."""

from __future__ import annotations

import json
import os
import subprocess
import time
from pathlib import Path

from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import API_KEY, StubService
from tests.waiting import until


def test_a_task_that_ends_while_the_service_is_away_is_told_later(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("bash -c 'echo ready; while [ ! -e go ]; do sleep 0.05; done; echo finished > result'")
    log = runner.artifact(task, "stdout.txt")
    until(lambda: log.exists() and b"ready" in log.read_bytes(), what=runner.log())
    service.event(task, "TaskWorkStarted")
    service.stop()
    log.with_name("go").touch()
    until(runner.artifact(task, "result").exists)
    time.sleep(1.5)  # a busy machine notices the end only now; the report waits from then on
    assert log.exists(), "the live log must stay until the outputs are stored"
    service.start()
    finished = service.event(task, "TaskWorkFinished")
    assert service.end(task)["new_status"] == "success"
    assert finished["elapsed_time_s"] > 0.3
    assert service.outputs(task)["result"] == b"finished\n"


def test_a_service_that_comes_back_elsewhere_is_found_by_its_handshake(
    fresh_service: StubService, tmp_path: Path
) -> None:
    handshake = tmp_path / "fresh_service.json"
    handshake.write_text(json.dumps({"url": fresh_service.url, "api_key": API_KEY}))
    runner = RunnerProcess(fresh_service.url, tmp_path / "work", handshake=handshake)
    try:
        until(lambda: any(path.endswith("/task") for _, path, _ in fresh_service.calls))
        before = fresh_service.port
        fresh_service.stop()
        fresh_service.start(port=0)
        assert fresh_service.port != before
        handshake.write_text(json.dumps({"url": fresh_service.url, "api_key": API_KEY}))
        task = fresh_service.submit("true")
        assert fresh_service.end(task)["new_status"] == "success", runner.log()
    finally:
        runner.close()


def test_errors_of_the_service_are_met_with_another_try(service: StubService, runner: RunnerProcess) -> None:
    service.fail_next |= {"TaskWorkStarted": [500, 503], "operation": [502], "output.zip": [500], "input.zip": [503]}
    task = service.submit("true")
    assert service.end(task)["new_status"] == "success", runner.log()
    assert service.event_names(task).count("TaskWorkStarted") == 3


def test_a_refused_report_does_not_hold_up_the_others(service: StubService, runner: RunnerProcess) -> None:
    service.fail_next |= {"TaskWorkStarted": [404], "operation": [404, 404]}
    task = service.submit("true")
    assert service.end(task)["new_status"] == "success", runner.log()


def test_outputs_that_are_refused_for_good_are_reported_and_kept(service: StubService, runner: RunnerProcess) -> None:
    service.fail_next["output.zip"] = [413]
    task = service.submit("touch result")
    assert "413" in service.event(task, "TaskOutputUploadFailed")["error_message"]
    until(lambda: service.messages[task].empty())
    assert runner.artifact(task, "result").exists()


def test_missing_inputs_are_a_runtime_error(service: StubService, runner: RunnerProcess) -> None:
    service.fail_next["signed-urls"] = [404]
    task = service.submit("true")
    assert "nothing stored" in service.event(task, "TaskExecutionFailed")["error_message"]


def test_an_order_that_cannot_be_read_fails_its_task_only(service: StubService, runner: RunnerProcess) -> None:
    service.orders.put({"id": "broken", "extra_params": "{}"})
    assert "order" in service.event("broken", "TaskExecutionFailed")["error_message"]
    assert service.end(service.submit("true"))["new_status"] == "success"


def test_a_runner_without_a_service_does_not_wait_for_ever(fresh_service: StubService, tmp_path: Path) -> None:
    runner = RunnerProcess(fresh_service.url, tmp_path / "work", lonely_s=0.5)
    try:
        until(lambda: any(path.endswith("/task") for _, path, _ in fresh_service.calls))
        fresh_service.stop()
        assert runner.ended() == 0
    finally:
        runner.close()


def test_a_wrong_key_ends_the_runner_with_a_line_in_its_log(fresh_service: StubService, tmp_path: Path) -> None:
    runner = RunnerProcess(fresh_service.url, tmp_path / "work", api_key="wrong")
    try:
        assert runner.ended() == 1
        assert "refused the runner: 401" in runner.log()
    finally:
        runner.close()


def test_the_next_runner_tells_what_a_dead_one_could_not(fresh_service: StubService, tmp_path: Path) -> None:
    first = RunnerProcess(fresh_service.url, tmp_path / "work")
    try:
        task = fresh_service.submit("bash -c 'echo ready; while [ ! -e go ]; do sleep 0.05; done'")
        log = first.artifact(task, "stdout.txt")
        until(lambda: log.exists() and b"ready" in log.read_bytes(), what=first.log())
        fresh_service.event(task, "TaskWorkStarted")
        fresh_service.stop()
        log.with_name("go").touch()
        journal = tmp_path / "work" / task / "reports.jsonl"
        until(lambda: b"TaskWorkFinished" in journal.read_bytes())
    finally:
        first.die()
        first.close()
    fresh_service.start()
    second = RunnerProcess(fresh_service.url, tmp_path / "work")
    try:
        assert fresh_service.event(task, "TaskWorkFinished")["elapsed_time_s"] > 0
        until(lambda: not journal.exists())
    finally:
        second.close()


def test_a_stranger_at_the_port_of_a_dead_service_gets_no_key_and_no_belief(
    fresh_service: StubService, tmp_path: Path
) -> None:
    dead = subprocess.Popen(["true"])
    dead.wait()
    handshake = tmp_path / "service.json"
    known = {"url": fresh_service.url, "api_key": API_KEY}
    handshake.write_text(json.dumps({**known, "pid": os.getpid()}))
    runner = RunnerProcess(fresh_service.url, tmp_path / "work", handshake=handshake)
    try:
        task = fresh_service.submit("bash -c 'while [ ! -e go ]; do sleep 0.05; done'")
        fresh_service.event(task, "TaskWorkStarted")
        handshake.write_text(json.dumps({**known, "pid": dead.pid}))
        until(lambda: "has ended" in runner.log())
        told = len(fresh_service.calls)
        runner.artifact(task, "go").touch()
        until(lambda: runner.log().count("has ended") > 4)
        assert len(fresh_service.calls) == told, "who listens there now is asked and told nothing"
        handshake.write_text(json.dumps({**known, "pid": os.getpid()}))
        assert fresh_service.end(task)["new_status"] == "success", runner.log()
    finally:
        runner.close()
