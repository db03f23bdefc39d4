"""The picture of a task's life, alive: the current state lit, the path travelled, how long each state took.

One painted widget. What never changes for a size and theme is kept in a pixmap; only states and ways that a task
has touched are painted on top. Every state is also an invisible child button, which gives it keyboard focus, a
tooltip and an accessible name.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from PySide6.QtCore import QPointF, QRectF, QSize, QSizeF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPixmap
from PySide6.QtWidgets import QWidget

from taskmon.core.lifecycle import Status, facts
from taskmon.gui.theme import LIGHT, Theme, ui_font
from taskmon.gui.widgets import diagram_paint as paint
from taskmon.gui.widgets.diagram_layout import MINIMUM, Arrangement, Box, arrange, wrap
from taskmon.gui.widgets.diagram_picture import EdgeKind, lifecycle_picture
from taskmon.gui.widgets.diagram_scene import (
    Emphasis,
    NodeLook,
    Scene,
    plain_scene,
    scene_of_counts,
    scene_of_task,
    tooltip,
)
from taskmon.gui.widgets.pulse import Pulse
from taskmon.gui.widgets.state_button import StateButton

if TYPE_CHECKING:
    from collections.abc import Mapping

    from PySide6.QtGui import QHideEvent, QPaintEvent, QResizeEvent, QShowEvent

    from taskmon.core.task import Task


@cache
def _metrics(points: float) -> QFontMetricsF:
    return QFontMetricsF(ui_font(points, strong=True))


@lru_cache(maxsize=2048)
def measure(text: str, points: float) -> QSizeF:
    """The size of a label in its boldest weight."""
    metrics = _metrics(points)
    return QSizeF(metrics.horizontalAdvance(text), metrics.height())


class LifecycleDiagram(QWidget):
    """Shows one task (`show_task`), how many tasks are where (`show_counts`), or the bare picture (`show_nothing`).

    `status_clicked` carries the code of a state that was clicked or chosen with Enter; `status_pointed` that of the
    state under the mouse or the keyboard, empty when there is none.
    """

    status_clicked = Signal(str)
    status_pointed = Signal(str)

    def __init__(self, theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._scene = plain_scene()
        self._arrangement: Arrangement | None = None
        self._backdrop: QPixmap | None = None
        self._reduce_motion = False
        self._pulse = Pulse(self)
        self._pulse.beat.connect(self._update_current)
        self._buttons: dict[Status, StateButton] = {}
        for status in lifecycle_picture().reading_order:
            self._add_button(status)
        self._buttons[Status.PENDING_INPUT].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAccessibleName("Lifecycle of the task")
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setMinimumSize(self.minimumSizeHint())
        self._tell()

    # What it shows

    def show_task(self, task: Task, now: datetime) -> None:
        """The path of one task, or only its state if it is no TaskDetail; `now` ends the time of the current state."""
        self._show(scene_of_task(task, now))

    def show_counts(self, counts: Mapping[Status, int]) -> None:
        """How many tasks of the present view are in each state."""
        self._show(scene_of_counts(counts))

    def show_nothing(self) -> None:
        """The bare picture."""
        self._show(plain_scene())

    def set_now(self, now: datetime) -> None:
        """Lets the time of the current state go on."""
        self._show(self._scene.at(now))

    def set_theme(self, theme: Theme) -> None:
        """Paints in `theme` from now on."""
        self._theme = theme
        self._repaint_all()

    def set_reduce_motion(self, reduce: bool) -> None:
        """Whether the current state keeps still instead of pulsing."""
        self._reduce_motion = reduce
        self._start_or_stop_pulse()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(380, 520)

    def minimumSizeHint(self) -> QSize:
        return MINIMUM.toSize()

    def _show(self, scene: Scene) -> None:
        before, self._scene = self._scene, scene
        if scene == before:
            return
        if scene.about_a_task != before.about_a_task or scene.extra != before.extra:
            self._place_extra(before.extra)
            self._repaint_all()
        elif self._arrangement is not None:
            self._update_changes(before)
        self._start_or_stop_pulse()
        self._tell(before)

    def _update_changes(self, before: Scene) -> None:
        for status in self._scene.looks.keys() | before.looks.keys():
            if self._scene.looks.get(status) != before.looks.get(status):
                self._update_node(status)
        where = self._layout_now()
        if self._scene.attempt != before.attempt:
            self.update()
        for key, _ in self._scene.travelled.items() ^ before.travelled.items():
            if key in where.routes:
                self.update(where.routes[key].touched)

    # Places

    def _layout_now(self) -> Arrangement:
        if self._arrangement is None:
            self._arrangement = arrange(lifecycle_picture(), QSizeF(self.size()), measure)
            for status, button in self._buttons.items():
                button.setGeometry(self._box(status).rect.toAlignedRect())
        return self._arrangement

    def _box(self, status: Status) -> Box:
        where = self._layout_now()
        known = where.boxes.get(status)
        if known is not None:
            return known
        room = where.spare.width() - 10
        lines = wrap(facts(status).alias, room, where.point_size, measure)
        metrics = QFontMetricsF(ui_font(where.point_size, strong=True))
        told = [*lines[:1], " ".join(lines[1:])] if len(lines) > 1 else list(lines)
        return Box(where.spare, tuple(metrics.elidedText(line, Qt.TextElideMode.ElideRight, room) for line in told))

    def _update_node(self, status: Status) -> None:
        reach = paint.HALO + 2
        self.update(self._box(status).rect.adjusted(-reach, -reach, reach, reach).toAlignedRect())

    def _repaint_all(self) -> None:
        self._backdrop = None
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._arrangement = None
        self._backdrop = None
        self._layout_now()
        super().resizeEvent(event)

    # Paint

    def paintEvent(self, event: QPaintEvent) -> None:
        where = self._layout_now()
        painter = QPainter(self)
        ratio = self.devicePixelRatioF()
        if self._backdrop is None or self._backdrop.devicePixelRatio() != ratio:
            self._backdrop = self._paint_backdrop(where, ratio)
        clip = QRectF(event.rect())
        painter.drawPixmap(0, 0, self._backdrop)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paint_path(painter, where, clip)
        for status, look in self._scene.looks.items():
            box = self._box(status)
            reach = paint.HALO + 2
            if clip.intersects(box.rect.adjusted(-reach, -reach, reach, reach)):
                self._paint_state(painter, status, box, look, where)
        painter.end()

    def _paint_backdrop(self, where: Arrangement, ratio: float) -> QPixmap:
        """The ground, the edges that no task has taken and the states that step back."""
        backdrop = QPixmap((QSizeF(self.size()) * ratio).toSize())
        backdrop.setDevicePixelRatio(ratio)
        backdrop.fill(QColor(self._theme.surface))
        painter = QPainter(backdrop)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        paint.paint_idle_edges(painter, where.routes.values(), self._theme, stepping_back=self._scene.about_a_task)
        for route in where.routes.values():
            if route.edge.kind is EdgeKind.RESUBMIT:
                paint.paint_loop_label(painter, route, 1, where.small_point_size, self._theme)
        for status, box in where.boxes.items():
            paint.paint_node(painter, box, status, NodeLook(Emphasis.IDLE), where, self._theme)
        painter.end()
        return backdrop

    def _paint_path(self, painter: QPainter, where: Arrangement, clip: QRectF) -> None:
        taken = [
            (where.routes[key], attempt)
            for key, attempt in self._scene.travelled.items()
            if key in where.routes and clip.intersects(where.routes[key].touched)
        ]
        for earlier in (True, False):
            routes = [route for route, attempt in taken if (attempt < self._scene.attempt) is earlier]
            paint.paint_travelled(painter, routes, self._theme, earlier=earlier)
        for route, attempt in taken:
            if route.edge.kind is EdgeKind.RESUBMIT:
                paint.paint_loop_label(painter, route, attempt, where.small_point_size, self._theme)

    def _paint_state(self, painter: QPainter, status: Status, box: Box, look: NodeLook, where: Arrangement) -> None:
        button = self._buttons.get(status)
        hovered = button is not None and button.underMouse()
        if look.emphasis is Emphasis.CURRENT:
            colour = paint.colours_of(self._theme, status).ink
            paint.paint_halo(painter, box.rect, colour, self._pulse.strength)
        if look.emphasis is not Emphasis.IDLE or hovered:
            paint.paint_node(painter, box, status, look, where, self._theme, hovered=hovered)
        if button is not None and button.ringed:
            paint.paint_focus_ring(painter, box.rect, self._theme)

    # The pulse

    @property
    def pulsing(self) -> bool:
        """Whether the current state moves at the moment."""
        return self._pulse.active

    def _start_or_stop_pulse(self) -> None:
        current = self._scene.current
        alive = current is not None and not facts(current).terminal
        self._pulse.set_active(alive and self.isVisible() and not self._reduce_motion)

    def _update_current(self) -> None:
        if self._scene.current is not None:
            self._update_node(self._scene.current)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._start_or_stop_pulse()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self._start_or_stop_pulse()

    # Mouse, keyboard, accessibility

    def _add_button(self, status: Status) -> StateButton:
        button = StateButton(str(status), self)
        button.chosen.connect(self.status_clicked)
        button.pointed.connect(self._pointed)
        button.moved.connect(self._move_focus)
        self._buttons[status] = button
        return button

    def _place_extra(self, before: Status | None) -> None:
        if before is not None and (gone := self._buttons.pop(before, None)) is not None:
            if gone.focusPolicy() == Qt.FocusPolicy.StrongFocus:
                self._buttons[Status.PENDING_INPUT].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            gone.setParent(None)
            gone.deleteLater()
        extra = self._scene.extra
        if extra is not None:
            button = self._add_button(extra)
            button.setGeometry(self._box(extra).rect.toAlignedRect())
            button.show()

    def _pointed(self, code: str, here: bool) -> None:
        self._update_node(Status(code))
        self.status_pointed.emit(code if here else "")

    def _move_focus(self, code: str, direction: QPointF) -> None:
        """Gives the focus to the nearest state in `direction`, if there is one."""
        start = Status(code)
        here = self._box(start).rect.center()

        def distance(status: Status) -> float:
            way = self._box(status).rect.center() - here
            along = way.x() * direction.x() + way.y() * direction.y()
            across = abs(way.x() * direction.y()) + abs(way.y() * direction.x())
            return along + 3 * across if along > 4 else math.inf

        nearest = min(self._buttons, key=distance)
        if distance(nearest) < math.inf:
            self._buttons[start].setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            self._buttons[nearest].setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self._buttons[nearest].setFocus(Qt.FocusReason.TabFocusReason)

    def _tell(self, before: Scene | None = None) -> None:
        """Gives every state that changed its accessible name and its tooltip."""
        for status, button in self._buttons.items():
            look = self._scene.looks[status]
            if before is not None and before.looks.get(status) == look:
                continue
            name = facts(status).alias
            button.setAccessibleName(f"{name}, {look.spoken}" if look.spoken else name)
            button.setToolTip(tooltip(status, look))
