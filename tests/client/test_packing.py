"""What of a folder travels, and the archive that it travels in."""

from __future__ import annotations

import asyncio
import io
import os
import random
import stat
import subprocess
import threading
import time
import tracemalloc
import zipfile
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.client.folder_scan import (
    BROKEN_LINK,
    CIRCLE,
    LEAVES_FOLDER,
    NOT_A_FILE,
    ScannedFile,
    ScanStoppedError,
    scan_folder,
    scan_in_thread,
)
from taskmon.client.ignore_rules import parse_rules, rule_against
from taskmon.client.transfer import Progress
from taskmon.client.upload import pack_folder
from taskmon.client.zip_format import MemberRecord, descriptor, directory, local_header
from taskmon.client.zip_stream import Member, PackingStoppedError, zip_chunks
from taskmon.core.errors import InvalidInputError
from tests.waiting import until


def write(folder: Path, **files: str | bytes) -> Path:
    """Files by name; `__` stands for a slash and `_DOT_` for a dot."""
    for name, content in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


async def packed(folder: Path) -> zipfile.ZipFile:
    content = b"".join([portion async for portion in pack_folder(scan_folder(folder))])
    return zipfile.ZipFile(io.BytesIO(content))


def packers() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name.startswith("taskmon-pack")]


# --- what travels


def test_files_come_with_slashes_and_sizes_in_order(tmp_path: Path) -> None:
    scan = scan_folder(write(tmp_path, b_DOT_txt="12345", sub__a_DOT_txt="123"))
    assert [(file.path, file.size) for file in scan.files] == [("b.txt", 5), ("sub/a.txt", 3)]
    assert scan.total_size == 8


def test_what_nobody_wants_to_send_stays_at_home_with_its_rule(tmp_path: Path) -> None:
    write(tmp_path, _DOT_git__config="", sub____pycache____x="", a_DOT_pyc="", _DOT_DS_Store="", in_DOT_txt="")
    (tmp_path / "sub/__pycache__").mkdir(parents=True)
    scan = scan_folder(tmp_path, ["*.bak"])
    assert [(left.path, left.rule) for left in scan.excluded] == [
        (".DS_Store", ".DS_Store"),
        (".git/", ".git/"),
        ("a.pyc", "*.pyc"),
        ("sub/__pycache__/", "__pycache__/"),
    ]


def test_the_ignore_file_of_the_folder_has_the_last_word(tmp_path: Path) -> None:
    write(tmp_path, _DOT_taskmonignore="# mine\n*.log\n!keep.log\n!*.pyc\n/top\n", a_DOT_log="", keep_DOT_log="")
    write(tmp_path, a_DOT_pyc="", top="", sub__top="")
    assert [file.path for file in scan_folder(tmp_path).files] == ["a.pyc", "keep.log", "sub/top"]


@pytest.mark.parametrize(
    ("pattern", "path", "folder", "left_out"),
    [
        ("*.vtk", "out/a.vtk", False, True),
        ("out/*.vtk", "out/a.vtk", False, True),
        ("out/*.vtk", "x/out/a.vtk", False, False),
        ("/a", "sub/a", False, False),
        ("a/**/b", "a/b", False, True),
        ("a/**/b", "a/x/y/b", False, True),
        ("a/**", "a/x/y", False, True),
        ("**/b", "x/b", False, True),
        ("build/", "build", True, True),
        ("build/", "build", False, False),
        ("file?.txt", "file1.txt", False, True),
        ("file?.txt", "file/.txt", False, False),
        ("[0-9]*.dat", "7.dat", False, True),
        ("[!0-9].dat", "7.dat", False, False),
        ("[b-a]", "b", False, False),
        ("[!b-a]", "b", False, True),
        ("[a--]", "a", False, False),
        ("a+b(c).txt", "a+b(c).txt", False, True),
        ("\\#note", "#note", False, True),
        ("# note", "# note", False, False),
    ],
)
def test_patterns_mean_what_they_mean_in_gitignore(pattern: str, path: str, folder: bool, left_out: bool) -> None:
    assert (rule_against(path, folder, parse_rules([pattern])) is not None) == left_out


@given(st.text(alphabet="ab*?[]!/\\.#-^", max_size=12), st.text(alphabet="ab/.", max_size=8))
def test_no_pattern_is_a_crash(pattern: str, path: str) -> None:
    rule_against(path, False, parse_rules([pattern]))


def test_links_are_followed_inside_the_folder_and_left_out_elsewhere(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside", secret="s")
    folder = write(tmp_path / "case", sub__mesh="123")
    (folder / "mesh").symlink_to("sub/mesh")
    (folder / "sub2").symlink_to("sub")
    (folder / "away").symlink_to(outside / "secret")
    (folder / "lost").symlink_to("nowhere")
    (folder / "sub/up").symlink_to("..")
    scan = scan_folder(folder)
    assert [file.path for file in scan.files] == ["mesh", "sub/mesh", "sub2/mesh"]
    reasons = {left.path: left.rule for left in scan.excluded}
    assert reasons["away"] == LEAVES_FOLDER
    assert reasons["lost"] == BROKEN_LINK
    assert reasons["sub/up/"] == CIRCLE


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert [left.rule for left in scan_folder(tmp_path).excluded] == [NOT_A_FILE]


def test_a_folder_with_an_output_archive_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match=r"output\.zip"):
        scan_folder(write(tmp_path, output_DOT_zip=""))
    scan_folder(write(tmp_path, _DOT_taskmonignore="output.zip"))


def test_what_is_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is not a folder"):
        scan_folder(tmp_path / "nothing")


def test_a_name_that_is_no_text_is_said(tmp_path: Path) -> None:
    with open(os.fsencode(tmp_path) + b"/caf\xe9", "w"):
        pass
    with pytest.raises(InvalidInputError, match="not valid UTF-8"):
        scan_folder(tmp_path)


# --- the archive


async def test_the_archive_holds_the_folder_below_one_top_folder(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_txt="hello " * 1000, sub__noise=random.Random(1).randbytes(300_000), ü="", empty="")
    (tmp_path / "constant/polyMesh").mkdir(parents=True)
    (tmp_path / "a.txt").chmod(0o755)
    archive = await packed(tmp_path)
    assert archive.testzip() is None
    assert sorted(archive.namelist()) == sorted(
        ["sim_dir/", "sim_dir/constant/polyMesh/", "sim_dir/a.txt", "sim_dir/empty", "sim_dir/sub/noise", "sim_dir/ü"]
    )
    assert archive.read("sim_dir/sub/noise") == (tmp_path / "sub/noise").read_bytes()
    assert archive.getinfo("sim_dir/sub/noise").compress_type == zipfile.ZIP_STORED
    assert archive.getinfo("sim_dir/a.txt").compress_size < 200
    assert archive.getinfo("sim_dir/a.txt").external_attr >> 16 & stat.S_IXUSR
    assert archive.getinfo("sim_dir/constant/polyMesh/").is_dir()


async def test_other_programs_read_the_archive(tmp_path: Path) -> None:
    write(tmp_path / "case", a_DOT_txt="hello " * 1000, noise=os.urandom(100_000))
    (tmp_path / "a.zip").write_bytes(b"".join([p async for p in pack_folder(scan_folder(tmp_path / "case"))]))
    try:
        done = subprocess.run(["unzip", "-tq", tmp_path / "a.zip"], check=False, capture_output=True)
    except FileNotFoundError:
        pytest.skip("unzip is not installed")
    assert done.returncode == 0, done.stdout


@settings(max_examples=40, deadline=None)
@given(contents=st.lists(st.binary(max_size=600_000) | st.integers(0, 900_000).map(lambda n: b"x" * n), max_size=6))
def test_any_contents_come_back(contents: list[bytes], tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("any")
    members = []
    for number, content in enumerate(contents):
        (folder / str(number)).write_bytes(content)
        members.append(Member(str(number), folder / str(number), len(content)))
    chunks = list(zip_chunks(members, threading.Event()))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(data for data, _ in chunks)))
    assert [archive.read(str(number)) for number in range(len(contents))] == contents
    assert sum(covered for _, covered in chunks) == sum(map(len, contents))


def test_files_beyond_four_gigabytes_are_announced_as_such(tmp_path: Path) -> None:
    huge = tmp_path / "huge"
    with huge.open("wb") as file:
        file.truncate(4_400_000_000)
    stop = threading.Event()
    chunks = zip_chunks([Member("huge", huge, 4_400_000_000), Member("next", huge, 1)], stop)
    header = next(chunks)[0]
    assert header[18:26] == b"\xff" * 8
    chunks.close()  # type: ignore[attr-defined]


async def test_progress_covers_the_folder_and_ends_complete(tmp_path: Path) -> None:
    write(tmp_path, **{f"f{number}": os.urandom(400_000) for number in range(5)})
    told: list[Progress] = []
    async for _ in pack_folder(scan_folder(tmp_path), told.append):
        pass
    assert told[-1] == Progress(2_000_000, 2_000_000)
    assert [progress.sent for progress in told] == sorted(progress.sent for progress in told)


async def test_a_file_that_changes_meanwhile_is_named(tmp_path: Path) -> None:
    scan = scan_folder(write(tmp_path, a="1", growing="12"))
    write(tmp_path, growing="123")
    with pytest.raises(InvalidInputError, match="sim_dir/growing changed"):
        async for _ in pack_folder(scan):
            pass


async def test_a_file_that_vanishes_meanwhile_is_named(tmp_path: Path) -> None:
    scan = scan_folder(write(tmp_path, a="1", gone="12"))
    (tmp_path / "gone").unlink()
    with pytest.raises(InvalidInputError, match="sim_dir/gone vanished"):
        async for _ in pack_folder(scan):
            pass


async def test_stopping_early_ends_the_threads(tmp_path: Path) -> None:
    write(tmp_path, **{f"f{number}": os.urandom(3_000_000) for number in range(8)})
    async with aclosing(pack_folder(scan_folder(tmp_path))) as portions:
        async for _ in portions:
            break
    until(lambda: not packers(), within_s=30)


def test_a_set_stop_event_ends_packing(tmp_path: Path) -> None:
    write(tmp_path, a=os.urandom(5_000_000))
    stop = threading.Event()
    chunks = zip_chunks([Member("a", tmp_path / "a", 5_000_000)], stop)
    next(chunks)
    stop.set()
    with pytest.raises(PackingStoppedError):
        for _ in chunks:
            pass
    until(lambda: not packers(), within_s=30)


def test_packing_never_holds_more_than_a_few_chunks(tmp_path: Path) -> None:
    members = []
    for number in range(3):
        path = tmp_path / str(number)
        with path.open("wb") as file:
            file.write(os.urandom(100_000))  # makes the file look like one that does not compress
            file.truncate(40_000_000)
        members.append(Member(path.name, path, 40_000_000))
    tracemalloc.start()
    try:
        length = sum(len(data) for data, _ in zip_chunks(members, threading.Event()))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert length > 120_000_000
    assert peak < 20_000_000


@pytest.mark.parametrize("size", [3, 20_000, 600_000])
@pytest.mark.parametrize(
    ("name", "first", "unix"), [("run.sh", b"#!\r\n", True), ("a.txt", b"x\n", False), ("a.dat", b"x\r\n", False)]
)
async def test_scripts_with_windows_line_ends_travel_with_unix_ones(
    tmp_path: Path, name: str, first: bytes, size: int, unix: bool
) -> None:
    content = first + b"\r" * 5 + b"echo a\r\n" * (size // 8) + b"end\r"
    (tmp_path / name).write_bytes(content)
    scan, told = scan_folder(tmp_path), list[Progress]()
    archive = b"".join([chunk async for chunk in pack_folder(scan, told.append)])
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert opened.testzip() is None
        assert opened.read(f"sim_dir/{name}") == (content.replace(b"\r\n", b"\n") if unix else content)
    assert told[-1].sent == told[-1].total == len(content)


async def test_many_tiny_files_cost_little_each(tmp_path: Path) -> None:
    for number in range(2000):
        (tmp_path / f"{number}.txt").write_bytes(b"value %d\n" % number * 10)
    scan = scan_folder(tmp_path)
    began = time.process_time()
    archive = b"".join([chunk async for chunk in pack_folder(scan)])
    assert time.process_time() - began < 2000 * 0.0003
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        assert len(opened.infolist()) == 2001


def test_a_folder_as_deep_as_the_system_allows_is_looked_at(tmp_path: Path) -> None:
    here = os.open(tmp_path, os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=here)
        below = os.open("d", os.O_RDONLY, dir_fd=here)
        os.close(here)
        here = below
    os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here))
    os.close(here)
    try:
        assert scan_folder(tmp_path).files == (ScannedFile("d/" * 1500 + "f", 0),)
    finally:
        subprocess.run(["rm", "-rf", tmp_path / "d"], check=True)  # too deep for Python's own


async def test_looking_at_a_folder_ends_when_nobody_wants_it_any_more(tmp_path: Path) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(ScanStoppedError):
        scan_folder(tmp_path, (), stop)
    write(tmp_path, a="1")
    assert await scan_in_thread(tmp_path, ["b"]) == scan_folder(tmp_path, ["b"])
    looking = asyncio.create_task(scan_in_thread(tmp_path))
    await asyncio.sleep(0)
    looking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await looking


@pytest.mark.parametrize("modified", [-1e18, -1.0, 0.0, 5e9, 1e18])
def test_no_time_of_a_file_is_too_odd_to_be_packed(modified: float) -> None:
    record = MemberRecord("a", 0, modified, stat.S_IFREG | 0o644, False, 0)
    member = local_header(record) + descriptor(record)
    archive = zipfile.ZipFile(io.BytesIO(member + directory([record], len(member))))
    assert 1980 <= archive.infolist()[0].date_time[0] <= 2107


def test_the_mark_that_windows_editors_put_first_is_no_part_of_a_pattern(tmp_path: Path) -> None:
    write(tmp_path, a_DOT_bak="", b_DOT_txt="", _DOT_taskmonignore="\ufeff*.bak\r\n")
    assert [file.path for file in scan_folder(tmp_path).files] == ["b.txt"]
