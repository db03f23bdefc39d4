"""A command that complained and returned zero: stdout tells that there is something to read in stderr."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.log_controls import MERGED
from tests.journeys.story import submit, wait_for
from tests.journeys.test_window_stories import open_desk, shown_log
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from tests.journeys.story import Service

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

COMPLAINS = """
import sys, time
from pathlib import Path
print("all done", flush=True)
print("mesh is coarse\\n\\nstep was cut", file=sys.stderr, flush=True)
while len(sys.argv) > 1 and not Path("stop").exists():
    time.sleep(0.02)
"""
FLOODS = "import sys\nfor n in range(2000): print('warning', n, file=sys.stderr)\n"


def test_a_success_that_wrote_to_stderr_says_so_below_its_stdout(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    case = folder("case", complain_py=COMPLAINS, flood_py=FLOODS)

    async def story() -> None:
        async with service.client() as client, open_desk(app, service, tmp_path) as desk:
            hint = desk.log_pane.foot.elsewhere
            quiet = await submit(client, case, ["echo fine"])
            flood = await submit(client, case, ["python3 flood.py"])
            watched = await submit(client, case, ["python3 complain.py wait"])
            await wait_for(client, watched, Status.COMPUTATION_STARTED)
            await until_async(lambda: desk.shell.table.select_task(watched), 30, "it is listed")
            await until_async(lambda: "all done" in shown_log(desk), 30, "it is read while it runs")
            assert not hint.isVisible()
            (service.data_dir / "work" / watched / "output" / "artifacts" / "stop").touch()
            await until_async(lambda: hint.isVisible() and hint.text() == "stderr has 2 lines", 30, "the hint")
            hint.click()
            await until_async(lambda: "mesh is coarse" in shown_log(desk), 30, "stderr is shown")
            assert not hint.isVisible()
            desk.log.show_file(MERGED)
            assert not hint.isVisible()
            desk.log.show_file("stdout.txt")
            await until_async(hint.isVisible, 30, "it is said again")
            await until_async(lambda: desk.shell.table.select_task(quiet), 30, "the quiet one")
            await until_async(lambda: "fine" in shown_log(desk), 30, "its log")
            assert hint.text() == ""
            await until_async(lambda: desk.shell.table.select_task(flood), 30, "the loud one")
            await until_async(lambda: hint.isVisible() and hint.text().endswith("kB"), 30, "it is measured")

    run_on_qt(story())
