"""Which service a command speaks to: the one given by option or environment, else this computer's own."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from taskmon.core.errors import InvalidInputError
from taskmon.user_folders import user_folder

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import AsyncIterator, Coroutine

    from taskmon.client.api import ServiceClient


class GivenService(NamedTuple):
    """A service named by the user."""

    url: str
    api_key: str

    def __repr__(self) -> str:
        return f"GivenService(url={self.url!r})"  # not the key


def given_service(arguments: Namespace) -> GivenService | None:
    """The service named by `--url` or TASKMON_URL; None for this computer's own. Raises InvalidInputError."""
    url = arguments.url or os.environ.get("TASKMON_URL", "")
    if not url:
        return None
    from taskmon.core.connection import usable_address  # nobody waits for it who stays on this computer

    address = usable_address(url)
    return GivenService(address, _api_key(arguments, address))


def _api_key(arguments: Namespace, url: str) -> str:
    from taskmon.core.connection import LONGEST_KEY, usable_key

    if arguments.api_key_file is not None:
        try:
            with arguments.api_key_file.open(encoding="utf-8") as file:
                key = file.read(LONGEST_KEY + 100).strip()
        except (OSError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"The API key file {arguments.api_key_file} cannot be read: {error}.") from error
    else:
        from taskmon.client.found_keys import own_key

        key = own_key(url, os.environ)
    if not key:
        raise InvalidInputError(
            "This service needs an API key.",
            "Give --api-key-file FILE, or set TASKMON_API_KEY; beside a TASKMON_URL it is for that one.",
        )
    return usable_key(key)


def data_dir(arguments: Namespace) -> Path:
    """The folder of this computer's own service: the option, TASKMON_DATA_DIR, else the user's data folder."""
    named = arguments.data_dir or os.environ.get("TASKMON_DATA_DIR")
    if named:
        return Path(named).expanduser().absolute()
    return user_folder("data")


async def service_address(arguments: Namespace) -> GivenService:
    """The address and key to use; starts this computer's service if it is meant and does not run."""
    given = given_service(arguments)
    if given is not None:
        return given
    from taskmon.client.local_service import own_service

    local = await own_service(data_dir(arguments))
    return GivenService(local.url, local.api_key)


@asynccontextmanager
async def connected(arguments: Namespace) -> AsyncIterator[ServiceClient]:
    """A client for the service meant by `arguments`."""
    from taskmon.client.api import ServiceClient

    address = await service_address(arguments)
    async with ServiceClient(address.url, address.api_key) as client:
        yield client


def run_to_end(command_coroutine: Coroutine[Any, Any, int]) -> int:
    """Runs a command on a loop. SIGTERM cancels it like Ctrl-C does, so that what it opened is closed."""
    import asyncio  # the window is there before it is needed
    import signal

    async def cancellable() -> int:
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        return await command_coroutine

    try:
        return asyncio.run(cancellable())
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
