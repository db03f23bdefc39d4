"""Nothing a person asks for is lost because the window was not ready yet."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from taskmon.gui.postponed import Postponed


class Window(QObject):
    wished = Signal(object)
    dropped = Signal(list)
    closed = Signal()


def test_what_was_asked_early_is_asked_again_in_order_once() -> None:
    window, answered = Window(), list[object]()
    postponed = Postponed(window.wished, window.dropped, window.closed)
    window.wished.emit("submit")
    window.dropped.emit(["/case"])
    window.closed.emit()
    window.wished.connect(answered.append)
    window.dropped.connect(answered.append)
    window.closed.connect(lambda: answered.append("closed"))
    assert answered == []
    postponed.ask_again()
    assert answered == ["submit", ["/case"], "closed"]


def test_afterwards_nothing_is_kept_nor_asked_twice() -> None:
    window, answered = Window(), list[object]()
    postponed = Postponed(window.wished)
    window.wished.connect(answered.append)
    postponed.ask_again()
    window.wished.emit("kill")
    postponed.ask_again()
    assert answered == ["kill"]
