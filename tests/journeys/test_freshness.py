"""The window says how old its knowledge is: a service that is frozen or gone is told, refused and recovered from."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QMessageBox

from taskmon.client.local_service import ServiceAddress
from taskmon.core.lifecycle import Status
from taskmon.gui.controllers.connection import Place
from taskmon.gui.widgets.timeline import Timeline
from taskmon.gui.widgets.wishes import Wish
from tests.journeys.story import Service, submit, wait_for
from tests.journeys.test_connections import window
from tests.journeys.test_window_stories import COUNT, shown_log, status
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from contextlib import AbstractAsyncContextManager
    from typing import Any

    from PySide6.QtWidgets import QApplication

    from taskmon.gui.desk import Desk

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    """Without a change feed: the window asks every other second and need not wait for a long poll to fail."""
    running = Service(tmp_path / "service", options=("--no-extensions",))
    running.start()
    yield running
    running.clean_up()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two seconds instead of thirty until silence counts as no answer."""
    monkeypatch.setattr("taskmon.client.transport._ANSWER_S", 2.0)


def place_at(service: Service, gate: asyncio.Event | None = None, *, api_key: str = "") -> Place:
    """This address, which the window cannot start again by itself; it is found once the gate is open."""
    key = api_key or service.api_key

    async def find() -> ServiceAddress:
        if gate is not None:
            await gate.wait()
        return ServiceAddress(url=service.url, api_key=key, pid=0)

    return Place("the service", find, embedded=False, known_key=lambda: key)


def opened(
    app: QApplication, service: Service, root: Path, place: Place | None = None
) -> AbstractAsyncContextManager[Desk]:
    return window(app, service, root, given=(place or place_at(service), service.url))


@asynccontextmanager
async def watching_a_task(
    app: QApplication, service: Service, root: Path, folder: Callable[..., Path]
) -> AsyncIterator[tuple[Desk, str]]:
    """A live window, and a task that runs and is selected in it."""
    async with opened(app, service, root) as desk:
        await until_live(desk)
        async with service.client() as client:
            task_id = await submit(client, folder("endless", count_py=COUNT), ["python3 -u count.py"])
        await until_async(lambda: status(desk, task_id) is Status.COMPUTATION_STARTED, 60, "it runs")
        await until_async(lambda: desk.shell.table.select_task(task_id), 30, "it is in the table")
        yield desk, task_id


@contextmanager
def frozen(service: Service) -> Iterator[None]:
    """The process of the service is stopped meanwhile; its connections stay."""
    assert service.process is not None
    service.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        service.process.send_signal(signal.SIGCONT)


def badge(desk: Desk) -> str:
    return desk.shell.badge.accessibleName()


def pale(desk: Desk) -> bool:
    return desk.shell.table._stale


async def until_live(desk: Desk, within_s: float = 30) -> None:
    await until_async(lambda: badge(desk) == "Connection: live" and not pale(desk), within_s, "live")


async def until_silent(desk: Desk) -> None:
    await until_async(lambda: badge(desk).startswith("Connection: no answer since ") and pale(desk), 30, "silent")


async def refusal_of(desk: Desk, wish: Wish) -> str:
    """What the status line says to a wish that cannot be fulfilled now."""
    problems: list[str] = []
    desk.messages.problem_told.connect(problems.append)
    desk.fulfil(wish)
    await until_async(lambda: problems, 30, "the refusal")
    assert desk.window.findChild(QMessageBox) is None  # nobody is asked what cannot be done
    desk.messages.problem_told.disconnect(problems.append)
    return problems[0]


def test_a_frozen_service_is_told_refused_and_forgiven(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with watching_a_task(app, service, tmp_path, folder) as (desk, task_id):
            with frozen(service):
                await until_silent(desk)
                assert status(desk, task_id) is Status.COMPUTATION_STARTED  # what was last seen stays, pale
                refused = await refusal_of(desk, Wish.RESUBMIT)
                assert "did not answer" in refused
                assert "Nothing was sent" in refused
            await until_live(desk)
            assert len(desk.store) == 1  # nor is it done afterwards
            async with service.client() as client:
                await client.kill(task_id)
                await wait_for(client, task_id, Status.KILLED)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "the window hears news again")

    run_on_qt(story())


@pytest.mark.parametrize("feed", [True, False], ids=["feed", "lists"])
def test_a_service_that_is_late_is_told_before_it_is_given_up(
    app: QApplication, tmp_path: Path, run_on_qt: Run, monkeypatch: pytest.MonkeyPatch, feed: bool
) -> None:
    monkeypatch.setattr("taskmon.client.transport._ANSWER_S", 300.0)
    monkeypatch.setattr("taskmon.client.overdue.LATE_S", 1.0)
    service = Service(tmp_path / "service", options=() if feed else ("--no-extensions",))
    service.start()

    async def story() -> None:
        async with opened(app, service, tmp_path) as desk:
            await until_live(desk)
            with frozen(service):
                await until_silent(desk)
                assert "It is still being waited for." in desk.shell.badge.toolTip()
            await until_live(desk)

    try:
        run_on_qt(story())
    finally:
        service.clean_up()


def test_what_was_selected_is_shown_whole_once_a_service_is_there_that_took_its_time(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    gate = asyncio.Event()
    problems: list[str] = []

    async def story() -> None:
        gate.set()
        async with opened(app, service, tmp_path, place_at(service, gate)) as desk:
            async with service.client() as client:
                task_id = await submit(client, folder(work_py="print('at the end')"), ["python3 work.py"])
                await wait_for(client, task_id, Status.SUCCESS)
            await until_async(lambda: status(desk, task_id) is Status.SUCCESS, 30, "it has ended")
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "it is in the table")
            await until_async(lambda: "at the end" in shown_log(desk), 30, "its log is read")
            await desk.memory.save_now()
        gate.clear()
        async with opened(app, service, tmp_path, place_at(service, gate)) as desk:
            desk.messages.problem_told.connect(problems.append)
            await until_async(lambda: desk.shell.table.current_id() == task_id, 30, "it is there, and selected again")
            await asyncio.sleep(0.3)
            gate.set()
            await until_async(lambda: "at the end" in shown_log(desk), 30, "its log is read")
            await until_async(lambda: desk.detail._detail is not None, 30, "everything about it is known")
            assert problems == []  # nobody had asked for anything

    run_on_qt(story())


def test_a_killed_service_that_comes_back_needs_no_other_window(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with watching_a_task(app, service, tmp_path, folder) as (desk, task_id):
            address = service.url
            service.kill()
            await until_silent(desk)
            refused = await refusal_of(desk, Wish.KILL)
            assert address in refused or "does not answer" in refused or "cannot be reached" in refused
            assert status(desk, task_id) is Status.COMPUTATION_STARTED
            service.start()
            assert service.url == address
            await until_live(desk)
            assert status(desk, task_id) is Status.COMPUTATION_STARTED  # its commands have gone on
            async with service.client() as client:
                await client.kill(task_id)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "the window hears news again")

    run_on_qt(story())


def test_what_is_selected_and_refused_in_silence_is_put_right_when_the_service_answers_again(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with watching_a_task(app, service, tmp_path, folder) as (desk, task_id):
            facts, problems = list[str](), list[str]()
            service.kill()
            await until_silent(desk)
            desk.messages.problem_told.connect(problems.append)
            desk.messages.fact_told.connect(facts.append)
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "it is in the table")
            timeline = desk.window.findChild(Timeline)
            assert timeline is not None
            await until_async(lambda: "not known yet" in timeline.accessibleDescription(), 30, "that is said")
            assert problems == []  # the badge has said it
            refused = await refusal_of(desk, Wish.KILL)
            service.start()
            await until_live(desk)
            assert problems == [refused]
            assert facts == ["The service answers now. What was refused has not been done."]
            await until_async(lambda: "still going on" in timeline.accessibleDescription(), 30, "all is known")

    run_on_qt(story())


def test_a_question_that_waited_while_the_service_fell_silent_kills_nothing_afterwards(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with watching_a_task(app, service, tmp_path, folder) as (desk, task_id):
            await until_async(lambda: desk.detail.selected, 30, "it is selected")
            desk.fulfil(Wish.KILL)
            question = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "it is asked")
            problems = list[str]()
            desk.messages.problem_told.connect(problems.append)
            with frozen(service):
                await until_silent(desk)
                next(button for button in question.buttons() if button.text() == "Kill 1 task").click()
                await until_async(lambda: problems, 30, "the refusal")
                assert "Nothing was sent" in problems[0]
            await until_live(desk)
            async with service.client() as client:
                assert (await client.task(task_id)).status is Status.COMPUTATION_STARTED
                await client.kill(task_id)

    run_on_qt(story())


def test_tasks_of_one_key_are_never_shown_to_another_one(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    gate = asyncio.Event()

    async def story() -> None:
        async with watching_a_task(app, service, tmp_path, folder) as (desk, task_id):
            async with service.client() as client:
                await client.kill(task_id)
            await until_async(lambda: status(desk, task_id) is Status.KILLED, 30, "it has ended")
            await desk.memory.save_now()
        seen = list[int]()
        async with opened(app, service, tmp_path, place_at(service, api_key="of-somebody-else")) as desk:
            desk.shell.model.counts_changed.connect(lambda: seen.append(len(desk.store)))
            await until_async(lambda: "does not accept the API key" in desk.shell.notice.text(), 30, "it is refused")
            assert len(desk.store) == 0
            assert not any(seen)
        async with opened(app, service, tmp_path, place_at(service, gate)) as desk:
            await until_async(lambda: desk.shell.table.current_id() == task_id, 30, "whose they are sees them")

    run_on_qt(story())


def test_a_list_of_which_nothing_is_left_goes_without_a_word(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with opened(app, service, tmp_path) as desk:
            async with service.client() as client:
                task_id = await submit(client, folder(work_py="print('at the end')"), ["python3 work.py"])
                await wait_for(client, task_id, Status.SUCCESS)
            await until_async(lambda: status(desk, task_id) is Status.SUCCESS, 30, "it has ended")
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "it is in the table")
            await until_async(lambda: desk.detail._detail is not None, 30, "everything about it is known")
            await desk.memory.save_now()
        problems = list[str]()
        other = Service(tmp_path / "other", options=("--no-extensions",))
        other.data_dir.mkdir(mode=0o700)
        (other.data_dir / "api_key").write_text(service.api_key)  # the same account, and a new database
        other.start()
        gate = asyncio.Event()
        try:
            async with opened(app, service, tmp_path, place_at(other, gate)) as desk:
                desk.messages.problem_told.connect(problems.append)
                await until_async(lambda: desk.shell.table.current_id() == task_id, 30, "it is remembered")
                gate.set()
                await until_async(lambda: desk.shell.stack.currentWidget() is desk.shell.first_start, 30, "none")
                await until_live(desk)
                assert problems == []
        finally:
            other.clean_up()

    run_on_qt(story())
