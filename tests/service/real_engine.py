"""A real service with real runners, told more than the stories need: short leases, budgets, groups of every kind."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from taskmon.client.submission import submit_folder
from taskmon.client.task_request import build_request
from taskmon.core.machine import OWN_GROUP
from taskmon.core.storage import INPUT_FOLDER
from taskmon.core.task import SubmittedTask
from taskmon.programs import command
from taskmon.resource_files import simulator_catalogue
from tests.journeys.story import Service
from tests.waiting import until

COUNT = "import itertools, time\nfor n in itertools.count():\n    print('line', n, flush=True)\n    time.sleep(0.01)\n"
ENDLESS = "python3 -u count.py"


@dataclass
class RealEngine(Service):
    """`arguments` go to `taskmon serve`, `environment` to it and its runners."""

    arguments: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    strays: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def argv(self) -> list[str]:
        """What starts the service."""
        return command("serve", "--data-dir", str(self.data_dir), "--machines", str(self.machines), *self.arguments)

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.argv(), stdout=subprocess.PIPE, text=True, env={**os.environ, **self.environment}
        )
        assert self.process.stdout is not None
        ready = json.loads(self.process.stdout.readline())
        self.url, self.api_key = ready["url"], ready["api_key"]

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """The JSON of a successful answer."""
        headers = {"X-API-Key": self.api_key}
        answer = httpx.request(method, self.url + path, headers=headers, trust_env=False, timeout=30, **arguments)
        assert answer.is_success, answer.text
        return answer.json()

    def new_group(self, start: bool = True, **fields: Any) -> str:
        """A group of one machine; its id."""
        request = {"provider_id": "LOCAL", "machine_type": "local", "num_vms": 1, **fields}
        group = str(self.call("POST", "/compute/group", json=request)["id"])
        if start and request["num_vms"] is not None:
            self.call("POST", "/compute/group/start", params={"machine_group_id": group})
        return group

    def queue(self, packed: bytes, words: str = "true") -> str:
        """A task in the queue with this very archive as its input; its id."""
        task = {
            "simulator": "arbitrary_commands",
            "resource_pool": self.call("GET", "/compute/groups")[0]["id"],
            "container_image": "docker://inductiva/kutu:commands",
            "extra_params": {"sim_dir": INPUT_FOLDER, "commands": [{"cmd": words, "prompts": []}]},
        }
        task_id = str(self.call("POST", "/tasks/submit", json=task)["id"])
        query = {"operation": "upload", "paths": f"{task_id}/input.zip"}
        [url] = self.call("GET", "/storage/signed-urls", params=query)
        assert httpx.put(url, content=packed, trust_env=False).is_success
        self.call("POST", f"/tasks/{task_id}/input_uploaded")
        return task_id

    def stray_runner(self, group: str, name: str) -> subprocess.Popen[bytes]:
        """A runner that somebody started by hand, in a work folder of its own."""
        work = self.data_dir.parent / name
        words = ("--work-dir", str(work), "--machine-group-id", group, "--host-name", name)
        environment = {**os.environ, **self.environment, "API_URL": self.url, "USER_API_KEY": self.api_key}
        runner = subprocess.Popen(
            command("runner", *words), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.strays.append(runner)
        return runner

    def runners(self) -> list[psutil.Process]:
        """The runners that the service itself keeps."""
        found = []
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                if "runner" in process.cmdline():
                    found.append(process)
        return found

    def commands(self, script: str) -> list[psutil.Process]:
        """Living processes that run `script` in a work folder of this engine or its stray runners."""
        found = []
        for process in psutil.process_iter(["cmdline", "status", "cwd"]):
            here = str(process.info["cwd"] or "").startswith(str(self.data_dir.parent))
            if here and script in (process.info["cmdline"] or []) and process.info["status"] != psutil.STATUS_ZOMBIE:
                found.append(process)
        return found

    def clean_up(self) -> None:
        for stray in self.strays:
            stray.send_signal(signal.SIGCONT)
            stray.kill()
            stray.wait()
        super().clean_up()

    async def submit(self, folder: Path, words: str, group: str | None = None, **fields: Any) -> SubmittedTask:
        """A task of `folder` in the group, by default in the one that the service made itself."""
        simulator = next(entry for entry in simulator_catalogue() if entry.key == "commands")
        if group is None:
            groups = self.call("GET", "/compute/groups")
            group = next(found["id"] for found in groups if found["name"] == OWN_GROUP)
        request = build_request(simulator, [words], str(group), **fields)
        async with self.client() as client:
            return await submit_folder(client, folder, request)


@dataclass
class WrongClocks(RealEngine):
    """Service and runner share a clock that can be set. `faults` spoil the answers of the service."""

    faults: Mapping[str, float] = field(default_factory=dict)

    @property
    def offset(self) -> Path:
        return self.data_dir.parent / "offset"

    def argv(self) -> list[str]:
        program = str(Path(__file__).with_name("set_clock.py"))
        what = ["serve", str(self.data_dir), str(self.machines), json.dumps(self.faults)]
        return [sys.executable, program, str(self.offset), *what]

    def start(self) -> None:
        if not self.offset.exists():
            self.set_clock(0)
        super().start()

    def set_clock(self, seconds: float) -> None:
        """By so much before or behind the true time."""
        draft = self.offset.with_suffix(".new")
        draft.write_text(str(seconds))
        draft.replace(self.offset)


@contextlib.contextmanager
def held_database(path: Path) -> Iterator[None]:
    """The database as another program holds it that writes for a long time."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None, timeout=1)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield


def fill_disk(path: Path) -> None:
    """A file that takes what the disk has."""
    with path.open("wb") as file:
        end, size = 0, shutil.disk_usage(path.parent).free
        while size >= 4096:
            try:
                os.posix_fallocate(file.fileno(), end, size)
                end += size
                size = min(size, shutil.disk_usage(path.parent).free)
            except OSError:
                size //= 2


@contextlib.contextmanager
def full_disk(place: Path) -> Iterator[None]:
    """While the block runs every byte that becomes free on the disk of `place` is taken at once."""
    over = threading.Event()
    fillers = [place / "filler-0"]

    def fill_again() -> None:
        while not over.wait(0.01):
            if shutil.disk_usage(place).free:
                fillers.append(place / f"filler-{len(fillers)}")
                fill_disk(fillers[-1])

    fill_disk(fillers[0])
    greedy = threading.Thread(target=fill_again)
    greedy.start()
    try:
        yield
    finally:
        over.set()
        greedy.join()
        for filler in fillers:
            filler.unlink()


@contextlib.contextmanager
def small_disk(place: Path, options: str = "size=256m") -> Iterator[Path]:
    """A disk of its own, 256 MB unless told otherwise; only root may have one."""
    place.mkdir()
    words = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
    if subprocess.run(words, check=False, capture_output=True).returncode:
        pytest.skip("only root may make a small disk")
    try:
        yield place
    finally:
        until(lambda: subprocess.run(["umount", str(place)], check=False, capture_output=True).returncode == 0, 30)


@contextlib.contextmanager
def write_protected(place: Path) -> Iterator[None]:
    """While the block runs nobody, root included, can write below `place` by its path."""
    bind, protect = ["mount", "--bind", str(place), str(place)], ["mount", "-o", "remount,bind,ro", str(place)]
    if subprocess.run(bind, check=False, capture_output=True).returncode:
        pytest.skip("only root may protect a folder from root")
    try:
        subprocess.run(protect, check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


def a_folder(place: Path, name: str = "case", **files: str) -> Path:
    """An input folder; in names the first underscore is a dot."""
    folder = place / name
    folder.mkdir()
    for file, text in ({"count_py": COUNT} | files).items():
        (folder / file.replace("_", ".", 1)).write_text(text, encoding="utf-8")
    return folder
