"""`taskmon machines`: the machine groups; make, start, terminate one, take the computer back from spot ones."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from taskmon.cli import exit_code
from taskmon.cli.asking import confirmed
from taskmon.cli.connection import connected, run_to_end
from taskmon.cli.output import GROUP_TITLES, group_row, show_json, show_table
from taskmon.cli.submit_commands import find_group
from taskmon.cli.terminal import say
from taskmon.core.errors import InvalidInputError, RefusedError
from taskmon.core.extensions import Extension
from taskmon.core.machine_story import GroupDraft, group_request, reclaim_sentence, reclaim_told
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Awaitable, Callable

    from taskmon.client.api import ServiceClient


def machines(arguments: Namespace) -> int:
    """Does with the machine groups what was asked for."""

    of_a_new_one = arguments.spot or arguments.count != 1 or arguments.ttl or arguments.idle

    async def run() -> int:
        if of_a_new_one and arguments.action != "new":
            raise InvalidInputError(
                "--count, --spot, --ttl and --idle describe a new group.", "Make one: taskmon machines new NAME."
            )
        async with connected(arguments) as client:
            return await _DEEDS[arguments.action](client, arguments)

    return run_to_end(run())


async def _list(client: ServiceClient, arguments: Namespace) -> int:
    groups = await client.machine_groups()
    if arguments.json:
        show_json(groups)
        return exit_code.OK
    show_table(GROUP_TITLES, [group_row(group) for group in groups])
    spot = sum(bool(group.spot) for group in groups)
    if spot and await client.offers(Extension.RECLAIM):
        say(reclaim_sentence(reclaimed=(await client.reclaim_state()).reclaimed, spot_groups=spot))
    return exit_code.OK


async def _new(client: ServiceClient, arguments: Namespace) -> int:
    """A group of this computer, started."""
    draft = GroupDraft(
        name=_name_given(arguments),
        machines=arguments.count,
        spot=arguments.spot,
        time_to_live_s=arguments.ttl,
        max_idle_s=arguments.idle,
    )
    group = await client.create_machine_group(group_request(draft, datetime.now(UTC)))
    await client.start_machine_group(group.id or "")
    if arguments.json:
        show_json(group)
    else:
        say(f"{group.name} is starting.")
    return exit_code.OK


async def _start(client: ServiceClient, arguments: Namespace) -> int:
    group = await find_group(client, _name_given(arguments))
    await client.start_machine_group(group.id or "")
    say(f"{group.name} is starting.")
    return exit_code.OK


async def _terminate(client: ServiceClient, arguments: Namespace) -> int:
    group = await find_group(client, _name_given(arguments))
    count = count_text(group.num_vms or 0, "machine")
    if not confirmed(f"Terminate {group.name} with {count}? Tasks that run on it are lost.", arguments.yes):
        return exit_code.INTERRUPTED
    await client.terminate_machine_group(group.id or "")
    say(f"{group.name} is being terminated.")
    return exit_code.OK


async def _reclaim(client: ServiceClient, arguments: Namespace) -> int:
    """This computer back from its spot machines, or to them again."""
    if not await client.offers(Extension.RECLAIM):
        raise RefusedError("This service has no spot machines of this computer.", "Go to this computer's service.")
    wanted = arguments.action == "reclaim"
    await client.reclaim(wanted=wanted)
    spot = sum(bool(group.spot) for group in await client.machine_groups())
    say(reclaim_told(wanted=wanted, spot_groups=spot))
    return exit_code.OK


def _name_given(arguments: Namespace) -> str:
    if not arguments.group:
        if arguments.action == "new":
            raise InvalidInputError("The new group needs a name.", "Write, for example: taskmon machines new night.")
        raise InvalidInputError(
            f"Which machine group is it that you want to {arguments.action}?", "Name it: taskmon machines lists them."
        )
    return str(arguments.group)


_DEEDS: Final[dict[str, Callable[[ServiceClient, Namespace], Awaitable[int]]]] = {
    "list": _list,
    "new": _new,
    "start": _start,
    "terminate": _terminate,
    "reclaim": _reclaim,
    "release": _reclaim,
}

COMMANDS: Final[dict[str, Callable[[Namespace], int]]] = {"machines": machines}
