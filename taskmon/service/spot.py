"""Spot groups of this computer: they work while it is otherwise idle and give way to the person who needs it."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from taskmon.core.extensions import Reclaim
from taskmon.core.lifecycle import Cause
from taskmon.service.database import parse_time, time_text
from taskmon.service.load_meter import LoadMeter, on_battery

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from taskmon.service.database import Database
    from taskmon.service.group_repository import GroupRepository
    from taskmon.service.scheduler import Scheduler

_KEY: Final = "reclaimed_until"


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPolicy:
    """When spot groups give way: other programs use more than `busy_share` of the cores for `busy_for`, or battery.

    They come back once that has been over for `quiet_for`. With `on_request_only` neither load nor battery count, but
    only what the person says: TASKMON_SPOT=on-request, for a demonstration that must not depend on what else runs here.
    """

    busy_share: float = 0.5
    busy_for: timedelta = timedelta(seconds=20)
    quiet_for: timedelta = timedelta(seconds=60)
    on_request_only: bool = field(default_factory=lambda: os.environ.get("TASKMON_SPOT") == "on-request")


class SpotKeeper:
    """Takes spot groups' machines away and gives them back. `tick` is called every few seconds."""

    def __init__(
        self,
        *,
        database: Database,
        groups: GroupRepository,
        scheduler: Scheduler,
        clock: Callable[[], datetime],
        policy: SpotPolicy | None = None,
    ) -> None:
        self._database = database
        self._groups = groups
        self._scheduler = scheduler
        self._clock = clock
        self._policy = policy or SpotPolicy()
        self._meter: LoadMeter | None = None
        self._own_roots: Callable[[], list[int]] = lambda: [os.getpid()]
        self._calm_until: datetime | None = None
        self._busy_until: datetime | None = None
        self._gave_way = False

    def count_as_own(self, roots: Callable[[], list[int]]) -> None:
        """Processes whose load does not count, with their descendants: the service and its runners."""
        self._own_roots = roots

    def reclaim(self, seconds: float | None) -> Reclaim:
        """The person wants the computer back at once, for so long or until `release`."""
        until = None if seconds is None else self._clock() + timedelta(seconds=seconds)
        with self._database.transaction():
            self._database.remember(_KEY, "" if until is None else time_text(until))
        self.tick()
        return self.state()

    def release(self) -> Reclaim:
        """The person does not need the computer any more: spot groups work again."""
        with self._database.transaction():
            self._database.forget(_KEY)
        self.tick()
        return self.state()

    def state(self) -> Reclaim:
        """Whether the person has the computer for themselves now."""
        kept = self._database.remembered(_KEY)
        if kept is None:
            return Reclaim(reclaimed=False)
        until = parse_time(kept or None)
        if until is not None and until <= self._clock():
            return Reclaim(reclaimed=False)
        return Reclaim(reclaimed=True, until=until)

    def tick(self) -> None:
        """Look at the computer and act."""
        spot = [group for group in self._groups.living() if group.spot]
        if not spot:
            self._meter = None
            return
        reason = self._reason()
        for group in spot:
            if reason is not None:
                self._scheduler.pause_group(group.id, Cause.RUNNER_PREEMPTED, reason)
            else:
                self._scheduler.resume_group(group.id)

    def _reason(self) -> str | None:
        """Why spot groups have to give way now; None if they need not."""
        if self.state().reclaimed:
            return "The person at this computer wanted it back."
        if self._policy.on_request_only:
            return None
        if on_battery():
            return "The computer runs on battery."
        return "Other programs need the computer." if self._busy() else None

    def _busy(self) -> bool:
        """Whether others have used much for long enough, or have not yet been quiet for long enough."""
        if self._meter is None:
            self._meter = LoadMeter(self._own_roots)
            return self._gave_way
        now = self._clock()
        if self._meter.read() > self._policy.busy_share * (os.cpu_count() or 1):
            self._busy_until = now + self._policy.quiet_for
            self._calm_until = self._calm_until or now + self._policy.busy_for
        else:
            self._calm_until = None
        if self._gave_way:
            self._gave_way = self._busy_until is not None and now < self._busy_until
        else:
            self._gave_way = self._calm_until is not None and now >= self._calm_until
        return self._gave_way
