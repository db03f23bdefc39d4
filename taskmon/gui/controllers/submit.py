"""From a dropped folder to a form that is filled in: scan, offer, remember. `sending` takes over from there."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.extensions import Extension
from taskmon.core.plain_text import one_line
from taskmon.core.submission import FolderContents, Submission
from taskmon.core.task import TASK_NAME
from taskmon.gui.controllers.outcome import OutcomeController
from taskmon.gui.controllers.sending import Sending
from taskmon.gui.dialogs import choose_folder
from taskmon.gui.widgets.submit_form import SubmitForm
from taskmon.installed_programs import missing_programs
from taskmon.resource_files import bundled_example, simulator_catalogue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from taskmon.client.folder_scan import FolderScan
    from taskmon.core.task import Task
    from taskmon.gui.controllers.bound_tasks import BoundTasksController
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.main_window import MainWindow
    from taskmon.gui.window_state import WindowState


def _memory_key(folder: str) -> str:
    return f"submission/{hashlib.sha256(folder.encode(errors='surrogateescape')).hexdigest()[:24]}"


class SubmitController:
    """One form at a time. `theme` gives the present theme; remembered settings live in `state`, per folder.

    `excludes` reads the patterns of what the user never sends; it may read a file.
    """

    def __init__(
        self,
        around: Surroundings,
        window: MainWindow,
        bound: BoundTasksController,
        state: WindowState,
        theme: Callable[[], Theme],
        excludes: Callable[[], Sequence[str]],
    ) -> None:
        self._background, self._connection = around.background, around.connection
        self._messages, self._window = around.messages, window
        self._outcome = OutcomeController(around.store, around.messages)
        self._bound = bound
        self._state = state
        self._theme = theme
        self._excludes = excludes
        self._form: SubmitForm | None = None
        self._listeners: list[Callable[[str], None]] = []
        self._sendings: list[Sending] = []

    @property
    def sending(self) -> bool:
        """Whether folders are on their way to the service."""
        return any(sending.busy for sending in self._sendings)

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

    def _new_form(self) -> tuple[SubmitForm, Sending]:
        """A form, and what sends its folders. What earlier forms send goes on."""
        self._form = None
        for sending in self._sendings:
            sending.put_away()
        form = SubmitForm(simulator_catalogue(), self._window)
        form.set_theme(self._theme())
        sending = Sending(
            self._background, self._connection, self._window, self._messages, form, self._submitted, self._bound.bind
        )
        self._sendings = [*(earlier for earlier in self._sendings if earlier.busy), sending]
        form.submit_requested.connect(lambda submission: self._submit(sending, submission))
        form.folder_requested.connect(self.choose)
        form.folders_dropped.connect(self.open)
        form.finished.connect(lambda _: self._closed(form))
        self._form = form
        return form, sending

    def _closed(self, form: SubmitForm) -> None:
        """Nobody waits for what would still fill it."""
        if form is self._form:
            self._background.cancel("submit form")

    async def _open(self, folders: list[str]) -> None:
        form, sending = self._new_form()
        form.show_scanning(folders)
        form.open()
        sending.excludes = await asyncio.to_thread(self._excludes)
        contents = [await self._scan(folder, sending) for folder in folders]
        form.show_folders(contents)
        await self._fill_choices(form)
        form.show_last_settings(self._remembered(folders[0]))

    async def _open_again(self, task: Task) -> None:
        form, _ = self._new_form()
        form.open()
        await self._fill_choices(form)
        form.show_task(task)

    async def _fill_choices(self, form: SubmitForm) -> None:
        from taskmon.client.log_follower import own_data_folder

        try:
            client = self._connection.client
            form.show_machine_groups(await client.machine_groups())
            form.show_projects([project.name for project in await client.projects()])
            form.show_leases(offered=await client.offers(Extension.LEASES))
            if await own_data_folder(client) is not None:  # the machines are this computer
                form.show_missing(await asyncio.to_thread(missing_programs, simulator_catalogue()))
        except TaskmonError as error:
            form.show_problem(str(error))

    async def _scan(self, folder: str, sending: Sending) -> FolderContents:
        from taskmon.client.folder_scan import scan_in_thread

        path = Path(folder)
        try:
            scan = await scan_in_thread(path, sending.excludes)
        except InvalidInputError as error:
            return FolderContents(path=folder, name=path.name, files=(), total_size=0, problem=str(error))
        sending.scans[folder] = scan
        return await asyncio.to_thread(_contents, folder, scan)

    def _submit(self, sending: Sending, submission: Submission) -> None:
        for folder in submission.folders:
            self._remember(folder, submission)
        sending.begin(submission)

    def _submitted(self, task_id: str, name: str) -> None:
        self._connection.refresh()
        self._tell(task_id, f"Submitted {one_line(name) or task_id}.")

    async def _submit_example(self) -> None:
        from taskmon.client.submission import submit_folder
        from taskmon.client.task_request import build_request, choose_group

        client, example = await self._connection.answering(), bundled_example()
        group = choose_group(await client.machine_groups())
        self._messages.tell(f"Submitting the example “{example.name}”…")
        request = build_request(example.simulator, example.values, group.id or "")
        submitted = await submit_folder(client, example.folder, request, metadata={TASK_NAME: example.name})
        self._connection.refresh()
        self._tell(submitted.id, f"Submitted the example “{example.name}”.")

    def _tell(self, task_id: str, sentence: str) -> None:
        self._messages.tell(sentence)
        self._outcome.watch(task_id)
        for listener in self._listeners:
            listener(task_id)

    def _remember(self, folder: str, submission: Submission) -> None:
        without_path = replace(submission, folders=())  # which may be no text
        self._state.save(_memory_key(folder), msgspec.json.encode(without_path))

    def _remembered(self, folder: str) -> Submission | None:
        saved = self._state.load(_memory_key(folder))
        if saved is None:
            return None
        try:
            return msgspec.json.decode(saved, type=Submission)
        except msgspec.MsgspecError:
            return None


def _contents(folder: str, scan: FolderScan) -> FolderContents:
    """In a worker thread: 100,000 files take a while."""
    return FolderContents(
        path=folder,
        name=scan.folder.name,
        files=tuple((file.path, file.size) for file in scan.files),
        total_size=scan.total_size,
        excluded=tuple((left.path, left.rule) for left in scan.excluded),
    )
