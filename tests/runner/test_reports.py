"""How reports travel: together where the service takes that, one by one elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.runner.runner_process import RunnerProcess

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.runner.stub_service import StubService


@pytest.fixture
def batching_runner(fresh_service: StubService, tmp_path: Path) -> Iterator[RunnerProcess]:
    fresh_service.takes_batches = True
    process = RunnerProcess(fresh_service.url, tmp_path / "work")
    yield process
    process.close()


def test_reports_travel_together_and_in_order(fresh_service: StubService, batching_runner: RunnerProcess) -> None:
    task = fresh_service.submit("bash -c 'exit 3'")
    assert fresh_service.end(task)["new_status"] == "failed", batching_runner.log()
    assert fresh_service.event_names(task) == ["TaskWorkStarted", "TaskWorkFinished", "TaskOutputUploaded"]
    assert fresh_service.exit_codes(task) == [3]
    assert fresh_service.metrics(task)["computation_seconds"] > 0
    assert max(fresh_service.batches) > 1
    assert len(fresh_service.batches) < len(fresh_service.told(task)) / 2


def test_a_batch_that_is_refused_is_told_one_by_one(fresh_service: StubService, batching_runner: RunnerProcess) -> None:
    fresh_service.takes_batches = False
    task = fresh_service.submit("true")
    assert fresh_service.end(task)["new_status"] == "success", batching_runner.log()
    assert fresh_service.operations(task, "exec_command")
