"""Requests and answers of a service, and what its faults become."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import httpx
import pytest

from taskmon.client.api import ServiceClient
from taskmon.core.errors import (
    BusyError,
    ConnectionFailedError,
    InvalidInputError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.lifecycle import Status
from tests.builders import a_task, a_task_request
from tests.client.fake_service import KEY, URL, FakeService, answer, break_off, refuse, unreachable


async def test_a_task_travels_unchanged() -> None:
    service = FakeService()
    task = service.put(a_task(name="dam"))
    async with service.client() as client:
        page = await client.tasks()
    assert page.tasks == [task]
    assert page.total_size == 1


async def test_fields_and_statuses_of_a_newer_service_are_no_obstacle() -> None:
    service = FakeService()
    task = a_task(task_id="a")
    body = {name: getattr(task, name) for name in type(task).__dataclass_fields__}
    service.faults.append(lambda _: answer({"total_size": 1, "tasks": [{**body, "status": "hibernating", "new": 1}]}))
    async with service.client() as client:
        found = (await client.tasks()).tasks[0]
    assert found.status == "hibernating"
    assert not found.status.known


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotAuthorizedError),
        (403, NotAuthorizedError),
        (404, NotFoundError),
        (409, RefusedError),
        (410, RefusedError),
        (422, RefusedError),
        (429, BusyError),
        (503, BusyError),
        (500, ServiceFailedError),
        (302, ServiceFailedError),
    ],
)
async def test_every_refusal_has_its_error_and_a_sentence(status: int, kind: type[TaskmonError]) -> None:
    service = FakeService()
    service.faults.append(lambda _: refuse(status, "The moon is full."))
    async with service.client() as client:
        with pytest.raises(kind) as raised:
            await client.task("a")
    assert "The moon is full." in raised.value.title
    if isinstance(raised.value, RefusedError):
        assert raised.value.status_code == status


async def test_a_list_of_complaints_becomes_one_sentence() -> None:
    service = FakeService()
    complaints = [{"loc": ["body", "resource_pool"], "msg": "is missing"}, {"loc": [], "msg": "so is the rest"}]
    service.faults.append(lambda _: httpx.Response(422, json={"detail": complaints}))
    async with service.client() as client:
        with pytest.raises(RefusedError, match="resource_pool: is missing; so is the rest"):
            await client.submit(a_task_request())


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry_after": "7"}, 7.0),
        ({"retry_after": "Mon, 02 Jun 2025 12:00:30 GMT", "date": "Mon, 02 Jun 2025 12:00:10 GMT"}, 20.0),
        ({"retry_after": "soon"}, None),
        ({}, None),
    ],
)
async def test_a_busy_service_says_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    service = FakeService()
    service.faults.append(lambda _: refuse(503, "Later.", **headers))
    async with service.client() as client:
        with pytest.raises(BusyError) as raised:
            await client.tasks()
    assert raised.value.retry_after == seconds


@pytest.mark.parametrize("body", [b"", b"nonsense", b"[]", b'{"total_size": "one", "tasks": []}', b"\xff"])
async def test_an_answer_that_breaks_the_contract_is_the_services_fault(body: bytes) -> None:
    service = FakeService()
    service.faults.append(lambda _: httpx.Response(200, content=body))
    async with service.client() as client:
        with pytest.raises(ServiceFailedError, match="GET /tasks"):
            await client.tasks()


async def test_a_web_page_is_called_one() -> None:
    service = FakeService()
    service.faults.append(lambda _: httpx.Response(200, content=b"\n<!doctype html><p>Welcome"))
    async with service.client() as client:
        with pytest.raises(ServiceFailedError, match="A web page answers GET /tasks"):
            await client.tasks()


async def test_reading_survives_one_dropped_connection() -> None:
    service = FakeService()
    service.faults.append(break_off)
    async with service.client() as client:
        assert (await client.tasks()).total_size == 0
        service.faults.extend([break_off, break_off])
        with pytest.raises(ConnectionFailedError):
            await client.tasks()


async def test_a_call_that_the_closing_of_the_client_cut_off_is_no_bug() -> None:
    asked, closed = asyncio.Event(), asyncio.Event()

    class Cut(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            asked.set()
            await closed.wait()
            raise httpx.ReadError("cut", request=request)

    client = ServiceClient(URL, "key", transport=Cut())
    asking = asyncio.create_task(client.tasks())
    await asked.wait()
    await client.close()
    closed.set()
    with pytest.raises(ConnectionFailedError):
        await asking


async def test_a_submission_is_never_sent_twice() -> None:
    service = FakeService()
    service.faults.append(break_off)
    async with service.client() as client:
        with pytest.raises(ConnectionFailedError):
            await client.submit(a_task_request())
    assert len(service.requests) == 1


async def test_a_service_that_is_not_there_is_named() -> None:
    service = FakeService()
    service.faults.append(unreachable)
    async with service.client() as client:
        with pytest.raises(ConnectionFailedError, match=r"127\.0\.0\.1:1 cannot be reached"):
            await client.user()


async def test_a_real_refused_connection_is_told_the_same_way() -> None:
    async with ServiceClient("http://127.0.0.1:9", KEY) as client:
        with pytest.raises(ConnectionFailedError, match="cannot be reached"):
            await client.user()


async def test_signed_addresses_never_see_the_key() -> None:
    service = FakeService()
    service.stored["a/output.zip"] = b"0123456789"
    async with service.client() as client:
        url = await client.signed_url("download", "a/output.zip")
        async with client.download(url, 2, 4) as incoming:
            assert incoming.partial
            assert b"".join([chunk async for chunk in incoming.chunks]) == b"234"
    assert "x-api-key" not in service.requests[-1].headers
    assert service.requests[-2].headers["x-api-key"] == KEY


async def test_no_extension_is_no_error() -> None:
    async with FakeService(feed=False, files=False).client() as client:
        assert await client.capabilities() is None


async def test_ids_cannot_leave_their_place_in_the_path() -> None:
    service = FakeService()
    async with service.client() as client:
        with pytest.raises(NotFoundError):
            await client.task("../users/info")
    assert service.requests[0].url.raw_path == b"/tasks/..%2Fusers%2Finfo"


async def test_lists_can_be_narrowed_by_status() -> None:
    service = FakeService()
    service.put(a_task(status=Status.SUCCESS))
    killed = service.put(a_task(status=Status.KILLED))
    async with service.client() as client:
        assert (await client.tasks(status=Status.KILLED)).tasks == [killed]


@pytest.mark.parametrize("url", ["", "localhost:80", "ftp://x", "http://"])
def test_an_address_that_cannot_work_is_refused_at_once(url: str) -> None:
    with pytest.raises(InvalidInputError, match="address of the service cannot be used"):
        ServiceClient(url, KEY)


def test_a_key_with_foreign_characters_is_refused_at_once_and_a_stray_newline_forgiven() -> None:
    with pytest.raises(InvalidInputError):
        ServiceClient(URL, "a key=")
    ServiceClient(URL, "key\n")


@pytest.mark.parametrize("module", ["task_store", "poller", "local_service", "task_watch", "folder_scan"])
def test_what_the_window_needs_first_does_not_load_httpx(module: str) -> None:
    code = f"import sys, taskmon.client.{module}; sys.exit('httpx' in sys.modules or 'msgspec' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
