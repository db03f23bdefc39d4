"""Outputs on their way here: whole, in single files, followed live; cut, hostile, or not there."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.client.archive_member import read_output
from taskmon.client.download import download_file, download_outputs
from taskmon.client.live_files import follow_file, list_files, read_tail
from taskmon.client.transfer import Progress
from taskmon.core.errors import (
    ConnectionFailedError,
    InvalidInputError,
    NotAuthorizedError,
    NotFoundError,
    ServiceFailedError,
)
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from tests.builders import a_task
from tests.client.fake_service import FakeService, a_zip, break_off, refuse

LOG = bytes(range(256)) * 5


def finished(service: FakeService, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Task:
    service.stored["done/output.zip"] = a_zip({f"artifacts/{name}": c for name, c in members.items()}, method)
    return service.put(a_task(task_id="done", name="dam", status=Status.SUCCESS))


def left_over(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir() if path.name.endswith(".part")]


async def no_sleep(seconds: float) -> None:
    assert seconds >= 0


# --- whole


async def test_all_outputs_appear_in_a_new_folder(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"stdout.txt": LOG, "vtk/a.vtk": b"1"})
    told: list[Progress] = []
    async with service.client() as client:
        made = await download_outputs(client, task, tmp_path / "new", on_progress=told.append)
    assert made == tmp_path / "new"
    assert (made / "stdout.txt").read_bytes() == LOG
    assert (made / "vtk/a.vtk").read_bytes() == b"1"
    assert told[-1].sent == told[-1].total == len(service.stored["done/output.zip"])
    assert left_over(tmp_path) == []


async def test_an_existing_folder_gets_a_folder_named_after_the_task_and_keeps_its_files(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": b"new"})
    async with service.client() as client:
        first = await download_outputs(client, task, tmp_path)
        (first / "a").write_bytes(b"edited")
        second = await download_outputs(client, task, tmp_path)
    assert (first.name, second.name) == ("dam", "dam (2)")
    assert (first / "a").read_bytes() == b"edited"


async def test_a_task_name_is_never_a_path(tmp_path: Path) -> None:
    service = FakeService()
    finished(service, {"a": b"1"})
    async with service.client() as client:
        made = await download_outputs(client, a_task(task_id="done", name="../..\\x:"), tmp_path)
    assert made.parent == tmp_path


async def test_a_cut_download_goes_on_where_it_was(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": LOG * 4}, zipfile.ZIP_STORED)
    service.cut_streams_after.extend([1000, 2000])
    async with service.client() as client:
        made = await download_outputs(client, task, tmp_path / "new")
    assert (made / "a").read_bytes() == LOG * 4
    ranges = [request.headers.get("range") for request in service.requests[-3:]]
    assert ranges == [None, "bytes=1000-", "bytes=3000-"]


async def test_a_download_that_does_not_get_on_gives_up_and_leaves_nothing(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": LOG})
    service.cut_streams_after.extend([0, 0, 0])
    async with service.client() as client:
        with pytest.raises(ConnectionFailedError):
            await download_outputs(client, task, tmp_path / "new")
    assert list(tmp_path.iterdir()) == []


async def test_a_task_without_outputs_says_so(tmp_path: Path) -> None:
    service = FakeService()
    task = service.put(a_task(name="dam", status=Status.ZOMBIE))
    async with service.client() as client:
        with pytest.raises(NotFoundError, match="dam has no stored outputs"):
            await download_outputs(client, task, tmp_path / "new")


@pytest.mark.parametrize(
    "name", ["../evil", "artifacts/../../evil", "/etc/evil", "a/../../../evil", "artifacts//../../evil"]
)
async def test_an_archive_that_leads_out_of_its_folder_is_not_unpacked(name: str, tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": b"1"})
    service.stored["done/output.zip"] = a_zip({name: b"evil"})
    async with service.client() as client:
        with pytest.raises(ServiceFailedError, match="leads out of its folder"):
            await download_outputs(client, task, tmp_path / "in/new")
    assert list(tmp_path.rglob("*evil*")) == []
    assert left_over(tmp_path / "in") == []


@pytest.mark.skipif(os.name == "nt", reason="there these marks lead elsewhere")
async def test_every_name_that_a_simulation_may_give_a_file_arrives(tmp_path: Path) -> None:
    service = FakeService()
    names = ["a\\b", "c:d", "e:f/g", "new\nline", "漢字", "C:/x", "..\\y"]
    task = finished(service, {name: name.encode() for name in names})
    async with service.client() as client:
        made = await download_outputs(client, task, tmp_path / "new")
        assert {str(path.relative_to(made)) for path in made.rglob("*") if path.is_file()} == set(names)


async def test_a_long_name_in_any_script_is_cut_to_what_a_disk_takes(tmp_path: Path) -> None:
    service = FakeService()
    finished(service, {"a": b"1"})
    task = a_task(task_id="done", name="漢" * 128)
    async with service.client() as client:
        first = await download_outputs(client, task, tmp_path)
        second = await download_outputs(client, task, tmp_path)
    assert set(first.name) == {"漢"}
    assert second.name == f"{first.name} (2)"


async def test_the_number_of_a_second_download_stands_before_the_ending_of_a_file_only(tmp_path: Path) -> None:
    service = FakeService()
    finished(service, {"a.b.csv": b"1"})
    task = a_task(task_id="done", name="wing 1.5", status=Status.SUCCESS)
    async with service.client() as client:
        made = [await download_outputs(client, task, tmp_path) for _ in range(2)]
        files = [await download_file(client, task, "a.b.csv", tmp_path) for _ in range(2)]
    assert [path.name for path in made] == ["wing 1.5", "wing 1.5 (2)"]
    assert [path.name for path in files] == ["a.b.csv", "a.b (2).csv"]


async def test_a_name_that_is_no_text_is_damage(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"ä": b"1"})
    service.stored["done/output.zip"] = service.stored["done/output.zip"].replace("ä".encode(), b"\xff\xff")
    async with service.client() as client:
        with pytest.raises(ServiceFailedError, match="cannot be read"):
            await download_outputs(client, task, tmp_path / "new")


async def test_a_link_in_an_archive_is_left_out(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": b"1"})
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        link = zipfile.ZipInfo("artifacts/link")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, "/etc")
        archive.writestr("artifacts/link/passwd", "evil")
    service.stored["done/output.zip"] = target.getvalue()
    async with service.client() as client:
        made = await download_outputs(client, task, tmp_path / "new")
    assert not (made / "link").is_symlink()


async def test_an_archive_too_large_for_the_disk_is_not_begun(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": b"x"})
    content = bytearray(service.stored["done/output.zip"])
    directory = content.rindex(b"PK\1\2")
    content[directory + 24 : directory + 28] = (0xFFFFFFF0).to_bytes(4, "little")
    entry = bytes(content[directory : content.index(b"PK\5\6")])
    end = bytearray(content[content.index(b"PK\5\6") :])
    many = 4000
    end[8:12] = (many + 1).to_bytes(2, "little") * 2
    end[12:16] = (int.from_bytes(end[12:16], "little") + len(entry) * (many - 1)).to_bytes(4, "little")
    service.stored["done/output.zip"] = bytes(content[: content.index(b"PK\5\6")]) + entry * (many - 1) + bytes(end)
    async with service.client() as client:
        with pytest.raises(InvalidInputError, match="are free there"):
            await download_outputs(client, task, tmp_path / "new")


async def test_a_damaged_archive_is_said(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": LOG})
    service.stored["done/output.zip"] = b"PK nothing"
    async with service.client() as client:
        with pytest.raises(ServiceFailedError, match="cannot be read"):
            await download_outputs(client, task, tmp_path / "new")


# --- single files


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_one_file_travels_without_the_rest(method: int, tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"big": b"x" * 1000 + LOG * 40, "sub/small.txt": LOG}, method)
    async with service.client() as client:
        made = await download_file(client, task, "sub/small.txt", tmp_path)
        again = await download_file(client, task, "sub/small.txt", tmp_path)
    assert (made.name, again.name) == ("small.txt", "small (2).txt")
    assert made.read_bytes() == again.read_bytes() == LOG
    assert left_over(tmp_path) == []


async def test_a_store_that_ignores_ranges_still_gives_the_right_bytes() -> None:
    service = FakeService()
    task = finished(service, {"a": LOG, "b": LOG[::-1]}, zipfile.ZIP_STORED)
    service._ranged = lambda request, content: service._streamed(200, content)  # type: ignore[method-assign]
    async with service.client() as client:
        assert b"".join([piece async for piece in read_output(client, task, "b")]) == LOG[::-1]


async def test_an_empty_file_and_an_absent_one_differ(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"empty": b""}, zipfile.ZIP_STORED)
    async with service.client() as client:
        assert (await download_file(client, task, "empty", tmp_path)).read_bytes() == b""
        with pytest.raises(NotFoundError):
            await download_file(client, task, "absent", tmp_path)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=3000), st.integers(0, 3500), st.booleans(), st.integers(1, 700))
async def test_any_offset_gives_the_rest_of_the_file(content: bytes, offset: int, stored: bool, chunk: int) -> None:
    service = FakeService()
    service.chunk = chunk
    task = finished(service, {"a": content}, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    async with service.client() as client:
        assert b"".join([piece async for piece in read_output(client, task, "a", offset)]) == content[offset:]


# --- live


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 60), max_size=8), st.integers(0, 300), st.integers(1, 40))
async def test_cut_connections_leave_no_gap_and_no_repeat(cuts: list[int], offset: int, chunk: int) -> None:
    service = FakeService()
    service.chunk = chunk
    service.live["stdout.txt"] = LOG[:300]
    service.put(a_task(task_id="t", status=Status.SUCCESS))
    service.cut_streams_after.extend(cuts)
    async with service.client() as client:
        chunks = [part async for part in follow_file(client, "t", "stdout.txt", offset, sleep=no_sleep)]
    assert b"".join(chunks) == LOG[offset:300]


async def test_a_stream_that_ends_before_the_task_is_opened_again() -> None:
    service = FakeService()
    service.live["stdout.txt"] = b"first "
    service.put(a_task(task_id="t"))
    pauses: list[float] = []

    async def grow(seconds: float) -> None:
        pauses.append(seconds)
        service.live["stdout.txt"] = b"first second"
        service.advance("t", Status.SUCCESS)

    async with service.client() as client:
        chunks = [part async for part in follow_file(client, "t", "stdout.txt", sleep=grow)]
    assert b"".join(chunks) == b"first second"
    assert len(pauses) == 1


async def test_a_file_that_was_written_anew_is_said_once() -> None:
    service = FakeService()
    service.live["stdout.txt"] = b"first attempt\n"
    service.put(a_task(task_id="t"))

    async def write_anew(seconds: float) -> None:
        service.live["stdout.txt"] = b"second\n"
        service.advance("t", Status.SUCCESS)

    async with service.client() as client:
        told = b"".join([part async for part in follow_file(client, "t", "stdout.txt", sleep=write_anew)])
        again = [part async for part in follow_file(client, "t", "stdout.txt", len(told), sleep=no_sleep)]
    assert told.startswith(b"first attempt\n")
    assert told.count(b"[taskmon: the file was cut or written anew meanwhile") == 1
    assert again == []


async def test_following_ends_when_the_task_is_queued_again() -> None:
    service = FakeService()
    service.live["stdout.txt"] = b"first run"
    service.put(a_task(task_id="t"))

    async def queue_again(seconds: float) -> None:
        service.live["stdout.txt"] = b"the second run is longer"
        service.put(a_task(task_id="t", num_retries=1))

    async with service.client() as client:
        chunks = [part async for part in follow_file(client, "t", "stdout.txt", sleep=queue_again)]
    assert b"".join(chunks) == b"first run"


async def test_without_the_extension_the_log_comes_when_the_task_has_ended() -> None:
    service = FakeService(feed=False, files=False)
    service.put(a_task(task_id="done"))

    async def end(seconds: float) -> None:
        finished(service, {"stdout.txt": LOG})

    async with service.client() as client:
        chunks = [part async for part in follow_file(client, "done", "stdout.txt", 7, sleep=end)]
    assert b"".join(chunks) == LOG[7:]


async def test_a_service_that_is_away_is_waited_for() -> None:
    service = FakeService()
    service.live["stdout.txt"] = LOG
    service.put(a_task(task_id="t", status=Status.KILLED))
    service.faults.extend([break_off] * 6 + [lambda _: refuse(503, retry_after="9"), lambda _: refuse(500)])
    pauses: list[float] = []

    async def remember(seconds: float) -> None:
        pauses.append(seconds)

    async with service.client() as client:
        chunks = [part async for part in follow_file(client, "t", "stdout.txt", sleep=remember)]
    assert b"".join(chunks) == LOG
    assert any(9 <= pause <= 12 for pause in pauses)


async def test_what_will_never_come_ends_the_following() -> None:
    service = FakeService()
    service.put(a_task(task_id="t", status=Status.ZOMBIE))
    async with service.client() as client:
        with pytest.raises(NotFoundError, match=r"no file stdout\.txt"):
            _ = [part async for part in follow_file(client, "t", "stdout.txt", sleep=no_sleep)]
        with pytest.raises(NotFoundError):
            _ = [part async for part in follow_file(client, "unknown", "stdout.txt", sleep=no_sleep)]
        service.faults.append(lambda _: refuse(401, "No."))
        with pytest.raises(NotAuthorizedError):
            _ = [part async for part in follow_file(client, "t", "stdout.txt", sleep=no_sleep)]


async def test_the_tail_of_a_file_and_its_size() -> None:
    service = FakeService()
    service.live.update({"stdout.txt": b"0123456789", "empty": b""})
    service.put(a_task(task_id="t"))
    async with service.client() as client:
        assert await read_tail(client, "t", "stdout.txt", 3) == (10, b"789")
        assert await read_tail(client, "t", "stdout.txt", 30) == (10, b"0123456789")
        assert await read_tail(client, "t", "empty", 3) == (0, b"")
        assert await read_tail(client, "t", "absent", 3) == (0, b"")


async def test_files_are_listed_with_and_without_the_extension() -> None:
    service = FakeService()
    task = finished(service, {"a": b"12", "sub/b": b"123"})
    service.live["now.txt"] = b"1"
    async with service.client() as client:
        assert [file.path for file in (await list_files(client, task)).files] == ["now.txt"]
    service.feed = service.files_offered = False
    async with service.client() as client:
        listing = await list_files(client, task)
        assert [(file.path, file.size) for file in listing.files] == [("a", 2), ("sub/b", 3)]
        assert (await list_files(client, a_task(status=Status.SUBMITTED))).files == []


async def test_without_the_extension_the_end_of_a_file_comes_out_of_the_stored_outputs() -> None:
    service = FakeService(feed=False, files=False)
    finished(service, {"stdout.txt": b"0123456789", "empty": b""})
    service.put(a_task(task_id="runs", status=Status.COMPUTATION_STARTED))
    async with service.client() as client:
        assert await read_tail(client, "done", "stdout.txt", 4) == (10, b"6789")
        assert await read_tail(client, "done", "empty", 4) == (0, b"")
        assert await read_tail(client, "done", "absent", 4) == (0, b"")
        assert await read_tail(client, "runs", "stdout.txt", 4) == (0, b"")
        assert await read_tail(client, "nothing", "stdout.txt", 4) == (0, b"")
    assert service.paths().count("/taskmon/capabilities") == 1
