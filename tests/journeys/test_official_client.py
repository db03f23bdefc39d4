"""The official client, as published, works with the service: a user's whole program, one test per step of it.

The package gets an interpreter of its own, kept in the cache of whoever runs the tests, because it brings 200 MB along
and versions of libraries that need not be ours.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import pwd
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from taskmon.resource_files import resource_path
from tests.journeys.story import Service

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.journey

PACKAGE = "inductiva==0.18.12"
HERE = Path(__file__).with_name("official_client")
INSTALL_S = 600
RUN_S = 300
STEPS = [
    node.name
    for node in ast.parse((HERE / "script.py").read_text(encoding="utf-8")).body
    if isinstance(node, ast.FunctionDef) and [ast.unparse(mark) for mark in node.decorator_list] == ["step"]
]
NEED_SPLISHSPLASH = {"splishsplash_really_runs", "splishsplash_outputs", "remote_files_are_removed"}


def interpreter_with_client() -> Path:
    """An interpreter that has the package, made on first use. Skips the test where the package cannot be had."""
    home = Path(pwd.getpwuid(os.getuid()).pw_dir)  # the tests' own HOME is gone after them
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    place = home / ".cache" / "taskmon-tests" / f"{PACKAGE.replace('==', '-')}-py{version}"
    python = place / "bin" / "python"
    if (place / "complete").exists():
        return python
    shutil.rmtree(place, ignore_errors=True)
    world = os.environ | {"HOME": str(home)}
    try:
        subprocess.run([sys.executable, "-m", "venv", str(place)], check=True, capture_output=True, timeout=INSTALL_S)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", PACKAGE]
        subprocess.run(install, check=True, capture_output=True, timeout=INSTALL_S, env=world)
    except (OSError, subprocess.SubprocessError) as error:
        told = (getattr(error, "stderr", None) or b"").decode(errors="replace").strip().splitlines()
        pytest.skip(f"{PACKAGE} cannot be installed: {told[-1] if told else error}")
    (place / "complete").touch()
    return python


def environment_of(service: Service, home: Path) -> dict[str, str]:
    """What a user's shell has after `eval "$(taskmon env)"`, and nothing else of ours."""
    shown = subprocess.run(
        [sys.executable, "-m", "taskmon", "--data-dir", str(service.data_dir), "env"],
        check=True,
        capture_output=True,
        text=True,
    )
    given = dict(line.removeprefix("export ").split("=", 1) for line in shown.stdout.splitlines())
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TASKMON_D", "TASKMON_U"))}
    return kept | given | {"HOME": str(home), "PYTHONPATH": str(HERE), "PYTHONWARNINGS": "ignore"}


def small_dam_break(folder: Path) -> Path:
    """The bundled example with few particles and a near end: a second of work."""
    shutil.copytree(resource_path("examples/dam_break"), folder)
    scene = folder / "dam_break.json"
    content = json.loads(scene.read_text(encoding="utf-8"))
    content["Configuration"] |= {"particleRadius": 0.05, "stopAt": 0.1}
    scene.write_text(json.dumps(content), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Official:
    """The interpreter and environment of a user, and how the user's program fared, step by step."""

    python: Path
    environment: dict[str, str]
    folder: Path
    results: dict[str, dict[str, Any]]
    output: str


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Official]:
    python = interpreter_with_client()
    folder = tmp_path_factory.mktemp("official")
    (folder / "home").mkdir()
    service = Service(folder / "service")
    service.start()
    try:
        environment = environment_of(service, folder / "home")
        command = [str(python), str(HERE / "script.py"), "results", str(small_dam_break(folder / "dam"))]
        with (folder / "output").open("w", encoding="utf-8") as output:
            subprocess.run(
                command, cwd=folder, env=environment, stdout=output, stderr=output, timeout=RUN_S, check=False
            )
        told = (folder / "output").read_text(encoding="utf-8", errors="replace")
        lines = (folder / "results").read_text(encoding="utf-8").splitlines() if (folder / "results").exists() else []
        yield Official(python, environment, folder, {entry["step"]: entry for entry in map(json.loads, lines)}, told)
    finally:
        service.clean_up()


@pytest.mark.parametrize("step", STEPS)
def test_the_official_client_works_as_published(official: Official, step: str) -> None:
    if step in NEED_SPLISHSPLASH and importlib.util.find_spec("pysplishsplash") is None:
        pytest.skip("pysplishsplash is not installed: pip install taskmon[example]")
    assert step in official.results, official.output[-3000:]
    assert not official.results[step]["problem"], official.results[step]["problem"]


def test_the_official_command_is_installed_and_works(official: Official) -> None:
    shown = subprocess.run(
        [str(official.python.with_name("inductiva")), "tasks", "list", "-n", "3"],
        cwd=official.folder,
        env=official.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "arbitrary_commands" in shown.stdout, shown.stdout + shown.stderr
