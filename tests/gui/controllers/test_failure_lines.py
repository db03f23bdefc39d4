"""Failed tasks in sight are asked once, and quietly, for what they printed about their failure."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from taskmon.client.poller import Freshness
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import ConnectionFailedError, NotFoundError
from taskmon.core.lifecycle import Status
from taskmon.gui.background import Background
from taskmon.gui.controllers import failure_lines
from taskmon.gui.controllers.failure_lines import AT_ONCE, FailureLinesController, printed_error
from taskmon.gui.models.columns import Column
from taskmon.gui.models.task_table_model import TaskTableModel
from taskmon.gui.widgets.task_table import TaskTable
from tests.builders import NOON, a_task
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from typing import Any

    import pytest
    from PySide6.QtWidgets import QApplication

    from taskmon.core.task import Task

    Run = Callable[[Coroutine[Any, Any, None]], None]

FATAL = b"Time = 1\nfatal error: mesh is folded\nbye\n"


class Incoming:
    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    async def chunks(self) -> AsyncIterator[bytes]:
        for start in range(0, len(self._content), 10_000):
            yield self._content[start : start + 10_000]


class Connected:
    """A connection whose client has the same output files for every task."""

    def __init__(self, **files: bytes) -> None:
        self.client = self
        self.files = files
        self.asked: list[str] = []
        self.now = self.most = 0
        self.broken = ""
        """For which task the connection breaks."""
        self.hear: Callable[[Freshness], None] = lambda _: None

    def on_freshness(self, listener: Callable[[Freshness], None]) -> None:
        self.hear = listener

    def on_move(self, _listener: object) -> None: ...

    async def offers(self, _extension: object) -> bool:
        return True

    async def zip_file_range(self, *_where: str) -> None:
        raise NotFoundError("There are no stored outputs.")

    @asynccontextmanager
    async def task_file(self, task_id: str, path: str, _offset: int) -> AsyncIterator[Incoming]:
        self.asked.append(task_id)
        self.now += 1
        self.most = max(self.most, self.now)
        try:
            await asyncio.sleep(0.01)
            if self.broken == task_id:
                raise ConnectionFailedError("Gone.", "Wait.")
            if path.removesuffix(".txt") not in self.files:
                raise NotFoundError(f"There is no {path}.")
            yield Incoming(self.files[path.removesuffix(".txt")])
        finally:
            self.now -= 1


def failed(number: int, **values: Any) -> Task:
    return a_task(task_id=f"t{number:04}", status=Status.FAILED, **values)


class House:
    def __init__(self, connection: Connected, tasks: list[Task]) -> None:
        self.connection, self.store, self.told = connection, TaskStore(), [""]
        self.problems: list[object] = []
        self.noted: list[str] = []
        self.model = TaskTableModel(self.store, lambda: NOON)
        self.table = TaskTable()
        self.table.setModel(self.model)
        self.table.resize(900, 300)
        self.table.show()
        self.store.apply(tasks)
        self.model.flush()

    tasks: tuple[Task, ...] = ()
    """Those with windows of their own."""

    def on_open(self, listener: Callable[[], None]) -> None:
        self.opened = listener

    def note_reason(self, task_id: str) -> None:
        self.noted.append(task_id)

    def begin(self, background: Background) -> None:
        lines = FailureLinesController(background, self.connection, self.model, self.table, self)  # type: ignore[arg-type]
        lines.on_told(self.told.append)
        self.connection.hear(Freshness(True, NOON, None, 1, 1))

    def background(self) -> Background:
        return Background(self.problems.append, self.problems.append)

    def reason(self, task_id: str) -> str:
        row = self.model.row_of(task_id)
        return "" if row is None else self.model.cell_texts(row, [Column.REASON])[0]

    def close(self) -> None:
        self.model.close()
        self.table.close()
        self.table.deleteLater()


async def test_stderr_counts_before_stdout_and_only_its_end() -> None:
    task = failed(1)
    both = Connected(stderr=FATAL, stdout=b"Error: the other\n")
    assert await printed_error(both, task) == "fatal error: mesh is folded"  # type: ignore[arg-type]
    quiet = Connected(stderr=b"nothing bad\n", stdout=FATAL)
    assert await printed_error(quiet, task) == "fatal error: mesh is folded"  # type: ignore[arg-type]
    early = Connected(stderr=b"Error: long ago\n" + b"step done\n" * 4000)
    assert await printed_error(early, task) == ""  # type: ignore[arg-type]
    endless = Connected(stderr=b"x" * 999 + b"\n" + b"step done\n" * 500_000 + FATAL)
    assert await printed_error(endless, task) == ""  # type: ignore[arg-type]


def test_rows_in_view_and_selected_ones_are_read_few_at_a_time(app: QApplication, run_on_qt: Run) -> None:
    async def story() -> None:
        told = failed(900, error_detail="Told by the service")
        house = House(Connected(stderr=FATAL), [*map(failed, range(300)), told, a_task(status=Status.SUCCESS)])
        ids = house.model.ids()
        async with house.background() as background:
            house.begin(background)
            last = house.table.rowAt(house.table.viewport().height() - 1)
            in_view = [task_id for task_id in ids[: last + 1] if task_id[1:].isdigit() and task_id != told.task_id]
            await until_async(
                lambda: all(house.reason(task_id) == "fatal error: mesh is folded" for task_id in in_view), 20, "told"
            )
            assert set(house.connection.asked) <= {*in_view}
            assert len(house.connection.asked) == len(set(house.connection.asked))
            assert 1 <= house.connection.most <= AT_ONCE
            assert house.reason(told.task_id) == "Told by the service"

            house.table.select_task(ids[-1])
            far = next(task_id for task_id in ids[-3:] if task_id.startswith("t") and task_id != told.task_id)
            await until_async(lambda: house.reason(far) == "fatal error: mesh is folded", 30, "the end too")
            row = house.model.row_of(far)
            assert row is not None
            assert "mesh is folded" in house.model.data(house.model.index(row, Column.REASON), 3)
            assert far in house.told
        house.close()

    run_on_qt(story())


def test_a_task_in_a_window_of_its_own_is_read_though_no_row_shows_it(
    app: QApplication, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_lines, "GATHER_MS", 1)

    async def story() -> None:
        house = House(Connected(stderr=FATAL), [failed(1)])
        house.model.set_filter("status:done")
        async with house.background() as background:
            house.begin(background)
            house.tasks = (failed(1),)
            house.opened()
            await until_async(lambda: "t0001" in house.noted, 30, "its window hears of it")
            assert house.model.explained(failed(1)).error_detail == "fatal error: mesh is folded"
        house.close()

    run_on_qt(story())


def test_a_failed_attempt_is_quiet_and_not_repeated(
    app: QApplication, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_lines, "GATHER_MS", 1)

    async def story() -> None:
        house = House(Connected(stderr=FATAL), [failed(1)])
        house.connection.broken = "t0001"
        async with house.background() as background:
            house.begin(background)
            await until_async(lambda: house.connection.asked == ["t0001"], 30, "it is tried")
            house.table.select_task("t0001")
            house.store.apply([failed(1, project="other"), failed(2)])
            await until_async(lambda: house.reason("t0002") == "fatal error: mesh is folded", 30, "the next is read")
            assert house.connection.asked.count("t0001") == 1
            assert house.reason("t0001") == "a command returned an error"
            assert house.problems == []
        house.close()

    run_on_qt(story())


def test_nothing_is_asked_while_the_service_is_away(
    app: QApplication, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(failure_lines, "GATHER_MS", 1)

    async def story() -> None:
        house = House(Connected(stderr=FATAL), [failed(1)])
        async with house.background() as background:
            house.begin(background)
            house.connection.hear(Freshness(False, NOON, None, 1, 1))
            house.table.select_task("t0001")
            await asyncio.sleep(0.05)
            assert house.connection.asked == []
            house.connection.hear(Freshness(True, NOON, None, 1, 1))
            await until_async(lambda: house.reason("t0001") == "fatal error: mesh is folded", 30, "it is back")
        house.close()

    run_on_qt(story())
