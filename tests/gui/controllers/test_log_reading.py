"""The log of a real task in real panes: both streams in one, and a second window beside the first."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

import psutil
import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.local_service import ensure_local_service
from taskmon.client.submission import build_request, submit_folder
from taskmon.client.task import TaskHandle
from taskmon.core.lifecycle import Status
from taskmon.core.simulators import Simulator
from taskmon.gui.background import Background
from taskmon.gui.controllers.log_reading import LogReading
from taskmon.gui.theme import load_fonts
from taskmon.gui.widgets.log_controls import MERGED
from taskmon.gui.widgets.log_pane import LogPane
from taskmon.programs import command
from tests.builders import a_task
from tests.client.fake_service import FakeService
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.core.errors import TaskmonError

COMMANDS = Simulator(key="commands", name="Own commands", image="docker://inductiva/kutu:commands", commands=())

REWRITER = """
import time
from pathlib import Path
log = Path("run.log")
log.write_text("first attempt, line %d\\n" * 3 % (1, 2, 3))
while not Path("again").exists():
    time.sleep(0.02)
log.write_text("second attempt\\n")
while not Path("stop").exists():
    time.sleep(0.02)
"""

WRITER = """
import sys, time
from pathlib import Path
for number in range(4):
    for stream, name in ((sys.stdout, "out"), (sys.stderr, "err")):
        while not Path(f"{name} {number}").exists():
            time.sleep(0.02)
        print(name, number, file=stream, flush=True)
while not Path("stop").exists():
    time.sleep(0.02)
"""


class Connected:
    """What a reading asks of the connection: its client."""

    def __init__(self, client: ServiceClient) -> None:
        self.client = client
        self.is_connected = self.is_answering = True

    async def ready(self) -> ServiceClient:
        return self.client


def bug(error: Exception) -> None:
    raise error


@pytest.fixture
def panes(app: QApplication) -> Iterator[list[LogPane]]:
    load_fonts()
    panes = [LogPane(), LogPane()]
    for pane in panes:
        pane.show()
    yield panes
    for pane in panes:
        pane.close()
        pane.deleteLater()


def lines(reading: LogReading) -> list[bytes]:
    """The task's own lines, without those of the runner around them."""
    spool = reading.spool
    shown = spool.lines(0, spool.line_count) if spool is not None else []
    return [line.raw for line in shown if line.raw[:4] in (b"out ", b"err ")]


async def beside_a_service(data: Path, story: Callable[[ServiceClient, Background], Coroutine[Any, Any, None]]) -> None:
    """Tells `story` with a real service of one machine."""

    service = await ensure_local_service(data, command("serve", "--data-dir", str(data), "--machines", "1"))
    try:
        async with ServiceClient(service.url, service.api_key) as client, Background(bug, bug) as background:
            await story(client, background)
    finally:
        process = psutil.Process(service.pid)
        process.terminate()
        await asyncio.to_thread(process.wait, 20)


def test_streams_are_merged_as_they_come_and_read_side_by_side(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    data, case = tmp_path / "data", tmp_path / "case"
    case.mkdir()
    (case / "write.py").write_text(WRITER)

    async def story(client: ServiceClient, background: Background) -> None:
        group = next(group.id for group in await client.machine_groups() if group.started and group.id)
        task_id = (await submit_folder(client, case, build_request(COMMANDS, ["python3 write.py"], group))).id
        task = await client.task(task_id)
        both, errors = (
            LogReading(background, Connected(client), pane, tmp_path / "copies", f"log {id(pane)}")  # type: ignore[arg-type]
            for pane in panes
        )
        both.show(task, MERGED)
        errors.show(task, "stderr.txt", line=1)
        place = data / "work" / task_id / "output" / "artifacts"
        await until_async(lambda: place.exists() and both.spool and errors.spool, 30, "both logs are watched")
        written = [f"{name} {number}" for number in range(4) for name in ("out", "err")]
        for count, line in enumerate(written):
            (place / line).touch()  # the next is written when this one has been seen

            def came(count: int = count) -> bool:
                return len(lines(both)) > count

            await until_async(came, 30, f"{line} has come")
        assert lines(both) == [line.encode() for line in written]
        await until_async(lambda: len(lines(errors)) == 4, 30, "the other pane has its lines")
        assert panes[0].foot.legend.isVisible()
        assert "order of arrival" in panes[0].foot.status.text()
        assert lines(errors) == [b"err %d" % number for number in range(4)]
        panes[1].jump("12:30")
        await until_async(lambda: "if the lines begin with times" in panes[1].foot.status.text(), 30)
        (place / "stop").touch()
        await until_async(lambda: panes[0]._ended and panes[1]._ended, 30, "both know of the end")
        assert len(lines(both)) == 8
        both.stop()
        errors.stop()

    run_on_qt(beside_a_service(data, story))


def test_a_file_that_is_written_anew_is_read_anew_and_said(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    data, case = tmp_path / "data", tmp_path / "case"
    case.mkdir()
    (case / "write.py").write_text(REWRITER)
    pane = panes[0]

    async def story(client: ServiceClient, background: Background) -> None:
        group = next(group.id for group in await client.machine_groups() if group.started and group.id)
        task_id = (await submit_folder(client, case, build_request(COMMANDS, ["python3 write.py"], group))).id
        reading = LogReading(background, Connected(client), pane, tmp_path / "copies", "log")  # type: ignore[arg-type]
        reading.show(await client.task(task_id), "run.log")
        await until_async(lambda: pane.view.visible_texts()[-1:] == ["first attempt, line 3"], 30)
        work = data / "work" / task_id / "output" / "artifacts"
        (work / "again").touch()
        await until_async(lambda: pane.view.visible_texts() == ["second attempt"], 30)
        await until_async(lambda: "the file was cut or written anew" in pane.foot.status.text(), 30)
        (work / "stop").touch()
        await until_async(lambda: pane._ended, 30, "it knows of the end")
        assert pane.view.visible_texts() == ["second attempt"]
        reading.stop()

    run_on_qt(beside_a_service(data, story))


def test_nobody_waits_for_lines_of_a_service_that_is_silent(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def told() -> str:
        return panes[0]._placeholder.text()

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with ServiceClient(address, "key") as client, Background(bug, bug) as background:
            service = Connected(client)
            reading = LogReading(background, service, panes[0], tmp_path / "copies", "log")  # type: ignore[arg-type]
            reading.show(a_task(status=Status.COMPUTATION_STARTED), "stdout.txt")
            assert told() == "Waiting for the first output…"
            service.is_answering = False
            await until_async(lambda: told().startswith("The service does not answer"), 30, "it falls silent")
            service.is_answering = True
            await until_async(lambda: told() == "Waiting for the first output…", 30, "it is back")
            service.is_answering = False
            reading.show(a_task(status=Status.SUCCESS), "stdout.txt")
            assert told().startswith("The service does not answer"), "at once, when that is known"
            reading.stop()

    run_on_qt(story())


def test_a_log_of_a_service_that_is_silent_is_not_called_live(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def told() -> str:
        return panes[0].foot.status.text()

    async def story() -> None:
        far = FakeService()
        task = far.put(a_task(status=Status.COMPUTATION_STARTED))
        far.live["stdout.txt"] = b"line\n" * 9
        silent_for_long = {task.task_id: "No output for 14 min, usual 20 s"}
        async with far.client() as client, Background(bug, bug) as background:
            service = Connected(client)
            alike: Any = service
            reading = LogReading(background, alike, panes[0], tmp_path / "copies", "log", silent_for_long.__getitem__)
            reading.show(task, "stdout.txt")
            await until_async(lambda: told() == "live · 9 lines · 45 B", 30, "it is read")
            silence = panes[0].foot.silence
            await until_async(lambda: silence.text(), 30, "its silence is told")
            service.is_answering = False
            await until_async(lambda: told() == "not live · 9 lines · 45 B", 30, "nobody knows")
            assert silence.text() == ""  # nor whether it has written meanwhile
            service.is_answering = True
            await until_async(lambda: told() == "live · 9 lines · 45 B" and silence.text(), 30, "it is back")
            reading.stop()

    run_on_qt(story())


def test_the_copy_of_a_log_that_nobody_can_complete_is_not_called_live(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    def says(words: str) -> bool:
        return panes[0].foot.status.text().startswith(words)

    task = a_task(status=Status.SUCCESS)
    copy = tmp_path / "copies" / task.task_id / "0" / "stdout.txt"
    copy.parent.mkdir(parents=True)
    copy.write_text("what had come before\n")

    async def story() -> None:
        with socket.create_server(("127.0.0.1", 0)) as nobody:
            address = f"http://127.0.0.1:{nobody.getsockname()[1]}"
        async with ServiceClient(address, "key") as client, Background(bug, bug) as background:
            service = Connected(client)
            reading = LogReading(background, service, panes[0], tmp_path / "copies", "log")  # type: ignore[arg-type]
            reading.show(task, "stdout.txt")
            await until_async(lambda: says("live · 1 line"), 30, "the copy is there")
            service.is_answering = False
            await until_async(lambda: says("not live · 1 line"), 30, "it is not known whether that is all")
            service.is_answering = True
            await until_async(lambda: says("live · 1 line"), 30, "it may become more")
            reading.stop()

    run_on_qt(story())


def test_why_a_copy_cannot_be_kept_is_said_where_the_log_would_be(
    panes: list[LogPane], tmp_path: Path, run_on_qt: Callable[[Coroutine[Any, Any, None]], None]
) -> None:
    data, case = tmp_path / "data", tmp_path / "case"
    case.mkdir()
    (tmp_path / "copies").write_text("no folder")

    async def story(client: ServiceClient, _: Background) -> None:
        problems: list[TaskmonError] = []

        group = next(group.id for group in await client.machine_groups() if group.started and group.id)
        made = await submit_folder(client, case, build_request(COMMANDS, ["echo done"], group))
        await TaskHandle(client, made.id).wait()
        async with Background(problems.append, bug) as background:
            reading = LogReading(background, Connected(client), panes[0], tmp_path / "copies", "log")  # type: ignore[arg-type]
            reading.show(await client.task(made.id), "stdout.txt")
            await until_async(lambda: problems, 30, "it is told")
            assert "cannot be kept in" in panes[0]._placeholder.text()
            reading.stop()

    run_on_qt(beside_a_service(data, story))
