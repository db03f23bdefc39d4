"""The lifecycle diagram: the picture is the lifecycle, every word can be read, and it tells one task's story."""

from __future__ import annotations

from datetime import timedelta
from itertools import combinations, pairwise
from typing import TYPE_CHECKING

import pytest
from PySide6.QtCore import QLineF, QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from taskmon.core.lifecycle import FACTS, TRANSITIONS, Status, can_follow, facts
from taskmon.gui.theme import DARK, LIGHT, load_fonts
from taskmon.gui.widgets.diagram_layout import Arrangement, arrange
from taskmon.gui.widgets.diagram_picture import lifecycle_picture
from taskmon.gui.widgets.diagram_scene import Emphasis, scene_of_counts, scene_of_task
from taskmon.gui.widgets.lifecycle_diagram import LifecycleDiagram, measure
from tests.builders import NOON, a_history, a_task, a_task_detail, seconds_after
from tests.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

TRUNK = (Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.COMPUTATION_STARTED)
FULL_LABEL_SIZES = [(340, 520), (360, 560), (420, 620), (700, 600), (500, 1000), (1600, 1000)]
SIZES = [*FULL_LABEL_SIZES, (340, 420), (300, 380), (300, 350), (640, 350), (200, 200)]


@pytest.fixture
def diagram(app: object) -> Iterator[LifecycleDiagram]:
    load_fonts()
    widget = LifecycleDiagram(LIGHT)
    widget.resize(340, 520)
    widget.show()
    yield widget
    widget.close()


@pytest.fixture(params=SIZES, ids=lambda size: f"{size[0]}x{size[1]}")
def arrangement(request: pytest.FixtureRequest, app: object) -> Arrangement:
    load_fonts()
    return arrange(lifecycle_picture(), QSizeF(*request.param), measure)


def button(diagram: LifecycleDiagram, status: Status) -> QAbstractButton:
    found = diagram.findChild(QAbstractButton, str(status))
    assert isinstance(found, QAbstractButton)
    return found


def focused(diagram: LifecycleDiagram) -> str:
    return next((each.objectName() for each in diagram.findChildren(QAbstractButton) if each.hasFocus()), "")


class TestPicture:
    def test_it_names_exactly_the_states(self) -> None:
        named = [node.status for node in lifecycle_picture().nodes]
        assert sorted(named) == sorted(FACTS)

    def test_it_draws_every_legal_way_once_and_no_other(self) -> None:
        drawn = [edge.key for edge in lifecycle_picture().edges]
        legal = {(source, target) for (source, _), target in TRANSITIONS.items() if source is not None}
        assert len(drawn) == len(set(drawn))
        assert set(drawn) == legal
        assert all(can_follow(*pair) for pair in drawn)

    def test_every_state_can_be_reached_on_ways_that_are_always_drawn(self) -> None:
        reached = {Status.PENDING_INPUT} | {edge.target for edge in lifecycle_picture().edges if not edge.quiet}
        assert reached == set(FACTS)


class TestArrangement:
    def test_no_two_boxes_touch(self, arrangement: Arrangement) -> None:
        rects = [*(box.rect for box in arrangement.boxes.values()), arrangement.spare]
        for one, other in combinations(rects, 2):
            assert not one.adjusted(-2, -2, 2, 2).intersects(other)

    def test_everything_is_inside(self, arrangement: Arrangement) -> None:
        room = QRectF(QPointF(0, 0), arrangement.size)
        assert all(room.contains(box.rect) for box in arrangement.boxes.values())
        assert all(room.contains(point) for route in arrangement.routes.values() for point in route.points)

    def test_every_label_fits_into_its_box(self, arrangement: Arrangement) -> None:
        for status, box in arrangement.boxes.items():
            assert max(measure(line, arrangement.point_size).width() for line in box.lines) <= box.rect.width() - 4
            rows = len(box.lines) + (not facts(status).terminal)
            assert rows * arrangement.line_height <= box.rect.height(), status

    def test_no_edge_runs_through_a_box(self, arrangement: Arrangement) -> None:
        for (source, target), route in arrangement.routes.items():
            for one, other in pairwise(route.points):
                stretch = QRectF(one, other).normalized().adjusted(-1, -1, 1, 1)
                for status, box in arrangement.boxes.items():
                    room = 2 if status in (source, target) else 0
                    inner = box.rect.adjusted(room, room, -room, -room)
                    assert not inner.intersects(stretch), f"{source} -> {target} meets {status}"

    def test_edges_run_straight_and_end_at_their_boxes(self, arrangement: Arrangement) -> None:
        for (source, target), route in arrangement.routes.items():
            for one, other in pairwise(route.points):
                assert one.x() == pytest.approx(other.x()) or one.y() == pytest.approx(other.y())
            for status, point in ((source, route.points[0]), (target, route.points[-1])):
                rect = arrangement.boxes[status].rect
                assert rect.adjusted(-1, -1, 1, 1).contains(point)
                assert not rect.adjusted(2, 2, -2, -2).contains(point)
            assert QLineF(route.points[-2], route.points[-1]).length() >= 4, "no room for the arrow head"

    @pytest.mark.parametrize("size", FULL_LABEL_SIZES)
    def test_a_usual_pane_shows_the_full_names_in_readable_letters(self, app: object, size: tuple[int, int]) -> None:
        load_fonts()
        found = arrange(lifecycle_picture(), QSizeF(*size), measure)
        assert {status: " ".join(box.lines) for status, box in found.boxes.items()} == {
            status: told.alias for status, told in FACTS.items()
        }
        assert found.point_size >= 8

    def test_a_small_pane_shows_short_names(self, app: object) -> None:
        load_fonts()
        found = arrange(lifecycle_picture(), QSizeF(300, 380), measure)
        assert found.short
        assert found.boxes[Status.EXECUTER_TERMINATED_TTL_EXCEEDED].lines == ("Time Limit",)


class TestScene:
    def test_the_path_of_a_task_is_lit_with_its_times(self) -> None:
        detail = a_task_detail(visited=TRUNK, status_history=a_history(TRUNK, step_s=8))
        scene = scene_of_task(detail, seconds_after(NOON, 24 + 41))
        assert scene.looks[Status.SUBMITTED].emphasis is Emphasis.PASSED
        assert scene.looks[Status.SUBMITTED].note == "8.0 s"
        assert (scene.current, scene.looks[Status.COMPUTATION_STARTED].note) == (Status.COMPUTATION_STARTED, "41 s")
        assert scene.looks[Status.SUCCESS].emphasis is Emphasis.IDLE
        assert set(scene.travelled) == set(pairwise(TRUNK))

    @pytest.mark.parametrize("end", [Status.EXECUTER_TERMINATED, Status.SPOT_INSTANCE_PREEMPTED])
    def test_a_resubmitted_task_is_at_its_second_attempt(self, end: Status) -> None:
        detail = a_task_detail(visited=(*TRUNK, end, *TRUNK[1:]))
        scene = scene_of_task(detail, seconds_after(NOON, 20))
        assert scene.attempt == 2
        assert scene.travelled[end, Status.SUBMITTED] == 2
        assert scene.travelled[Status.COMPUTATION_STARTED, end] == 1
        assert scene.looks[end].emphasis is Emphasis.EARLIER
        assert scene.looks[Status.COMPUTATION_STARTED].note == "13 s", "the present stay, not the sum"
        assert scene.looks[Status.COMPUTATION_STARTED].history == ("Attempt 1: 1.0 s", "Attempt 2: 13 s")

    def test_every_way_a_task_can_take_is_in_the_picture(self) -> None:
        known = {edge.key for edge in lifecycle_picture().edges}
        detail = a_task_detail(visited=(*TRUNK, Status.PENDING_KILL, Status.TTL_EXCEEDED))
        assert set(scene_of_task(detail, NOON).travelled) <= known

    def test_a_task_without_its_history_lights_its_state(self) -> None:
        scene = scene_of_task(a_task(status=Status.FAILED), NOON)
        assert scene.looks[Status.FAILED].emphasis is Emphasis.CURRENT
        assert not scene.travelled

    def test_an_end_has_no_running_time(self) -> None:
        scene = scene_of_task(a_task_detail(status=Status.FAILED), seconds_after(NOON, 999))
        assert scene.looks[Status.FAILED].note == ""
        assert scene.at(seconds_after(NOON, 2000)) == scene

    def test_counts_are_badges(self) -> None:
        scene = scene_of_counts({Status.SUCCESS: 1393, Status.FAILED: 0})
        assert scene.looks[Status.SUCCESS].badge == "1,393"
        assert scene.looks[Status.FAILED].emphasis is Emphasis.IDLE
        assert scene.current is None


class TestDiagram:
    def test_every_state_is_read_aloud_with_its_time(self, diagram: LifecycleDiagram) -> None:
        diagram.show_task(a_task_detail(visited=TRUNK), seconds_after(NOON, 15))
        assert button(diagram, Status.COMPUTATION_STARTED).accessibleName() == "In Progress, current state, for 12 s"
        assert button(diagram, Status.SUBMITTED).accessibleName() == "In Queue, passed in 1.0 s"
        assert button(diagram, Status.FAILED).accessibleName() == "Failed, not reached"
        diagram.set_now(seconds_after(NOON, 17))
        assert button(diagram, Status.COMPUTATION_STARTED).accessibleName() == "In Progress, current state, for 14 s"

    def test_every_state_is_read_aloud_with_its_count(self, diagram: LifecycleDiagram) -> None:
        diagram.show_counts({Status.SUBMITTED: 12})
        assert button(diagram, Status.SUBMITTED).accessibleName() == "In Queue, 12 tasks"
        assert button(diagram, Status.KILLED).accessibleName() == "Killed, no tasks"
        diagram.show_nothing()
        assert button(diagram, Status.SUBMITTED).accessibleName() == "In Queue"

    def test_assistive_technology_can_read_and_press_every_state(self, diagram: LifecycleDiagram) -> None:
        clicked: list[str] = []
        diagram.status_clicked.connect(clicked.append)
        diagram.show_counts({Status.FAILED: 3})
        whole = QAccessible.queryAccessibleInterface(diagram)
        states = [whole.child(index) for index in range(whole.childCount())]
        assert [state.role() for state in states] == [QAccessible.Role.Button] * len(FACTS)
        failed = next(state for state in states if state.text(QAccessible.Text.Name) == "Failed, 3 tasks")
        failed.actionInterface().doAction("Press")
        until(lambda: QApplication.processEvents() or clicked, within_s=30)
        assert clicked == ["failed"]

    def test_pointing_at_a_state_explains_it(self, diagram: LifecycleDiagram) -> None:
        for status, told in FACTS.items():
            tooltip = button(diagram, status).toolTip()
            assert all(words in tooltip for words in (told.alias, told.what, told.why, told.next_step))

    def test_clicking_a_state_names_it(self, diagram: LifecycleDiagram) -> None:
        clicked: list[str] = []
        diagram.status_clicked.connect(clicked.append)
        QTest.mouseClick(button(diagram, Status.FAILED), Qt.MouseButton.LeftButton)
        for key in (Qt.Key.Key_Return, Qt.Key.Key_Space):
            QTest.keyClick(button(diagram, Status.KILLED), key)
        assert clicked == ["failed", "killed", "killed"]

    def test_every_state_can_be_reached_with_the_arrow_keys(self, diagram: LifecycleDiagram) -> None:
        diagram.activateWindow()
        assert QTest.qWaitForWindowActive(diagram)
        reached, waiting = {"pending-input"}, ["pending-input"]
        while waiting:
            start = Status(waiting.pop())
            for key in (Qt.Key.Key_Up, Qt.Key.Key_Down, Qt.Key.Key_Left, Qt.Key.Key_Right):
                button(diagram, start).setFocus()
                QTest.keyClick(button(diagram, start), key)
                here = focused(diagram)
                if here not in reached:
                    reached.add(here)
                    waiting.append(here)
        assert reached == set(FACTS)

    def test_the_keyboard_s_place_is_seen(self, diagram: LifecycleDiagram) -> None:
        diagram.activateWindow()
        assert QTest.qWaitForWindowActive(diagram)
        before = diagram.grab().toImage()
        button(diagram, Status.SUBMITTED).setFocus(Qt.FocusReason.TabFocusReason)
        assert diagram.grab().toImage() != before

    def test_tab_enters_and_leaves_the_picture_in_one_step(self, diagram: LifecycleDiagram) -> None:
        policies = [each.focusPolicy() for each in diagram.findChildren(QAbstractButton)]
        assert policies.count(Qt.FocusPolicy.StrongFocus) == 1

    def test_a_code_from_a_newer_service_is_a_state_like_any_other(self, diagram: LifecycleDiagram) -> None:
        clicked: list[str] = []
        diagram.status_clicked.connect(clicked.append)
        unknown = Status("<b>frozen</b>-solid")
        diagram.show_task(a_task_detail(visited=(*TRUNK, unknown)), seconds_after(NOON, 9))
        assert "current state" in button(diagram, unknown).accessibleName()
        assert "<b>frozen</b>" not in button(diagram, unknown).toolTip()
        button(diagram, unknown).click()
        assert clicked == [str(unknown)]
        diagram.grab()
        diagram.show_task(a_task_detail(visited=TRUNK), seconds_after(NOON, 9))
        diagram.grab()
        assert all(not each.isVisible() for each in diagram.findChildren(QAbstractButton, str(unknown)))
        diagram.show_counts({unknown: 3})
        assert button(diagram, unknown).accessibleName().endswith("3 tasks")

    def test_it_pulses_only_while_the_task_lives_and_is_seen(self, diagram: LifecycleDiagram) -> None:
        diagram.show_task(a_task_detail(visited=TRUNK), NOON)
        assert diagram.pulsing
        diagram.hide()
        assert not diagram.pulsing
        diagram.show()
        assert diagram.pulsing
        diagram.set_reduce_motion(True)
        assert not diagram.pulsing
        diagram.set_reduce_motion(False)
        diagram.show_task(a_task_detail(status=Status.SUCCESS), NOON)
        assert not diagram.pulsing

    @pytest.mark.parametrize("theme", [LIGHT, DARK], ids=lambda theme: theme.name)
    def test_the_current_state_stands_out(self, diagram: LifecycleDiagram, theme: object) -> None:
        diagram.set_theme(DARK if theme is DARK else LIGHT)
        diagram.set_reduce_motion(True)
        for status in FACTS:
            diagram.show_task(a_task_detail(status=status), NOON + timedelta(seconds=9))
            picture = diagram.grab().toImage()
            box = button(diagram, status).geometry()
            ink = diagram.grab().toImage().pixelColor(box.left() + 4, box.center().y())
            assert ink.name() == (DARK if theme is DARK else LIGHT).of(status).ink
            assert picture.size() == diagram.size()

    def test_partial_repaints_add_up_to_the_whole_picture(self, diagram: LifecycleDiagram) -> None:
        """What is repainted when a task moves on equals a picture painted from scratch."""
        diagram.set_reduce_motion(True)
        kept = None
        for length in range(1, len(TRUNK) + 1):
            diagram.show_task(a_task_detail(visited=TRUNK[:length]), seconds_after(NOON, 30))
            kept = diagram.grab().toImage()
        fresh = LifecycleDiagram(LIGHT)
        fresh.set_reduce_motion(True)
        fresh.resize(diagram.size())
        fresh.show_task(a_task_detail(visited=TRUNK), seconds_after(NOON, 30))
        fresh.show()
        assert fresh.grab().toImage() == kept
        fresh.close()
