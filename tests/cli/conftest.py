"""A real service and real machines for the commands to speak to."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from taskmon.cli import main
from taskmon.programs import serve_command


@dataclass(frozen=True)
class Shown:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str


@pytest.fixture(scope="session")
def service_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The data folder of a running service."""
    folder = tmp_path_factory.mktemp("service")
    process = subprocess.Popen(serve_command(folder, 0), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert process.stdout is not None
    with process.stdout as ready:
        assert json.loads(ready.readline())["url"].startswith("http://127.0.0.1:")
    yield folder
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0


@pytest.fixture
def taskmon(service_folder: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Shown]:
    """Calls `taskmon WORD…` in this process."""

    def call(*words: str | Path) -> Shown:
        capsys.readouterr()
        code = main(["--data-dir", str(service_folder), *map(str, words)])
        printed = capsys.readouterr()
        return Shown(code, printed.out, printed.err)

    return call


@pytest.fixture
def inputs(tmp_path: Path) -> Callable[[str], Path]:
    """Makes an input folder whose run.sh is the text given."""

    def make(script: str) -> Path:
        folder = tmp_path / "wing"
        folder.mkdir(exist_ok=True)
        (folder / "run.sh").write_text(script)
        return folder

    return make
