"""Everything known about one task as names and values that can be selected and copied."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFormLayout, QLabel, QScrollArea, QWidget

from taskmon.core.plain_text import some_lines
from taskmon.core.task_reason import whole_reason
from taskmon.core.units import duration_text, money_text, size_text
from taskmon.gui.theme import LIGHT, Theme, ui_font

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from taskmon.core.task import Task

_LEAST_VALUE: Final = 160


def _moment(when: datetime | None) -> str:
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S}" if when else ""


def _commands(task: Task) -> str:
    commands = (task.extra_params or {}).get("commands")
    if not isinstance(commands, list):
        return ""
    return "\n".join(str(command.get("cmd", "")) for command in commands if isinstance(command, dict))


def detail_rows(task: Task) -> Iterator[tuple[str, str]]:
    """(name, value) of everything known, empty values left out."""
    metrics, machine = task.metrics, task.executer
    rows = [
        ("Task id", task.task_id),
        ("Name", task.name if task.name != task.task_id else ""),
        ("State", task.status_alias),
        ("Reason", whole_reason(task)),
        ("Simulator", task.simulator),
        ("Container image", task.container_image or ""),
        ("Commands", _commands(task)),
        ("Project", task.project),
        ("Runs again", task.parent_id or ""),
        ("Attempts", str(task.num_retries + 1) if task.num_retries else ""),
        ("Time to live", duration_text(task.time_to_live_seconds)),
        ("Machine group", task.machine_group_name or task.machine_group_id or ""),
        ("Machine", (machine.vm_name or machine.uuid) if machine else ""),
        ("Cores", str(machine.cpu_count_logical) if machine else ""),
        ("Memory", size_text(machine.memory) if machine else ""),
        ("Submitted", _moment(task.create_time)),
        ("Input complete", _moment(task.input_submit_time)),
        ("Taken by a machine", _moment(task.start_time)),
        ("Commands started", _moment(task.computation_start_time)),
        ("Commands ended", _moment(task.computation_end_time)),
        ("Ended", _moment(task.end_time)),
        ("Computation", duration_text(metrics.computation_seconds) if metrics else ""),
        ("Input size", size_text(metrics.input_size_bytes) if metrics else ""),
        ("Output size", size_text(metrics.output_size_bytes) if metrics else ""),
        ("Output archive", size_text(metrics.output_zipped_size_bytes) if metrics else ""),
        ("Output files", str(metrics.output_total_files or "") if metrics else ""),
        ("Cost", money_text(task.estimated_computation_cost)),
        ("Stored under", task.storage_path or ""),
    ]
    return ((name, some_lines(value)) for name, value in rows if value)


class _Value(QLabel):
    """Words that wrap; a word as long as a sentence is cut at the edge and told whole when it is copied."""

    def minimumSizeHint(self) -> QSize:
        return super().minimumSizeHint().boundedTo(QSize(_LEAST_VALUE, 10_000))


class DetailsPane(QScrollArea):
    """Shows the rows of `detail_rows`; values are plain text, whatever they contain."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = LIGHT
        self._labels: dict[str, QLabel] = {}
        self._titles: list[QLabel] = []
        self._sheet = QWidget(self)
        self._form = QFormLayout(self._sheet)
        self._form.setContentsMargins(18, 14, 18, 14)
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(7)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignTop)
        self.setWidget(self._sheet)
        self.setWidgetResizable(True)
        self.setObjectName("read_by_keys")
        self.setAccessibleName("Details of the task")
        self.show_nothing()

    def set_theme(self, theme: Theme) -> None:
        self._theme = theme
        self.setStyleSheet(f"QScrollArea, QScrollArea > QWidget > QWidget {{ background: {theme.surface}; }}")
        for title in self._titles:
            title.setStyleSheet(f"color: {theme.muted};")

    def show_nothing(self) -> None:
        self._show([("", "Select one task to see everything that is known about it.")])

    def show_task(self, task: Task) -> None:
        """The same rows are only given new values, so that a selection inside one survives."""
        self._show(list(detail_rows(task)))

    def _show(self, rows: list[tuple[str, str]]) -> None:
        if [name for name, _ in rows] != list(self._labels):
            self._rebuild([name for name, _ in rows])
        for name, value in rows:
            if self._labels[name].text() != value:
                self._labels[name].setText(value)

    def _rebuild(self, names: list[str]) -> None:
        while self._form.rowCount():
            self._form.removeRow(0)
        self._labels, self._titles = {}, []
        for name in names:
            value = _Value(self._sheet)
            value.setTextFormat(Qt.TextFormat.PlainText)
            value.setWordWrap(True)
            value.setTextInteractionFlags(
                Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
            )
            title = QLabel(name, self._sheet)
            title.setFont(ui_font())
            title.setStyleSheet(f"color: {self._theme.muted};")
            self._form.addRow(title, value)
            self._labels[name] = value
            self._titles.append(title)
