"""The front door: the `taskmon` command and everything it prints.

Each subcommand imports what it needs when it is called, so that `taskmon list` does not wait for Qt to load.
"""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from taskmon.cli import exit_code
from taskmon.cli.terminal import say, write_as_well_as_possible
from taskmon.cli.window_alone import window_alone
from taskmon.core.errors import InvalidInputError, NotAuthorizedError, NotFoundError, TaskmonError

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns the exit code. Expected failures become one sentence on standard error."""
    words = sys.argv[1:] if argv is None else argv
    arguments = window_alone(words) or _parsed(words)
    write_as_well_as_possible(sys.stdout)
    if arguments.debug:
        import logging

        logging.basicConfig(level=logging.DEBUG, format="%(asctime)s %(name)s %(levelname)s %(message)s")
    try:
        code = _command(arguments.command)(arguments)
        sys.stdout.flush()  # here, where a reader that has gone away is expected
        return code
    except KeyboardInterrupt:
        return exit_code.INTERRUPTED
    except BrokenPipeError:
        _give_up_output()
        return exit_code.OK
    except (TaskmonError, OSError) as error:
        if arguments.debug:
            raise
        if isinstance(error, OSError):
            _give_up_output()  # most likely where it was written to is full
        say(f"taskmon: {_sentence(error)}")
        return _code_of(error)


def _parsed(words: Sequence[str]) -> Namespace:
    from taskmon.cli.arguments import parse

    return parse(words)


def _give_up_output() -> None:
    """Python would try again to write the rest when it ends, and complain."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _sentence(error: TaskmonError | OSError) -> str:
    """What is said of an error; a key has another place here than in the window."""
    if isinstance(error, NotAuthorizedError):
        return f"{error.title} Check TASKMON_API_KEY or the file given with --api-key-file."
    return str(error)


def _code_of(error: Exception) -> int:
    wrong_input = isinstance(error, InvalidInputError | NotFoundError | OSError)
    return exit_code.USAGE if wrong_input else exit_code.SERVICE_PROBLEM


def _command(name: str) -> Callable[[Namespace], int]:
    """The function behind a subcommand; only its module is imported."""
    if name in ("open", "serve", "runner", "file-peer", "env"):
        from taskmon.cli import programs_commands as module

        return module.COMMANDS[name]
    if name == "machines":
        from taskmon.cli import machine_commands

        return machine_commands.COMMANDS[name]
    if name == "demo":
        from taskmon.cli import demo_commands

        return demo_commands.COMMANDS[name]
    if name in ("submit", "example", "resubmit"):
        from taskmon.cli import submit_commands

        return submit_commands.COMMANDS[name]
    from taskmon.cli import task_commands

    return task_commands.COMMANDS[name]
