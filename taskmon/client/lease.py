"""Binding a task to our own life: the service ends it when it hears nothing of us any more, however we ended."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import NotFoundError, TaskmonError
from taskmon.core.extensions import Extension

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient

LEASE_S: Final = float(os.environ.get("TASKMON_SYNC_LEASE_S", "20"))
"""For how long we may be silent before a task that is bound to us is killed, in seconds."""

RENEW_S: Final = LEASE_S / 4

_log = logging.getLogger(__name__)


async def hold(client: ServiceClient, task_id: str) -> bool:
    """Say once that we live; False if there is nothing more to hold: the task ended, or the service has no leases.

    A service that cannot be reached now is no reason to give up: its clock for the lease stands still when it is gone.
    """
    try:
        return await client.offers(Extension.LEASES) and await client.hold(task_id, LEASE_S)
    except NotFoundError:
        return False
    except TaskmonError as error:
        _log.info("the lease of %s could not be renewed: %s", task_id, error)
        return True


class HeldTask:
    """Holds one task from `begin` until `end`. Where the service has no leases nothing happens."""

    def __init__(self, client: ServiceClient, task_id: str) -> None:
        self._client = client
        self._id = task_id
        self._renewing: asyncio.Task[None] | None = None

    async def begin(self) -> None:
        """Take the lease and keep renewing it on this loop."""
        if await hold(self._client, self._id):
            self._renewing = asyncio.create_task(self._renew(), name=f"lease of {self._id}")

    async def end(self, *, release: bool) -> None:
        """Stop renewing; with `release` the task lives on."""
        if self._renewing is None:
            return
        self._renewing.cancel()
        await asyncio.wait({self._renewing})
        self._renewing = None
        if release:
            try:
                await self._client.release(self._id)
            except TaskmonError as error:
                _log.warning("the task %s could not be released and will be killed: %s", self._id, error)

    async def _renew(self) -> None:
        going_on = True
        while going_on:
            await asyncio.sleep(RENEW_S)
            going_on = await hold(self._client, self._id)
