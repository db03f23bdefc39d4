"""What the controllers of a window share, as one value."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from taskmon.client.task_store import TaskStore
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages


class Surroundings(NamedTuple):
    """Who does their work in the background, which service is asked, what is known of its tasks, where they tell, and
    the window that their questions belong to."""

    background: Background
    connection: ConnectionController
    store: TaskStore
    messages: Messages
    window: QWidget
