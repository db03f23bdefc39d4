"""What every client relies on beyond the life of tasks: shapes, codes, the key, groups, projects, lists."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from taskmon.core.lifecycle import Cause
from taskmon.service.gate import LARGEST_BODY
from tests.service.fake_runner import FakeRunner
from tests.service.house import a_house, assert_fits

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.house import House


@pytest.mark.parametrize("path", ["/version-check?client_version=0.18.12", "/version", "/simulators/available-images"])
async def test_some_questions_need_no_key(house: House, path: str) -> None:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False, verify=False) as stranger:
        assert (await stranger.get(path)).status_code == 200


@pytest.mark.parametrize("key", [None, "", "wrong", "schlüssel".encode("latin-1")])
@pytest.mark.parametrize("path", ["/tasks", "/users/info", "/taskmon/capabilities", "/nothing", "/version-check/"])
async def test_nothing_else_works_without_the_key(house: House, path: str, key: Any) -> None:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False, verify=False) as stranger:
        answer = await stranger.get(path, headers={} if key is None else {"X-API-Key": key})
    assert answer.status_code == 401
    assert "key" in answer.json()["detail"]


async def test_a_page_of_a_foreign_name_is_not_served(house: House) -> None:
    answer = await house.client.get("/tasks", headers={"Host": "evil.example:80"})
    assert answer.status_code == 421
    assert (await house.client.get("/tasks", headers={"Host": "localhost:80"})).status_code == 200
    assert (await house.client.get("/tasks", headers={"Host": "[::1]:80"})).status_code == 200


@pytest.mark.parametrize("length", ["Content-Length: 10737418240", "Transfer-Encoding: chunked"])
async def test_a_body_larger_than_memory_is_refused_before_it_is_kept(house: House, length: str) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", httpx.URL(house.url).port)
    key = house.client.headers["X-API-Key"]
    writer.write(f"POST /tasks/submit HTTP/1.1\r\nHost: localhost\r\nX-API-Key: {key}\r\n{length}\r\n\r\n".encode())
    answer = asyncio.create_task(reader.readline())
    sent = 0
    with contextlib.suppress(ConnectionError):
        while not answer.done() and sent < 4 * LARGEST_BODY:
            writer.write(b"100000\r\n" + b"[" * 0x100000 + b"\r\n")
            sent += 0x100000
            await writer.drain()
            await asyncio.sleep(0)
    assert (await answer).split()[1] == b"413"
    assert sent < 2 * LARGEST_BODY
    writer.close()
    with contextlib.suppress(ConnectionError):
        await writer.wait_closed()


async def test_a_deeply_nested_body_is_no_mistake_of_the_service(house: House) -> None:
    answer = await house.client.post("/tasks/submit", content=b"[" * 200_000)
    assert answer.status_code in (400, 422)


async def test_every_error_says_what_happened(house: House) -> None:
    for method, path, code in [
        ("GET", "/nothing", 404),
        ("PATCH", "/tasks", 405),
        ("GET", "/tasks/nosuchtask", 404),
        ("GET", "/tasks?per_page=501", 422),
        ("GET", "/tasks?status=nonsense", 422),
        ("GET", "/tasks?sort=nonsense", 422),
        ("POST", "/tasks/submit", 422),
        ("GET", "/projects/nosuchproject", 404),
        ("GET", "/compute/group/nosuchgroup", 404),
        ("POST", "/compute/group/start?machine_group_id=x", 404),
    ]:
        answer = await house.json(method, path, expect=code)
        assert isinstance(answer["detail"], str)
        assert answer["detail"]


async def test_a_mistake_of_the_service_is_told_without_its_inside(
    house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.service.database.close()
    answer = await house.client.get("/tasks")
    assert answer.status_code == 500
    assert "mistake" in answer.json()["detail"]
    assert house.service.api_key not in caplog.text


async def test_the_account_fits_the_contract(house: House) -> None:
    assert_fits(await house.json("GET", "/users/info"), "User")
    assert_fits(await house.json("GET", "/users/costs"), "UserCosts")
    assert (await house.json("GET", "/users/costs"))["costs"]
    assert_fits(await house.json("GET", "/users/fees"), "UserFees")
    quotas = await house.json("GET", "/users/quotas")
    for quota in quotas.values():
        assert_fits(quota, "Quota")
    for group in await house.json("GET", "/compute/groups"):
        assert set(group["quota_usage"]) <= set(quotas)
    assert {"max_vcpus", "max_instances", "max_price_hour"} <= set(quotas)
    assert (await house.json("GET", "/compute/price?machine_type=local"))["preemptible_price"] != 0
    check = await house.json("GET", "/version-check?client_version=0.18.12")
    assert_fits(check, "VersionComparisonResult")
    assert check["is_valid"]


async def test_the_simulators_of_the_catalogue_are_offered(house: House) -> None:
    images = await house.json("GET", "/simulators/available-images")
    assert_fits(images, "catalogue.AvailableSimulatorVersions")
    assert images["production"] == {"commands": ["latest"], "splishsplash": ["2.13.0"]}


async def test_a_group_with_machines_waits_to_be_started(house: House) -> None:
    request = {"provider_id": "LOCAL", "machine_type": "local", "name": "two", "num_vms": 2}
    group = await house.json("POST", "/compute/group", json=request, expect=201)
    assert_fits(group, "VMGroupConfig")
    assert (group["status"], group["started"], group["max_vms"]) == ("registered", False, 2)
    for field in ("cpu_info", "cost_per_hour", "quota_usage", "zone"):
        assert group[field] is not None
    await house.json("POST", "/compute/group/start", params={"machine_group_id": group["id"]})
    assert house.provider.started == [(group["id"], "two", 2)]
    again = await house.json("GET", "/compute/group/two")
    assert_fits(again, "VMGroupConfig")
    assert (again["status"], again["started"]) == ("started", True)
    taken = await house.json("POST", "/compute/group", json=request, expect=409)
    assert "two" in taken["detail"]


async def test_a_group_of_registering_runners_counts_as_started(house: House) -> None:
    body = {"provider_id": "LOCAL", "name": None, "disk_size_gb": 25.0, "cpu_cores_logical": 8, "max_idle_time": 60}
    group = await house.json("POST", "/compute/group", json=body, expect=201)
    assert group["started"]
    assert group["disk_size_gb"] == 25
    assert group["cpu_info"]["cpu_cores_logical"] == 8
    await FakeRunner.register(house, group["id"])
    listed = await house.json("GET", "/compute/groups")
    assert [each["num_vms"] for each in listed if each["id"] == group["id"]] == [1]


@pytest.mark.parametrize(
    "wish", [{"provider_id": "AWS"}, {"is_elastic": True, "min_vms": 3, "max_vms": 2}, {"num_vms": 9999}]
)
async def test_what_this_computer_cannot_be_is_refused(house: House, wish: dict[str, Any]) -> None:
    answer = await house.json("POST", "/compute/group", json={"provider_id": "LOCAL", **wish}, expect=422)
    assert answer["detail"]


async def test_a_terminated_group_ends_its_tasks_and_frees_its_name(house: House, runner: FakeRunner) -> None:
    await house.queue()
    running = await runner.compute()
    queued, empty = await house.queue(), await house.submit()
    await house.json("DELETE", "/compute/group", params={"machine_group_id": house.group}, expect=202)
    assert await house.status(running) == "executer-terminated-by-user"
    assert await house.status(queued) == "zombie"
    assert await house.status(empty) == "zombie"
    assert house.provider.stopped == [house.group]
    await house.json("GET", f"/task-runner/{runner.uuid}/task", expect=404)
    assert await runner.message(running) == "done"
    await runner.say("TaskOutputUploaded", running, new_status="killed")
    assert await house.status(running) == "executer-terminated-by-user"
    assert await house.json("GET", "/compute/groups") == []
    await house.json("GET", "/compute/group/lab", expect=404)
    await house.json("DELETE", "/compute/group", params={"machine_group_id": house.group}, expect=202)
    await house.json("POST", "/compute/group/start", params={"machine_group_id": house.group}, expect=409)
    await house.json("POST", "/compute/group", json={"provider_id": "LOCAL", "name": "lab"}, expect=201)


async def test_a_group_ends_at_its_time_limit_and_when_idle(house: House) -> None:
    limit = (house.clock.now + timedelta(seconds=100)).isoformat()
    timed = await house.json(
        "POST", "/compute/group", json={"provider_id": "LOCAL", "auto_terminate_ts": limit}, expect=201
    )
    idle = await house.json("POST", "/compute/group", json={"provider_id": "LOCAL", "max_idle_time": 60}, expect=201)
    queued = await house.queue(resource_pool=timed["id"])
    working = await house.queue(resource_pool=house.group)
    house.clock.advance(61)
    house.service.scheduler.tidy(silence_s=999)
    assert idle["id"] not in [group["id"] for group in await house.json("GET", "/compute/groups")]
    house.clock.advance(40)
    house.service.scheduler.tidy(silence_s=999)
    assert await house.status(queued) == "zombie"
    assert await house.status(working) == "submitted"


async def test_a_task_needs_a_living_group_and_a_sane_limit(house: House) -> None:
    request = {"simulator": "arbitrary_commands", "resource_pool": "nowhere", "container_image": "x"}
    await house.json("POST", "/tasks/submit", json=request, expect=404)
    for wrong in ({"time_to_live_seconds": 0}, {"storage_path_prefix": "../up"}, {"project": "x" * 129}):
        await house.json("POST", "/tasks/submit", json={**request, "resource_pool": house.group, **wrong}, expect=422)


async def test_lists_are_paged_filtered_and_sorted(house: House, runner: FakeRunner) -> None:
    ids = [await house.queue(project="one" if number % 2 else "two") for number in range(5)]
    await runner.take()
    page = await house.json("GET", "/tasks?per_page=2")
    assert_fits(page, "TaskWithPagination")
    assert [task["task_id"] for task in page["tasks"]] == [ids[4], ids[3]]
    assert page["total_size"] == 5
    assert all(task["metrics"] is not None for task in page["tasks"])
    assert (await house.json("GET", "/tasks?page=4&per_page=2"))["tasks"] == []
    for query, expected in [
        ("project=one", [ids[3], ids[1]]),
        ("project=nothing", []),
        ("status=started", [ids[0]]),
        ("active=false", []),
        (f"task_id_filter={ids[2][3:20]}", [ids[2]]),
        ("sort=create_time:asc", ids),
        ("sort=project:desc&sort=create_time:asc&per_page=3", [ids[0], ids[2], ids[4]]),
    ]:
        page = await house.json("GET", f"/tasks?{query}")
        assert [task["task_id"] for task in page["tasks"]] == expected, query


async def test_times_carry_their_offset(house: House) -> None:
    detail = await house.detail(await house.queue())
    assert detail["create_time"].endswith("+00:00")
    assert datetime.fromisoformat(detail["input_submit_time"]).utcoffset() == timedelta(0)


async def test_projects_are_made_counted_and_changed(house: House) -> None:
    await house.json("GET", "/projects/dam", expect=404)
    made = await house.json("POST", "/projects", json={"name": "dam", "project_type": "project"})
    assert_fits(made, "Project")
    await house.json("POST", "/projects", json={"name": "dam"}, expect=409)
    await house.json("POST", "/projects", json={"name": " "}, expect=422)
    task_id = await house.queue()
    await house.json("POST", f"/projects/dam/task/{task_id}/add")
    assert (await house.detail(task_id))["project"] == "dam"
    listed = await house.json("GET", "/projects")
    assert [(project["name"], project["num_tasks"]) for project in listed] == [("default", 0), ("dam", 1)]
    assert (await house.json("GET", "/projects/dam"))["task_status_overview"] == {"submitted": 1}


async def test_metadata_is_replaced_merged_and_shown(house: House) -> None:
    task_id = await house.submit()
    path = f"/tasks/{task_id}/metadata"
    assert await house.json("GET", path) == {}
    await house.json("PUT", path, json={"name": "dam break", "old": "x"})
    await house.json("PATCH", path, json={"old": None, "resubmitted_from": "abc"})
    expected = {"name": "dam break", "resubmitted_from": "abc"}
    assert await house.json("GET", path) == (await house.detail(task_id))["task_metadata"] == expected
    await house.json("PUT", path, json={})
    assert await house.json("GET", path) == {}


async def test_letters_reach_their_receiver_once(house: House) -> None:
    task_id = await house.submit()
    base = f"/tasks/{task_id}"
    await house.json("POST", f"{base}/register", json={"sender_id": task_id, "receiver_id": None, "type": None})
    letter = {"sender_id": "uuid", "receiver_id": task_id, "type": "offer", "sdp": "v=0"}
    await house.json("POST", f"{base}/offer", json=letter)
    assert await house.json("GET", f"{base}/message", params={"client": task_id, "block_s": 5}) == letter
    empty = await house.client.get(f"{base}/message", params={"client": task_id, "block_s": 0})
    assert empty.status_code == 204
    await house.json("POST", f"{base}/kill")
    ended = await house.client.get(f"{base}/message", params={"client": task_id, "block_s": 60}, timeout=20)
    assert ended.status_code == 204


async def test_a_service_started_again_knows_everything(tmp_path: Path) -> None:
    async with a_house(tmp_path / "data") as before:
        task_id = await before.queue()
        runner = await FakeRunner.register(before)
        await runner.compute()
        await before.json("POST", f"/tasks/{task_id}/kill")
        key, clock = before.service.api_key, before.clock
        [url] = await before.signed("download", f"{task_id}/input.zip")
    async with a_house(tmp_path / "data", clock=clock) as after:
        assert after.service.api_key == key
        assert await after.status(task_id) == "pending-kill"
        runner.house = after
        assert await runner.message(task_id) == "kill", "what the service before could not say is said now"
        await runner.deliver(task_id, "killed", {})
        assert await after.status(task_id) == "killed"
        moved = url.replace(url.split("/objects/")[0], after.url)
        assert (await after.client.get(moved)).status_code == 200, "addresses given before stay valid"


async def test_without_extensions_there_is_only_the_contract(tmp_path: Path) -> None:
    async with a_house(tmp_path / "data", extensions=False) as plain:
        await plain.json("GET", "/taskmon/capabilities", expect=404)
        assert await plain.status(await plain.queue()) == "submitted"


async def test_secrets_belong_to_their_owner(house: House) -> None:
    data = house.service.data
    for path in (data.database, data.api_key, data.signing_secret):
        assert path.stat().st_mode & 0o777 == 0o600
    assert data.root.stat().st_mode & 0o777 == 0o700
    assert not data.api_key.read_text().endswith("\n")


async def test_an_event_and_its_state_are_written_together(house: House) -> None:
    task_id = await house.queue()

    class PowerCutError(Exception):
        pass

    with pytest.raises(PowerCutError), house.service.database.transaction():
        house.service.tasks.record(task_id, Cause.USER_KILL, at=house.clock())
        raise PowerCutError
    assert await house.visited(task_id) == ["pending-input", "submitted"]
    assert await house.status(task_id) == "submitted"


async def test_a_program_for_cloud_machines_gets_this_computer_instead(house: House) -> None:
    wish = {"provider_id": "GCP", "machine_type": "c2-standard-4", "num_vms": 1, "spot": True, "is_elastic": False}
    group = await house.json("POST", "/compute/group", json=wish, expect=201)
    assert_fits(group, "VMGroupConfig")
    assert (group["provider_id"], group["machine_type"], group["spot"]) == ("LOCAL", "c2-standard-4", False)


async def test_an_elastic_group_grows_with_its_queue_and_shrinks_when_idle(house: House) -> None:
    wish = {"provider_id": "GCP", "is_elastic": True, "min_vms": 1, "max_vms": 2, "num_vms": 1}
    group = await house.json("POST", "/compute/group", json=wish, expect=201)
    assert_fits(group, "VMGroupConfig")
    assert (group["is_elastic"], group["min_vms"], group["max_vms"]) == (True, 1, 2)
    await house.json("POST", "/compute/group/start", params={"machine_group_id": group["id"]})
    queued = [await house.queue(resource_pool=group["id"]) for _ in range(3)]
    house.service.scheduler.tidy(180)
    name = group["name"]
    assert house.provider.started == [(group["id"], name, 1), (group["id"], name, 2)]
    for task_id in queued:
        await house.json("POST", f"/tasks/{task_id}/kill")
    house.service.scheduler.tidy(180)
    assert house.provider.shrunk == []
    house.clock.now += timedelta(seconds=31)
    house.service.scheduler.tidy(180)
    house.service.scheduler.tidy(180)
    assert house.provider.shrunk == [(group["id"], 1)]


async def test_the_hosts_of_a_cluster_share_the_cores_of_this_computer(house: House) -> None:
    cores = house.service.computer.cores_logical
    wish = {"provider_id": "GCP", "type": "mpi", "num_vms": cores, "is_elastic": False}
    group = await house.json("POST", "/compute/group", json=wish, expect=201)
    assert_fits(group, "VMGroupConfig")
    assert (group["type"], group["max_vms"], group["cpu_info"]["cpu_cores_logical"]) == ("mpi", cores, 1)
    await house.json("POST", "/compute/group/start", params={"machine_group_id": group["id"]})
    assert house.provider.started == [(group["id"], group["name"], 1)]


async def test_a_letter_that_comes_before_its_receiver_is_kept(house: House) -> None:
    task_id = await house.submit()
    letter = {"sender_id": "client", "receiver_id": task_id, "type": "offer", "sdp": "v=0"}
    await house.json("POST", f"/tasks/{task_id}/offer", json=letter)
    await house.json("POST", f"/tasks/{task_id}/register", json={"sender_id": task_id})
    read: dict[str, str | int] = {"client": task_id, "block_s": 0}
    assert await house.json("GET", f"/tasks/{task_id}/message", params=read) == letter
    assert (await house.client.get(f"/tasks/{task_id}/message", params=read)).status_code == 204
