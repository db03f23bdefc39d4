"""The form that turns folders into tasks: what is run, where and how, what will be sent, and how far it has come."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Final

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDragMoveEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from taskmon.core.plain_text import one_line
from taskmon.core.submission import FolderContents, Submission, UploadState, submission_of
from taskmon.core.units import count_text
from taskmon.gui import theme
from taskmon.gui.widgets.drop_overlay import accept_as_copy
from taskmon.gui.widgets.folder_header import FolderHeader
from taskmon.gui.widgets.folder_summary import FolderSummary
from taskmon.gui.widgets.form_field import ROW_SPACING, Sentence, Tone
from taskmon.gui.widgets.form_footer import FormFooter, Phase
from taskmon.gui.widgets.machine_group_field import MachineGroupField
from taskmon.gui.widgets.simulation_settings import SimulationSettings
from taskmon.gui.widgets.task_settings import TaskSettings
from taskmon.gui.widgets.upload_rows import UploadRows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from taskmon.core.machine import MachineGroup
    from taskmon.core.simulators import Simulator
    from taskmon.core.task import Task
from taskmon.gui.theme import Theme

STORED_INPUT: Final = ""
"""Stands for the folder of a task that is run again: its input is stored already."""


class SubmitForm(QDialog):
    """Shows values, emits wishes, and stays open until it is closed; closing it does not stop an upload.

    `submit_requested` carries a `core.submission.Submission`. After it the form is locked until every folder has
    ended (`show_progress`, `show_done`) or `show_problem` says that nothing was begun.
    """

    submit_requested = Signal(object)
    folder_requested = Signal()
    folders_dropped = Signal(list)
    cancel_requested = Signal()
    retry_requested = Signal(str)

    def __init__(self, catalogue: Sequence[Simulator], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Submit")
        self.setAcceptDrops(True)
        self._catalogue = catalogue
        self._folders: tuple[FolderContents, ...] = ()
        self._scanning = False
        self._phase = Phase.EDITING
        self._rerun: Submission | None = None
        self._problem = Sentence(self, boxed=True, points=9.5)
        self._header = FolderHeader(self)
        self._simulation = SimulationSettings(catalogue, self)
        self._group = MachineGroupField("&Machine group", self)
        self._settings = TaskSettings(self)
        self._summary = FolderSummary(self)
        self._uploads = UploadRows(self)
        self._footer = FormFooter(self)
        self._lay_out()
        self._connect()
        self.set_theme(theme.LIGHT)
        self._header.show_folders({})
        self._summary.show_folders(())
        self._simulation.setFocus()
        self._check()

    def show_scanning(self, paths: Sequence[str]) -> None:
        """Says that these folders are being read; `show_folders` follows."""
        self._scanning = True
        self._folders = ()
        self._header.show_folders({path: PurePath(path).name or path for path in paths})
        self._summary.show_scanning()
        self._check()

    def show_folders(self, folders: Sequence[FolderContents]) -> None:
        """Shows what these folders hold and fills in what they suggest. One task will be made of each."""
        self._scanning = False
        self._rerun = None
        self._folders = tuple(folders)
        self._header.show_folders({folder.path: folder.name for folder in folders})
        self._summary.show_folders(self._folders)
        self._settings.show_folder_names([folder.name for folder in folders])
        self._simulation.show_folders(self._folders)
        self._check()

    def show_machine_groups(self, groups: Sequence[MachineGroup]) -> None:
        """Offers those that are started."""
        self._group.show_groups(groups)

    def show_projects(self, names: Sequence[str]) -> None:
        self._settings.show_projects(names)

    def show_missing(self, missing: Mapping[str, str]) -> None:
        """Warns of simulators, by their keys, that are known not to run where the task goes; nothing is forbidden."""
        self._simulation.show_missing(missing)

    def show_leases(self, *, offered: bool) -> None:
        """Whether the service notices by itself that the window has gone."""
        self._settings.show_leases(offered=offered)

    def show_last_settings(self, last: Submission | None) -> None:
        """Sets what was submitted from this folder the last time; files that are gone are suggested anew."""
        if last is not None:
            self._simulation.show_submission(last, "as the last time from this folder")
            self._settings.show_submission(last, with_name=False)
            self._group.choose(last.machine_group_id)
            self._check()

    def show_task(self, task: Task) -> None:
        """Prepares to run `task` again with changes; whatever differs from it is marked."""
        self._folders = ()
        self._rerun = submission_of(task, self._catalogue)
        self.setWindowTitle("Run again with changes")
        self._header.show_task(task.name, task.task_id)
        self._summary.show_reused_input(task.name)
        self._settings.show_folder_names([task.name])
        self._simulation.show_submission(self._rerun, "")
        self._settings.show_submission(self._rerun, with_name=True)
        self._group.choose(self._rerun.machine_group_id)
        self._check()

    def show_problem(self, text: str) -> None:
        """Says above the form what went wrong; an empty text hides it.

        While sending it also means that nothing more is sent: a form of which nothing had begun can be edited again,
        otherwise what was under way can be retried.
        """
        self._problem.say(text, Tone.ERROR)
        if not text or self._phase is not Phase.SENDING:
            return
        if all(state is UploadState.WAITING for state in self._uploads.states().values()):
            self._enter(Phase.EDITING)
        else:
            self._uploads.give_up(text)
            self._follow_uploads()

    def show_progress(self, folder: str, sent: int, total: int, state: str, detail: str = "") -> None:
        """How far the folder at this path has come; bytes. `state` is a `core.submission.UploadState`."""
        self._uploads.show_progress(folder, sent, total, UploadState(state), detail)
        self._follow_uploads()

    def show_done(self, folder: str, task_id: str) -> None:
        """The folder has arrived and is a task now."""
        self._uploads.show_done(folder, task_id)
        self._follow_uploads()

    def set_theme(self, colours: Theme) -> None:
        for part in (
            self._problem, self._header, self._simulation, self._group, self._settings, self._summary, self._uploads,
            self._footer,
        ):  # fmt: skip
            part.set_theme(colours)
        self._panel.setStyleSheet(
            f"#panel {{ background: {colours.surface}; border: 1px solid {colours.border}; border-radius: 8px; }}"
        )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if _dropped_paths(event) and self._phase is Phase.EDITING:
            accept_as_copy(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        accept_as_copy(event)

    def dropEvent(self, event: QDropEvent) -> None:
        accept_as_copy(event)
        self.folders_dropped.emit(_dropped_paths(event))

    def _lay_out(self) -> None:
        fields = QWidget()
        column = QVBoxLayout(fields)
        column.setContentsMargins(0, 0, 14, 0)
        column.setSpacing(ROW_SPACING)
        for part in (self._simulation, self._group, self._settings):
            column.addWidget(part)
        column.addStretch(1)
        self._form = _scrolled(fields)
        self._panel = QFrame(self)
        self._panel.setObjectName("panel")
        self._pages = QStackedWidget()
        self._pages.addWidget(self._summary)
        self._pages.addWidget(self._uploads)
        inside = QVBoxLayout(self._panel)
        inside.setContentsMargins(16, 14, 12, 12)
        inside.addWidget(self._pages)
        grid = QGridLayout(self)
        grid.setContentsMargins(22, 20, 22, 18)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(16)
        grid.addWidget(self._header, 0, 0, 1, 2)
        grid.addWidget(self._problem, 1, 0, 1, 2)
        grid.addWidget(self._form, 2, 0)
        grid.addWidget(self._panel, 2, 1)
        grid.addWidget(self._footer, 3, 0, 1, 2)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setRowStretch(2, 1)
        self.setMinimumSize(680, 420)
        self.resize(920, 680)

    def _connect(self) -> None:
        for part in (self._simulation, self._group, self._settings):
            part.changed.connect(self._check)
        self._header.folder_requested.connect(self.folder_requested)
        self._uploads.retry_requested.connect(self._retry)
        self._footer.submit_requested.connect(self._submit)
        self._footer.retry_requested.connect(self._retry_all)
        self._footer.cancel_requested.connect(self._cancel)
        self._footer.back_requested.connect(lambda: self._enter(Phase.EDITING))
        self._footer.close_requested.connect(self.close)
        for keys in ("Ctrl+Return", "Ctrl+Enter"):
            QShortcut(QKeySequence(keys), self, self._footer.primary.click)

    def _check(self) -> None:
        """Says beside each field what is wrong with it, and in the footer what keeps the form from being submitted."""
        tasks = 1 if self._rerun else len(self._folders)
        group = self._group.check(tasks)
        simulation = self._simulation.check()
        settings = self._settings.check()
        problem = self._folder_problem() or simulation or group or settings
        if self._rerun is not None:
            changes = self._simulation.mark_changes(self._rerun) + self._settings.mark_changes(self._rerun)
            changes += self._group.mark_change(self._rerun.machine_group_id)
            self._header.show_changes(changes)
        self._footer.show_readiness(problem, tasks, self._group.group_name())

    def _folder_problem(self) -> str:
        if self._scanning:
            return "The folder is being read."
        if not self._folders and self._rerun is None:
            return "Choose a folder first."
        broken = next((folder for folder in self._folders if folder.problem), None)
        return f"{one_line(broken.name)} cannot be sent." if broken else ""

    def _submission(self) -> Submission:
        return Submission(
            folders=tuple(folder.path for folder in self._folders),
            simulator=self._simulation.simulator.key,
            values=self._simulation.values(),
            commands=self._simulation.commands(),
            machine_group_id=self._group.group_id(),
            project=self._settings.project(),
            name=self._settings.name(),
            time_to_live_seconds=self._settings.time_to_live_seconds(),
            resubmit_on_preemption=self._settings.resubmit_on_preemption(),
            stop_with_window=self._settings.stop_with_window(),
            resubmitted_from=self._rerun.resubmitted_from if self._rerun else None,
        )

    def _submit(self) -> None:
        submission = self._submission()
        names = {folder.path: folder.name for folder in self._folders}
        self._uploads.show_folders(names or {STORED_INPUT: "Stored input"})
        self._problem.say("")
        self._enter(Phase.SENDING)
        self.submit_requested.emit(submission)

    def _retry_all(self) -> None:
        for folder, state in self._uploads.states().items():
            if state in (UploadState.FAILED, UploadState.CANCELLED):
                self._retry(folder)

    def _retry(self, folder: str) -> None:
        self._problem.say("")
        self.show_progress(folder, 0, 0, UploadState.WAITING)
        self.retry_requested.emit(folder)

    def _cancel(self) -> None:
        self.cancel_requested.emit()
        self._uploads.give_up()
        self._follow_uploads()

    def _follow_uploads(self) -> None:
        states = tuple(self._uploads.states().values())
        done = states.count(UploadState.DONE)
        if not all(state.ended for state in states):
            self._enter(Phase.SENDING)
        elif done == len(states):
            self._enter(Phase.SENT)
        else:
            self._enter(Phase.PARTLY_SENT, may_go_back=done == 0)
        words = count_text(done, "task") if len(states) == 1 else f"{done:,} of {count_text(len(states), 'task')}"
        going_on = "" if self._phase is not Phase.SENDING else " You may close this form; sending goes on."
        self._footer.sentence.say(f"{words} submitted.{going_on}")

    def _enter(self, phase: Phase, *, may_go_back: bool = False) -> None:
        if phase is self._phase:
            return
        self._phase = phase
        editing = phase is Phase.EDITING
        self._form.setEnabled(editing)
        self._header.allow_another(editing)
        self._pages.setCurrentWidget(self._summary if editing else self._uploads)
        self._footer.show_phase(phase, may_go_back=may_go_back)
        if editing:
            self._check()


def _scrolled(fields: QWidget) -> QScrollArea:
    """The fields without a frame; they scroll where the screen is too low for them."""
    area = QScrollArea()
    area.setWidget(fields)
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.viewport().setAutoFillBackground(False)
    fields.setAutoFillBackground(False)
    return area


def _dropped_paths(event: QDropEvent) -> list[str]:
    return [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
