"""`taskmon machines`: which machine groups there are; start one, terminate one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.asking import confirmed
from taskmon.cli.connection import connected, run_to_end
from taskmon.cli.output import GROUP_TITLES, group_row, say, show_json, show_table
from taskmon.cli.submit_commands import find_group
from taskmon.core.errors import InvalidInputError
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Callable

    from taskmon.client.api import ServiceClient


def machines(arguments: Namespace) -> int:
    """Lists, starts or terminates machine groups."""

    async def run() -> int:
        async with connected(arguments) as client:
            if arguments.action == "list":
                return await _list(client, arguments)
            if not arguments.group:
                raise InvalidInputError(
                    f"Which machine group shall {arguments.action}?", "Name it: taskmon machines lists them."
                )
            group = await find_group(client, arguments.group)
            if arguments.action == "start":
                await client.start_machine_group(group.id or "")
                say(f"{group.name} is starting.")
                return exit_code.OK
            count = count_text(group.num_vms or 0, "machine")
            if not confirmed(f"Terminate {group.name} with {count}? Tasks that run on it are lost.", arguments.yes):
                return exit_code.INTERRUPTED
            await client.terminate_machine_group(group.id or "")
            say(f"{group.name} is being terminated.")
            return exit_code.OK

    return run_to_end(run())


async def _list(client: ServiceClient, arguments: Namespace) -> int:
    groups = await client.machine_groups()
    if arguments.json:
        show_json(groups)
    else:
        show_table(GROUP_TITLES, [group_row(group) for group in groups])
    return exit_code.OK


COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {"machines": machines}
