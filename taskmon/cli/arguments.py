"""The options of every subcommand, and how a bare `taskmon FOLDER` becomes one of them."""

from __future__ import annotations

import argparse
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from taskmon import __version__
from taskmon.cli.window_alone import GLOBAL_FLAGS, GLOBAL_WITH_VALUE
from taskmon.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.extensions import Faults

_USAGE: Final = "taskmon [FOLDER … | LINK] | taskmon COMMAND …"
DESCRIPTION: Final = "Submit simulations, watch them run, read their logs. Without a command: open the window."

EPILOG: Final = """\
exit codes:
  0    done; a task that was waited for succeeded
  1    a task that was waited for did not succeed
  2    something given cannot be used: an option, a folder, a task id
  3    the service did not answer, or refused
  130  interrupted

environment:
  TASKMON_URL, TASKMON_API_KEY   the service to use instead of this computer's own
  TASKMON_DATA_DIR               the folder of this computer's own service
"""

_LAST_PORT: Final = 65_535
_ANSWERED_ABOVE: Final = ("-h", "--help", "--version")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The arguments with `command` set. Leaves the program with 2 when they make no sense, as argparse does."""
    given = list(argv)
    place = _place_of_command(given)
    if place == len(given):
        return _shared_options(None).parse_args(given, argparse.Namespace(command="open", places=[]))
    parser = _parser()
    if given[place] not in _commands(parser) and given[place] not in _ANSWERED_ABOVE:
        given.insert(place, "open")
    return parser.parse_args(given)


def _place_of_command(argv: Sequence[str]) -> int:
    """The index of the first word that is not a global option or its value."""
    place = 0
    while place < len(argv):
        word = argv[place]
        if word in GLOBAL_WITH_VALUE:
            place += 2
        elif word in GLOBAL_FLAGS or word.startswith(tuple(f"{name}=" for name in GLOBAL_WITH_VALUE)):
            place += 1
        else:
            return place
    return len(argv)


def _commands(parser: argparse.ArgumentParser) -> frozenset[str]:
    return frozenset(
        name for action in parser._actions if isinstance(action, argparse._SubParsersAction) for name in action.choices
    )


def _time_to_live(text: str) -> float | None:
    from taskmon.core.submission import parse_time_to_live  # the window does not wait for it

    try:
        return parse_time_to_live(text)
    except InvalidInputError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def _name(text: str) -> str:
    from taskmon.core.submission import name_problem

    problem = name_problem(text)
    if problem:
        raise argparse.ArgumentTypeError(problem)
    return text


def _count(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"it takes a whole number, 0 or more, such as 3; “{text}” is none")
    return int(text)


def _port(text: str) -> int:
    if _count(text) > _LAST_PORT:
        raise argparse.ArgumentTypeError(f"“{text}” is no port; the last one is {_LAST_PORT}")
    return int(text)


def _amount(text: str) -> float:
    try:
        amount = float(text)
    except ValueError:
        amount = math.nan
    if not 0 <= amount < math.inf:
        raise argparse.ArgumentTypeError(f"it takes a number, 0 or more, such as 1.5; “{text}” is none")
    return amount


def _path(text: str) -> Path:
    if not text:
        raise argparse.ArgumentTypeError("it is empty")
    return Path(text)


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise argparse.ArgumentTypeError(f"“{text}” is not of the form name=value")
    return name, value


def _faults(text: str) -> Faults:
    """`delay=2,lost=0.1` as a value, nothing for none; the service checks the numbers."""
    from taskmon.core.extensions import Faults

    words = dict(word.partition("=")[::2] for word in text.split(",") if text)
    try:
        numbers = {("delay_s" if name == "delay" else name): float(value) for name, value in words.items()}
        return Faults(**numbers)
    except (TypeError, ValueError):
        raise argparse.ArgumentTypeError(f"“{text}” is not like delay=2,lost=0.1,half=0,busy=0,broken=0") from None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="taskmon",
        usage=_USAGE,
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[_shared_options(None)],
    )
    parser.add_argument("--version", action="version", version=f"taskmon {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", title="commands", prog="taskmon")

    shared = _shared_options(argparse.SUPPRESS)

    def add(name: str, help_text: str | None, **options: Any) -> argparse.ArgumentParser:
        if help_text is not None:
            options["help"] = help_text
        added: argparse.ArgumentParser = commands.add_parser(
            name, description=help_text, parents=[shared], allow_abbrev=False, **options
        )
        return added

    opened = add("open", "open the window; folders are offered for submission, a taskmon:// link shows a log")
    opened.add_argument("places", nargs="*", metavar="FOLDER|LINK")
    _add_submission(add)
    _add_reading(add)
    _add_acting(add)
    _add_machines(add)
    _add_programs(add)
    return parser


def _shared_options(unset: str | None) -> argparse.ArgumentParser:
    """Options that may stand before or after the command; after it, unset ones keep what was given before."""
    shared = argparse.ArgumentParser(prog="taskmon", usage=_USAGE, add_help=False, argument_default=unset)
    group = shared.add_argument_group("service")
    group.add_argument("--url", help="address of the service (default: this computer's own)")
    group.add_argument("--api-key-file", type=_path, metavar="FILE", help="file with the service's API key")
    group.add_argument("--data-dir", type=_path, metavar="DIR", help="folder of this computer's own service")
    group.add_argument(
        "--debug", action="store_true", default=unset or False, help="log everything; show where an error comes from"
    )
    return shared


def _add_waiting(parser: argparse.ArgumentParser) -> None:
    waiting = parser.add_mutually_exclusive_group()
    waiting.add_argument("--wait", action="store_true", help="wait for the end; Ctrl-C leaves the task running")
    waiting.add_argument("--sync", action="store_true", help="wait for the end; Ctrl-C or SIGTERM kills the task")
    output = parser.add_mutually_exclusive_group()
    output.add_argument("--follow", action="store_true", help="wait, and print the log as it is written")
    output.add_argument("--json", action="store_true", help="print JSON")


def _add_submission(add: Any) -> None:
    submit = add("submit", "submit a folder as a task")
    submit.add_argument("folder", type=_path, metavar="FOLDER")
    submit.add_argument("--simulator", metavar="S", help="a simulator's key, e.g. openfoam (default: guessed)")
    submit.add_argument(
        "--set", action="append", default=[], type=_setting, metavar="NAME=VALUE", dest="values",
        help="a parameter of the simulator; repeatable",
    )  # fmt: skip
    submit.add_argument(
        "--command", action="append", default=[], metavar="LINE", dest="lines",
        help="a command line to run instead of the simulator's own; repeatable",
    )  # fmt: skip
    submit.add_argument("--machine-group", metavar="G", help="name or id (default: this computer)")
    submit.add_argument("--project", type=_name, metavar="P")
    submit.add_argument("--ttl", type=_time_to_live, metavar="TIME", help="stop the task after e.g. 90s, 2h, 1d")
    submit.add_argument("--resubmit-on-preemption", action="store_true")
    submit.add_argument("--name", type=_name, metavar="N", help="what to call it (default: the folder's name)")
    _add_waiting(submit)
    example = add("example", "submit the example that comes with taskmon")
    _add_waiting(example)
    resubmit = add("resubmit", "run a task again with the same inputs")
    resubmit.add_argument("task", metavar="ID")
    _add_waiting(resubmit)


def _add_reading(add: Any) -> None:
    listing = add("list", "list tasks, newest first")
    listing.add_argument("--status", metavar="S", help="a status code such as failed, or: active")
    listing.add_argument("--project", metavar="P")
    listing.add_argument("--limit", type=_count, default=50, metavar="N", help="at most N tasks (default 50, 0: all)")
    listing.add_argument("--json", action="store_true", help="print JSON")
    detail = add("info", "show everything about a task")
    detail.add_argument("task", metavar="ID")
    detail.add_argument("--json", action="store_true", help="print JSON")
    logs = add("logs", "print a task's standard output")
    logs.add_argument("task", metavar="ID")
    logs.add_argument("-f", "--follow", action="store_true", help="go on until the task ends")
    which = logs.add_mutually_exclusive_group()
    which.add_argument("--stderr", action="store_true", help="standard error instead")
    which.add_argument("--file", metavar="PATH", help="another file of the task")
    wait = add("wait", "wait until a task has ended")
    wait.add_argument("task", metavar="ID")
    wait.add_argument("--json", action="store_true", help="print JSON")
    download = add("download", "fetch a task's outputs")
    download.add_argument("task", metavar="ID")
    download.add_argument(
        "--to", type=_path, metavar="DIR", default=Path(),
        help="where to put the task's own folder, which is named after the task (default: the present folder)",
    )  # fmt: skip


def _add_acting(add: Any) -> None:
    kill = add("kill", "stop tasks")
    kill.add_argument("tasks", nargs="+", metavar="ID")
    kill.add_argument("-y", "--yes", action="store_true", help="do not ask")


def _add_machines(add: Any) -> None:
    machines = add("machines", "list, make, start or end machine groups; take the computer back from spot ones")
    actions = ("list", "new", "start", "terminate", "reclaim", "release")
    machines.add_argument(
        "action", nargs="?", choices=actions, default="list",
        help="reclaim: give me my computer back; release: let spot machines work again",
    )  # fmt: skip
    machines.add_argument("group", nargs="?", metavar="GROUP", help="name (of a new one) or id")
    new = machines.add_argument_group("a new group of this computer")
    new.add_argument("--count", type=_count, default=1, metavar="N", help="how many machines (default 1)")
    new.add_argument("--spot", action="store_true", help="give way to me: work while the computer is otherwise idle")
    new.add_argument("--ttl", type=_time_to_live, metavar="TIME", help="end the group after e.g. 90s, 2h, 1d")
    new.add_argument("--idle", type=_time_to_live, metavar="TIME", help="end it when idle for e.g. 10m")
    machines.add_argument("-y", "--yes", action="store_true", help="do not ask")
    machines.add_argument("--json", action="store_true", help="print JSON")


def _add_programs(add: Any) -> None:
    serve = add("serve", "run this computer's service in the foreground")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=_port, default=0, help="0: the one used before, else a free one")
    serve.add_argument("--idle-exit", type=_amount, metavar="SECONDS", help="end when nothing happened for so long")
    serve.add_argument("--no-extensions", action="store_true", help="only what the Inductiva Web API has")
    serve.add_argument(
        "--machines", type=_count, metavar="N", help="machines of the group this-computer of a new folder"
    )
    serve.add_argument("--budget-hours", type=_amount, metavar="H", help="stop machines after so many hours of work")
    serve.add_argument(
        "--chaos", nargs="?", type=_faults, const="", metavar="delay=S,lost=P,half=P,busy=P,broken=P",
        help="spoil answers on purpose: delay them by S seconds, spoil a share P (0 to 1) of them",
    )  # fmt: skip
    demo = add("demo", "show every state of a task with real ones, in a service of its own that ends with it")
    demo.add_argument("what", choices=("states",))
    demo.add_argument("--window", action="store_true", help="open a window on it")
    add("env", "print the shell lines that point the official Inductiva client to this service")
    runner = add("runner", None)
    runner.add_argument("--work-dir", type=_path, required=True, metavar="DIR")
    runner.add_argument("--machine-group-id", required=True, metavar="ID")
    runner.add_argument("--host-name", required=True, metavar="NAME")
    runner.add_argument("--handshake", type=_path, metavar="FILE", default=None)
    file_peer = add("file-peer", None)
    file_peer.add_argument("--folder", type=_path, required=True, metavar="DIR")
    file_peer.add_argument("--ice-server", action="append", default=[], metavar="HOST:PORT")
