"""A submission whose answer was lost is sent again and is still one task."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.service.fake_runner import FakeRunner

if TYPE_CHECKING:
    from tests.service.house import House

KEY = {"Idempotency-Key": "3c1f0a5e-once"}


def _request(house: House) -> dict[str, object]:
    return {
        "simulator": "arbitrary_commands",
        "resource_pool": house.group,
        "container_image": "docker://taskmon/commands",
        "extra_params": {"commands": [{"cmd": "true"}]},
    }


async def test_the_same_key_is_the_same_task(house: House) -> None:
    first = await house.json("POST", "/tasks/submit", json=_request(house), headers=KEY, expect=202)
    again = await house.json("POST", "/tasks/submit", json=_request(house), headers=KEY, expect=202)
    assert first == again
    assert (await house.json("GET", "/tasks"))["total_size"] == 1
    other = await house.json("POST", "/tasks/submit", json=_request(house), expect=202)
    assert other["id"] != first["id"]


async def test_a_machine_that_lost_the_task_stores_nothing(house: House) -> None:
    task_id = await house.queue(resubmit_on_preemption=True)
    first = await FakeRunner.register(house)
    await first.compute()
    params = {"operation": "upload", "paths": f"{task_id}/output.zip"}
    mine = {"X-Task-Runner-Id": first.uuid}
    [url] = await house.json("GET", "/storage/signed-urls", params=params, headers=mine)
    await first.leave("interrupted")
    refused = await house.json("GET", "/storage/signed-urls", params=params, headers=mine, expect=409)
    assert "another machine" in refused["detail"]
    assert (await house.client.put(url, content=b"late")).status_code == 409
    assert (await house.client.put(url.replace(first.uuid, ""), content=b"late")).status_code == 403
    assert not (house.service.data.storage / task_id / "output.zip").exists()
