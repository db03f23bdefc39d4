"""What has to be done every few seconds, without anybody asking: limits, leases, the budget, old folders."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import time
from typing import TYPE_CHECKING, Final

from taskmon.service.answers import database_sentence
from taskmon.service.work_folders import RETENTION

if TYPE_CHECKING:
    from taskmon.service.context import Service

TIDY_S: Final = 2.0
FOLDERS_EVERY_S: Final = 60.0
_CLOCK_JUMP_S: Final = 5.0

_log = logging.getLogger(__name__)


class Housekeeper:
    """`tick()` does whatever is due. A database or a folder that cannot be used now is left for the next time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._last = (time.monotonic(), service.clock())
        self._folders_at = self._last[0]
        self._sweeping: asyncio.Task[int] | None = None
        self._trouble = ""

    def tick(self) -> None:
        """One round."""
        try:
            self._round()
            self._trouble = ""
        except (sqlite3.OperationalError, OSError) as error:
            if str(error) != self._trouble:
                self._trouble = str(error)
                _log.error("%s", database_sentence(error) if isinstance(error, sqlite3.Error) else error)

    def _round(self) -> None:
        service, last = self._service, self._last
        self._last = (time.monotonic(), service.clock())
        elapsed_s = self._last[0] - last[0]
        jump_s = abs((self._last[1] - last[1]).total_seconds() - elapsed_s)
        if elapsed_s > service.lease_seconds / 2 or jump_s > _CLOCK_JUMP_S:
            # The service itself was stopped, or the clock was set: the machines' silence says nothing about them.
            _log.warning("The service slept for %.0f s, or the clock jumped by %.0f s", elapsed_s, jump_s)
            service.machines.note_all_seen(self._last[1])
            service.leases.renew_all()
            service.groups.note_clock_set(self._last[1])
        service.scheduler.tidy(service.lease_seconds)
        service.leases.tick()
        service.budget.tick(elapsed_s)
        if not service.budget.exhausted:
            service.spot.tick()
        if self._last[0] - self._folders_at >= FOLDERS_EVERY_S:
            self._folders_at = self._last[0]
            self._sweep()
        service.database.keep_reserve()  # last: where there is no room for it, the rest is done all the same

    def _sweep(self) -> None:
        if self._sweeping is None or self._sweeping.done():
            now = self._service.clock()
            for forget in (
                self._service.machines.forget_ended,
                self._service.tasks.forget_submissions,
                self._service.notices.forget_missed,
            ):
                forget(now - RETENTION)
            old = self._service.work_folders.old(now)
            self._sweeping = asyncio.create_task(
                asyncio.to_thread(self._service.work_folders.delete_due, old, now), name="old work folders"
            )
