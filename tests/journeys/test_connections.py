"""Several services and one window: adding, trying, switching, keys that are missing, wrong or kept well."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import tomllib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import psutil
import pytest
from PySide6.QtWidgets import QApplication, QLineEdit, QMessageBox, QPlainTextEdit

from taskmon.client.credentials import Credentials
from taskmon.client.local_service import ServiceAddress
from taskmon.core.connection import CLOUD, THIS_COMPUTER
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.lifecycle import Status
from taskmon.gui.app import clock
from taskmon.gui.background import Background
from taskmon.gui.controllers.connection import Place
from taskmon.gui.crash import crash_reporter
from taskmon.gui.desk import Desk
from taskmon.gui.list_desk import ListDesk
from taskmon.gui.session import here
from taskmon.gui.shell import Folders, Shell
from taskmon.gui.widgets.connections_dialog import ConnectionsDialog
from taskmon.gui.widgets.submit_form import SubmitForm
from taskmon.gui.widgets.wishes import Wish
from tests.client.key_rings import FileKeyring, LockedKeyring
from tests.journeys.story import Service, started, submit
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey

SHARED = "Lab server"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """This computer's service, for all of these stories."""
    with started(Service(tmp_path_factory.mktemp("here"))) as running:
        yield running


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A second service with a data folder of its own."""
    with started(Service(tmp_path_factory.mktemp("shared"))) as running:
        yield running


@asynccontextmanager
async def window(app: QApplication, service: Service, root: Path, **begin: Any) -> AsyncIterator[Desk]:
    """The window as the program opens it, with a keyring in a file; leaving the block closes it."""
    shell = Shell(app, clock, Folders(state=root / "state", cache=root / "cache", config=root / "config"))
    shell.window.show()
    ring = begin.pop("ring", None) or FileKeyring(root / "ring.json")
    credentials = Credentials(root / "config" / "keys", find_keyring=lambda: ring)
    async with Background(shell.messages.tell_problem, crash_reporter(shell).report) as background:
        desk = Desk(ListDesk(shell, background, credentials))
        background.watch(desk.connection.connect_forever(), "connection")
        desk.connections.begin(here(service.data_dir), **begin)
        yield desk
        desk.window.close()
        await asyncio.wait_for(shell.left.wait(), 30)  # a question that nobody expects is a failure, not a wait
        await desk.bound.stop_all()
        desk.put_away()


async def live(desk: Desk, name: str) -> None:
    def is_live() -> bool:
        here = desk.connection.place is not None and desk.connection.place.name == name
        return here and desk.shell.badge.accessibleName() == "Connection: live"

    await until_async(is_live, 30, f"{name} is live")


async def open_dialog(desk: Desk) -> ConnectionsDialog:
    desk.fulfil(Wish.CONNECT)
    return shown_dialog(desk)


def shown_dialog(desk: Desk) -> ConnectionsDialog:
    [dialog] = [dialog for dialog in desk.window.findChildren(ConnectionsDialog) if dialog.isVisible()]
    return dialog


def sentences(dialog: ConnectionsDialog) -> str:
    """Everything that the form says now."""
    rows = (dialog.form._url_row, dialog.form._key_row, dialog.form._test_row)
    return " ".join(row.note.text() for row in rows if row.note.text())


def fill(dialog: ConnectionsDialog, url: str, key: str, name: str = SHARED) -> None:
    dialog.form.name.setText(name)
    dialog.form.url.setText(url)
    dialog.form.key.line.setText(key)


async def answer(desk: Desk, button: str) -> None:
    """Presses a button of the question that is on the screen."""
    box = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "the question")
    next(found for found in box.buttons() if found.text() == button).click()
    await until_async(lambda: desk.window.findChild(QMessageBox) is None, 30, "the question is gone")


def ticked(desk: Desk) -> list[str]:
    return [action.text() for action in desk.window.connection_button.menu().actions() if action.isChecked()]


def waiting(desk: Desk) -> str:
    """The task whose input is on its way."""
    return next((task.task_id for task in desk.store.tasks.values() if task.status is Status.PENDING_INPUT), "")


async def add_shared(desk: Desk, shared: Service) -> None:
    dialog = await open_dialog(desk)
    dialog.list.add.click()
    fill(dialog, shared.url, shared.api_key)
    dialog.use.click()
    await live(desk, SHARED)
    await until_async(lambda: not desk.window.findChildren(ConnectionsDialog), 30, "the dialog is gone")


def test_a_connection_is_added_tried_used_and_remembered_without_its_key_in_the_settings(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with shared.client() as client:
            task_id = await submit(client, folder(), ["true"])
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            dialog = await open_dialog(desk)
            assert dialog.use.text() == "In use"
            dialog.list.add.click()
            fill(dialog, shared.url, "not+a+key")
            assert not dialog.form.test.isEnabled() and not dialog.use.isEnabled()
            fill(dialog, shared.url, "wrong-key")
            dialog.form.test.click()
            await until_async(lambda: "does not accept this key" in sentences(dialog), 30, "the key is refused")
            fill(dialog, shared.url, shared.api_key)
            assert sentences(dialog) == ""
            dialog.form.test.click()
            await until_async(lambda: "✓ Connected as" in sentences(dialog), 30, "the connection works")
            assert "credits 0" in sentences(dialog) and "Client accepted" in sentences(dialog)
            dialog.use.click()
            await live(desk, SHARED)
            await until_async(lambda: task_id in desk.store, 30, "the tasks of the other service are shown")
            assert ticked(desk) == [SHARED]
            assert desk.window.windowTitle().startswith(SHARED)
        settings = (tmp_path / "config" / "settings.toml").read_text()
        assert tomllib.loads(settings)["connection"] == SHARED
        assert shared.api_key not in settings
        assert shared.api_key in (tmp_path / "ring.json").read_text()
        async with window(app, service, tmp_path) as desk:
            await live(desk, SHARED)
            await until_async(lambda: task_id in desk.store, 30, "the next start is there again")
        async with window(app, service, tmp_path, stay_here=True) as desk:
            await live(desk, THIS_COMPUTER)
            assert task_id not in desk.store
        place = Place("given", here(service.data_dir).find, embedded=False)
        async with window(app, service, tmp_path, given=(place, service.url)) as desk:
            await live(desk, "given")
            assert ticked(desk) == ["given"]

    run_on_qt(story())


def test_switching_forgets_the_old_tasks_ends_the_old_work_and_keeps_the_window(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            count = (
                "import itertools, time\nfor n in itertools.count():\n    print(n, flush=True)\n    time.sleep(.01)\n"
            )
            task_id = await submit(desk.connection.client, folder("a", run_py=count), ["python3 -u run.py"])
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "the task is in the table")
            await until_async(lambda: desk.log.spool and desk.log.spool.line_count > 5, 30, "its log is followed")
            state, old = desk.window.saveState(), desk.connection.client
            await add_shared(desk, shared)
            assert task_id not in desk.store
            assert desk.log.spool is None
            assert desk.window.saveState() == state
            assert desk.connection.client is not old
            working = {task.get_name() for task in desk._background.actions()}
            assert not working & {"log", "detail", "files", "submit"}
            next(a for a in desk.window.connection_button.menu().actions() if a.text() == THIS_COMPUTER).trigger()
            await live(desk, THIS_COMPUTER)
            await until_async(lambda: task_id in desk.store, 30, "the first service's tasks are back")
            await desk.connection.client.kill(task_id)
            await until_async(lambda: desk.store.tasks[task_id].is_terminated, 30, "killed")
            assert not list((tmp_path / "state" / "crashes").glob("*"))

    run_on_qt(story())


def test_a_place_that_is_not_found_is_left_at_once_and_a_replaced_key_of_this_computer_is_read_again(
    app: QApplication, service: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    keys = iter(("old-key", service.api_key))

    async def nowhere() -> ServiceAddress:
        await asyncio.Event().wait()
        raise AssertionError

    async def refound() -> ServiceAddress:
        return ServiceAddress(service.url, next(keys), 0)

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            desk.connection.go_to(Place("Nowhere", nowhere, embedded=False))
            await asyncio.sleep(0)
            with pytest.raises(ConnectionFailedError):
                _ = desk.connection.client
            desk.connection.go_to(Place(THIS_COMPUTER, refound, embedded=True))
            await until_async(desk.shell.notice.isVisible, 30, "the old key is refused")
            assert desk.shell.notice.button.isHidden()
            await live(desk, THIS_COMPUTER)
            assert desk.shell.notice.isHidden()

    run_on_qt(story())


def test_an_upload_under_way_is_asked_about_and_withdrawn_when_the_window_goes_elsewhere(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    big = folder("big")
    (big / "field.bin").write_bytes(os.urandom(150 * 2**20))

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            await add_shared(desk, shared)
            desk.connections.switch(THIS_COMPUTER)
            await live(desk, THIS_COMPUTER)
            desk.submit.open([str(big)])
            form = await until_async(lambda: desk.window.findChild(SubmitForm), 30, "the form opens")
            editor = await until_async(lambda: form.findChild(QPlainTextEdit), 30, "commands can be written")
            await until_async(editor.isVisible, 30, "the folder is read")
            editor.setPlainText("true")
            await until_async(form._footer.primary.isEnabled, 30, "it can be submitted")
            form._footer.primary.click()
            task_id = await until_async(lambda: waiting(desk), 30, "the task waits for its input")
            desk.connections.switch(SHARED)
            await answer(desk, "Cancel")
            assert desk.connection.place is not None and desk.connection.place.name == THIS_COMPUTER
            assert ticked(desk) == [THIS_COMPUTER]
            desk.connections.switch(SHARED)
            await answer(desk, "Switch")
            await live(desk, SHARED)
            async with service.client() as client:

                async def withdrawn() -> bool:
                    return (await client.task_status(task_id)).status is Status.KILLED

                await until_async(withdrawn, 30, "the half-sent task is withdrawn at the old service")
            assert not list((tmp_path / "state" / "crashes").glob("*"))

    run_on_qt(story())


def test_a_refused_key_asks_for_it_in_a_quiet_bar_and_the_right_one_brings_the_tasks(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(
        f'connection = "{SHARED}"\nconnections = [{{name = "{SHARED}", url = "{shared.url}"}}]\n'
    )

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            notice = desk.shell.notice
            await until_async(lambda: "No API key is stored for Lab server" in notice.text(), 30, "a key is missing")
            notice.button.click()
            dialog = shown_dialog(desk)
            dialog.form.key.line.setText("wrong-key")
            dialog.use.click()
            await until_async(lambda: "does not accept the API key" in notice.text(), 30, "the key is refused")
            assert notice.isVisible() and notice.button.text() == "Enter key…"
            assert desk.window.findChild(QMessageBox) is None
            await until_async(lambda: not desk.window.findChildren(ConnectionsDialog), 30, "the dialog is gone")
            notice.button.click()
            dialog = shown_dialog(desk)
            assert dialog.form.name.text() == SHARED
            assert dialog.form.key.secret() == ""
            dialog.form.key.line.setText(shared.api_key)
            dialog.save.click()
            await live(desk, SHARED)
            assert notice.isHidden()
            dialog.close()

    run_on_qt(story())


def test_with_another_key_nothing_of_the_former_account_is_left_to_see(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    first_screen = tmp_path / "cache" / "lists" / "first-screen.json"

    async def story() -> None:
        async with shared.client() as client:
            task_id = await submit(client, folder(), ["true"])
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            await add_shared(desk, shared)
            await until_async(lambda: desk.shell.table.select_task(task_id), 30, "its tasks are shown")
            await desk.memory.save_now()
            assert task_id[:6] in first_screen.read_text()
            dialog = await open_dialog(desk)
            dialog.form.key.line.setText("of-somebody-else")
            dialog.save.click()
            await until_async(lambda: "does not accept the API key" in desk.shell.notice.text(), 30, "it is refused")
            assert len(desk.store) == 0
            await until_async(lambda: not first_screen.exists(), 30, "nor is it there at the next start")
            dialog.discard()
        async with window(app, service, tmp_path) as desk:
            desk.shell.show_first_screen()
            assert not desk.shell.shows_first()
            await until_async(lambda: "does not accept the API key" in desk.shell.notice.text(), 30, "it is refused")
            assert len(desk.store) == 0

    run_on_qt(story())


def test_a_place_that_never_answers_or_refuses_a_given_key_says_so_above_the_list(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    address = "http://127.0.0.1:9"

    async def away() -> ServiceAddress:
        return ServiceAddress(address, "a-key", 0)

    async def story() -> None:
        nonlocal address
        async with window(app, service, tmp_path, given=(Place("Away", away, embedded=False), address)) as desk:
            notice = desk.shell.notice
            await until_async(notice.isVisible, 30, "nobody answers")
            assert notice.button.text() == "Connections…"
            assert desk.shell.stack.currentWidget() is desk.shell.table  # not: "drop a folder here"
            assert desk.window._loaded.text() == ""  # nor "0 tasks", which nobody knows
            desk.connections.switch(THIS_COMPUTER)
            await live(desk, THIS_COMPUTER)
            assert notice.isHidden()
            address = shared.url
            desk.connections.switch("Away")
            await until_async(lambda: "does not accept the API key" in notice.text(), 30, "the key is refused")
            assert "TASKMON_API_KEY" in notice.text()
            assert notice.button.isHidden()

    run_on_qt(story())


def test_the_dialog_keeps_unsaved_changes_and_removes_keys_with_their_connection(
    app: QApplication, service: Service, shared: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            await add_shared(desk, shared)
            dialog = await open_dialog(desk)
            await until_async(lambda: "stored" in dialog.form.key.line.placeholderText(), 30, "the key is known")
            dialog.form.name.setText("Renamed")
            dialog.list.list.setCurrentRow(1)
            assert dialog.form.name.text() == CLOUD.name and not dialog.list.remove.isEnabled()
            dialog.list.list.setCurrentRow(2)
            assert dialog.form.name.text() == "Renamed"
            dialog.reject()
            await answer(desk, "Cancel")
            assert dialog.isVisible()
            dialog.save.click()
            await live(desk, "Renamed")
            assert ticked(desk) == ["Renamed"]
            ring = (tmp_path / "ring.json").read_text()
            assert "Renamed" in ring and SHARED not in ring
            dialog.form.url.setText("http://other.example")
            assert not dialog.use.isEnabled() and "clear text" in sentences(dialog)
            dialog.form.url.setText(shared.url)
            dialog.list.remove.click()
            await answer(desk, "Remove")
            await live(desk, THIS_COMPUTER)
            assert shared.api_key not in (tmp_path / "ring.json").read_text()
            dialog.close()
            await until_async(lambda: not desk.window.findChildren(ConnectionsDialog), 30, "the dialog is gone")

    run_on_qt(story())


def test_a_found_key_is_offered_and_copied_only_when_that_is_asked_for(
    app: QApplication,
    service: Service,
    shared: Service,
    tmp_path: Path,
    run_on_qt: Run,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("INDUCTIVA_API_URL", shared.url)
    monkeypatch.setenv("INDUCTIVA_API_KEY", shared.api_key)

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            dialog = await open_dialog(desk)
            dialog.list.add.click()
            fill(dialog, shared.url, "")
            dialog.save.click()
            await until_async(lambda: dialog.form.use_found.isVisible(), 30, "the key is offered")
            assert "$INDUCTIVA_API_KEY" in dialog.form.use_found.text()
            assert not (tmp_path / "ring.json").exists()
            dialog.form.use_found.click()
            assert dialog.form.key.line.echoMode() is QLineEdit.EchoMode.Password
            assert not (tmp_path / "ring.json").exists()
            dialog.use.click()
            await live(desk, SHARED)
            assert shared.api_key in (tmp_path / "ring.json").read_text()

    run_on_qt(story())


def test_damaged_settings_are_said_and_the_window_opens_here(
    app: QApplication, service: Service, tmp_path: Path, run_on_qt: Run
) -> None:
    (tmp_path / "config").mkdir()
    settings = tmp_path / "config" / "settings.toml"
    settings.write_text("connection = [")

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            assert "is not TOML" in desk.window._message.text()
            await live(desk, THIS_COMPUTER)
            dialog = await open_dialog(desk)
            dialog.list.add.click()
            fill(dialog, "https://lab.example", "key")
            dialog.save.click()
            await until_async(lambda: "is not TOML" in dialog._problem.text(), 30, "the dialog says why")
            dialog.discard()

    run_on_qt(story())
    assert settings.read_text() == "connection = ["


def test_a_key_is_nowhere_but_where_keys_are_kept(
    app: QApplication,
    service: Service,
    shared: Service,
    tmp_path: Path,
    run_on_qt: Run,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []

    async def story() -> None:
        async with window(app, service, tmp_path, ring=LockedKeyring()) as desk:
            desk.messages.problem_told.connect(told.append)
            await live(desk, THIS_COMPUTER)
            await add_shared(desk, shared)
            dialog = await open_dialog(desk)
            dialog.form.key.line.setText(shared.api_key)
            dialog.form.test.click()
            await until_async(lambda: "✓" in sentences(dialog), 30, "tested")
            told.append(sentences(dialog))
            told.append(repr(dialog.form.draft()))

            async def fail(key: str) -> None:
                raise RuntimeError(f"a bug at {desk.connection.place!r} with {dialog.form.draft()!r}")

            desk._background.start(fail(shared.api_key))
            await until_async(lambda: list((tmp_path / "state" / "crashes").glob("*")), 30, "a crash report")
            family = [psutil.Process(), *psutil.Process().children(recursive=True)]
            for process in family:
                with contextlib.suppress(psutil.NoSuchProcess):  # it may end meanwhile
                    told.append(" ".join(process.cmdline()))
            dialog.discard()

    run_on_qt(story())
    key_files = list((tmp_path / "config" / "keys").iterdir())
    assert [file.read_text() for file in key_files] == [shared.api_key]
    assert key_files[0].stat().st_mode & 0o077 == 0
    for key in (shared.api_key, service.api_key):
        assert key not in caplog.text
        assert key not in "\n".join(told)
        for written in (tmp_path / "config" / "settings.toml", *(tmp_path / "state").rglob("*.*")):
            assert key not in written.read_text(errors="replace")
