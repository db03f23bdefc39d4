"""From a dropped folder to a task: scan, ask, pack and send, with progress, cancel and retry."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.lifecycle import can_kill
from taskmon.core.task import TASK_NAME
from taskmon.gui.dialogs import choose_folder
from taskmon.gui.widgets.submit_form import FolderContents, Submission, SubmitForm
from taskmon.resource_files import bundled_example, simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.client.task_store import TaskStore
    from taskmon.client.upload import FolderScan
    from taskmon.core.task import Task, TaskRequest
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.main_window import MainWindow
    from taskmon.gui.window_state import WindowState


def _memory_key(folder: str) -> str:
    return f"submission/{hashlib.sha256(folder.encode(errors='surrogateescape')).hexdigest()[:24]}"


class SubmitController:
    """One form at a time. `theme` gives the present theme; remembered settings live in `state`, per folder."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        store: TaskStore,
        messages: Messages,
        window: MainWindow,
        state: WindowState,
        theme: Callable[[], Theme],
    ) -> None:
        self._background = background
        self._connection = connection
        self._store = store
        self._messages = messages
        self._window = window
        self._state = state
        self._theme = theme
        self._form: SubmitForm | None = None
        self._scans: dict[str, FolderScan] = {}
        self._progress: dict[str, tuple[int, int]] = {}
        self._stop_with_window: set[str] = set()

    @property
    def stopping_with_window(self) -> list[Task]:
        """The living tasks that end when this window closes."""
        tasks = (self._store.get(task_id) for task_id in self._stop_with_window)
        return [task for task in tasks if task is not None and can_kill(task.status)]

    def choose(self) -> None:
        """Asks for a folder, then opens the form on it."""
        self._background.start(self._choose(), "choose folder")

    def open(self, folders: Sequence[str]) -> None:
        """Opens the form on `folders`."""
        self._background.restart("submit form", self._open(list(folders)))

    def open_again(self, task: Task) -> None:
        """Opens the form prefilled from a task, to run it again with changes."""
        self._background.restart("submit form", self._open_again(task))

    def submit_example(self) -> None:
        """Submits the simulation that taskmon brings along."""
        self._background.start(self._submit_example(), "example")

    async def _choose(self) -> None:
        folder = await choose_folder("Folder with the input files of a simulation", self._window)
        if folder is not None:
            self.open([folder])

    def _new_form(self) -> SubmitForm:
        if self._form is not None:
            self._form.close()
            self._form.deleteLater()
        form = SubmitForm(simulator_catalogue(), self._window)
        form.set_theme(self._theme())
        form.submit_requested.connect(self._submit)
        form.folder_requested.connect(self.choose)
        form.cancel_requested.connect(self._cancel)
        form.retry_requested.connect(self._retry)
        self._form = form
        return form

    async def _open(self, folders: list[str]) -> None:
        form = self._new_form()
        form.show_scanning(folders)
        form.open()
        await self._fill_choices(form)
        contents = [await self._scan(folder) for folder in folders]
        form.show_folders(contents)
        form.show_last_settings(self._remembered(folders[0]))

    async def _open_again(self, task: Task) -> None:
        form = self._new_form()
        form.open()
        await self._fill_choices(form)
        form.show_task(task)

    async def _fill_choices(self, form: SubmitForm) -> None:
        client = self._connection.client
        form.show_machine_groups(await client.machine_groups())
        form.show_projects([project.name for project in await client.projects()])

    async def _scan(self, folder: str) -> FolderContents:
        from taskmon.client.upload import scan_folder

        path = Path(folder)
        try:
            scan = await asyncio.to_thread(scan_folder, path)
        except InvalidInputError as error:
            return FolderContents(path=folder, name=path.name, files=(), total_size=0, excluded=(), problem=str(error))
        self._scans[folder] = scan
        return FolderContents(
            path=folder,
            name=path.name,
            files=tuple((file.path, file.size) for file in scan.files),
            total_size=scan.total_size,
            excluded=tuple((left.path, left.rule) for left in scan.excluded),
            problem="",
        )

    def _submit(self, submission: Submission) -> None:
        for folder in submission.folders:
            self._remember(folder, submission)
        self._submission = submission
        self._background.restart("submit", self._submit_all(submission, submission.folders))

    def _retry(self, folder: str) -> None:
        self._background.restart("submit", self._submit_all(self._submission, (folder,)))

    def _cancel(self) -> None:
        self._background.cancel("submit")
        self._window.show_upload("", None)

    async def _submit_all(self, submission: Submission, folders: Sequence[str]) -> None:
        form = self._form
        try:
            request = self._request(submission)
            for folder in folders:
                await self._submit_one(folder, submission, request, form)
        except TaskmonError as error:
            if form is None or not form.isVisible():
                raise
            form.show_problem(str(error))
            return
        finally:
            self._window.show_upload("", None)
        if form is not None:
            form.accept()

    async def _submit_one(
        self, folder: str, submission: Submission, request: TaskRequest, form: SubmitForm | None
    ) -> None:
        from taskmon.client.submission import submit_folder

        name = submission.name if submission.name and len(submission.folders) == 1 else Path(folder).name

        def show(sent: int, total: int) -> None:
            self._window.show_upload(f"Sending {name}", sent / total if total else 1.0)
            if form is not None:
                form.show_progress(folder, sent, total, "sending")

        task = await submit_folder(
            self._connection.client,
            self._scans.get(folder) or Path(folder),
            request,
            metadata={TASK_NAME: name},
            on_progress=lambda progress: show(progress.sent, progress.total),
        )
        if submission.stop_with_window:
            self._stop_with_window.add(task.id)
        if form is not None:
            form.show_done(folder, task.id)
        self._messages.tell(f"Submitted {name}.")
        self._connection.refresh()

    def _request(self, submission: Submission) -> TaskRequest:
        from taskmon.client.submission import build_request

        simulator = next(entry for entry in simulator_catalogue() if entry.key == submission.simulator)
        return build_request(
            simulator,
            submission.values,
            commands=submission.commands or None,
            machine_group_id=submission.machine_group_id,
            project=submission.project or None,
            time_to_live_seconds=submission.time_to_live_seconds,
            resubmit_on_preemption=submission.resubmit_on_preemption,
        )

    async def _submit_example(self) -> None:
        from taskmon.client.submission import build_request, submit_folder

        client, example = self._connection.client, bundled_example()
        group = next((group for group in await client.machine_groups() if group.started and group.id), None)
        if group is None or group.id is None:
            raise InvalidInputError("No machine group is started.", "Start one, then try the example again.")
        self._messages.tell(f"Submitting the example “{example.name}”…")
        request = build_request(example.simulator, example.values, machine_group_id=group.id)
        await submit_folder(client, example.folder, request, metadata={TASK_NAME: example.name})
        self._connection.refresh()
        self._messages.tell(f"Submitted the example “{example.name}”. Select it to watch it run.")

    def _remember(self, folder: str, submission: Submission) -> None:
        self._state.save(_memory_key(folder), msgspec.json.encode(submission))

    def _remembered(self, folder: str) -> Submission | None:
        saved = self._state.load(_memory_key(folder))
        if saved is None:
            return None
        try:
            return msgspec.json.decode(saved, type=Submission)
        except msgspec.MsgspecError:
            return None
