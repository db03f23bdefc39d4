"""Leaving the window or its service: asks first where something would be lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.units import count_text
from taskmon.gui.dialogs import Question, ask

if TYPE_CHECKING:
    from taskmon.gui.controllers.bound_tasks import BoundTasksController
    from taskmon.gui.controllers.submit import SubmitController
    from taskmon.gui.widgets.main_window import MainWindow


async def may_close(window: MainWindow, bound: BoundTasksController, submit: SubmitController) -> bool:
    """Whether to close the window."""
    ends = _what_ends(bound, submit)
    return not ends or await ask(Question("Close the window", "Close the window?", ends, "Close"), window)


async def may_go_to(name: str, window: MainWindow, bound: BoundTasksController, submit: SubmitController) -> bool:
    """Whether to go to another service; if so, the tasks that end with the window are stopped first."""
    ends = _what_ends(bound, submit)
    if ends and not await ask(Question("Switch", f"Switch to {name}?", ends, "Switch"), window):
        return False
    await bound.stop_all()
    return True


def _what_ends(bound: BoundTasksController, submit: SubmitController) -> str:
    tasks = bound.living
    ends = ["Folders that are being sent are withdrawn."] if submit.sending else []
    if tasks:
        ends.append(f"{count_text(len(tasks), 'task')} submitted to stop with the window would be stopped now.")
    return " ".join(ends)
