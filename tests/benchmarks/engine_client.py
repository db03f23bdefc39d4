"""A service process for measurements, and a client that costs as little as a client can."""

from __future__ import annotations

import http.client
import io
import json
import subprocess
import threading
import time
import zipfile
from datetime import datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from taskmon.programs import command

PATIENCE_S = 600.0


def small_archive() -> bytes:
    """The inputs of every measured task: one small file."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("input_artifacts/case.txt", "1 2 3\n")
    return packed.getvalue()


class Engine:
    """A service without machines of its own until a group is started."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        arguments = ("serve", "--data-dir", str(self._folder), "--machines", "0")
        self._process = subprocess.Popen(command(*arguments), stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        ready = json.loads(self._process.stdout.readline())
        self.url, self.key = str(ready["url"]), str(ready["api_key"])
        self.pid = self._process.pid
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(30)
        assert self._process.stdout is not None
        self._process.stdout.close()


class EngineClient:
    """Blocking calls over one kept connection per thread."""

    def __init__(self, engine: Engine) -> None:
        self._address = urlsplit(engine.url).netloc
        self._key = engine.key
        self._kept = threading.local()
        self._archive = small_archive()

    def call(self, method: str, path: str, body: bytes | None = None, *, with_key: bool = True) -> Any:
        """The decoded answer; raises AssertionError unless it is a success."""
        connection = getattr(self._kept, "connection", None)
        if connection is None:
            connection = self._kept.connection = http.client.HTTPConnection(self._address)
        headers = {"X-API-Key": self._key} if with_key else {}
        if body is not None and with_key:
            headers["Content-Type"] = "application/json"
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
        except http.client.RemoteDisconnected:  # the kept connection was too old
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
        content = answer.read()
        assert answer.status < 300, f"{method} {path}: {answer.status} {content!r}"
        return json.loads(content) if content else None

    def submit(self, group: str, command_line: str) -> str:
        """A task in the queue; its id."""
        request = {
            "simulator": "arbitrary_commands",
            "resource_pool": group,
            "container_image": "docker://inductiva/kutu:commands",
            "extra_params": {"sim_dir": "input_artifacts", "commands": [{"cmd": command_line, "prompts": []}]},
        }
        task_id = str(self.call("POST", "/tasks/submit", json.dumps(request).encode())["id"])
        query = urlencode({"operation": "upload", "paths": f"{task_id}/input.zip"})
        [url] = self.call("GET", f"/storage/signed-urls?{query}")
        parts = urlsplit(url)
        self.call("PUT", f"{parts.path}?{parts.query}", self._archive, with_key=False)
        self.call("POST", f"/tasks/{task_id}/input_uploaded")
        return task_id

    def task(self, task_id: str) -> Any:
        """The task's detail."""
        return self.call("GET", f"/tasks/{task_id}")

    def wait_for_all(self, tasks: list[str]) -> None:
        """Return once every task has ended, seen by the feed of changes; fails unless all succeeded."""
        deadline = time.monotonic() + PATIENCE_S
        cursor = self.call("GET", "/taskmon/changes")["cursor"]
        left = {task for task in tasks if not self.call("GET", f"/tasks/{task}/status")["is_terminated"]}
        while left:
            assert time.monotonic() < deadline, f"{len(left)} tasks have not ended"
            changes = self.call("GET", f"/taskmon/changes?since={cursor}&wait_s=10")
            cursor = changes["cursor"]
            left -= {task["task_id"] for task in changes["tasks"] if task["is_terminated"]}
            time.sleep(0.1)
        bad = [task for task in tasks[:: max(1, len(tasks) // 20)] if self.task(task)["status"] != "success"]
        assert not bad, f"not successful: {[self.task(task) for task in bad[:3]]}"

    def new_group(self, machines: int) -> str:
        """A group that waits to be started; its id."""
        request = {"provider_id": "LOCAL", "machine_type": "local", "num_vms": machines}
        return str(self.call("POST", "/compute/group", json.dumps(request).encode())["id"])

    def start_group(self, group: str) -> None:
        """Bring up the group's machines."""
        self.call("POST", f"/compute/group/start?machine_group_id={group}")

    def end_group(self, group: str) -> None:
        """End the group."""
        self.call("DELETE", f"/compute/group?machine_group_id={group}")

    @staticmethod
    def seconds_between(began: str, ended: str) -> float:
        """Between two times of the wire."""
        return (datetime.fromisoformat(ended) - datetime.fromisoformat(began)).total_seconds()
