"""What every test stands on: no screen, no real home, one QApplication, and nothing left behind.

The environment is set while this file is imported, so that it holds before any test module imports Qt or taskmon.
"""

from __future__ import annotations

import asyncio
import gc
import os
import shutil
import signal
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import psutil
import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from PySide6.QtWidgets import QApplication

T = TypeVar("T")

SESSION_MARK = "TASKMON_TEST_SESSION"
"""Environment variable that every process started by these tests inherits, however detached it is."""

TESTS_PER_COLLECTION = 20

HARMLESS_QT_MESSAGES = (
    "This plugin does not support propagateSizeHints()",
    "This plugin does not support raise()",
    "This plugin does not support grabbing the keyboard",
)
"""What the offscreen platform says about being offscreen."""


def _own_world() -> Path:
    """Point the home, every XDG folder and the session mark of this process to a fresh folder."""
    root = Path(tempfile.mkdtemp(prefix="taskmon-tests-"))
    for name in [name for name in os.environ if name.startswith(("TASKMON_", "INDUCTIVA_"))]:
        del os.environ[name]
    folders = {
        "HOME": root / "home",
        "XDG_CONFIG_HOME": root / "config",
        "XDG_DATA_HOME": root / "data",
        "XDG_STATE_HOME": root / "state",
        "XDG_CACHE_HOME": root / "cache",
        "XDG_RUNTIME_DIR": root / "runtime",
        "TASKMON_DATA_DIR": root / "data" / "taskmon",
    }
    for name, folder in folders.items():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.environ[name] = str(folder)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # hundreds of programs are started: let them compile once
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    os.environ["QT_LOGGING_RULES"] = "qt.qpa.*=false"
    os.environ[SESSION_MARK] = uuid.uuid4().hex
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A background job of a shell ignores Ctrl-C, and so would every program that the tests interrupt.
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return root


_WORLD = _own_world()
# A machine that runs several tests at once may take its time for an example.
settings.register_profile("taskmon", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("taskmon")
_qt_messages: list[str] = []


def _processes_of_this_session() -> list[psutil.Process]:
    """Living processes, ourselves excepted, that carry this session's mark in their environment."""
    found = []
    for process in psutil.process_iter():
        try:
            if (
                process.pid != os.getpid()
                and process.environ().get(SESSION_MARK) == os.environ[SESSION_MARK]
                and process.status() != psutil.STATUS_ZOMBIE
                and not any("resource_tracker" in word for word in process.cmdline())
            ):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


@pytest.fixture(scope="session", autouse=True)
def _nothing_keeps_running() -> Iterator[None]:
    """A process that outlives the tests is killed, and is an error."""
    yield
    deadline = time.monotonic() + 10
    while (left := _processes_of_this_session()) and time.monotonic() < deadline:
        time.sleep(0.05)
    told = []
    for process in left:
        try:
            told.append(f"{process.pid}: {' '.join(process.cmdline())[:200]}")
            process.kill()
        except psutil.NoSuchProcess:
            continue
    if told:
        pytest.fail("These processes outlived the tests and were killed:\n" + "\n".join(told), pytrace=False)


_tests_since_collection = 0


@pytest.fixture(autouse=True)
def _cycles_are_collected_between_tests() -> Iterator[None]:
    """Once Qt is in use Python must not collect by itself, which it may do on any thread."""
    global _tests_since_collection
    yield
    _tests_since_collection += 1
    if not gc.isenabled() and _tests_since_collection >= TESTS_PER_COLLECTION:
        _tests_since_collection = 0
        gc.collect()


@pytest.fixture(autouse=True)
def _qt_has_nothing_to_complain_about() -> Iterator[None]:
    """A Qt warning during a test is a failure of that test."""
    _qt_messages.clear()
    yield
    complaints = list(_qt_messages)
    _qt_messages.clear()
    if complaints:
        pytest.fail("Qt complained:\n" + "\n".join(complaints), pytrace=False)


@pytest.fixture(scope="module", autouse=True)
def _no_file_of_tests_dresses_the_next() -> Iterator[None]:
    """Widths and colours depend on the style sheet, the font and the palette that somebody gave the application."""
    yield
    if "PySide6.QtWidgets" in sys.modules:
        from PySide6.QtGui import QFontDatabase
        from PySide6.QtWidgets import QApplication

        application = QApplication.instance()
        if isinstance(application, QApplication) and application.styleSheet():
            application.setStyleSheet("")
            application.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont))
            application.setPalette(application.style().standardPalette())


@pytest.fixture(autouse=True)
def _no_key_stays_held() -> Iterator[None]:
    """Ctrl of a simulated Ctrl+C counts as held until another key comes: let one come before the next test."""
    yield
    if "PySide6.QtTest" in sys.modules:
        from PySide6.QtCore import Qt
        from PySide6.QtTest import QTest
        from PySide6.QtWidgets import QApplication, QWidget

        if QApplication.keyboardModifiers() != Qt.KeyboardModifier.NoModifier:
            QTest.keyClick(QWidget(), Qt.Key.Key_F35)


def _remember_qt_message(kind: Any, _context: Any, message: str) -> None:
    from PySide6.QtCore import QtMsgType

    if kind in (QtMsgType.QtDebugMsg, QtMsgType.QtInfoMsg) or message.startswith(HARMLESS_QT_MESSAGES):
        return
    _qt_messages.append(message)


@pytest.fixture(scope="session")
def app() -> Iterator[QApplication]:
    """The one QApplication of the session, offscreen, with taskmon's names."""
    from PySide6.QtCore import qInstallMessageHandler
    from PySide6.QtWidgets import QApplication

    qInstallMessageHandler(_remember_qt_message)
    gc.disable()  # as in the window: see taskmon/gui/garbage.py
    application = QApplication.instance() or QApplication(["taskmon"])
    assert isinstance(application, QApplication)
    application.setApplicationName("taskmon")
    application.setOrganizationName("taskmon")
    application.setQuitOnLastWindowClosed(False)
    yield application
    for widget in application.topLevelWidgets():
        widget.close()
    qInstallMessageHandler(None)


@pytest.fixture
def run_on_qt(app: QApplication) -> Callable[[Coroutine[Any, Any, T]], T]:
    """Runs a coroutine to its end on a Qt event loop, as the window does."""
    from qasync import QEventLoop

    def run(coroutine: Coroutine[Any, Any, T]) -> T:
        with asyncio.Runner(loop_factory=lambda: QEventLoop(app)) as runner:
            return runner.run(coroutine)

    return run


def pytest_unconfigure() -> None:
    shutil.rmtree(_WORLD, ignore_errors=True)
