"""A runner that says what the test wants it to say, over the real protocol."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.service.house import an_archive, assert_fits

if TYPE_CHECKING:
    from tests.service.house import House

NOW = "2025-06-02T12:00:00Z"


@dataclass
class FakeRunner:
    """A registered machine of the house's group."""

    house: House
    uuid: str

    @staticmethod
    async def register(house: House, group: str | None = None, host_name: str = "lab-1") -> FakeRunner:
        body = {
            "create_time": NOW,
            "cpu_count_logical": 4,
            "cpu_count_physical": None,
            "memory": 8_000_000_000,
            "host_name": host_name,
            "host_id": "local-mode-id",
            "machine_group_id": group or house.group,
            "mpi_cluster": False,
            "num_mpi_hosts": 1,
        }
        answer = await house.json("POST", "/task-runner/register", json=body, expect=202)
        assert_fits(answer, "TaskRunnerAPIConnectionInfo")
        return FakeRunner(house, answer["task_runner_id"])

    async def take(self, block_s: float = 0) -> dict[str, Any] | None:
        """The next task's order; None for 204."""
        answer = await self.house.client.get(f"/task-runner/{self.uuid}/task", params={"block_s": block_s})
        if answer.status_code == 204:
            return None
        assert answer.status_code == 200, answer.text
        assert_fits(answer.json(), "runner.TaskRequest")
        order: dict[str, Any] = answer.json()
        return order

    async def message(self, task_id: str, block_s: float = 0) -> str | None:
        answer = await self.house.client.get(
            f"/task-runner/{self.uuid}/task/{task_id}/message", params={"block_s": block_s}
        )
        assert answer.status_code in (200, 204)
        return str(answer.json()) if answer.status_code == 200 else None

    async def unblock(self, task_id: str) -> None:
        await self.house.json("POST", f"/task-runner/{self.uuid}/task/{task_id}/message/unblock")

    async def say(self, kind: str, task_id: str, **fields: Any) -> None:
        """Report an event about a task."""
        inner = {"timestamp": NOW, "id": task_id, "machine_id": self.uuid, "elapsed_time_s": 0.0, **fields}
        await self.post_event({"type": kind, "json": json.dumps(inner)})

    async def leave(self, reason: str, **fields: Any) -> None:
        """Report that this runner ends."""
        inner = {"timestamp": NOW, "uuid": self.uuid, "reason": reason, "stopped_tasks": [], **fields}
        await self.post_event({"type": "TaskRunnerTerminated", "json": json.dumps(inner)})

    async def post_event(self, body: dict[str, Any]) -> None:
        await self.house.json("POST", f"/task-runner/{self.uuid}/event", json=body)

    async def metric(self, task_id: str, name: str, value: float) -> None:
        body = {"metric": name, "value": value}
        await self.house.json("POST", f"/task-runner/{self.uuid}/task/{task_id}/metric", json=body, expect=202)

    async def begin(self, task_id: str, name: str, elapsed_s: float = 0.0, **attributes: Any) -> str:
        """A step begins; its id."""
        body = {"name": name, "attributes": attributes, "elapsed_time_s": elapsed_s}
        answer = await self.house.json("POST", f"/task-runner/{self.uuid}/task/{task_id}/operation", json=body)
        assert_fits(answer, "MachineOperation")
        return str(answer["operation_id"])

    async def end(self, task_id: str, operation: str, elapsed_s: float = 0.0, **attributes: Any) -> None:
        path = f"/task-runner/{self.uuid}/task/{task_id}/operation/{operation}/done"
        await self.house.json("POST", path, json={"attributes": attributes, "elapsed_time_s": elapsed_s})

    async def compute(self) -> str:
        """Take the next task and bring it to In Progress; its id."""
        order = await self.take()
        assert order is not None
        await self.say("TaskWorkStarted", order["id"])
        return str(order["id"])

    async def deliver(self, task_id: str, status: str | None, outputs: dict[str, bytes]) -> None:
        """End the commands, store the outputs and report the end."""
        await self.say("TaskWorkFinished", task_id)
        await self.house.upload(f"/{task_id}/output.zip", an_archive(outputs))
        await self.say("TaskOutputUploaded", task_id, new_status=status)
