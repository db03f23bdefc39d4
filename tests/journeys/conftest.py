"""A real service process with real runners, in a folder of its own, for every story."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.journeys.story import Service, started

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator
    from pathlib import Path

    from taskmon.client.api import ServiceClient


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with started(Service(tmp_path / "service")) as running:
        yield running


@pytest.fixture
async def client(service: Service) -> AsyncIterator[ServiceClient]:
    async with service.client() as client:
        yield client


@pytest.fixture
def folder(tmp_path: Path) -> Callable[..., Path]:
    """Makes an input folder out of file names and texts."""

    def make(name: str = "case", **files: str) -> Path:
        path = tmp_path / name
        path.mkdir()
        for file, text in (files or {"input": "1 2 3\n"}).items():
            (path / file.replace("_", ".", 1)).write_text(text, encoding="utf-8")
        return path

    return make
