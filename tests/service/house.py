"""The real service application on a real socket, in the loop of the test, with a clock that the test moves."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import zipfile
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
import jsonschema

from taskmon.core.machine import MachineGroupRequest
from taskmon.core.simulators import Simulator
from taskmon.service.app import create_app
from taskmon.service.chaos import Chaos, CuttableProtocol
from taskmon.service.context import Service, build_service
from taskmon.service.data_folder import DataFolder
from taskmon.service.database import Database
from taskmon.service.listening import listen, service_url
from taskmon.service.machines.provider import RunnerProcess
from taskmon.service.request_timeouts import TimedProtocol
from taskmon.service.web_server import WebServer
from tests.fakes import StillClock
from tests.waiting import until_async

_SCHEMAS = json.loads(Path(__file__).with_name("contract").joinpath("schemas.json").read_text(encoding="utf-8"))
SIMULATORS = (
    Simulator(key="commands", name="Commands", image="docker://taskmon/commands", commands=("{command}",)),
    Simulator(key="splishsplash", name="SPlisHSPlasH", image="docker://x/kutu:splishsplash_v2.13.0", commands=()),
)


def assert_fits(value: Any, schema: str) -> None:
    """`value` is what the contract calls `schema`."""
    _validator(schema).validate(value)


@cache
def _validator(schema: str) -> jsonschema.Draft202012Validator:
    whole = {"$ref": f"#/$defs/{schema}", "$defs": _SCHEMAS}
    return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())


class RecordingProvider:
    """A keeper of machines that only remembers what it was asked for."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, int]] = []
        self.stopped: list[str] = []
        self.given_up: list[str] = []
        self.shrunk: list[tuple[str, int]] = []

    def start(self, group_id: str, group_name: str, count: int) -> None:
        self.started.append((group_id, group_name, count))

    def shrink(self, group_id: str, group_name: str, count: int) -> list[str]:
        self.shrunk.append((group_id, count))
        return []

    def stop(self, group_id: str) -> None:
        self.stopped.append(group_id)

    def give_up(self, machine: str) -> None:
        self.given_up.append(machine)

    def list(self, group_id: str | None = None) -> list[RunnerProcess]:
        return []

    def note_registered(self, group_id: str, host_name: str, machine: str) -> None:
        return None


def an_archive(members: Mapping[str, bytes], folder: str = "artifacts") -> bytes:
    """A zip archive whose members lie in `folder`, itself a member."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{folder}/", b"")
        for name, content in members.items():
            archive.writestr(f"{folder}/{name}", content)
    return packed.getvalue()


@dataclass
class House:
    """A running service and a client that has its key. `group` is a started group without managed machines."""

    service: Service
    client: httpx.AsyncClient
    clock: StillClock
    provider: RecordingProvider
    url: str
    group: str
    runners: list[Any] = field(default_factory=list)

    async def json(self, method: str, path: str, *, expect: int = 200, **arguments: Any) -> Any:
        """The JSON of an answer that must have the status `expect`."""
        answer = await self.client.request(method, path, **arguments)
        assert answer.status_code == expect, f"{answer.status_code}: {answer.text}"
        assert answer.headers["content-type"] == "application/json"
        return answer.json()

    async def submit(self, **fields: Any) -> str:
        """A task that waits for its input; its id."""
        request = {
            "simulator": "arbitrary_commands",
            "simulator_name_alias": "commands",
            "resource_pool": self.group,
            "container_image": "docker://taskmon/commands",
            "storage_path_prefix": "",
            "extra_params": {"sim_dir": "sim_dir", "commands": [{"cmd": "echo hello", "prompts": []}]},
            **fields,
        }
        answer = await self.json("POST", "/tasks/submit", json=request, expect=202)
        assert_fits(answer, "TaskSubmittedInfo")
        return str(answer["id"])

    async def signed(self, operation: str, *paths: str) -> list[str]:
        answer: list[str] = await self.json(
            "GET", "/storage/signed-urls", params={"operation": operation, "paths": list(paths)}
        )
        return answer

    async def upload(self, path: str, content: bytes) -> httpx.Response:
        """Upload like the clients do: chunked, without the key."""
        [url] = await self.signed("upload", path)

        async def chunks() -> AsyncIterator[bytes]:
            for start in range(0, len(content), 10_000):
                yield content[start : start + 10_000]

        async with httpx.AsyncClient(trust_env=False, verify=False) as stranger:
            answer = await stranger.put(url, content=chunks())
        assert answer.status_code == 200, answer.text
        return answer

    async def queue(self, **fields: Any) -> str:
        """A task with its input uploaded, in the queue; its id."""
        task_id = await self.submit(**fields)
        await self.upload(f"/{task_id}/input.zip", an_archive({"run.txt": b"input\n"}, "sim_dir"))
        await self.json("POST", f"/tasks/{task_id}/input_uploaded")
        return task_id

    async def detail(self, task_id: str) -> Any:
        answer = await self.json("GET", f"/tasks/{task_id}")
        assert_fits(answer, "TaskWithStatusHistory")
        return answer

    async def status(self, task_id: str) -> str:
        answer = await self.json("GET", f"/tasks/{task_id}/status")
        assert_fits(answer, "TaskStatus")
        return str(answer["status"])

    async def visited(self, task_id: str) -> list[str]:
        """The states of the task so far, oldest first."""
        return [entry["status"] for entry in (await self.detail(task_id))["status_history"]]

    def live_folder(self, task_id: str) -> Path:
        """Where the task's runner on this computer writes its outputs."""
        folder = self.service.data.work / task_id / "output" / "artifacts"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


@contextlib.asynccontextmanager
async def a_house(
    folder: Path,
    *,
    extensions: bool = True,
    clock: StillClock | None = None,
    simulators: Sequence[Simulator] = SIMULATORS,
    chaos: Chaos | None = None,
) -> AsyncIterator[House]:
    """Open a house over `folder`, new or used before."""
    data, clock, provider = DataFolder(folder), clock or StillClock(), RecordingProvider()
    data.create()
    service = build_service(
        data,
        database=Database(data.database),
        clock=clock,
        provider=provider,
        simulators=simulators,
        extensions=extensions,
    )
    listener, port = listen("127.0.0.1", 0, data.port)
    url = service_url("127.0.0.1", port)
    server = WebServer(create_app(service, chaos=chaos), CuttableProtocol if chaos else TimedProtocol)
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    living = service.groups.living()
    group = (
        living[0].id
        if living
        else service.groups.add(MachineGroupRequest(name="lab", provider_id="LOCAL", machine_type="local"), clock())
    )
    headers = {"X-API-Key": service.api_key}
    try:
        async with httpx.AsyncClient(
            base_url=url, headers=headers, trust_env=False, verify=False, timeout=30
        ) as client:
            yield House(service, client, clock, provider, url, group)
    finally:
        service.bell.close()
        # An orderly stop of uvicorn sleeps for 0.2 s; who closes everything by hand needs not.
        serving.cancel()
        await asyncio.gather(serving, return_exceptions=True)
        for listening in server.servers:
            listening.close()
        listener.close()
        await until_async(lambda: not server.server_state.connections)
        service.close()
