"""A stub service and a real runner; tests that leave both unharmed share one pair, for a runner is slow to start."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService
from tests.waiting import until


class Pair:
    """The service and the runner that tests share until one of them is harmed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0
        self.service = StubService()
        self._runner: RunnerProcess | None = None

    def runner(self) -> RunnerProcess:
        """The living runner, or a new one."""
        if self._runner is None or self._runner.process.poll() is not None:
            self._count += 1
            self._runner = RunnerProcess(self.service.url, self._folder / f"work-{self._count}")
        return self._runner

    def renew(self) -> None:
        """Another service and no runner."""
        self.close()
        self.service = StubService()

    def close(self) -> None:
        """End both."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None
        self.service.stop()


@pytest.fixture(scope="package")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    made = Pair(tmp_path_factory.mktemp("runner"))
    yield made
    made.close()


@pytest.fixture
def service(pair: Pair) -> StubService:
    """Without memory of earlier tests; a new one if a test has sent it away for good."""
    if pair.service.stopping or pair.service.refuse_polls_with:
        pair.renew()
    pair.service.forget()
    return pair.service


@pytest.fixture
def runner(pair: Pair, service: StubService) -> RunnerProcess:
    """A living runner of `service`, perhaps used before."""
    return pair.runner()


@pytest.fixture
def fresh_service() -> Iterator[StubService]:
    """A service that no other test sees."""
    stub = StubService()
    yield stub
    stub.stop()


@pytest.fixture
def fresh_runner(fresh_service: StubService, tmp_path: Path) -> Iterator[RunnerProcess]:
    """A runner of `fresh_service` that no other test sees, registered and waiting for its first task."""
    process = RunnerProcess(fresh_service.url, tmp_path / "work")
    try:
        until(lambda: any(path.endswith("/task") for _, path, _ in fresh_service.calls), what=process.log())
        yield process
    finally:
        process.close()
