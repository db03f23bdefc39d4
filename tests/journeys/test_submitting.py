"""What becomes of a form and its folders: closed while it sends, several at once, tried again, left."""

from __future__ import annotations

import asyncio
import os
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from PySide6.QtWidgets import QApplication, QLabel, QMessageBox, QPlainTextEdit

from taskmon.client import upload
from taskmon.client.upload import pack_folder
from taskmon.core.connection import THIS_COMPUTER
from taskmon.core.lifecycle import Status
from taskmon.gui.widgets.submit_form import SubmitForm
from tests.journeys.story import Service, started
from tests.journeys.test_connections import live, window
from tests.waiting import until_async

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine, Iterator
    from pathlib import Path
    from typing import Any

    from taskmon.client.folder_scan import FolderScan
    from taskmon.client.transfer import OnProgress
    from taskmon.gui.desk import Desk

    Run = Callable[[Coroutine[Any, Any, None]], None]

pytestmark = pytest.mark.journey


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with started(Service(tmp_path_factory.mktemp("here"))) as running:
        yield running


async def ready_form(desk: Desk, *folders: Path) -> SubmitForm:
    """The form on `folders`, one click away from being submitted."""
    earlier = set(desk.window.findChildren(SubmitForm))
    desk.submit.open([str(folder) for folder in folders])
    form = await until_async(
        lambda: next((form for form in desk.window.findChildren(SubmitForm) if form not in earlier), None), 10, "a form"
    )
    editor = await until_async(lambda: form.findChild(QPlainTextEdit), 30, "commands can be written")
    await until_async(editor.isVisible, 30, "the folder is read")
    editor.setPlainText("true")
    await until_async(form._footer.primary.isEnabled, 30, "it can be submitted")
    return form


def named(desk: Desk, name: str) -> set[Status]:
    """The states of the tasks of this name."""
    return {task.status for task in desk.store.tasks.values() if task.name == name}


def no_bugs(root: Path) -> bool:
    return not list((root / "state" / "crashes").glob("*"))


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """Uploads of folders called “held” stop half-way until this is set: how long one takes is no race then."""
    go_on = asyncio.Event()

    async def pack(scan: FolderScan, on_progress: OnProgress | None = None) -> AsyncGenerator[bytes]:
        async with aclosing(pack_folder(scan, on_progress)) as portions:
            async for portion in portions:
                yield portion[: len(portion) // 2]
                if scan.folder.name == "held":
                    await go_on.wait()
                yield portion[len(portion) // 2 :]

    monkeypatch.setattr(upload, "pack_folder", pack)
    return go_on


def test_a_form_that_was_closed_goes_on_sending_while_another_one_is_filled_in_and_submitted(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Run,
    held: asyncio.Event,
) -> None:
    large, small = folder("held"), folder("small")

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            first = await ready_form(desk, large)
            first._footer.primary.click()
            await until_async(lambda: named(desk, "held"), 30, "the first folder is on its way")
            first.close()
            second = await ready_form(desk, small)
            assert desk.submit.sending
            second._footer.primary.click()
            await until_async(lambda: Status.SUCCESS in named(desk, "small"), 60, "the small one is done")
            assert named(desk, "held") == {Status.PENDING_INPUT}
            held.set()
            await until_async(lambda: Status.SUCCESS in named(desk, "held"), 60, "so is the first one")
            await until_async(lambda: not desk.submit.sending, 30, "nothing is sent any more")
            assert no_bugs(tmp_path)

    run_on_qt(story())


def test_leaving_while_a_folder_is_sent_is_asked_about(
    app: QApplication,
    service: Service,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Run,
    held: asyncio.Event,
) -> None:
    leaving = folder("held")

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            form = await ready_form(desk, leaving)
            form._footer.primary.click()
            await until_async(lambda: named(desk, "held"), 30, "it is on its way")
            desk.window.close()
            box = await until_async(lambda: desk.window.findChild(QMessageBox), 30, "a question")
            assert box.informativeText() == "Folders that are being sent are withdrawn."
            box.reject()
            held.set()
            await until_async(lambda: Status.SUCCESS in named(desk, "held"), 60, "it arrives all the same")
            await until_async(lambda: not desk.submit.sending, 30, "nothing is sent any more")
            assert not desk.shell.left.is_set()
            assert no_bugs(tmp_path)

    run_on_qt(story())


def test_a_failure_behind_a_closed_form_is_told_and_one_in_an_open_form_can_be_retried(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    changing = folder("changing")

    async def story() -> None:
        told: list[str] = []
        async with window(app, service, tmp_path) as desk:
            desk.messages.problem_told.connect(told.append)
            await live(desk, THIS_COMPUTER)
            form = await ready_form(desk, changing)
            (changing / "input").write_text("echo longer than before")
            form._footer.primary.click()
            await until_async(lambda: form._footer.primary.text() == "Retr&y", 30, "a file is not what it was")
            [sending] = desk.submit._sendings
            failed = sending._task
            assert failed is not None
            form._footer.primary.click()
            sending._ended(failed)  # as if the retry had come before the news of the failed one's end
            await until_async(lambda: Status.SUCCESS in named(desk, "changing"), 60, "now it is sent")
            assert not told
            form = await ready_form(desk, changing)
            (changing / "input").write_text("echo even longer than before")
            form._footer.primary.click()
            form.close()
            await until_async(lambda: told, 30, "the failure is told")
            assert told[0].startswith("changing was not submitted: ")
            assert no_bugs(tmp_path)

    run_on_qt(story())


def test_what_the_settings_exclude_is_not_sent_from_the_window_either(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    secret = folder("with_secret")
    (secret / "token.txt").write_text("secret")
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text('excludes = ["token*"]\n')

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            form = await ready_form(desk, secret)
            [contents] = form._folders
            assert [path for path, _ in contents.files] == ["input"]
            assert contents.excluded == (("token.txt", "token*"),)

    run_on_qt(story())


def test_a_folder_whose_name_is_no_text_can_be_submitted(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    odd = folder("odd").rename(tmp_path / os.fsdecode(b"caf\xe9"))

    async def story() -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            form = await ready_form(desk, odd)
            form._footer.primary.click()
            await until_async(lambda: Status.SUCCESS in named(desk, "caf\N{REPLACEMENT CHARACTER}"), 30, "it is done")
            assert no_bugs(tmp_path)

    run_on_qt(story())


def test_several_folders_are_told_as_one_number(
    app: QApplication, service: Service, tmp_path: Path, folder: Callable[..., Path], run_on_qt: Run
) -> None:
    variants = [folder(f"variant{number}") for number in range(3)]

    async def story() -> None:
        told: list[str] = []
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            desk.messages.fact_told.connect(told.append)
            form = await ready_form(desk, *variants)
            form._footer.primary.click()
            await until_async(lambda: "Submitted 3 folders." in told, 30, "they are sent")
            assert told[-1] == "Submitted 3 folders."

    run_on_qt(story())


@pytest.mark.parametrize("elsewhere", [False, True])
def test_the_form_warns_of_a_simulator_that_this_computer_lacks_but_not_for_a_service_elsewhere(
    app: QApplication,
    tmp_path: Path,
    folder: Callable[..., Path],
    run_on_qt: Run,
    monkeypatch: pytest.MonkeyPatch,
    elsewhere: bool,
) -> None:
    case = folder("beam", beam_inp="*HEADING\n")
    monkeypatch.setenv("PATH", "/usr/bin-without-calculix")
    options = ("--no-extensions",) if elsewhere else ()

    async def story(service: Service) -> None:
        async with window(app, service, tmp_path) as desk:
            await live(desk, THIS_COMPUTER)
            asked = desk.submit._fill_choices
            filled = asyncio.Event()

            async def fill(form: SubmitForm) -> None:
                await asked(form)
                filled.set()

            monkeypatch.setattr(desk.submit, "_fill_choices", fill)
            desk.submit.open([str(case)])
            await asyncio.wait_for(filled.wait(), 30)
            [form] = desk.window.findChildren(SubmitForm)
            said = form._simulation._row.findChildren(QLabel)
            warned = any("CalculiX is not installed on this computer" in label.text() for label in said)
            assert warned is not elsewhere
            await until_async(form._footer.primary.isEnabled, 30, "it can be submitted all the same")
            form.close()

    with started(Service(tmp_path / "own", options=options)) as running:
        run_on_qt(story(running))
