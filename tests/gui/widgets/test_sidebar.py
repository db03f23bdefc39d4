"""The sidebar: groups with numbers, a click filters."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QEvent, QPoint, Qt
from PySide6.QtGui import QColor, QCursor
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QInputDialog, QMenu

from taskmon.gui.task_rows import TaskGroup
from taskmon.gui.theme import DARK, LIGHT, Theme
from taskmon.gui.widgets.sidebar import Sidebar
from tests.gui.widgets.task_pictures import save
from tests.waiting import until

GROUPS = [
    TaskGroup("", "All", "", 12_345),
    TaskGroup("", "Active", "status:active", 7),
    TaskGroup("", "Queued", "status:queued", 2, nested=True),
    TaskGroup("", "Failed", "status:failed", 0),
    TaskGroup("Projects", "wing", 'project:="wing"', 40),
    TaskGroup("Machines", "this-computer", 'group:="this-computer"', 1),
]


@pytest.fixture
def sidebar(app: QApplication) -> Iterator[Sidebar]:
    made = Sidebar()
    made.resize(190, 480)
    made.show_counts(GROUPS)
    made.show()
    app.processEvents()
    yield made
    made.close()
    made.deleteLater()


def titles(sidebar: Sidebar) -> list[str]:
    model = sidebar._list.model()
    return [model.data(model.index(row, 0)) for row in range(model.rowCount())]


def click(sidebar: Sidebar, title: str) -> None:
    where = sidebar._list.visualRect(sidebar._list.model().index(titles(sidebar).index(title), 0)).center()
    QTest.mouseClick(sidebar._list.viewport(), Qt.MouseButton.LeftButton, pos=where)


def test_sections_have_a_title_once(sidebar: Sidebar) -> None:
    assert titles(sidebar) == ["All", "Active", "Queued", "Failed", "Projects", "wing", "Machines", "this-computer"]


def test_a_click_asks_for_the_filter_of_the_group(sidebar: Sidebar) -> None:
    asked: list[str] = []
    sidebar.filter_requested.connect(asked.append)
    for title in ("wing", "All", "Queued", "Projects"):
        click(sidebar, title)
    assert asked == ['project:="wing"', "", "status:queued"]


def test_the_group_whose_filter_is_in_force_is_marked(sidebar: Sidebar) -> None:
    sidebar.show_filter("status:failed")
    assert sidebar._list.currentIndex().data() == "Failed"
    sidebar.show_filter("status:failed wing")
    assert not sidebar._list.currentIndex().isValid()
    assert not sidebar._list.selectionModel().hasSelection()


def test_neither_the_other_button_nor_a_key_moves_the_mark(sidebar: Sidebar) -> None:
    def marked() -> list[str]:
        return [index.data() for index in sidebar._list.selectionModel().selectedIndexes()]

    sidebar.show_filter("")
    place = sidebar._list.visualRect(sidebar._list.model().index(titles(sidebar).index("wing"), 0)).center()
    QTest.mouseClick(sidebar._list.viewport(), Qt.MouseButton.RightButton, pos=place)
    assert marked() == ["All"]
    QTest.keyClick(sidebar._list, Qt.Key.Key_Home)
    QTest.keyClick(sidebar._list, Qt.Key.Key_Down)
    assert (marked(), sidebar._list.currentIndex().data()) == (["All"], "Active")
    asked: list[str] = []
    sidebar.filter_requested.connect(asked.append)
    QTest.keyClick(sidebar._list, Qt.Key.Key_Return)
    assert asked == ["status:active"]


def test_new_numbers_keep_the_mark_and_a_new_project_too(sidebar: Sidebar) -> None:
    sidebar.show_filter("status:active")
    sidebar.show_counts([*GROUPS[:1], TaskGroup("", "Active", "status:active", 8), *GROUPS[2:]])
    assert sidebar._list.currentIndex().data() == "Active"
    sidebar.show_counts([*GROUPS, TaskGroup("Machines", "c2", 'group:="c2"', 3)])
    assert sidebar._list.currentIndex().data() == "Active"
    assert "c2" in titles(sidebar)


def test_the_keys_stay_at_their_group_when_another_one_comes(sidebar: Sidebar) -> None:
    sidebar.show_filter("status:active")
    QTest.keyClick(sidebar._list, Qt.Key.Key_End)
    assert sidebar._list.currentIndex().data() == "this-computer"
    sidebar.show_counts([*GROUPS[:4], TaskGroup("Projects", "dam", 'project:="dam"', 1), *GROUPS[4:]])
    assert sidebar._list.currentIndex().data() == "this-computer"
    marked = [index.data() for index in sidebar._list.selectionModel().selectedIndexes()]
    assert marked == ["Active"]


WHY = [TaskGroup("Why they failed", reason, f'reason:="{reason}"', 9 - n) for n, reason in enumerate("abc")]


def aim(app: QApplication, sidebar: Sidebar, title: str) -> QPoint:
    """Moves the mouse to a group, as Qt tells it where no other window is in between; where it is then."""
    row = titles(sidebar).index(title)
    place = sidebar._list.visualRect(sidebar._list.model().index(row, 0)).center()
    for at in (QPoint(0, 0), place):
        QCursor.setPos(sidebar._list.viewport().mapToGlobal(at))
        app.processEvents()
        sidebar.show_counts(sidebar._late)
    sidebar._list.viewport().setAttribute(Qt.WidgetAttribute.WA_UnderMouse, True)
    return place


def look_away(sidebar: Sidebar) -> None:
    sidebar._list.viewport().setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
    QApplication.sendEvent(sidebar, QEvent(QEvent.Type.Leave))


def test_groups_stay_where_they_are_while_the_mouse_is_aimed_at_one(app: QApplication, sidebar: Sidebar) -> None:
    asked: list[str] = []
    sidebar.filter_requested.connect(asked.append)
    sidebar._rest.setInterval(60_000)
    sidebar.show_counts([*GROUPS, *WHY])
    before = titles(sidebar)
    place = aim(app, sidebar, "b")
    one, two, three = WHY
    sidebar.show_counts([*GROUPS[:4], *GROUPS[5:], two._replace(size=12), one, three._replace(title="d")])
    assert titles(sidebar) == before
    counts = {each.title: each.size for each in sidebar._entries.entries if isinstance(each, TaskGroup)}
    assert [counts[title] for title in ("a", "b", "c", "wing")] == [9, 12, 0, 0]
    QTest.mouseClick(sidebar._list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert asked == ['reason:="b"']
    look_away(sidebar)
    assert titles(sidebar)[-4:] == ["Why they failed", "b", "a", "d"]
    assert "wing" not in titles(sidebar)


def test_a_mouse_at_rest_holds_nothing_up(app: QApplication, sidebar: Sidebar) -> None:
    sidebar._rest.setInterval(60_000)
    sidebar.show_counts([*GROUPS, *WHY])
    aim(app, sidebar, "b")
    sidebar.show_counts([*GROUPS, *WHY[1:], *WHY[:1]])
    assert titles(sidebar)[-3:] == ["a", "b", "c"]
    sidebar._rest.setInterval(1)
    until(lambda: app.processEvents() or titles(sidebar)[-3:] == ["b", "c", "a"])
    sidebar.show_counts([*GROUPS, *WHY])
    assert titles(sidebar)[-3:] == ["a", "b", "c"]


def test_a_view_that_is_saved_or_deleted_is_so_at_once(app: QApplication, sidebar: Sidebar) -> None:
    sidebar.show_counts(GROUPS)
    aim(app, sidebar, "All")
    sidebar.show_counts([*GROUPS[:4], TaskGroup("My views", "mine", "wing", 3, view=True), *GROUPS[4:]])
    assert "mine" in titles(sidebar)
    aim(app, sidebar, "mine")
    sidebar.show_counts([*GROUPS[:4], TaskGroup("My views", "mine", "dam", 5, view=True), *GROUPS[4:]])
    assert [each.size for each in sidebar._entries.entries if isinstance(each, TaskGroup) and each.view] == [5]
    sidebar.show_counts(GROUPS)
    assert "mine" not in titles(sidebar)


def test_a_view_is_in_sight_and_under_the_keys_when_it_is_saved_or_renamed(app: QApplication, sidebar: Sidebar) -> None:
    many = [TaskGroup("Projects", f"wing {number}", f"project:={number}", 1) for number in range(40)]

    def show(*names: str) -> None:
        sidebar.show_counts([*GROUPS, *many, *(TaskGroup("My views", name, "", 3, view=True) for name in names)])

    show("old")
    sidebar.view_save_requested.connect(lambda name: show("old", " ".join(name.split())))
    sidebar.view_rename_requested.connect(lambda _name, new: show("old", new))
    QTest.mouseClick(sidebar._save, Qt.MouseButton.LeftButton)
    for wanted in ("my  failures", "failures"):
        dialog = next(found for found in sidebar.findChildren(QInputDialog) if found.isVisible())
        dialog.setTextValue(wanted)
        dialog.accept()
        app.processEvents()
        index = sidebar._list.currentIndex()
        assert index.data() == " ".join(wanted.split())
        assert sidebar._list.viewport().rect().contains(sidebar._list.visualRect(index))
        sidebar._list.customContextMenuRequested.emit(sidebar._list.visualRect(index).center())
        menu = next(found for found in sidebar.findChildren(QMenu) if found.isVisible())
        menu.actions()[1].trigger()
        menu.close()
    next(found for found in sidebar.findChildren(QInputDialog) if found.isVisible()).reject()


def test_the_place_of_the_keys_is_seen_on_the_button_by_more_than_its_colour(
    app: QApplication, sidebar: Sidebar
) -> None:
    def edge() -> QColor:
        return sidebar._save.grab().toImage().pixelColor(sidebar._save.width() // 2, 2)

    sidebar.activateWindow()
    assert QTest.qWaitForWindowActive(sidebar)
    sidebar.setFocus()
    before = edge()
    sidebar._save.setFocus()
    assert edge() != before


def test_the_keyboard_s_place_is_seen(app: QApplication, sidebar: Sidebar) -> None:
    sidebar.show_filter("status:active")
    sidebar.clearFocus()
    app.processEvents()
    before = sidebar._list.viewport().grab().toImage()
    sidebar.activateWindow()
    sidebar.setFocus()
    until(lambda: app.processEvents() or sidebar._list.hasFocus())
    assert sidebar._list.viewport().grab().toImage() != before


def test_the_number_is_read_out_with_the_group(sidebar: Sidebar) -> None:
    told = Qt.ItemDataRole.AccessibleTextRole
    model = sidebar._list.model()
    assert model.data(model.index(0, 0), told) == "All, 12,345 tasks"
    assert model.data(model.index(7, 0), told) == "this-computer, 1 task"


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_a_picture_can_be_looked_at(sidebar: Sidebar, theme: Theme) -> None:
    sidebar.set_theme(theme)
    sidebar.show_filter("status:active")
    assert save(sidebar, f"sidebar_{theme.name}").stat().st_size > 1000


def test_a_named_view_is_asked_for_by_its_name_and_offers_what_can_be_done_with_it(
    app: QApplication, sidebar: Sidebar
) -> None:
    heard: list[tuple[str, ...]] = []
    sidebar.view_requested.connect(lambda name: heard.append(("show", name)))
    sidebar.view_save_requested.connect(lambda name: heard.append(("save", name)))
    sidebar.view_rename_requested.connect(lambda name, new: heard.append(("rename", name, new)))
    sidebar.view_delete_requested.connect(lambda name: heard.append(("delete", name)))
    sidebar.show_counts([*GROUPS[:4], TaskGroup("My views", "mine", "", 3, view=True), *GROUPS[4:]])
    index = next(i for r in range(12) if (i := sidebar._list.model().index(r, 0)).data() == "mine")
    QTest.mouseClick(sidebar._list.viewport(), Qt.MouseButton.LeftButton, pos=sidebar._list.visualRect(index).center())
    sidebar._list.customContextMenuRequested.emit(sidebar._list.visualRect(index).center())
    menu = next(iter(sidebar.findChildren(QMenu)))
    for action in menu.actions():
        action.trigger()
    dialog = next(iter(sidebar.findChildren(QInputDialog)))
    dialog.setTextValue("yours")
    dialog.accept()
    menu.close()
    QTest.mouseClick(sidebar._save, Qt.MouseButton.LeftButton)
    dialog = next(found for found in sidebar.findChildren(QInputDialog) if found.isVisible())
    dialog.setTextValue("another")
    dialog.accept()
    assert heard == [
        ("show", "mine"), ("save", "mine"), ("delete", "mine"), ("rename", "mine", "yours"), ("save", "another")
    ]  # fmt: skip


def test_long_titles_that_begin_alike_are_told_apart(sidebar: Sidebar, app: QApplication) -> None:
    pictures = []
    for end in ("lmp: Segmentation fault", "simpleFoam: FATAL ERROR"):
        alike = "the command that was to be run returned an error: "
        both = [TaskGroup("Why they failed", alike + each, each, 5) for each in (end, "another one")]
        sidebar.show_counts(both)
        app.processEvents()
        pictures.append(sidebar.grab().toImage())
    assert pictures[0] != pictures[1]
