"""The window and the commands on a service that offers the Web API and nothing else, as the cloud does."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QLabel, QMessageBox, QPlainTextEdit

import taskmon
from taskmon.client.live_files import list_files
from taskmon.core.lifecycle import Status
from taskmon.core.storage import SYSTEM_METRICS_FILE
from taskmon.gui.models.columns import Column
from taskmon.gui.widgets.file_rows import SIZE, Place
from taskmon.gui.widgets.wishes import Wish
from taskmon.programs import command
from tests.journeys.story import Service, started, submit, wait_for
from tests.journeys.test_window_stories import COUNT, open_desk, shown_log, status
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.desk import Desk
    from taskmon.gui.widgets.details_pane import DetailsPane

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

WORK = """
import time
for number in range(40):
    print("line", number, flush=True)
    time.sleep(0.05)
open("result.dat", "w").write("42")
"""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with started(Service(tmp_path / "service", options=("--no-extensions",))) as running:
        yield running


def listed_files(desk: Desk) -> set[str]:
    return set(desk.files_pane.tree.files.rows.tree.paths)


def test_the_window_does_everything(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            client = desk.connection.client
            assert await client.capabilities() is None
            first = await submit(client, folder("wing", work_py=WORK), ["python3 -u work.py"])
            await until_async(lambda: desk.shell.table.select_task(first), 30, "the task is in the table")
            assert progress_shown(desk, first) == ""
            await until_async(lambda: status(desk, first) is Status.SUCCESS, 30, "it has ended")
            await until_async(lambda: "line 39" in shown_log(desk), 30, "its log is read")
            desk.fulfil(Wish.SHOW_FILES)
            await until_async(lambda: {"result.dat", "stdout.txt"} <= listed_files(desk), 30, "its files are listed")
            desk.fulfil(Wish.SHOW_CHARTS)
            await until_async(lambda: desk.chart_pane.csv_text().count("\n") > 2, 30, "its charts are drawn")

            desk.fulfil(Wish.RESUBMIT)
            await until_async(lambda: len(desk.store) == 2, 30, "it runs again")
            [again] = [task for task in desk.store.tasks.values() if task.task_id != first]
            await until_async(lambda: desk.store.tasks[again.task_id].parent_id == first, 30, "it notes its parent")

            endless = await submit(client, folder("endless", count_py=COUNT), ["python3 -u count.py"])
            await until_async(lambda: desk.shell.table.select_task(endless), 30, "the third is in the table")
            await until_async(lambda: status(desk, endless) is Status.COMPUTATION_STARTED, 60, "it runs")
            await until_async(lambda: "line 30" in shown_log(desk), 30, "its log is read while it runs")
            assert progress_shown(desk, endless) == ""
            desk.fulfil(Wish.SHOW_FILES)
            await until_async(lambda: "stdout.txt" in listed_files(desk), 30, "its files are listed by name")
            tree, stdout = desk.files_pane.tree, Place("stdout.txt", False)
            assert tree.files.index(tree.files.rows.row_of(stdout) or 0, SIZE).data() == "—"
            tree.select(stdout)
            look = desk.files_pane.preview
            await until_async(lambda: "line 30" in look.text.toPlainText(), 60, "its last lines are seen")
            desk.fulfil(Wish.KILL)
            question = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "the question")
            next(button for button in question.buttons() if button.text() == "Kill 1 task").click()
            await until_async(lambda: status(desk, endless) is Status.KILLED, 30, "it is killed")

            desk.shell.filter_box.set_text("status:killed")
            await until_async(lambda: desk.shell.model.ids() == [endless], 30, "the killed one is found")

    run_on_qt(story())


def texts(pane: DetailsPane) -> list[tuple[str, str]]:
    """What the pane tells, as names and values."""
    labels = [label.text() for label in pane.findChildren(QLabel)]
    return list(zip(labels[1::2], labels[::2], strict=False)) + list(zip(labels[::2], labels[1::2], strict=False))


FAIL = """
import sys
print("fatal error: the mesh is folded", file=sys.stderr)
sys.exit(3)
"""


def test_why_a_task_failed_is_read_where_the_service_does_not_tell(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with service.client() as client:
            task_id = await submit(client, folder("wing", fail_py=FAIL), ["python3 fail.py"])
            assert (await wait_for(client, task_id, Status.FAILED)).error_detail
            service.stop()
            with closing(sqlite3.connect(service.data_dir / "taskmon.db")) as database, database:
                database.execute("UPDATE tasks SET error_detail = NULL")
            service.start()
            assert not (await client.task(task_id)).error_detail
        async with open_desk(app, service, tmp_path) as desk:
            model = desk.shell.model
            await until_async(lambda: model.row_of(task_id) is not None, 30, "the task is in the table")
            row = model.row_of(task_id)
            assert row is not None
            told = "fatal error: the mesh is folded"
            await until_async(lambda: model.cell_texts(row, [Column.REASON]) == [told], 30, "the table tells why")
            desk.shell.table.select_task(task_id)
            error = desk.shell.explanation.findChild(QPlainTextEdit)
            assert error is not None
            await until_async(lambda: error.toPlainText() == told, 30, "the explanation tells why")
            assert ("Reason", told) in texts(desk.details_pane)
            desk.shell.filter_box.set_text("reason:folded")
            await until_async(lambda: model.ids() == [task_id], 30, "it is found by its reason")
            desk.shell.table.task_activated.emit(task_id)
            [window] = desk.windows.windows
            why = window.explanation.findChild(QPlainTextEdit)
            assert why is not None
            await until_async(lambda: why.toPlainText() == told, 30, "its own window tells why")
            await until_async(
                lambda: "Exit code 3" in " ".join(map(QLabel.text, window.explanation.findChildren(QLabel))),
                30,
                "and what ran",
            )
            assert why.toPlainText() == told

    run_on_qt(story())


def progress_shown(desk: Desk, task_id: str) -> str:
    model = desk.shell.model
    row = model.row_of(task_id)
    assert row is not None
    return model.cell_texts(row, [Column.PROGRESS])[0]


async def test_charts_files_and_outputs_come_from_what_is_stored(
    service: Service, tmp_path: Path, folder: Callable[..., Path]
) -> None:
    from taskmon.client.download import download_file, download_outputs

    async with service.client() as client:
        task_id = await submit(client, folder(work_py=WORK), ["python3 -u work.py"])
        task = await wait_for(client, task_id, Status.SUCCESS)
        files = {file.path: file.size for file in (await list_files(client, task)).files}
        assert files["result.dat"] == 2
        made = await download_file(client, task, SYSTEM_METRICS_FILE, tmp_path)
        assert made.read_text().startswith("time,")
        assert len(made.read_text().splitlines()) > 1
        whole = await download_outputs(client, task, tmp_path / "all")
        assert (whole / "result.dat").read_text() == "42"


def test_every_command_works(service: Service, tmp_path: Path, folder: Callable[..., Path]) -> None:
    def run(*words: str) -> str:
        done = subprocess.run(
            command(*words),
            env={
                **os.environ,
                "TASKMON_URL": service.url,
                "TASKMON_API_KEY": service.api_key,
                "PYTHONPATH": str(Path(taskmon.__file__).parents[1]),
            },
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    case = folder(work_py=WORK, endless_py=COUNT)
    task_id = run("submit", str(case), "--command", "python3 -u work.py", "--wait").split()[0]
    assert json.loads(run("info", task_id, "--json"))["status"] == "success"
    assert "line 39" in run("logs", task_id)
    assert Path(run("download", task_id, "--to", str(tmp_path / "out")).strip().splitlines()[-1]).is_dir()
    assert json.loads(run("info", run("resubmit", task_id, "--wait").split()[0], "--json"))["status"] == "success"
    endless = run("submit", str(case), "--command", "python3 -u endless.py").split()[0]
    run("kill", endless, "--yes")
    assert endless in run("list", "--json")
    assert run("machines")
