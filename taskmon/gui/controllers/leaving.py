"""What ends when the window turns to another service, and the question whether it may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from taskmon.core.units import count_text
from taskmon.gui.dialogs import Question, ask

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from taskmon.gui.controllers.submit import SubmitController
    from taskmon.gui.widgets.main_window import MainWindow


async def may_switch(
    name: str, submit: SubmitController, stop_tasks: Callable[[], Awaitable[None]], window: MainWindow
) -> bool:
    """Asks before half-sent folders are withdrawn, and before tasks are stopped that nobody could stop later.

    Tasks that were submitted to stop with the window are stopped here with `stop_tasks`: from another service they are
    out of reach when the window closes.
    """
    ends = ["Folders that are being sent are withdrawn."] if submit.sending else []
    tasks = submit.stopping_with_window
    if tasks:
        them = "it was" if len(tasks) == 1 else "they were"
        ends.append(f"{count_text(len(tasks), 'task')} will be stopped: {them} submitted to stop with the window.")
    if not ends:
        return True
    question = Question("Switch", f"Switch to {name}?", " ".join(ends), "Switch")
    if not await ask(question, window):
        return False
    if tasks:
        await stop_tasks()
    return True
