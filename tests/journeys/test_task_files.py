"""Files of a running and of an ended task come to this computer through the window, byte for byte."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QFileDialog, QLineEdit, QMessageBox

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.file_rows import Place
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit
from tests.journeys.test_window_stories import open_desk, status
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.desk import Desk
    from tests.journeys.story import Service

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

WORK = r"""
import os, random, time
random.seed(1)
os.makedirs("results/vtk")
for number in range(40):
    with open(f"results/vtk/field_{number}.vtk", "wb") as file:
        file.write(random.randbytes(3000 + number))
open("results/empty", "w").close()
open("notes.txt", "w").write("<b>not bold</b>\n" * 50)
for name in ("new\nline\x1b[31m.txt", "CON", "a:b?.csv", "..hidden", b"caf\xe9.txt"):
    open(name, "w").write("hostile")
os.symlink("/etc/passwd", "results/link")
print("written", flush=True)
while not os.path.exists("go_on"):
    time.sleep(0.05)
"""


def digests(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and not path.is_symlink()
    }


def is_listed(desk: Desk, place: Place) -> bool:
    return desk.files_pane.tree.files.rows.row_of(place) is not None


def choose(desk: Desk, *paths: str) -> None:
    tree = desk.files_pane.tree
    places = [place for path in paths for place in (Place(path, False), Place(path, True)) if is_listed(desk, place)]
    assert len(places) == len(paths)
    tree.select(*places)


async def download(desk: Desk, folder: Path, answer: str = "") -> None:
    """Presses the button, chooses the folder, answers the question if there is one, and waits for the end."""
    told: list[str] = []
    desk.messages.fact_told.connect(told.append)
    desk.files_pane._get.click()
    dialog = await until_async(lambda: desk.window.findChild(QFileDialog), 30, "the folder is asked for")
    dialog.setDirectory(str(folder))
    field = dialog.findChild(QLineEdit)
    assert field is not None
    field.setText(str(folder))
    dialog.accept()
    if answer:
        box = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "what to do is asked")
        assert "there already" in box.text()
        next(button for button in box.buttons() if button.text() == answer).click()
    await until_async(lambda: any(str(folder) in line for line in told), 30, "the outcome is told")
    desk.messages.fact_told.disconnect(told.append)


def test_files_come_from_a_running_and_from_an_ended_task(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            desk.fulfil(Wish.SHOW_FILES)
            task_id = await submit(desk.connection.client, folder(work_py=WORK), ["python3 -u work.py"])
            tree = desk.files_pane.tree
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "the task is in the table")
            await until_async(lambda: is_listed(desk, Place("results", True)), 30, "its files are listed while it runs")
            live = service.data_dir / "work" / task_id / "output" / "artifacts"
            await until_async(lambda: (live / "results/empty").exists(), 30, "all is written")
            written = digests(live / "results")

            desk.files_pane._refresh.click()
            fields = [f"results/vtk/field_{number}.vtk" for number in range(40)]
            await until_async(lambda: set(fields) <= set(tree.files.rows.tree.paths), 30, "all are listed")
            running = tmp_path / "running"
            running.mkdir()
            choose(desk, "results", "caf\ufffd.txt")
            await download(desk, running)
            assert (running / "caf\ufffd.txt").read_text() == "hostile"
            assert status(desk, task_id) is Status.COMPUTATION_STARTED
            assert digests(running / "results") == written
            assert len(written) == 41

            choose(desk, "notes.txt")
            look = desk.files_pane.preview
            await until_async(lambda: "<b>not bold</b>" in look.text.toPlainText(), 30, "the text is seen as it is")

            (live / "go_on").touch()
            await until_async(lambda: status(desk, task_id) is Status.SUCCESS, 30, "it has ended")
            await until_async(lambda: "still being" not in desk.files_pane._note.text(), 30, "the list is final")
            note = desk.files_pane._note
            await until_async(lambda: " files, " in note.text() and "still" not in note.text(), 30, "it is shown")
            tree.set_open(tree.files.rows.row_of(Place("results", True)) or 0, is_open=True)
            ended = tmp_path / "ended"
            (ended / "vtk").mkdir(parents=True)
            (ended / "vtk/field_7.vtk").write_bytes(b"mine")
            choose(desk, "results/vtk", "results/empty")
            await download(desk, ended, "Keep both")
            here = digests(ended)
            assert here.pop("vtk/field_7.vtk") == hashlib.sha256(b"mine").hexdigest()
            here["vtk/field_7.vtk"] = here.pop("vtk/field_7 (2).vtk")
            assert here == written

            everything = tmp_path / "everything"
            everything.mkdir()
            desk.files_pane.tree.clearSelection()
            await download(desk, everything)
            names = {path.name for path in everything.iterdir()}
            assert {"_CON", "a_b_.csv", "hidden", "new_line_[31m.txt", "notes.txt", "stdout.txt"} <= names
            hostile = [path for path in everything.iterdir() if path.is_file() and path.read_bytes() == b"hostile"]
            assert len(hostile) == 5
            assert not any(path.is_symlink() for path in everything.rglob("*"))
            assert digests(everything / "results") == written
            assert {path.name for path in tmp_path.glob("**/*.part")} == set()

    run_on_qt(story())
