"""A stub service and a real runner for every test of this folder that asks for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService


@pytest.fixture
def service() -> Iterator[StubService]:
    stub = StubService()
    yield stub
    stub.stop()


@pytest.fixture
def runner(service: StubService, tmp_path: Path) -> Iterator[RunnerProcess]:
    process = RunnerProcess(service.url, tmp_path / "work")
    yield process
    process.close()
