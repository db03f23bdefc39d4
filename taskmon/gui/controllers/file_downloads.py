"""Downloads chosen files of a task: asks where to and what to do about files that are there, shows how far it is."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Final

from taskmon.core.units import count_text, size_text
from taskmon.gui.dialogs import Question, choose_answer, choose_folder

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from taskmon.client.file_download import Downloaded, Existing, Fetch
    from taskmon.client.transfer import Progress
    from taskmon.core.extensions import TaskFile
    from taskmon.core.task import Task
    from taskmon.gui.controllers.surroundings import Surroundings
    from taskmon.gui.widgets.files_pane import FilesPane

_NAMED: Final = 3


class FileDownloadsController:
    """One download of the pane at a time. It goes on when another task is selected, and ends with the window."""

    def __init__(
        self,
        around: Surroundings,
        pane: FilesPane,
        note_downloaded: Callable[[Path], None],
    ) -> None:
        self._background, self._connection = around.background, around.connection
        self._messages, self._window = around.messages, around.window
        self._pane = pane
        self._note_downloaded = note_downloaded
        self._task: Task | None = None
        self._folder = Path.home()
        self._running: asyncio.Task[None] | None = None
        pane.download_requested.connect(self.download)
        pane.transfer.stop_requested.connect(self.stop)

    def show_task(self, task: Task | None) -> None:
        """Whose files the pane shows."""
        self._task = task

    def download(self, chosen: Sequence[str], files: Iterable[TaskFile]) -> None:
        """Brings those of `files` that `chosen` paths of files and folders mean to a folder of this computer."""
        if self._task is not None and self._running is None:
            self._running = self._background.start(self._download(self._task, chosen, files), "download files")

    def stop(self) -> None:
        """Ends the download; what has come whole stays."""
        if self._running is not None:
            self._running.cancel()

    async def _download(self, task: Task, chosen: Sequence[str], files: Iterable[TaskFile]) -> None:
        from taskmon.client.file_download import Downloaded, Existing, download_files, plan, taken

        done, count = Downloaded(), 0
        try:
            picked = await choose_folder("Download to", self._window, str(self._folder))
            if picked is None:
                return
            self._folder = folder = Path(picked)
            fetches = await asyncio.to_thread(plan, files, chosen, folder)
            count = len(fetches)
            there = await asyncio.to_thread(taken, fetches)
            answer = await self._ask(there, count) if there else Existing.KEEP_BOTH
            if answer is None:
                return
            told = f"{_what(fetches)} of {task.name}"
            self._pane.show_transfer(f"Downloading {told}")

            def show(progress: Progress) -> None:
                self._pane.show_transfer(_state(told, count, progress), _fraction(progress))

            await download_files(self._connection.client, task, fetches, folder, answer, done=done, on_progress=show)
            self._note_downloaded(folder)
            self._messages.tell(outcome(done, folder))
        except asyncio.CancelledError:
            if count:
                self._messages.tell(
                    f"The download was stopped; {done.files:,} of {count_text(count, 'file')} have come."
                )
            raise
        finally:
            self._running = None
            self._pane.show_transfer(None)

    async def _ask(self, there: Sequence[Fetch], count: int) -> Existing | None:
        from taskmon.client.file_download import Existing

        answers = {"Overwrite": Existing.OVERWRITE, "Keep both": Existing.KEEP_BOTH, "Skip": Existing.SKIP}
        chosen = await choose_answer(existing_question(there, count), list(answers), self._window)
        return answers.get(chosen) if chosen is not None else None


def existing_question(there: Sequence[Fetch], count: int) -> Question:
    """What is asked when `there` of `count` files have a name that is taken."""
    names = ", ".join(fetch.target.name for fetch in there[:_NAMED])
    names += f" and {len(there) - _NAMED:,} more" if len(there) > _NAMED else ""
    some = f"{len(there):,} of {count:,}" if len(there) < count else f"All {count:,}"
    text = f"{names} is there already." if count == 1 else f"{some} files are there already."
    detail = "" if count == 1 else f"{names}.\n\n"
    return Question("Download files", text, f"{detail}“Keep both” gives the new ones a number.")


def outcome(done: Downloaded, folder: Path) -> str:
    """What came of a download, in sentences."""
    told = (
        f"{count_text(done.files, 'file')}, {size_text(done.size)}, {'is' if done.files == 1 else 'are'} in {folder}."
    )
    if done.skipped:
        told += f" {done.skipped:,} {'was' if done.skipped == 1 else 'were'} there already and stayed."
    if done.failed:
        path, why = done.failed[0]
        told += f" {len(done.failed):,} did not come, first {path}: {why}"
    return told


def _what(fetches: Sequence[Fetch]) -> str:
    return fetches[0].target.name if len(fetches) == 1 else count_text(len(fetches), "file")


def _fraction(progress: Progress) -> float | None:
    return min(1.0, progress.sent / progress.total) if progress.total else None


def _state(told: str, count: int, progress: Progress) -> str:
    size = size_text(progress.sent) + (f" of {size_text(progress.total)}" if progress.total else "")
    files = f"{progress.files:,} done, " if count > 1 else ""
    return f"Downloading {told}: {files}{size}"
