"""Files that come from and go to an address, buckets, costs, projects compared and deleted, machine types."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from tests.service.house import House, assert_fits
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class Elsewhere:
    """A small store on another address: serves `/file`, breaks off `/cut`, takes parts."""

    def __init__(self) -> None:
        self.url = ""
        self.content = b"0123456789" * 300_000
        self.taken: dict[str, bytes] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        path = head.split()[1]
        assert "x-api-key" not in head
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0] or 0)
        if length:
            self.taken[path] = await reader.readexactly(length)
        status = "200 OK" if path != "/missing" else "404 Not Found"
        body = b"" if length else self.content[: 1000 if path == "/cut" else None]
        announced = len(self.content) if path == "/cut" else len(body)
        writer.write(f'HTTP/1.1 {status}\r\netag: "tag{path}"\r\nconnection: close\r\n'.encode())
        writer.write(f"content-length: {announced}\r\n\r\n".encode() + body)
        await writer.drain()
        writer.close()


@pytest.fixture
async def elsewhere() -> AsyncIterator[Elsewhere]:
    store = Elsewhere()
    server = await asyncio.start_server(store.answer, "127.0.0.1", 0)
    store.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    async with server:
        yield store


async def fetch(house: House, url: str, path: str, expect: int = 200) -> Any:
    return await house.json("POST", "/storage/input_remote", params={"url": url, "path": path}, expect=expect)


async def test_a_file_is_fetched_whole(house: House, elsewhere: Elsewhere) -> None:
    await fetch(house, f"{elsewhere.url}/file", "meshes/fine.msh")
    target = house.service.storage.locate("meshes/fine.msh")
    await until_async(target.exists)
    assert target.read_bytes() == elsewhere.content


async def test_half_a_file_is_not_kept(house: House, elsewhere: Elsewhere) -> None:
    await fetch(house, f"{elsewhere.url}/cut", "meshes/half.msh")
    await until_async(lambda: not house.service.transfers.busy)
    assert not house.service.storage.locate("meshes/half.msh").exists()
    assert list(house.service.data.incoming.iterdir()) == []


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "nonsense", "http://", "http://127.0.0.1:1/x", "ELSEWHERE/missing"]
)
async def test_an_address_without_a_file_is_refused_at_once(house: House, elsewhere: Elsewhere, url: str) -> None:
    answer = await fetch(house, url.replace("ELSEWHERE", elsewhere.url), "x", expect=422)
    assert answer["detail"]


async def test_a_fetched_file_stays_in_the_storage(house: House, elsewhere: Elsewhere) -> None:
    await fetch(house, f"{elsewhere.url}/file", "../outside", expect=422)


async def test_a_file_is_exported_in_parts(house: House, elsewhere: Elsewhere) -> None:
    await house.upload("results/output.zip", b"a" * 10 + b"b" * 10 + b"c" * 5)
    parts = [{"part_number": number, "part_url": f"{elsewhere.url}/part{number}"} for number in (1, 2, 3)]
    wish = {"path": "results/output.zip", "parts_size": 10, "upload_parts": parts[::-1]}
    body = {**wish, "complete_multipart_url": f"{elsewhere.url}/complete"}
    started = await house.json("POST", "/storage/export_multipart", json=body)

    async def ended() -> Any:
        operation = await house.json("GET", f"/storage/operations/{started['operation_id']}")
        assert_fits(operation, "StorageOperation")
        return operation if operation["end_time"] else None

    operation = await until_async(ended)
    assert operation["status"] == "OK"
    assert [elsewhere.taken[f"/part{number}"] for number in (1, 2, 3)] == [b"a" * 10, b"b" * 10, b"c" * 5]
    assert b'<PartNumber>2</PartNumber><ETag>"tag/part2"</ETag>' in elsewhere.taken["/complete"]
    await house.json("POST", "/storage/export_multipart", json={**body, "parts_size": 5}, expect=422)
    await house.json("POST", "/storage/export_multipart", json={**body, "path": "no/such"}, expect=404)
    await house.json("GET", "/storage/operations/unknown", expect=404)


async def test_the_storage_is_one_free_bucket(house: House) -> None:
    default = await house.json("GET", "/storage/default_bucket")
    assert_fits(default, "Bucket")
    assert await house.json("GET", "/storage/list_buckets") == [default]
    assert_fits(await house.json("GET", "/storage/cost"), "StorageCost")


async def test_the_machine_catalogue_knows_this_computer_and_needs_no_key(house: House) -> None:
    for wish, number in (
        ({"provider_id": "LOCAL"}, 1),
        ({"provider_id": "LOCAL", "vcpus_range": [1, 4096], "zones": ["local"]}, 1),
        ({"provider_id": "LOCAL", "gpus_range": [1, 8]}, 0),
        ({"provider_id": "GCP"}, 0),
    ):
        types = await house.json("GET", "/pricing/machine-types", params=wish, headers={"x-api-key": "wrong"})
        assert len(types) == number, wish
        for each in types:
            assert_fits(each, "catalogue.MachineType")


async def test_a_deleted_project_gives_its_tasks_to_the_default_one(house: House) -> None:
    first, second = await house.submit(project="wind"), await house.submit(project="wind")
    cursor = (await house.json("GET", "/taskmon/changes"))["cursor"]
    await house.json("DELETE", "/projects", params={"project_name": "wind"}, expect=202)
    await house.json("GET", "/projects/wind", expect=404)
    changes = await house.json("GET", "/taskmon/changes", params={"since": cursor})
    assert {task["task_id"]: task["project"] for task in changes["tasks"]} == {first: "default", second: "default"}
    await house.json("DELETE", "/projects", params={"project_name": "default"}, expect=409)
    await house.json("DELETE", "/projects", params={"project_name": "wind"}, expect=404)


async def test_the_tasks_of_a_project_are_compared(house: House) -> None:
    first, second = await house.submit(project="sizes"), await house.submit(project="sizes")
    await house.json("PUT", f"/tasks/{first}/metadata", json={"cells": "100"})
    every = await house.json("GET", "/projects/sizes/tasks_info", params={"select": "all"})
    assert {row["task_id"] for row in every} == {first, second}
    assert every[0].keys() == every[1].keys()
    differing = await house.json("GET", "/projects/sizes/tasks_info", params={"select": "distinct"})
    assert [set(row) for row in differing] == [{"task_id", "metadata: cells"}] * 2
    assert await house.json("GET", "/projects/sizes/tasks_info", params={"status": "success"}) == []
    await house.json("GET", "/projects/none/tasks_info", expect=404)
