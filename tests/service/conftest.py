"""A running service: in the loop of the test, with machines that it speaks for, or as a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.fake_runner import FakeRunner
from tests.service.house import House, a_house
from tests.service.program import Program

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def runner(house: House) -> FakeRunner:
    return await FakeRunner.register(house)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    made = Program(tmp_path / "data")
    yield made
    if made.process is not None:
        made.process.kill()
        made.process.communicate()
    for runner in made.runners():
        runner.kill()
