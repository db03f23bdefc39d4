"""A house with a running service, and machines that the test speaks for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.service.fake_runner import FakeRunner
from tests.service.house import House, a_house

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with a_house(tmp_path / "data") as opened:
        yield opened


@pytest.fixture
async def runner(house: House) -> FakeRunner:
    return await FakeRunner.register(house)
