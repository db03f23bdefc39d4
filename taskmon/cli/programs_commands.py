"""`taskmon`, `taskmon serve`, `taskmon runner`, `taskmon env`: the programs themselves.

What a function needs it imports itself: the window is painted sooner the less was loaded before it.
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from taskmon.cli import exit_code
from taskmon.cli.connection import data_dir, given_service, run_to_end, service_address
from taskmon.core.errors import InvalidInputError
from taskmon.programs import command
from taskmon.user_folders import user_folder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable, Sequence

_CLOUD: Final = ".inductiva.ai"
"""The cloud's machine catalogue and connection server have addresses of their own, which its client knows."""


def open_window(arguments: Namespace) -> int:
    """Opens the window, with a submit form for every folder given. A link goes to the window that is open already."""
    gc.disable()  # nothing dies while the window is built; taskmon.gui.garbage collects from then on
    links, folders = _links_and_folders(arguments.places)
    given, state_dir = given_service(arguments), user_folder("state")
    if links and not (arguments.url or arguments.data_dir) and _given_to_running_window(state_dir, links[0]):
        return exit_code.OK
    reason = _missing_for_window()
    if reason:
        from taskmon.cli.terminal import say

        say(reason)
        return exit_code.SERVICE_PROBLEM
    from taskmon.gui.compiled_support import import_pyside
    from taskmon.gui.quick_enums import quick_enums

    cache_dir = user_folder("cache")
    with quick_enums():
        import_pyside(cache_dir)
        from taskmon.gui.app import WindowOptions, run

        return run(
            WindowOptions(
                folders=folders,
                link=next(iter(links), ""),
                data_dir=data_dir(arguments),
                state_dir=state_dir,
                cache_dir=cache_dir,
                url=given.url if given else None,
                api_key=given.api_key if given else "",
                stay_here=bool(arguments.data_dir or os.environ.get("TASKMON_DATA_DIR")),
            )
        )


def _links_and_folders(places: Sequence[str]) -> tuple[list[str], tuple[Path, ...]]:
    if not places:
        return [], ()
    from taskmon.core.log_link import link_of, looks_like_link

    links = [str(link_of(place)) for place in places if looks_like_link(place)]
    folders = tuple(_existing_folder(place) for place in places if not looks_like_link(place))
    if len(links) > 1 or (links and folders):
        raise InvalidInputError("One link can be opened at a time, and no folders with it.", "Give the link alone.")
    return links, folders


def _given_to_running_window(state_dir: Path, link: str) -> bool:
    from taskmon.gui.door import give_to_running_window

    return give_to_running_window(state_dir, link)


def _missing_for_window() -> str | None:
    from taskmon.cli.display import missing_display, missing_library

    return missing_display() or missing_library()


def _existing_folder(place: str) -> Path:
    """A folder by its path or, as desktops give it, by its `file:` address."""
    address = urlsplit(place)
    folder = Path(unquote(address.path) if address.scheme == "file" else place)
    if folder.is_dir():
        return folder.resolve()
    if folder.exists():
        raise InvalidInputError(f"{folder} is a file.", "Give the folder that holds the simulation's inputs.")
    raise InvalidInputError(
        f"There is no folder {folder}, and taskmon has no command of that name.", "taskmon --help lists its commands."
    )


def serve(arguments: Namespace) -> int:
    """Runs the embedded service in the foreground until it is told to stop."""
    from taskmon.resource_files import simulator_catalogue
    from taskmon.service.server import ServiceOptions
    from taskmon.service.server import serve as run_service

    return run_service(
        ServiceOptions(
            data_dir=data_dir(arguments),
            host=arguments.host,
            port=arguments.port,
            idle_exit_seconds=arguments.idle_exit,
            extensions=not arguments.no_extensions,
            machines=arguments.machines,
            runner_command=tuple(command("runner")),
            simulators=simulator_catalogue(),
            budget_hours=arguments.budget_hours,
            faults=arguments.chaos,
        )
    )


def runner(arguments: Namespace) -> int:
    """Runs one machine of a group. The service's address and key come by environment, never on the command line."""
    from taskmon.runner.loop import RunnerOptions, run

    return run(
        RunnerOptions(
            work_dir=arguments.work_dir,
            machine_group_id=arguments.machine_group_id,
            host_name=arguments.host_name,
            handshake=arguments.handshake,
        )
    )


def env(arguments: Namespace) -> int:
    """Prints shell lines for `eval "$(taskmon env)"`, which point the official Inductiva client here."""
    import shlex

    from taskmon.cli.terminal import show

    async def lines() -> int:
        address = await service_address(arguments)
        show(f"export INDUCTIVA_API_URL={shlex.quote(address.url)}")
        show(f"export INDUCTIVA_API_KEY={shlex.quote(address.api_key)}")
        place = urlsplit(address.url)
        if not (place.hostname or "").endswith(_CLOUD):
            show(f"export INDUCTIVA_MACHINES_CATALOGUE_API_URL={shlex.quote(address.url)}")
            show(f"export INDUCTIVA_TURN_SERVER_URL={shlex.quote(place.netloc)}")
        return exit_code.OK

    return run_to_end(lines())


def file_peer(arguments: Namespace) -> int:
    """Shows the files of one running task to clients; a runner in a frozen bundle starts it."""
    from taskmon.runner.file_peer import main

    servers = [word for server in arguments.ice_server for word in ("--ice-server", server)]
    return main(["--folder", str(arguments.folder), *servers])


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {
    "open": open_window,
    "serve": serve,
    "runner": runner,
    "file-peer": file_peer,
    "env": env,
}
