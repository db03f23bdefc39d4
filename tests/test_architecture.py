"""The rules of the house (taskmon/ARCHITECTURE.md): which room may use which, and what happens only where."""

from __future__ import annotations

import ast
import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "taskmon"

FORBIDDEN_NAMES = {"utils", "util", "helpers", "common", "misc", "manager", "handler", "base", "impl", "data", "info"}

MAY_CATCH_EVERYTHING = {
    "taskmon/client/live_webrtc.py",
    "taskmon/gui/background.py",
    "taskmon/runner/file_peer.py",
    "taskmon/runner/loop.py",
    "taskmon/service/app.py",
    "taskmon/service/server.py",
}
"""Owners of loops: a bug in one round must neither go unheard nor end the program."""

MAY_READ_THE_CLOCK = {"taskmon/gui/app.py", "taskmon/service/server.py", "taskmon/runner/loop.py"}
"""Composition roots; everybody else is given a clock. The commands in taskmon/cli are roots too."""

LONGEST_MODULE = 350


@cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package by its path below the repository."""
    return {
        path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in sorted(PACKAGE.rglob("*.py"))
    }


def below(folder: str) -> dict[str, ast.Module]:
    return {path: tree for path, tree in modules().items() if path.startswith(folder)}


def imported(tree: ast.AST) -> Iterator[str]:
    """Every module or name that a tree imports, with its dots."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def called(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """The last word of everything that is called, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            yield name, node.lineno


def mentioned(tree: ast.AST) -> Iterator[tuple[str, int]]:
    """Every name and attribute, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute):
            yield node.attr, node.lineno
        elif isinstance(node, ast.alias):
            yield node.name, getattr(node, "lineno", 0)


def test_the_rooms_import_only_downwards(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    monkeypatch.chdir(ROOT)
    monkeypatch.syspath_prepend(str(ROOT))
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None)
    assert code == EXIT_STATUS_SUCCESS, capsys.readouterr().out


def test_nobody_imports_everything_from_somewhere() -> None:
    assert not [path for path, tree in modules().items() for name in imported(tree) if name.endswith(".*")]


def test_only_widgets_know_widgets() -> None:
    found = [
        (path, name)
        for folder in ("taskmon/gui/models", "taskmon/gui/theme.py")
        for path, tree in below(folder).items()
        for name in imported(tree)
        if name.startswith("PySide6.QtWidgets")
    ]
    assert not found


def test_widgets_and_models_know_nothing_of_loops_and_wires() -> None:
    unknown = ("asyncio", "qasync", "httpx", "taskmon.settings")
    found = [
        (path, name)
        for folder in ("taskmon/gui/widgets", "taskmon/gui/models")
        for path, tree in below(folder).items()
        for name in imported(tree)
        if name.startswith(unknown)
    ]
    assert not found


def test_async_work_of_the_window_has_one_owner() -> None:
    found = [
        (path, line)
        for path, tree in below("taskmon/gui").items()
        for name, line in called(tree)
        if name == "create_task" and path != "taskmon/gui/background.py"
    ]
    assert not found


@pytest.mark.parametrize("shortcut", ["ensure_future", "asyncSlot", "asyncClose", "processEvents", "QThread"])
def test_no_shortcut_around_the_owner_of_async_work(shortcut: str) -> None:
    room = below("taskmon/gui") if shortcut == "ensure_future" else modules()
    found = [(path, line) for path, tree in room.items() for name, line in mentioned(tree) if name == shortcut]
    assert not found


def test_dialogs_and_menus_are_opened_never_executed() -> None:
    """`exec` runs a second event loop inside a task, which asyncio forbids. `app` runs one before there is any task."""
    found = [
        (path, line)
        for path, tree in below("taskmon/gui").items()
        for name, line in called(tree)
        if path != "taskmon/gui/app.py"
        if name in ("exec", "exec_", "question", "getOpenFileName", "getSaveFileName", "getExistingDirectory")
    ]
    assert not found


def test_the_clock_is_given_not_grabbed() -> None:
    found = [
        (path, line)
        for path, tree in modules().items()
        if path not in MAY_READ_THE_CLOCK and not path.startswith("taskmon/cli/")
        for line in clock_readings(tree)
    ]
    assert not found


def clock_readings(tree: ast.AST) -> Iterator[int]:
    """Lines that ask for the time of day; measuring how long something took is free."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and ast.unparse(node) in ("datetime.now", "datetime.utcnow", "date.today"):
            yield node.lineno


def test_only_owners_of_loops_catch_everything() -> None:
    found = [
        (path, node.lineno)
        for path, tree in modules().items()
        if path not in MAY_CATCH_EVERYTHING
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler) and swallows_everything(node)
    ]
    assert not found


def swallows_everything(handler: ast.ExceptHandler) -> bool:
    """Catches Exception or BaseException and does not raise it again."""
    caught = {name for name, _ in mentioned(handler.type)} if handler.type else {"BaseException"}
    raised_again = any(isinstance(node, ast.Raise) and node.exc is None for node in ast.walk(handler))
    return bool(caught & {"Exception", "BaseException"}) and not raised_again


def test_only_the_command_line_prints() -> None:
    found = [
        (path, line)
        for path, tree in modules().items()
        if not path.startswith("taskmon/cli/")
        for name, line in called(tree)
        if name == "print"
    ]
    assert not found


def test_files_are_named_after_what_is_inside() -> None:
    found = [path for path in modules() if FORBIDDEN_NAMES & set(Path(path).with_suffix("").parts)]
    assert not found


def test_every_module_says_what_it_is_for() -> None:
    assert not [path for path, tree in modules().items() if not ast.get_docstring(tree)]


def test_no_module_outgrows_its_room() -> None:
    lengths = {path: len((ROOT / path).read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert not {path: length for path, length in lengths.items() if length > LONGEST_MODULE}


def test_the_public_functions_of_core_say_what_they_promise() -> None:
    found = [
        f"{path}:{node.lineno} {node.name}"
        for path, tree in below("taskmon/core").items()
        for node in tree.body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_") and ast.get_docstring(node) is None
    ]
    assert not found


def test_a_list_in_the_terminal_does_not_load_qt() -> None:
    """The import of the command line stays light: no Qt, no web framework, no HTTP client."""
    import subprocess

    heavy = ("PySide6", "fastapi", "uvicorn", "httpx", "numpy", "pyqtgraph")
    program = f"import taskmon.cli, sys; print([name for name in {heavy!r} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT)
    assert shown.stdout.strip() == "[]"


def test_the_loop_of_the_window_leaks_no_references(
    run_on_qt: Callable[[Coroutine[Any, Any, list[int]]], list[int]],
) -> None:
    """PySide6 6.12.0 loses references to None, True and False until the process aborts; ours must not."""

    async def turn(times: int) -> list[int]:
        for _ in range(100):
            await asyncio.sleep(0)
        gc.collect()
        before = [sys.getrefcount(value) for value in (None, True, False)]
        for _ in range(times):
            await asyncio.sleep(0)
        gc.collect()
        return [sys.getrefcount(value) - start for value, start in zip((None, True, False), before, strict=True)]

    drift = run_on_qt(turn(2000))
    assert all(abs(change) < 200 for change in drift), drift
