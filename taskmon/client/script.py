"""taskmon in a plain script: `taskmon.connect()`, submit, wait. Every call blocks until its answer is there."""

from __future__ import annotations

import atexit
import os
import signal
import threading
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final, NoReturn, Self

from taskmon.client.api import PAGE_LIMIT, ServiceClient
from taskmon.client.folder_scan import scan_folder
from taskmon.client.found_keys import own_key
from taskmon.client.lease import HeldTask
from taskmon.client.local_service import own_service
from taskmon.client.loop_thread import LoopThread
from taskmon.client.submission import resubmit, submit_folder
from taskmon.client.task import TaskHandle
from taskmon.client.task_request import build_request, choose_group, choose_simulator, choose_values
from taskmon.client.transfer import OnProgress
from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.submission import name_of_folder
from taskmon.core.task import TASK_NAME, TaskDetail
from taskmon.core.task import Task as TaskValue
from taskmon.resource_files import simulator_catalogue
from taskmon.settings import load_settings, settings_path
from taskmon.user_folders import user_folder

_ENDING_SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


def connect(url: str | None = None, api_key: str | None = None) -> Connection:
    """A connection to the service at `url`, or else to this computer's own, which is started if it does not run.

    What is not given is taken from TASKMON_URL, TASKMON_API_KEY and TASKMON_DATA_DIR. Raises ConnectionFailedError if
    this computer's service does not start, and InvalidInputError for an address or key that cannot be one.
    """
    url = url or os.environ.get("TASKMON_URL")
    loop = LoopThread()
    try:
        if url:
            key = api_key or own_key(url, os.environ)
        else:
            own = loop.run(own_service(_data_dir()))
            url, key = own.url, own.api_key
        if not key:
            raise InvalidInputError("This service needs an API key.", "Give api_key or set TASKMON_API_KEY.")
        return Connection(ServiceClient(url, key), loop)
    except BaseException:
        loop.close()
        raise


class Connection:
    """A service to submit to. `with` closes it at the end; the tasks live on."""

    def __init__(self, client: ServiceClient, loop: LoopThread) -> None:
        self._client = client
        self._loop = loop
        atexit.register(self.close)

    def __repr__(self) -> str:
        return f"<taskmon.Connection to {self._client.url}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The address of the service."""
        return self._client.url

    def close(self) -> None:
        """Let go of the service. Tasks are not touched; closing twice is no error."""
        atexit.unregister(self.close)
        if self._loop.open:
            self._loop.run(self._client.close())
            self._loop.close()

    def submit(
        self,
        folder: str | Path,
        commands: Sequence[str] = (),
        *,
        simulator: str | None = None,
        values: Mapping[str, str] | None = None,
        name: str | None = None,
        machine_group: str | None = None,
        project: str | None = None,
        time_limit_s: float | None = None,
        on_progress: OnProgress | None = None,
    ) -> Task:
        """Make a task from the files of `folder`; returns once it is in the queue.

        It runs `commands`, or those of `simulator` with `values` for its parameters; without either the files tell
        which simulator they are for. `machine_group` is a name or an id. Interrupting this leaves no task behind.
        """
        scan = scan_folder(Path(folder), load_settings(settings_path()).settings.excludes)
        paths = [file.path for file in scan.files]
        chosen = choose_simulator(simulator, commands, paths, simulator_catalogue())
        group = choose_group(self._loop.run(self._client.machine_groups()), machine_group)
        inputs = list(commands) or choose_values(chosen, values or {}, paths)
        request = build_request(chosen, inputs, group.id or "", project=project, ttl_seconds=time_limit_s)
        metadata = {TASK_NAME: name or name_of_folder(scan.folder.name)}
        made = submit_folder(self._client, scan, request, metadata=metadata, on_progress=on_progress)
        return Task(self._loop.run(made).id, self)

    def task(self, task_id: str) -> Task:
        """The task with this id, also one of an earlier session."""
        return Task(task_id, self)

    def tasks(self, *, status: Status | None = None, project: str | None = None) -> Iterator[TaskValue]:
        """What the service tells of every task, newest first."""
        page, seen = 0, 0
        while True:
            page += 1
            answer = self._loop.run(self._client.tasks(page, PAGE_LIMIT, status, project))
            yield from answer.tasks
            seen += len(answer.tasks)
            if not answer.tasks or seen >= answer.total_size:
                return


class Task:
    """One task of one service; without a `connection`, of the service that `connect()` finds. Holds only the id, so
    two with the same id are the same task, also in a later session."""

    def __init__(self, task_id: str, connection: Connection | None = None) -> None:
        connection = connection or _default_connection()
        self._connection = connection
        self._loop = connection._loop
        self._handle = TaskHandle(connection._client, task_id)

    @property
    def id(self) -> str:
        """The id of the task."""
        return self._handle.id

    def __eq__(self, other: object) -> bool:
        return self._handle == other._handle if isinstance(other, Task) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._handle)

    def __repr__(self) -> str:
        return f"<taskmon.Task {self.id} of {self._connection.url}>"

    def status(self) -> Status:
        """The present status."""
        return self._loop.run(self._handle.status()).status

    def detail(self) -> TaskDetail:
        """Everything the service tells about the task."""
        return self._loop.run(self._handle.detail())

    def wait(self, on_status: Callable[[TaskDetail], None] | None = None) -> TaskDetail:
        """Return when the task has ended; interrupting this (Ctrl-C) leaves the task running.

        `on_status` hears of the present status and of every later one, in another thread.
        """
        return self._loop.run(self._handle.wait(on_status))

    @contextmanager
    def sync_context(self) -> Generator[Task]:
        """Binds the task to the block: whatever tears the block down while the task lives kills the task.

        That is an exception, Ctrl-C, and, in a program that does not handle them itself, SIGTERM and SIGHUP. Reaching
        the end of the block leaves the task as it is; wait() inside it to see it through. A program that is killed
        without a word takes its task with it where the service has leases.
        """
        with _signals_as_exit():
            held = HeldTask(self._connection._client, self.id)
            try:
                self._loop.run(held.begin())
                yield self
                self._loop.run(held.end(release=True))
            except BaseException:
                self._loop.insist(self._handle.kill_patiently())
                self._loop.insist(held.end(release=False))
                raise

    def kill(self) -> Status:
        """Ask for a kill; the answer is the status right after. A task that has ended stays as it is."""
        return self._loop.run(self._handle.kill()).status

    def resubmit(self, *, machine_group: str | None = None) -> Task:
        """Run the task again, on its own machine group unless another is named."""
        client = self._connection._client
        group = None
        if machine_group is not None:
            group = choose_group(self._loop.run(client.machine_groups()), machine_group).id
        again = resubmit(client, self.detail(), machine_group_id=group)
        return Task(self._loop.run(again).id, self._connection)

    def download_outputs(self, target: str | Path, *, on_progress: OnProgress | None = None) -> Path:
        """Every output in a new folder: `target`, or one in it if it exists. Returns its path."""
        return self._loop.run(self._handle.download_outputs(Path(target), on_progress=on_progress))

    def download_file(self, name: str, target: str | Path) -> Path:
        """One output file as `target`, or in it if that is a folder. Returns its path."""
        return self._loop.run(self._handle.download_file(name, Path(target)))


@cache
def _default_connection() -> Connection:
    return connect()


def _data_dir() -> Path:
    named = os.environ.get("TASKMON_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    return user_folder("data")


@contextmanager
def _signals_as_exit() -> Generator[None]:
    """While this is open, a signal that would end the process on the spot raises SystemExit instead.

    Does nothing outside the main thread, and for signals somebody handles.
    """
    ours: list[signal.Signals] = []

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    if threading.current_thread() is threading.main_thread():
        for number in _ENDING_SIGNALS:
            if signal.getsignal(number) is signal.SIG_DFL:
                signal.signal(number, leave)
                ours.append(number)
    try:
        yield
    finally:
        for number in ours:
            signal.signal(number, signal.SIG_DFL)
