"""PySide's support modules are compiled once; a file that is not ours, not whole or not this Python's is not used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

IMPORT = """
import builtins, sys
from pathlib import Path
from taskmon.gui.compiled_support import import_pyside

compiled, plain_import = [], builtins.__import__
compile_it = builtins.compile
import taskmon.gui.compiled_support as module
module._compile = lambda source, *rest, **named: (compiled.append(source), compile_it(source, *rest, **named))[1]
import_pyside(Path(sys.argv[1]))
assert builtins.compile is module._compile
import PySide6.QtGui, PySide6.QtWidgets, linecache, tomllib  # none of them is read for `__feature__`
assert builtins.__import__ is plain_import
assert not [name for name in linecache.cache if name.endswith(("tomllib/__init__.py", "linecache.py"))]
from PySide6.QtCore import QObject, __version__
try:
    QObject("what is no parent")
except TypeError as error:  # the words come from the support modules
    assert "PySide6.QtCore.QObject" in str(error), error
else:
    raise SystemExit("no error")
print(len([source for source in compiled if isinstance(source, bytes)]))
"""


def compiled_by(folder: Path) -> int:
    """How many texts a fresh process compiled while it imported PySide."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT, str(folder)],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return int(done.stdout)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the first start keeps."""
    folder = tmp_path_factory.mktemp("cache") / "taskmon"
    assert compiled_by(folder) > 5
    (file,) = folder.iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    return file.read_bytes()


def put(folder: Path, content: bytes, mode: int = 0o600) -> Path:
    file = folder / "pyside.compiled"
    file.write_bytes(content)
    file.chmod(mode)
    return file


def test_the_second_start_compiles_nothing(kept: bytes, tmp_path: Path) -> None:
    put(tmp_path, kept)
    assert compiled_by(tmp_path) == 0


@pytest.mark.parametrize(
    "spoil",
    [
        lambda content: b"",
        lambda content: b"\0" * 4 + content[4:],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1000] + b"\xff" * 1000,
    ],
    ids=["empty", "another Python", "cut", "damaged"],
)
def test_a_file_that_is_no_good_is_written_anew(kept: bytes, tmp_path: Path, spoil) -> None:  # type: ignore[no-untyped-def]
    put(tmp_path, spoil(kept))
    assert compiled_by(tmp_path) > 5
    assert compiled_by(tmp_path) == 0


def test_what_others_may_write_is_not_believed(kept: bytes, tmp_path: Path) -> None:
    file = put(tmp_path, kept, 0o666)
    assert compiled_by(tmp_path) > 5
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_hinders_nobody(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert compiled_by(tmp_path / "taskmon") > 5


def test_a_file_where_the_folder_should_be_hinders_nobody(tmp_path: Path) -> None:
    (tmp_path / "taskmon").write_text("")
    assert compiled_by(tmp_path / "taskmon") > 5
