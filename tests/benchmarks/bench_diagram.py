"""How much the lifecycle diagram costs against a QGraphicsView that shows the same, in the same run.

Run with `python tests/benchmarks/bench_diagram.py`; prints the processor time of the GUI thread in ms and the ratios.
"""

from __future__ import annotations

import os
import statistics
import sys
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QBrush, QColor, QPainter, QPainterPath, QPen
from PySide6.QtWidgets import QApplication, QGraphicsPathItem, QGraphicsScene, QGraphicsSimpleTextItem, QGraphicsView

from taskmon.core.lifecycle import Status
from taskmon.gui.theme import LIGHT, load_fonts
from taskmon.gui.widgets.diagram_layout import arrange
from taskmon.gui.widgets.diagram_paint import rounded_path
from taskmon.gui.widgets.diagram_picture import lifecycle_picture
from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram, measure
from tests.builders import a_history, a_task_detail

if TYPE_CHECKING:
    from collections.abc import Callable

TRUNK = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED)
SIZE = (420, 620)
NOON = datetime(2025, 6, 2, 12, tzinfo=UTC)


class PlainView(QGraphicsView):
    """The same picture as items of a scene: boxes, labels, durations, edges, and a glow around the current state."""

    def __init__(self) -> None:
        super().__init__()
        scene = QGraphicsScene()
        self.setScene(scene)
        self.kept = scene
        self.setRenderHint(QPainter.RenderHint.Antialiasing)
        self.boxes: dict[Status, QGraphicsPathItem] = {}
        self.notes: dict[Status, QGraphicsSimpleTextItem] = {}
        self.edges: dict[tuple[Status, Status], QGraphicsPathItem] = {}
        found = arrange(lifecycle_picture(), QSizeF(*SIZE), measure)
        for key, route in found.routes.items():
            if not route.edge.quiet:
                self.edges[key] = scene.addPath(rounded_path(route.points), QPen(QColor("#c9d0d8"), 1.25))
        self.glow = scene.addPath(QPainterPath(), QPen(Qt.PenStyle.NoPen), QBrush(QColor(20, 85, 158, 80)))
        for status, box in found.boxes.items():
            path = QPainterPath()
            path.addRoundedRect(box.rect, 7, 7)
            item = scene.addPath(path, QPen(QColor("#88aadd")), QBrush(QColor("#eef4ff")))
            for row, line in enumerate((*box.lines, "")):
                text = QGraphicsSimpleTextItem(line, item)
                text.setPos(box.rect.topLeft() + QPointF(6, 2 + row * found.line_height))
                self.notes[status] = text
            self.boxes[status] = item
        scene.setSceneRect(QRectF(0, 0, *SIZE))

    def show_path(self, path: tuple[Status, ...]) -> None:
        """Lights the last state of `path` and everything that led to it; touches only what changes."""
        steps = set(pairwise(path))
        for key, edge in self.edges.items():
            pen = QPen(QColor("#14559e"), 2.2) if key in steps else QPen(QColor("#c9d0d8"), 1.25)
            if edge.pen() != pen:
                edge.setPen(pen)
        for status, box in self.boxes.items():
            colour = "#14559e" if status == path[-1] else "#e3effc" if status in path else "#ffffff"
            if box.brush().color() != QColor(colour):
                box.setBrush(QBrush(QColor(colour)))
                self.notes[status].setText("3.4 s" if status in path else "")
        glow = QPainterPath()
        glow.addRoundedRect(self.boxes[path[-1]].path().boundingRect().adjusted(-5, -5, 5, 5), 12, 12)
        self.glow.setPath(glow)


def measured(application: QApplication, action: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds of this thread per call of `action`, what it made Qt do included."""
    found = []
    for index in range(rounds):
        start = time.thread_time()
        action(index)
        for _ in range(3):
            application.processEvents()
        found.append((time.thread_time() - start) * 1e3)
    return found


def resize_view(view: PlainView, index: int) -> None:
    view.resize(SIZE[0] + index % 50, SIZE[1])
    view.fitInView(view.sceneRect())


def main() -> None:
    application = QApplication(["bench"])
    load_fonts()
    stories = [
        a_task_detail(visited=TRUNK[:length], status_history=a_history(TRUNK[:length], NOON))
        for length in range(1, len(TRUNK) + 1)
    ]
    later = NOON + timedelta(seconds=60)
    view, diagram = PlainView(), LifecycleDiagram(LIGHT)
    diagram.set_reduce_motion(True)
    for widget in (view, diagram):
        widget.resize(*SIZE)
        widget.show()
    application.processEvents()
    count = len(TRUNK)
    figures: dict[str, tuple[list[float], list[float]]] = {
        "highlight": (
            measured(application, lambda i: view.show_path(TRUNK[: 1 + (i + 1) % count]), 400),
            measured(application, lambda i: diagram.show_task(stories[(i + 1) % count], later), 400),
        ),
        "one second on": (
            measured(application, lambda i: view.notes[TRUNK[-1]].setText(f"{i} s"), 200),
            measured(application, lambda i: diagram.set_now(later + timedelta(seconds=i % 30)), 200),
        ),
        "full repaint": (
            measured(application, lambda i: view.viewport().repaint(), 100),
            measured(application, lambda i: diagram.repaint(), 100),
        ),
        "resize": (
            measured(application, lambda i: resize_view(view, i), 60),
            measured(application, lambda i: diagram.resize(SIZE[0] + i % 50, SIZE[1]), 60),
        ),
    }
    for name, (theirs, ours) in figures.items():
        one, other = statistics.median(theirs), statistics.median(ours)
        worst = sorted(ours)[int(len(ours) * 0.99)]
        print(
            f"{name:14} QGraphicsView {one:5.2f} ms, diagram {other:5.2f} ms (p99 {worst:.2f}), ratio {other / one:.2f}"
        )


if __name__ == "__main__":
    main()
