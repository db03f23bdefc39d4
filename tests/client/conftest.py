"""A real service for the tests of a file that ask for one; they may kill it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.local_service import ServiceAddress, ensure_local_service
from tests.client.own_service import end, serve

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def address(data: Path) -> Iterator[ServiceAddress]:
    yield asyncio.run(ensure_local_service(data, serve(data)))
    end(asyncio.run(ensure_local_service(data, serve(data))), data)


@pytest.fixture
async def client(address: ServiceAddress) -> AsyncIterator[ServiceClient]:
    async with ServiceClient(address.url, address.api_key) as opened:
        yield opened
