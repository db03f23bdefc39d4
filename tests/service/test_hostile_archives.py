"""Archives from anybody, uploaded to a real service and unpacked by a real runner: refused in words, or taken whole."""

from __future__ import annotations

import stat
import zipfile
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from taskmon.core.lifecycle import Status
from taskmon.core.storage import INPUT_FOLDER
from tests.journeys.story import files_named, started, wait_for
from tests.service.real_engine import RealEngine

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealEngine]:
    """One service for the file: nothing that is tried here may harm it."""
    with started(RealEngine(tmp_path_factory.mktemp("archives") / "service")) as running:
        yield running


def member(name: str, kind: int = stat.S_IFREG) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o644) << 16
    return info


def archive(*members: tuple[zipfile.ZipInfo, bytes]) -> bytes:
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr(f"{INPUT_FOLDER}/", b"")
        for info, content in members:
            target.writestr(info, content)
    return packed.getvalue()


def bomb(claimed: int, count: int = 1) -> bytes:
    """An archive whose directory claims so many bytes of each of its few small members."""
    packed = bytearray(archive(*((member(f"{INPUT_FOLDER}/zeros-{n}"), bytes(1000)) for n in range(count))))
    at = packed.find(b"PK\x01\x02") + 4
    while (at := packed.find(b"PK\x01\x02", at)) >= 0:
        packed[at + 24 : at + 28] = claimed.to_bytes(4, "little")
        at += 4
    return bytes(packed)


def many_bombs(claimed: int, count: int) -> bytes:
    """The same member again and again, so that it need not be packed again."""
    packed = bomb(claimed)
    start, end = packed.rfind(b"PK\x01\x02"), packed.rfind(b"PK\x05\x06")
    entry = packed[start:end]
    directory = packed[packed.find(b"PK\x01\x02") : start] + entry * count
    first = packed.find(b"PK\x01\x02")
    tail = bytearray(packed[end:])
    tail[8:10] = tail[10:12] = (count + 1).to_bytes(2, "little")
    tail[12:16] = len(directory).to_bytes(4, "little")
    return packed[:first] + directory + bytes(tail)


UP = f"{INPUT_FOLDER}/../../../../../escaped"


@pytest.mark.parametrize(
    ("packed", "words"),
    [
        (archive((member(UP), b"1")), "would leave the task's folder"),
        (archive((member("/tmp/taskmon-escaped"), b"1")), "would leave the task's folder"),
        (archive((member("..\\..\\escaped"), b"1")), "would leave the task's folder"),
        (archive((member(f"{INPUT_FOLDER}/link", stat.S_IFLNK), b"/etc/passwd")), "a symbolic link"),
        (archive((member(f"{INPUT_FOLDER}/null", stat.S_IFCHR), b"")), "a special file"),
        (archive((member(f"{INPUT_FOLDER}/pipe", stat.S_IFIFO), b"")), "a special file"),
        (bomb(4_000_000_000, 3), "times larger"),
        (many_bombs(4_000_000_000, 60), "overlap"),
        (bomb(3_000_000_000), "cannot be read"),
        (archive((member(f"{INPUT_FOLDER}/{'deep/' * 819}x"), b"1")), "File name too long"),
        (archive((member(f"{INPUT_FOLDER}/{'n' * 300}"), b"1")), "File name too long"),
        (b"no archive at all", "cannot be read"),
    ],
    ids=["slip", "absolute", "backslash", "link", "device", "pipe", "ratio", "overlap", "liar", "deep", "long", "none"],
)
async def test_a_hostile_archive_is_a_runtime_error_in_words(engine: RealEngine, packed: bytes, words: str) -> None:
    async with engine.client() as client:
        task = await wait_for(client, engine.queue(packed), Status.EXECUTER_FAILED)
    assert words in (task.error_detail or "")
    assert not Path("/tmp/taskmon-escaped").exists()
    assert not files_named("escaped", engine.data_dir.parent)


async def test_odd_but_harmless_names_in_an_archive_are_taken(engine: RealEngine) -> None:
    names = ["new\nline", "esc\x1b[31m", "<b>bold", "-rf", "rtl\u202egpj", " space "]
    members = [(member(f"{INPUT_FOLDER}/{name}"), name.encode()) for name in names]
    task_id = engine.queue(archive(*members), "sh -c 'cat -- [!s]*'")
    async with engine.client() as client:
        task = await wait_for(client, task_id, Status.SUCCESS)
    log = httpx.get(
        f"{engine.url}/taskmon/tasks/{task.task_id}/files/stdout.txt",
        headers={"X-API-Key": engine.api_key},
        trust_env=False,
    )
    assert all(name.encode() in log.content for name in names)
    assert (log.headers["content-type"], log.headers["x-content-type-options"]) == (
        "application/octet-stream",
        "nosniff",
    ), "whatever a simulator writes is never shown as a page"
