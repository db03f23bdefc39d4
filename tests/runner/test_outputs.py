"""What of a work folder is stored, and the archive it is stored in."""

from __future__ import annotations

import errno
import io
import os
import zipfile
from pathlib import Path

import pytest

from taskmon.core.errors import InvalidInputError
from taskmon.runner.packing import OutputPacker
from taskmon.runner.workspace import ALWAYS_STORED, OutputFile, Workspace, disk_failure


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """With two inputs placed, one in a folder."""
    made = Workspace(tmp_path, "task")
    made.prepare()
    inputs = made.inputs / "sim_dir"
    (inputs / "mesh").mkdir(parents=True)
    (inputs / "case.txt").write_text("case")
    (inputs / "mesh" / "points").write_text("points")
    assert made.place_inputs("sim_dir") == 10
    return made


def _names(workspace: Workspace) -> list[str]:
    files, folders = workspace.outputs()
    names = [file.name for file in files] + [folder + "/" for folder in folders]
    assert set(names) >= ALWAYS_STORED
    return sorted(set(names) - ALWAYS_STORED)


def _packed(packer: OutputPacker) -> zipfile.ZipFile:
    return zipfile.ZipFile(io.BytesIO(b"".join(packer)))


def test_unchanged_inputs_are_left_out(workspace: Workspace) -> None:
    (workspace.artifacts / "result").write_text("1")
    (workspace.artifacts / "mesh" / "new").write_text("2")
    (workspace.artifacts / "empty").mkdir()
    assert _names(workspace) == ["empty/", "mesh/new", "result"]


def test_a_changed_input_is_stored_even_with_its_old_size_and_time(workspace: Workspace) -> None:
    path = workspace.artifacts / "case.txt"
    before = path.stat()
    path.write_text("CASE")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert _names(workspace) == ["case.txt"]


def test_links_are_followed_only_inside(workspace: Workspace) -> None:
    (workspace.artifacts / "inside").symlink_to("case.txt")
    (workspace.artifacts / "outside").symlink_to("/etc/passwd")
    (workspace.artifacts / "above").symlink_to("../../secret")
    (workspace.artifacts / "folder").symlink_to("mesh")
    (workspace.artifacts / "root").symlink_to("/")
    (workspace.artifacts / "loop").symlink_to("loop")
    os.mkfifo(workspace.artifacts / "pipe")
    assert _names(workspace) == ["inside"]
    with _packed(OutputPacker(*workspace.outputs())) as archive:
        assert archive.read("artifacts/inside") == b"case"


def test_the_archive_starts_with_its_one_folder(workspace: Workspace) -> None:
    (workspace.artifacts / "data.gz").write_bytes(b"\x1f\x8b" * 500)
    (workspace.artifacts / "data.txt").write_bytes(b"text " * 500)
    packer = OutputPacker(*workspace.outputs())
    with _packed(packer) as archive:
        members = {member.filename: member for member in archive.infolist()}
        assert next(iter(members)) == "artifacts/"
        assert members["artifacts/data.gz"].compress_type == zipfile.ZIP_STORED
        assert members["artifacts/data.txt"].compress_type == zipfile.ZIP_DEFLATED
        assert archive.testzip() is None
        assert archive.fp is not None and archive.fp.seek(0, 2) == packer.sent


def test_files_that_vanish_shrink_or_grow_do_no_harm(tmp_path: Path) -> None:
    files = [OutputFile(tmp_path / name, name, 100_000) for name in ("vanished", "shrunk", "grown", "last")]
    for name in ("shrunk", "grown", "last"):
        (tmp_path / name).write_bytes(b"x" * 2_000_000)
    packed = io.BytesIO()
    for number, chunk in enumerate(OutputPacker(files)):
        packed.write(chunk)
        if number == 0:
            os.truncate(tmp_path / "shrunk", 10)
            with (tmp_path / "grown").open("ab") as file:
                file.write(b"y" * 1000)
    with zipfile.ZipFile(packed) as archive:
        assert archive.testzip() is None
        assert "artifacts/vanished" not in archive.namelist()
        assert len(archive.read("artifacts/last")) == 2_000_000


def test_names_that_no_archive_can_hold_are_made_portable(tmp_path: Path) -> None:
    name = os.fsdecode(b"r\xe9sultat.txt")
    (tmp_path / name).write_bytes(b"1")
    with _packed(OutputPacker([OutputFile(tmp_path / name, name, 1)])) as archive:
        assert archive.read("artifacts/r�sultat.txt") == b"1"


def test_a_folder_without_write_permission_is_still_removed(workspace: Workspace) -> None:
    locked = workspace.artifacts / "locked"
    (locked / "deep").mkdir(parents=True)
    (locked / "deep" / "file").write_text("1")
    (locked / "deep").chmod(0o500)
    locked.chmod(0o000)
    workspace.remove()
    assert not workspace.folder.exists()


def test_the_command_folder_stays_inside(workspace: Workspace) -> None:
    (workspace.artifacts / "away").symlink_to("/tmp")
    assert workspace.command_folder("mesh") == (workspace.artifacts / "mesh").resolve()
    with pytest.raises(InvalidInputError, match="leaves"):
        workspace.command_folder("away")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_a_task_id_must_name_a_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInputError):
        Workspace(tmp_path, name)


@pytest.mark.parametrize(
    ("number", "words"), [(errno.ENOSPC, "disk of this machine is full"), (errno.EROFS, "cannot be written")]
)
def test_trouble_with_the_disk_is_said_in_words(number: int, words: str) -> None:
    failure = disk_failure(OSError(number, os.strerror(number), "/somewhere/file"))
    assert words in failure.title
    assert failure.advice
