"""From a dropped folder to a task: scan, ask, pack and send, with progress, cancel and retry."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.lifecycle import can_kill
from taskmon.core.submission import FolderContents, Submission, UploadState
from taskmon.core.task import TASK_NAME
from taskmon.gui.dialogs import choose_folder
from taskmon.gui.widgets.submit_form import STORED_INPUT, SubmitForm
from taskmon.resource_files import bundled_example, simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.client.folder_scan import FolderScan
    from taskmon.client.task_store import TaskStore
    from taskmon.client.upload import Progress
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
        self._listeners: list[Callable[[str], None]] = []
        self._scans: dict[str, FolderScan] = {}
        self._submission: Submission | None = None
        self._waiting: list[str] = []
        self._failed: set[str] = set()
        self._stop_with_window: set[str] = set()

    @property
    def sending(self) -> bool:
        """Whether folders are on their way to the service."""
        return bool(self._waiting)

    def leave_service(self) -> None:
        """The window turns to another service: a form that speaks of this one's machines is closed."""
        if self._form is not None:
            self._form.close()

    def on_submitted(self, listener: Callable[[str], None]) -> None:
        """`listener` hears the id of each new task."""
        self._listeners.append(listener)

    def set_theme(self, theme: Theme) -> None:
        """Dresses an open form."""
        if self._form is not None:
            self._form.set_theme(theme)

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
        form.folders_dropped.connect(self.open)
        form.cancel_requested.connect(self._cancel)
        form.retry_requested.connect(lambda folder: self._send([folder]))
        self._form = form
        self._scans = {}
        return form

    async def _open(self, folders: list[str]) -> None:
        form = self._new_form()
        form.show_scanning(folders)
        form.open()
        contents = [await asyncio.to_thread(self._scan, folder) for folder in folders]
        form.show_folders(contents)
        await self._fill_choices(form)
        form.show_last_settings(self._remembered(folders[0]))

    async def _open_again(self, task: Task) -> None:
        form = self._new_form()
        form.open()
        await self._fill_choices(form)
        form.show_task(task)

    async def _fill_choices(self, form: SubmitForm) -> None:
        try:
            client = self._connection.client
            form.show_machine_groups(await client.machine_groups())
            form.show_projects([project.name for project in await client.projects()])
        except TaskmonError as error:
            form.show_problem(str(error))

    def _scan(self, folder: str) -> FolderContents:
        """In a worker thread: 100,000 files take a while."""
        from taskmon.client.folder_scan import scan_folder

        path = Path(folder)
        try:
            scan = scan_folder(path)
        except InvalidInputError as error:
            return FolderContents(path=folder, name=path.name, files=(), total_size=0, problem=str(error))
        self._scans[folder] = scan
        return FolderContents(
            path=folder,
            name=path.name,
            files=tuple((file.path, file.size) for file in scan.files),
            total_size=scan.total_size,
            excluded=tuple((left.path, left.rule) for left in scan.excluded),
        )

    def _submit(self, submission: Submission) -> None:
        self._submission = submission
        self._waiting, self._failed = [], set()
        for folder in submission.folders:
            self._remember(folder, submission)
        self._send(submission.folders or (STORED_INPUT,))

    def _send(self, folders: Sequence[str]) -> None:
        """Puts folders behind those that are being sent now."""
        idle = not self._waiting
        self._waiting += [folder for folder in folders if folder not in self._waiting]
        if idle and self._form is not None and self._submission is not None:
            self._background.restart("submit", self._send_waiting(self._submission, self._form))

    def _cancel(self) -> None:
        self._background.cancel("submit")

    async def _send_waiting(self, submission: Submission, form: SubmitForm) -> None:
        try:
            request = self._request(submission)
        except InvalidInputError as error:
            self._waiting = []
            form.show_problem(str(error))
            return
        try:
            while self._waiting:
                await self._try_one(self._waiting[0], submission, request, form)
                self._waiting.pop(0)
        finally:
            for unsent in self._waiting:
                form.show_progress(unsent, 0, 0, UploadState.CANCELLED, "Not submitted.")
            self._waiting = []
            self._window.show_upload("", None)
        if not self._failed:
            form.accept()

    async def _try_one(self, folder: str, submission: Submission, request: TaskRequest, form: SubmitForm) -> None:
        try:
            await self._submit_one(folder, submission, request, form)
            self._failed.discard(folder)
        except TaskmonError as error:
            self._failed.add(folder)
            form.show_progress(folder, 0, 0, UploadState.FAILED, str(error))

    async def _submit_one(self, folder: str, submission: Submission, request: TaskRequest, form: SubmitForm) -> None:
        from taskmon.client.submission import resubmit, submit_folder

        client = self._connection.client
        name = submission.name if submission.name and len(submission.folders) < 2 else Path(folder).name

        def show(progress: Progress) -> None:
            fraction = progress.sent / progress.total if progress.total else 1.0
            self._window.show_upload(f"Sending {name}", fraction)
            form.show_progress(folder, progress.sent, progress.total, UploadState.SENDING)

        if submission.resubmitted_from:
            parent = await client.task(submission.resubmitted_from)
            names = {TASK_NAME: name} if name else {}
            submitted = await resubmit(client, parent, request=request, metadata=names, on_progress=show)
        else:
            scan = self._scans.get(folder) or Path(folder)
            submitted = await submit_folder(client, scan, request, metadata={TASK_NAME: name}, on_progress=show)
        if submission.stop_with_window:
            self._stop_with_window.add(submitted.id)
        form.show_done(folder, submitted.id)
        self._tell(submitted.id, f"Submitted {name or submitted.id}.")
        self._connection.refresh()

    def _request(self, submission: Submission) -> TaskRequest:
        from taskmon.client.task_request import build_request

        simulator = next(entry for entry in simulator_catalogue() if entry.key == submission.simulator)
        return build_request(
            simulator,
            submission.commands or submission.values,
            submission.machine_group_id,
            project=submission.project or None,
            ttl_seconds=submission.time_to_live_seconds,
            resubmit_on_preemption=submission.resubmit_on_preemption,
        )

    async def _submit_example(self) -> None:
        from taskmon.client.submission import submit_folder
        from taskmon.client.task_request import build_request

        client, example = self._connection.client, bundled_example()
        group = next((group for group in await client.machine_groups() if group.started and group.id), None)
        if group is None or group.id is None:
            raise InvalidInputError("No machine group is started.", "Start one, then try the example again.")
        self._messages.tell(f"Submitting the example “{example.name}”…")
        request = build_request(example.simulator, example.values, group.id)
        submitted = await submit_folder(client, example.folder, request, metadata={TASK_NAME: example.name})
        self._connection.refresh()
        self._tell(submitted.id, f"Submitted the example “{example.name}”.")

    def _tell(self, task_id: str, sentence: str) -> None:
        self._messages.tell(sentence)
        for listener in self._listeners:
            listener(task_id)

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
