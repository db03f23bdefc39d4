"""Chosen files arrive whole or not at all, in the chosen folder and nowhere else, over nothing that was not meant."""

from __future__ import annotations

import asyncio
import shutil
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.client import fresh_files
from taskmon.client.archive_members import Place, StoredOutputs, runs
from taskmon.client.file_download import Downloaded, Existing, download_files, plan, taken
from taskmon.client.live_files import list_files
from taskmon.client.live_webrtc import paths_of
from taskmon.client.transfer import Progress
from taskmon.core.errors import (
    ConnectionFailedError,
    InvalidInputError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
)
from taskmon.core.extensions import TaskFile
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from tests.builders import a_task
from tests.client.fake_service import FakeService, a_zip

LOG = bytes(range(256)) * 5
FILES = {"a.csv": LOG, "empty": b"", "results/b.vtk": LOG * 30, "results/deep/c.txt": b"c"}


def finished(service: FakeService, members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> Task:
    service.feed = service.files_offered = False
    service.stored["done/output.zip"] = a_zip({f"artifacts/{name}": c for name, c in members.items()}, method)
    return service.put(a_task(task_id="done", name="dam", status=Status.SUCCESS))


def running(service: FakeService, files: dict[str, bytes]) -> Task:
    service.live.update(files)
    return service.put(a_task(task_id="runs", status=Status.COMPUTATION_STARTED))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def fetch(
    service: FakeService, task: Task, folder: Path, *chosen: str, existing: Existing = Existing.KEEP_BOTH
) -> Downloaded:
    async with service.client() as client:
        files = (await list_files(client, task)).files
        return await download_files(client, task, plan(files, chosen, folder), folder, existing)


# --- which files, under which names


def targets(paths: list[str], *chosen: str) -> list[str]:
    planned = plan([TaskFile(path=path) for path in paths], chosen, Path("/to"))
    return [fetch.target.relative_to("/to").as_posix() for fetch in planned]


def test_a_chosen_folder_comes_with_its_name_but_without_those_around_it() -> None:
    paths = ["a", "out/plots/one.png", "out/plots/sub/two.png", "out/x"]
    assert targets(paths, "out/plots") == ["plots/one.png", "plots/sub/two.png"]
    assert targets(paths, "out/plots/one.png", "a") == ["a", "one.png"]
    assert targets(paths, "out", "out/plots/one.png") == ["out/plots/one.png", "out/plots/sub/two.png", "out/x"]
    assert targets(paths, "") == paths
    assert targets(paths, "out/plo") == []


def test_names_that_would_be_one_file_here_become_two() -> None:
    assert targets(["x/a", "y/a"], "x/a", "y/a") == ["a", "a (2)"]
    assert targets(["a:b.csv", "a?b.csv", "a_b.csv"], "") == ["a_b.csv", "a_b (2).csv", "a_b (3).csv"]


@given(st.lists(st.text(st.sampled_from("a./\\:\0\n"), min_size=1, max_size=12), max_size=8))
def test_no_path_leads_out_of_the_folder_and_no_two_meet(paths: list[str]) -> None:
    planned = plan([TaskFile(path=path) for path in dict.fromkeys(paths)], [""], Path("/to"))
    assert len({fetch.target for fetch in planned}) == len(planned) == len(set(paths))
    for item in planned:
        assert item.target.parts[:2] == ("/", "to")
        assert ".." not in item.target.parts


# --- from the stored outputs


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
async def test_a_folder_of_an_ended_task_travels_alone(method: int, tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"big": b"x" * 500_000, **FILES}, method)
    done = await fetch(service, task, tmp_path, "results", "empty")
    assert contents(tmp_path) == {"empty": b"", "results/b.vtk": LOG * 30, "results/deep/c.txt": b"c"}
    assert (done.files, done.size, done.skipped, done.failed) == (3, len(LOG) * 30 + 1, 0, [])
    assert [path for path in service.paths() if path.startswith("/objects/")] == ["/objects/done/output.zip"]


async def test_a_cut_connection_costs_only_the_file_that_was_coming(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {f"f{n}": LOG for n in range(6)}, zipfile.ZIP_STORED)
    service.cut_streams_after.extend([3000, 2000])
    done = await fetch(service, task, tmp_path, "")
    assert contents(tmp_path) == {f"f{n}": LOG for n in range(6)}
    assert done.files == 6


async def test_a_connection_that_brings_nothing_more_ends_it_and_what_was_whole_stays(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": LOG, "b": LOG}, zipfile.ZIP_STORED)
    service.cut_streams_after.extend([len(LOG) + 200, 0, 0])
    with pytest.raises(ConnectionFailedError):
        await fetch(service, task, tmp_path, "")
    assert contents(tmp_path) == {"a": LOG}
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


async def test_a_damaged_file_is_told_and_the_others_come(tmp_path: Path) -> None:
    service = FakeService()
    task = finished(service, {"a": LOG, "b": b"bbb" * 1000, "c": LOG})
    archive = service.stored["done/output.zip"]
    at = archive.index(b"artifacts/b") + len("artifacts/b")
    service.stored["done/output.zip"] = archive[:at] + b"\xff" * 5 + archive[at + 5 :]
    done = await fetch(service, task, tmp_path, "")
    assert contents(tmp_path) == {"a": LOG, "c": LOG}
    assert [path for path, _ in done.failed] == ["b"]
    assert "damaged" in done.failed[0][1]


async def test_a_file_that_grows_beyond_what_was_told_is_not_kept(tmp_path: Path) -> None:
    service = FakeService()
    finished(service, {"bomb": b"\0" * 3_000_000})
    async with service.client() as client:
        task = service.tasks["done"]
        outputs = await StoredOutputs.look(client, task)
        place = outputs._places["bomb"]
        outputs._places["bomb"] = Place(place.name, place.start, place.length, place.method, 1000)
        with pytest.raises(ServiceFailedError, match="larger than"):
            _ = [piece async for piece in outputs.read(["bomb"])]


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from("abcdefgh"), st.binary(max_size=300), min_size=1),
    st.sets(st.sampled_from("abcdefgh")),
    st.booleans(),
    st.integers(1, 200),
)
async def test_any_choice_of_members_gives_their_bytes(
    members: dict[str, bytes], chosen: set[str], stored: bool, chunk: int
) -> None:
    service = FakeService()
    service.chunk = chunk
    task = finished(service, members, zipfile.ZIP_STORED if stored else zipfile.ZIP_DEFLATED)
    wanted = chosen & set(members)
    got = dict.fromkeys(wanted, b"")
    async with service.client() as client:
        async for name, piece in (await StoredOutputs.look(client, task)).read(wanted):
            got[name] += piece
    assert got == {name: members[name] for name in wanted}


def test_what_lies_far_apart_or_overlaps_is_asked_for_by_itself() -> None:
    def place(start: int, length: int) -> Place:
        return Place("x", start, length, 0, length)

    places = [place(0, 10), place(40, 10), place(45, 2), place(500_000, 1)]
    assert [len(run) for run in runs(places)] == [2, 1, 1]


# --- of a running task


async def test_files_of_a_running_task_come_as_they_are_now(tmp_path: Path) -> None:
    service = FakeService()
    done = await fetch(service, running(service, FILES), tmp_path, "")
    assert contents(tmp_path) == FILES
    assert done.files == 4


async def test_a_file_that_went_away_is_told_and_the_others_come(tmp_path: Path) -> None:
    service = FakeService()
    task = running(service, {"a": b"1", "b": b"2"})
    async with service.client() as client:
        fetches = plan((await list_files(client, task)).files, [""], tmp_path)
        del service.live["a"]
        done = await download_files(client, task, fetches, tmp_path, Existing.SKIP)
    assert contents(tmp_path) == {"b": b"2"}
    assert [path for path, _ in done.failed] == ["a"]


async def test_a_service_that_gives_no_files_of_running_tasks_says_so(tmp_path: Path) -> None:
    service = FakeService(feed=False, files=False)
    task = running(service, {})
    async with service.client() as client:
        with pytest.raises(RefusedError, match="only after the task has ended"):
            fetches = plan([TaskFile(path="a")], [""], tmp_path)
            await download_files(client, task, fetches, tmp_path, Existing.SKIP)
    assert list(tmp_path.iterdir()) == []


async def test_outputs_that_were_never_stored_come_from_where_they_were_written(tmp_path: Path) -> None:
    service = FakeService()
    service.live["stdout.txt"] = LOG
    task = service.put(a_task(task_id="t", status=Status.ZOMBIE))
    await fetch(service, task, tmp_path, "")
    assert contents(tmp_path) == {"stdout.txt": LOG}
    service.files_offered = False
    async with service.client() as client:
        with pytest.raises(NotFoundError):
            await download_files(client, task, plan([TaskFile(path="a")], [""], tmp_path), tmp_path, Existing.SKIP)


# --- what is there already


@pytest.mark.parametrize(
    ("existing", "expected"),
    [
        (Existing.OVERWRITE, {"a.csv": b"new", "b": b"b"}),
        (Existing.KEEP_BOTH, {"a.csv": b"old", "a (2).csv": b"new", "b": b"b"}),
        (Existing.SKIP, {"a.csv": b"old", "b": b"b"}),
    ],
)
async def test_what_is_there_stays_unless_it_was_to_be_overwritten(
    existing: Existing, expected: dict[str, bytes], tmp_path: Path
) -> None:
    service = FakeService()
    task = running(service, {"a.csv": b"new", "b": b"b"})
    (tmp_path / "a.csv").write_bytes(b"old")
    async with service.client() as client:
        assert [item.path for item in taken(plan((await list_files(client, task)).files, [""], tmp_path))] == ["a.csv"]
    done = await fetch(service, task, tmp_path, "", existing=existing)
    assert contents(tmp_path) == expected
    assert done.files + done.skipped == 2


async def test_a_folder_is_never_overwritten_by_a_file_and_a_file_never_by_a_folder(tmp_path: Path) -> None:
    service = FakeService()
    task = running(service, {"a": b"1", "b/c": b"2"})
    (tmp_path / "a").mkdir()
    (tmp_path / "b").write_bytes(b"mine")
    done = await fetch(service, task, tmp_path, "", existing=Existing.OVERWRITE)
    assert contents(tmp_path) == {"a (2)": b"1", "b": b"mine"}
    assert [path for path, _ in done.failed] == ["b/c"]


async def test_a_link_in_the_folder_is_not_followed_out_of_it(tmp_path: Path) -> None:
    service = FakeService()
    task = running(service, {"out/a": b"1"})
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "to").mkdir()
    (tmp_path / "to/out").symlink_to(tmp_path / "elsewhere")
    done = await fetch(service, task, tmp_path / "to", "", existing=Existing.OVERWRITE)
    assert contents(tmp_path) == {}
    assert "leads out of the chosen folder" in done.failed[0][1]


async def test_more_than_fits_is_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    service = FakeService()
    task = finished(service, FILES)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=fresh_files.SPARE + 100))
    with pytest.raises(InvalidInputError, match="only 100 B are free"):
        await fetch(service, task, tmp_path, "")
    assert list(tmp_path.iterdir()) == []


async def test_stopping_leaves_whole_files_and_nothing_else(tmp_path: Path) -> None:
    service = FakeService()
    service.chunk = 100
    task = finished(service, {f"f{n}": LOG for n in range(50)}, zipfile.ZIP_STORED)
    told: list[Progress] = []
    done = Downloaded()
    async with service.client() as client:
        fetches = plan((await list_files(client, task)).files, [""], tmp_path)
        call = download_files(client, task, fetches, tmp_path, Existing.SKIP, done=done, on_progress=told.append)
        downloading = asyncio.ensure_future(call)
        while done.files < 5:
            await asyncio.sleep(0)
        downloading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await downloading
    found = contents(tmp_path)
    assert 5 <= len(found) < 50
    assert set(found.values()) == {LOG}
    assert all(path.is_file() for path in tmp_path.iterdir())


# --- names without sizes


def test_nested_names_become_paths_and_what_is_no_name_is_left_out() -> None:
    told = ["b", {"sub": ["x", {"deep": ["y"]}]}, "a", "..", {"..": ["passwd"]}, "x/y", 7, {"odd": "text"}, ""]
    assert paths_of(told) == ["a", "b", "sub/deep/y", "sub/x"]
    assert paths_of("nonsense") == []
