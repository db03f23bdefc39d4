"""The folders of one submit form on their way to the service: one after the other, with progress, cancel and retry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.plain_text import one_line
from taskmon.core.submission import Submission, UploadState, name_of_folder
from taskmon.core.task import TASK_NAME
from taskmon.core.units import count_text
from taskmon.gui.widgets.submit_form import STORED_INPUT
from taskmon.resource_files import simulator_catalogue

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Awaitable, Callable, Sequence

    from taskmon.client.folder_scan import FolderScan
    from taskmon.client.transfer import Progress
    from taskmon.core.task import TaskRequest
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.messages import Messages
    from taskmon.gui.widgets.main_window import MainWindow
    from taskmon.gui.widgets.submit_form import SubmitForm


class Sending:
    """Belongs to one form, which may be closed meanwhile and lives until nothing of it is sent any more.

    `scans` holds what was found in the folders, `excludes` the patterns for looking again.
    `on_submitted` hears the id of each new task and what it is called (may be empty); `bind` ends it with the window.
    """

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        window: MainWindow,
        messages: Messages,
        form: SubmitForm,
        on_submitted: Callable[[str, str], None],
        bind: Callable[[str], Awaitable[None]],
    ) -> None:
        self._background = background
        self._connection = connection
        self._window = window
        self._messages = messages
        self._form = form
        self._on_submitted = on_submitted
        self._bind = bind
        self.scans: dict[str, FolderScan] = {}
        self.excludes: Sequence[str] = ()
        self._submission: Submission | None = None
        self._waiting: list[str] = []
        self._failed: set[str] = set()
        self._task: asyncio.Task[None] | None = None
        self._put_away = False
        form.cancel_requested.connect(self.cancel)
        form.retry_requested.connect(self._retry)

    @property
    def busy(self) -> bool:
        """Whether something is under way, or being withdrawn."""
        return self._task is not None and not self._task.done()

    def begin(self, submission: Submission) -> None:
        """Sends every folder of the form."""
        self._submission, self._failed = submission, set()
        self._send(submission.folders or (STORED_INPUT,))

    def cancel(self) -> None:
        """Withdraws what is under way and does not begin the rest."""
        if self._task is not None:
            self._task.cancel()

    def put_away(self) -> None:
        """Closes the form; it is gone once nothing is sent any more."""
        self._put_away = True
        self._form.close()
        if not self.busy:
            self._form.deleteLater()

    def _retry(self, folder: str) -> None:
        self.scans.pop(folder, None)  # what was wrong with a file has been mended, most likely
        self._send([folder])

    def _send(self, folders: Sequence[str]) -> None:
        """Puts folders behind those that are being sent now."""
        if self._submission is None:
            return
        if self.busy:
            self._waiting += [folder for folder in folders if folder not in self._waiting]
            return
        self._waiting = list(folders)
        self._task = self._background.start(self._send_waiting(self._submission), "submit")
        if self._task is not None:
            self._task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if task is not self._task:
            return  # a retry was faster than the news of this end
        for unsent in self._waiting:
            self._form.show_progress(unsent, 0, 0, UploadState.CANCELLED, "Not submitted.")
        self._waiting = []
        self._window.show_upload("", None)
        if self._put_away:
            self._form.deleteLater()

    async def _send_waiting(self, submission: Submission) -> None:
        try:
            request = _request(submission)
        except InvalidInputError as error:
            self._waiting = []
            self._form.show_problem(str(error))
            return
        tried = sent = 0
        while self._waiting:
            tried += 1
            sent += await self._try_one(self._waiting[0], submission, request)
            self._waiting.pop(0)
        if tried > 1 and sent:
            how_many = f"{sent:,} of {tried:,} folders" if sent < tried else count_text(sent, "folder")
            self._messages.tell(f"Submitted {how_many}.")
        if not self._failed:
            self._form.accept()

    async def _try_one(self, folder: str, submission: Submission, request: TaskRequest) -> bool:
        """Whether it was submitted."""
        try:
            await self._submit_one(folder, submission, request)
            self._failed.discard(folder)
            return True
        except TaskmonError as error:
            self._failed.add(folder)
            self._form.show_progress(folder, 0, 0, UploadState.FAILED, str(error))
            if not self._form.isVisible():
                what = f"{one_line(Path(folder).name) or 'The task'} was not submitted"
                self._messages.tell_problem(TaskmonError(f"{what}: {error.title}", error.advice))
            return False

    async def _submit_one(self, folder: str, submission: Submission, request: TaskRequest) -> None:
        from taskmon.client.folder_scan import scan_in_thread
        from taskmon.client.submission import resubmit, submit_folder

        client = await self._connection.answering()
        own_name = submission.name if len(submission.folders) < 2 else ""
        name = own_name or name_of_folder(Path(folder).name)

        def show(progress: Progress) -> None:
            fraction = progress.sent / progress.total if progress.total else 1.0
            self._window.show_upload(f"Sending {name}", fraction)
            self._form.show_progress(folder, progress.sent, progress.total, UploadState.SENDING)

        bind = self._bind if submission.stop_with_window else None
        if submission.resubmitted_from:
            parent = await client.task(submission.resubmitted_from)
            names = {TASK_NAME: name} if name else {}
            submitted = await resubmit(client, parent, request=request, metadata=names, on_progress=show, on_made=bind)
        else:
            scan = self.scans.get(folder) or await scan_in_thread(Path(folder), self.excludes)
            names = {TASK_NAME: name}
            submitted = await submit_folder(client, scan, request, metadata=names, on_progress=show, on_made=bind)
        self._form.show_done(folder, submitted.id)
        self._on_submitted(submitted.id, name)


def _request(submission: Submission) -> TaskRequest:
    """Raises InvalidInputError for a missing value or a command that a runner would refuse."""
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
