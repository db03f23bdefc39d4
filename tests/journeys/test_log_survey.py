"""A search through the logs of the selected tasks, in the real window."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.hits_window import HitsWindow
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import submit, wait_for
from tests.journeys.test_links import in_view
from tests.journeys.test_window_stories import open_desk
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.desk import Desk
    from tests.journeys.story import Service

pytestmark = pytest.mark.journey

PRINT = "for number in range(3000): print('step', number, 'of {name}')\n"
ENDLESS = PRINT + "import sys, time\nsys.stdout.flush()\ntime.sleep(600)\n"


async def open_search(desk: Desk) -> HitsWindow:
    desk.shell.table.select_everything()
    await until_async(lambda: len(desk.detail.selected) == 4, 30, "all are selected")
    assert desk.window.action(Wish.SEARCH_LOGS).text() == "Search in the logs of 4 tasks…"
    desk.window.action(Wish.SEARCH_LOGS).trigger()
    return await until_async(lambda: desk.window.findChild(HitsWindow), 30, "the window of hits")


def rows(hits: HitsWindow) -> dict[str, str]:
    """What is said of each task, by its name."""
    items = (hits.tree.topLevelItem(place) for place in range(hits.tree.topLevelItemCount()))
    return {item.text(0): item.text(1) for item in items if item is not None}


def test_one_search_finds_the_hits_of_every_selected_task(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Callable[[Coroutine[Any, Any, None]], None],
) -> None:
    async def story() -> None:
        async with open_desk(app, service, tmp_path) as desk:
            client = desk.connection.client
            ids = [
                await submit(client, folder(name, work_py=PRINT.format(name=name)), ["python3 work.py"])
                for name in ("one", "two")
            ]
            ids.append(await submit(client, folder("long", work_py=ENDLESS.format(name="long")), ["python3 work.py"]))
            ids.append(await submit(client, folder("late", work_py=PRINT), ["python3 work.py"]))
            await wait_for(client, ids[2], Status.COMPUTATION_STARTED)
            log = service.data_dir / "work" / ids[2] / "output" / "artifacts" / "stdout.txt"
            await until_async(lambda: b"step 2999" in log.read_bytes(), 30, "it has written")
            await until_async(lambda: desk.store.tasks[ids[2]].status is Status.COMPUTATION_STARTED, 30, "it is seen")
            hits = await open_search(desk)

            hits.field.setText("step 29[0-9]{2} of (one|long")
            hits.ask()
            assert "is not a regular expression" in hits.summary.text()
            hits.field.setText("step 29[0-9]{2} of (one|long)")
            hits.ask()
            assert hits.act.text() == "Stop"
            await until_async(lambda: hits.act.text() == "Search", 30, "the search ends")
            assert rows(hits) == {
                "one": "100 hits, the first 20 below",
                "two": "nothing found",
                "long": "100 hits, the first 20 below",
                "late": "It has not started; there is no log yet.",
            }
            assert hits.summary.text() == "200 hits in 2 of 4 tasks"
            hits.only_found.setChecked(True)
            shown = [hits.tree.topLevelItem(place) for place in range(4)]
            assert {item.text(0) for item in shown if item is not None and not item.isHidden()} == {"one", "long"}

            one = next(item for item in shown if item is not None and item.text(0) == "one")
            sixth = one.child(5)
            assert sixth is not None
            hits.tree.setCurrentItem(sixth)
            await until_async(lambda: desk.shell.table.selected_ids() == [ids[0]], 30, "its task is selected")
            await until_async(lambda: in_view(desk, "step 2905 of one"), 30, "its log is shown at the line")

            hits.field.setText("step")
            hits.ask()
            hits.act.click()
            assert hits.act.text() == "Search"
            assert "stopped" in hits.summary.text()
            hits.close()
            await client.kill(ids[2])
            await client.kill(ids[3])

    run_on_qt(story())
