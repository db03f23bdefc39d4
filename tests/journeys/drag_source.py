"""A window of another program: dragging it with the pointer starts a real drag of the given paths. As a file manager
does, it proposes to move them, and removes them when they were.

Usage: drag_source.py X Y PATH…
"""

from __future__ import annotations

import shutil
import sys

from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDrag, QMouseEvent
from PySide6.QtWidgets import QApplication, QLabel


class Source(QLabel):
    """Offers its paths to whatever the pointer is released over."""

    def __init__(self, paths: list[str]) -> None:
        super().__init__("drag me")
        self._paths = paths
        self._pressed = QPoint()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position().toPoint()

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if (event.position().toPoint() - self._pressed).manhattanLength() < QApplication.startDragDistance():
            return
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(path) for path in self._paths])
        drag = QDrag(self)
        drag.setMimeData(mime)
        taken = drag.exec(Qt.DropAction.CopyAction | Qt.DropAction.MoveAction, Qt.DropAction.MoveAction)
        if taken is Qt.DropAction.MoveAction:
            for path in self._paths:
                shutil.rmtree(path)


def main() -> int:
    application = QApplication(sys.argv)
    source = Source(sys.argv[3:])
    source.setWindowTitle("drag source")
    source.resize(160, 120)
    source.move(int(sys.argv[1]), int(sys.argv[2]))
    source.show()
    return application.exec()


if __name__ == "__main__":
    sys.exit(main())
