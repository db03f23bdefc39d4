"""Which running tasks have fallen silent, told in the table, from the files of real folders."""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from taskmon.client.output_looks import look_at_own_files
from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.gui.controllers.progress import ProgressController
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from tests.builders import NOON, a_task
from tests.client.fake_service import FakeService, refuse
from tests.fakes import QuickLoop, StillClock

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    Run = Callable[[Coroutine[Any, Any, None]], None]


class Connected:
    """A connection to this computer's service, whose data folder is `folder`."""

    def __init__(self, folder: Path) -> None:
        self.client = self
        self.is_answering = self.is_visible = True
        self.url = "http://127.0.0.1:1"
        self.data_dir = str(folder)
        (folder / "service.json").write_text('{"url": "http://127.0.0.1:1"}')

    async def capabilities(self) -> Connected:
        return self


def write(folder: Path, task_id: str, text: str, at: float, name: str = "stdout.txt") -> None:
    """The task's output grows at a moment (seconds since 1970)."""
    place = folder / "work" / task_id / "output" / "artifacts"
    place.mkdir(parents=True, exist_ok=True)
    with (place / name).open("a") as file:
        file.write(text)
    os.utime(place / name, (at, at))


def cells(model: TaskTableModel, task_id: str, *columns: Column) -> list[str]:
    model.flush()
    row = model.row_of(task_id)
    assert row is not None
    return model.cell_texts(row, columns)


def test_a_silent_task_is_told_beside_what_is_usual_until_it_writes_again_or_ends(
    tmp_path: Path, run_on_qt: Run
) -> None:
    async def story() -> None:
        clock, store = StillClock(NOON), TaskStore()
        model = TaskTableModel(store, clock)
        controller = ProgressController(Connected(tmp_path), store, model, clock)  # type: ignore[arg-type]
        task = a_task(status=Status.COMPUTATION_STARTED, simulator="openfoam")
        store.apply([task, a_task(status=Status.SUCCESS)])

        async def look() -> None:
            await controller._look_round()
            await controller._tell_silences()

        for _ in range(6):
            write(tmp_path, task.task_id, "Time = 1\n", clock.advance(20).timestamp())
            await look()
        assert cells(model, task.task_id, Column.LAST_OUTPUT, Column.REASON) == ["now", ""]
        clock.advance(14 * 60)
        await look()
        assert cells(model, task.task_id, Column.REASON) == ["No output for 14 min, usual 20 s"]
        row = model.row_of(task.task_id)
        assert row is not None
        assert set(model.worrying(row)) == {Column.REASON, Column.LAST_OUTPUT}
        tooltip = model.data(model.index(row, Column.LAST_OUTPUT), 3)
        assert "No output for 14 min, usual 20 s" in tooltip

        write(tmp_path, task.task_id, "warning\n", clock.advance(2).timestamp(), "stderr.txt")
        await look()
        assert cells(model, task.task_id, Column.REASON) == [""]
        assert model.worrying(row) == ()

        clock.advance(3600)
        await look()
        assert cells(model, task.task_id, Column.REASON) != [""]
        store.apply([a_task(task_id=task.task_id, status=Status.KILLED)])
        model.flush()
        assert model.worrying(row) == ()

    run_on_qt(story())


def test_what_was_written_before_the_window_opened_counts(tmp_path: Path, run_on_qt: Run) -> None:
    async def story() -> None:
        clock, store = StillClock(NOON), TaskStore()
        model = TaskTableModel(store, clock)
        controller = ProgressController(Connected(tmp_path), store, model, clock)  # type: ignore[arg-type]
        task = a_task(status=Status.COMPUTATION_STARTED)
        write(tmp_path, task.task_id, "begun\n", clock().timestamp() - 900)
        store.apply([task])
        await controller._look_round()
        await controller._tell_silences()
        assert cells(model, task.task_id, Column.REASON) == ["No output for 15 min"]

    run_on_qt(story())


def test_a_task_that_is_listed_before_the_progress_is_watched_has_its_progress(tmp_path: Path, run_on_qt: Run) -> None:
    async def story() -> None:
        clock, store = StillClock(NOON), TaskStore()
        model = TaskTableModel(store, clock)
        task = a_task(status=Status.COMPUTATION_STARTED, simulator="commands")
        store.apply([task])
        controller = ProgressController(Connected(tmp_path), store, model, clock)  # type: ignore[arg-type]
        write(tmp_path, task.task_id, "step 50 of 200\n", clock.now.timestamp())
        await controller._look_round()
        assert cells(model, task.task_id, Column.PROGRESS) == ["25 %"]

    run_on_qt(story())


def test_thousands_of_running_tasks_are_looked_at_with_few_reads(tmp_path: Path) -> None:
    for number in range(300):
        write(tmp_path, f"t{number}", "line\n", 1000.0 + number)
    ids = [f"t{number}" for number in range(300)]
    first = {look.task_id: look for look in look_at_own_files(tmp_path, [*ids, "unknown"], {})}
    assert len(first) == 300
    assert first["t7"].at == 1007
    assert first["t7"].tail == b"line\n"
    write(tmp_path, "t9", "more\n", 2000.0)
    again = look_at_own_files(tmp_path, ids, {task_id: look.size for task_id, look in first.items()})
    assert [look.task_id for look in again if look.tail] == ["t9"]


class Elsewhere:
    """A connection to a service of another computer."""

    def __init__(self, service: FakeService) -> None:
        self.client = service.client()
        self.is_answering = self.is_visible = True


def an_hour_with(
    app: QApplication, service: FakeService, change: Callable[[Elsewhere], object]
) -> tuple[int, list[str]]:
    """How often a service with one running task is asked about its output, and what is told of its silence."""
    task, told = service.put(a_task(status=Status.COMPUTATION_STARTED)), list[str]()
    service.live.update({"stdout.txt": b"line\n", "stderr.txt": b"line\n"})

    async def story() -> int:
        loop = asyncio.get_running_loop()
        assert isinstance(loop, QuickLoop)
        store, connection = TaskStore(), Elsewhere(service)
        controller = ProgressController(connection, store, TaskTableModel(store, loop.now), loop.now)  # type: ignore[arg-type]
        controller.on_silence(lambda task_id, words: told.append(words))
        store.apply([task])
        watching = asyncio.create_task(controller.watch_forever())
        await asyncio.sleep(20)
        asked = len(service.requests)
        change(connection)
        await asyncio.sleep(3600)
        watching.cancel()
        return len(service.requests) - asked

    with asyncio.Runner(loop_factory=QuickLoop) as runner:
        return runner.run(story()), told


def test_a_service_elsewhere_is_asked_often_by_a_window_that_is_seen_only(app: QApplication) -> None:
    asked, told = an_hour_with(app, FakeService(), lambda connection: None)
    assert asked > 1000
    assert told[-1].startswith("no output for ")
    asked, told = an_hour_with(app, FakeService(), lambda connection: setattr(connection, "is_visible", False))
    assert asked <= 4 + 2 * 60
    assert told[-1].startswith("no output for ")


def test_a_service_elsewhere_that_fails_is_asked_less_and_less(app: QApplication) -> None:
    service = FakeService()

    def fail(_: object) -> None:
        service._api = lambda request: refuse(500, "Broken.")  # type: ignore[method-assign]

    asked, _ = an_hour_with(app, service, fail)
    assert asked <= 140


def test_of_a_silent_service_nobody_says_that_its_tasks_write_nothing(app: QApplication) -> None:
    asked, told = an_hour_with(app, FakeService(), lambda connection: setattr(connection, "is_answering", False))
    assert asked == 0
    assert told == []
