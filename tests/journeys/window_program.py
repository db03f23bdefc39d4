"""A window in a process of its own, which submits one folder as a person would and then lives until it is ended.

`python -m tests.journeys.window_program DATA_DIR OWN_DIR FOLDER stay|stop`: with `stop` the task is to end with the
window. Prints the id of the task.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import cast

from PySide6.QtWidgets import QApplication, QCheckBox, QPlainTextEdit
from qasync import QEventLoop

from taskmon.gui.widgets.submit_form import SubmitForm
from tests.journeys.story import Service
from tests.journeys.test_window_stories import drop, open_desk, submit_button
from tests.waiting import until_async


async def live(app: QApplication, data_dir: Path, own: Path, folder: Path, *, stop: bool) -> None:
    async with open_desk(app, Service(data_dir), own) as desk:
        drop(desk, folder)
        form = await until_async(lambda: desk.window.findChild(SubmitForm), 30)
        editor = await until_async(lambda: form.findChild(QPlainTextEdit), 30)
        await until_async(lambda: editor.isVisible(), 30)
        editor.setPlainText("python3 -u count.py")
        [box] = [box for box in form.findChildren(QCheckBox) if "close the" in box.text()]
        box.setChecked(stop)
        (await until_async(lambda: submit_button(form), 20)).click()
        await until_async(lambda: len(desk.store) == 1, 30)
        print(*desk.store.tasks, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    application = cast("QApplication", QApplication.instance() or QApplication([]))
    data, mine, inputs, end = sys.argv[1:]
    with asyncio.Runner(loop_factory=lambda: QEventLoop(application)) as runner:
        runner.run(live(application, Path(data), Path(mine), Path(inputs), stop=end == "stop"))
