"""Input archives from anybody: what they may hold, and what is refused in words."""

from __future__ import annotations

import io
import os
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.runner.unpacking import inner_path, unpack
from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService, input_archive

ROOM = 10_000_000


def _archive(folder: Path, *members: tuple[zipfile.ZipInfo | str, bytes]) -> Path:
    path = folder / "input.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in members:
            archive.writestr(member, content)
    return path


def _unpack(archive: Path, room: int = ROOM) -> Path:
    target = archive.parent / "target"
    target.mkdir()
    unpack(archive, target, room=room, check=lambda: None)
    return target


@pytest.mark.parametrize(
    "name", ["../out", "sim_dir/../../out", "/etc/out", "C:/out", "..\\out", "\\out", "sim_dir/..", "a/\\../../../out"]
)
def test_a_name_that_leaves_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    inner = tmp_path / "deep"
    inner.mkdir()
    archive = _archive(inner, ("good", b"1"), (zipfile.ZipInfo(name), b"2"))
    with pytest.raises(InvalidInputError, match="leave"):
        _unpack(archive)
    assert not (tmp_path / "out").exists()
    assert not Path("/etc/out").exists()


@given(st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=30))
def test_whatever_the_name_it_stays_inside_or_is_refused(name: str) -> None:
    try:
        path = inner_path(name)
    except InvalidInputError:
        return
    root = os.path.realpath("/target")
    assert os.path.normpath(os.path.join(root, path)).startswith(root)


def test_a_symbolic_link_is_refused(tmp_path: Path) -> None:
    link = zipfile.ZipInfo("sim_dir/link")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    archive = _archive(tmp_path, (link, b"/etc/passwd"))
    with pytest.raises(InvalidInputError, match="symbolic link"):
        _unpack(archive)


def test_a_bomb_is_refused_before_it_is_unpacked(tmp_path: Path) -> None:
    archive = _archive(tmp_path, ("zeros", bytes(2_000_000)))
    with pytest.raises(InvalidInputError, match="needs 2,000,000 bytes"):
        _unpack(archive, room=1_000_000)
    assert not any((tmp_path / "target").iterdir())


def test_a_member_larger_than_it_says_is_refused(tmp_path: Path) -> None:
    packed = bytearray(_archive(tmp_path, ("zeros", bytes(2_000_000))).read_bytes())
    while (at := packed.find(struct.pack("<I", 2_000_000))) >= 0:
        packed[at : at + 4] = struct.pack("<I", 100)
    (tmp_path / "input.zip").write_bytes(packed)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        _unpack(tmp_path / "input.zip", room=1000)
    assert sum(path.stat().st_size for path in (tmp_path / "target").iterdir()) <= 100


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04", b"not a zip at all" * 10])
def test_what_is_no_archive_is_refused(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "input.zip").write_bytes(damage)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        _unpack(tmp_path / "input.zip")


def test_an_encrypted_archive_is_refused(tmp_path: Path) -> None:
    packed = bytearray(_archive(tmp_path, ("secret", b"1")).read_bytes())
    packed[6] |= 1
    packed[packed.rfind(b"PK\x01\x02") + 8] |= 1
    (tmp_path / "input.zip").write_bytes(packed)
    with pytest.raises(InvalidInputError, match="encrypted"):
        _unpack(tmp_path / "input.zip")


def test_a_damaged_member_is_refused(tmp_path: Path) -> None:
    packed = bytearray(_archive(tmp_path, ("data", os.urandom(1000))).read_bytes())
    packed[200] ^= 0xFF
    (tmp_path / "input.zip").write_bytes(packed)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        _unpack(tmp_path / "input.zip")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_damage_is_told_as_damage_whatever_the_archive_is_packed_with(tmp_path: Path, method: int) -> None:
    with zipfile.ZipFile(tmp_path / "input.zip", "w", method) as archive:
        archive.writestr("data", os.urandom(1000))
    packed = bytearray((tmp_path / "input.zip").read_bytes())
    packed[40:60] = bytes(20)
    (tmp_path / "input.zip").write_bytes(packed)
    with pytest.raises(InvalidInputError, match="cannot be read"):
        _unpack(tmp_path / "input.zip")


def test_backslashes_are_slashes_and_odd_names_are_kept(tmp_path: Path) -> None:
    target = _unpack(_archive(tmp_path, ("sim_dir\\a b.txt", b"1"), ("Größe/温度 №1.dat", b"2"), ("-rf", b"3")))
    assert (target / "sim_dir" / "a b.txt").read_bytes() == b"1"
    assert (target / "Größe" / "温度 №1.dat").read_bytes() == b"2"
    assert (target / "-rf").read_bytes() == b"3"


def test_programs_stay_programs_and_times_are_kept(tmp_path: Path) -> None:
    script = zipfile.ZipInfo("Allrun", (2020, 5, 17, 12, 0, 0))
    script.external_attr = (stat.S_IFREG | 0o4755) << 16
    undated = zipfile.ZipInfo("undated")
    undated.date_time = (1980, 0, 0, 0, 0, 0)
    target = _unpack(_archive(tmp_path, (script, b"#!/bin/sh\n"), (undated, b"")))
    found = (target / "Allrun").stat()
    assert stat.S_IMODE(found.st_mode) == 0o755
    assert time.localtime(found.st_mtime)[:3] == (2020, 5, 17)
    assert (target / "undated").exists()


def test_only_one_folder_of_an_archive_can_be_taken(tmp_path: Path) -> None:
    archive = _archive(tmp_path, ("artifacts/a/b", b"1"), ("other/c", b"2"), ("artifactsx", b"3"))
    unpack(archive, tmp_path / "target", room=ROOM, check=lambda: None, inside="artifacts")
    assert [str(path.relative_to(tmp_path / "target")) for path in (tmp_path / "target").rglob("*")] == ["a", "a/b"]


def test_a_hostile_archive_makes_a_runtime_error_and_leaves_no_trace(
    service: StubService, runner: RunnerProcess
) -> None:
    packed = io.BytesIO(input_archive({"in": b"1"}))
    with zipfile.ZipFile(packed, "a") as archive:
        archive.writestr("../escaped", b"2")
    task = service.submit("true", archive=packed.getvalue())
    assert "would leave the task's folder" in service.event(task, "TaskExecutionFailed")["error_message"]
    assert not (runner.work_dir / task / "escaped").exists()
    assert service.end(service.submit("true"))["new_status"] == "success"


def test_remote_inputs_join_the_local_ones(service: StubService, runner: RunnerProcess) -> None:
    earlier = io.BytesIO()
    with zipfile.ZipFile(earlier, "w") as archive:
        archive.writestr("artifacts/", b"")
        archive.writestr("artifacts/field.dat", b"earlier")
    service.objects |= {
        "assets/mesh one.inp": b"remote",
        "assets/sub/both.txt": b"remote",
        "old/output.zip": earlier.getvalue(),
    }
    resources = '["assets", "old/output.zip"]'
    task = service.submit(
        "cat 'mesh one.inp' sub/both.txt old/field.dat", files={"sub/both.txt": b"local"}, input_resources=resources
    )
    assert service.end(task)["new_status"] == "success", runner.log()
    assert b"\nremotelocalearlier\n" in service.outputs(task)["stdout.txt"]
