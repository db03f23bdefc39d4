"""The service as a program of its own, with runners that do as little as there is to do."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from tests.service.house import an_archive
from tests.waiting import until

TINY_RUNNER = str(Path(__file__).with_name("tiny_runner.py"))
START = """
import json, sys
from pathlib import Path
from taskmon.core.extensions import Faults
from taskmon.service.server import ServiceOptions, serve
given = json.loads(sys.argv[1])
given["data_dir"] = Path(given["data_dir"])
given["runner_command"] = tuple(given["runner_command"])
given["faults"] = None if given.get("faults") is None else Faults(**given["faults"])
sys.exit(serve(ServiceOptions(**given)))
"""


@dataclass
class Program:
    """The service in a process of its own over one data folder."""

    folder: Path
    process: subprocess.Popen[str] | None = None
    ready: dict[str, Any] = field(default_factory=dict)

    def launch(self, **options: Any) -> subprocess.Popen[str]:
        given = {"data_dir": str(self.folder), "machines": 1, "runner_command": [sys.executable, TINY_RUNNER]}
        argv = [sys.executable, "-c", START, json.dumps({**given, **options})]
        return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def start(self, **options: Any) -> None:
        self.process = self.launch(**options)
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, self.process.stderr and self.process.stderr.read()
        self.ready = json.loads(line)

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Stop it; the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        out, _ = self.process.communicate(timeout=60)
        assert out == "", "one line on standard output, no more"
        code, self.process = self.process.returncode, None
        return code

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        with httpx.Client(trust_env=False, verify=False, base_url=self.ready["url"]) as client:
            answer = client.request(method, path, headers={"X-API-Key": self.ready["api_key"]}, **arguments)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def machines(self) -> list[str]:
        return [machine["uuid"] for group in self.call("GET", "/compute/groups") for machine in group["machines"]]

    def runners(self) -> list[psutil.Process]:
        """The runner processes that work in this folder."""
        work = str(self.folder / "work")
        return [
            process
            for process in psutil.process_iter(["cmdline"])
            if {TINY_RUNNER, work} <= set(process.info["cmdline"] or ())
        ]

    def compute(self, **fields: Any) -> str:
        """Submit a task and wait until it computes; its id."""
        group = self.call("GET", "/compute/groups")[0]["id"]
        request = {"simulator": "arbitrary_commands", "resource_pool": group, "container_image": "x", **fields}
        task_id: str = self.call("POST", "/tasks/submit", json=request)["id"]
        query = {"operation": "upload", "paths": f"{task_id}/input.zip"}
        [url] = self.call("GET", "/storage/signed-urls", params=query)
        self.call("PUT", url, content=an_archive({}, "sim_dir"))
        self.call("POST", f"/tasks/{task_id}/input_uploaded")
        until(lambda: self.status(task_id) == "computation-started")
        return task_id

    def status(self, task_id: str) -> str:
        return str(self.call("GET", f"/tasks/{task_id}/status")["status"])
