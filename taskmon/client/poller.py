"""Keeps a store fresh for as long as somebody watches, through every fault, and says how fresh it is."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from taskmon.client.clock_skew import ClockSkew
from taskmon.client.overdue import Overdue
from taskmon.client.task_watch import PAGE_SIZE, FeedWatch, ListWatch, TaskWatch
from taskmon.core.errors import (
    BusyError,
    ConnectionFailedError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    TaskmonError,
)
from taskmon.core.extensions import Extension

if TYPE_CHECKING:
    from taskmon.client.api import ServiceClient
    from taskmon.client.task_store import Change, TaskStore

_log = logging.getLogger(__name__)
_GONE: Final = 410
_AFTER_CHANGE_S: Final = 0.1
"""Changes that come faster than this are told together."""
_QUICK_STEP_S: Final = 1.0
"""A feed that answers faster than this with nothing new does not wait; then we do."""
_WAIT_S: Final = 5.0
_HIDDEN_WAIT_S: Final = 25.0
"""How long the service may wait for something to change; until then its silence says nothing."""
_HIDDEN_FEED_S: Final = 5.0
_LIST_S: Final = (2.0, 10.0)
"""Seconds between looks at lists: when things move, and when they have not for a while."""
_HIDDEN_LIST_S: Final = (30.0, 60.0)
_LIST_SHARE: Final = 5.0
"""A look at the lists is followed by at least this many times its own duration of rest."""
_LONGEST_LIST_S: Final = 60.0
_BACK_OFF_S: Final = (0.5, 15.0)
_HIDDEN_BACK_OFF_S: Final = 60.0
_LONGEST_REQUESTED_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Freshness:
    """How far the store can be trusted. `loaded` of `total` tasks have been seen since the last full load began.

    Not `connected` but `waiting`: an answer is overdue, and still waited for.
    `skew` is how far the service's clock is ahead of ours (see `client.clock_skew`).
    """

    connected: bool
    last_answer: datetime | None
    problem: TaskmonError | None
    loaded: int
    total: int
    skew: timedelta = timedelta(0)
    whole: bool = True
    """False until everything has been loaded once: no tasks in the store does not mean that there are none."""
    waiting: bool = False


async def wait_for_event(event: asyncio.Event, seconds: float | None) -> None:
    """Return when the event is set, or after `seconds`."""
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        pass


class Poller:
    """Watches one service.

    `wait` (for an event, or so many seconds), `jitter` (0..1) and `page_size` (at most 200 tasks) have good defaults.
    """

    def __init__(
        self,
        client: ServiceClient,
        store: TaskStore,
        *,
        clock: Callable[[], datetime],
        on_freshness: Callable[[Freshness], None],
        wait: Callable[[asyncio.Event, float | None], Awaitable[None]] = wait_for_event,
        jitter: Callable[[], float] = random.random,
        page_size: int = PAGE_SIZE,
    ) -> None:
        self._client = client
        self._store = store
        self._clock = clock
        self._on_freshness = on_freshness
        self._wait = wait
        self._jitter = jitter
        self._page_size = page_size
        self._wake = asyncio.Event()
        self._visible = True
        self._poked = False
        self._watch: TaskWatch | None = None
        self._last_answer: datetime | None = None
        self._progress = (0, 0)
        self._whole = False
        self._failures = 0
        self._calm_steps = 0
        self._changed = False
        self._firm = False
        self._hurried = False
        self._long_step: asyncio.Timeout | None = None
        self._skew = ClockSkew()
        self._asked_at = clock()
        self._overdue = Overdue(lambda: client.answers, self._tell_overdue)
        self._date: datetime | None = None

    def poke(self) -> None:
        """Try now, also after the key was refused and in the middle of a long poll; but not before a service that
        said when to come back wants it."""
        self._poked = self._hurried = True
        self._wake.set()
        if self._long_step is not None:
            self._long_step.reschedule(asyncio.get_running_loop().time())
            self._long_step = None

    def set_visible(self, visible: bool) -> None:
        """Nobody looks at a hidden window: it asks less often."""
        woken = visible and not self._visible
        self._visible = visible
        if woken:
            self._wake.set()

    async def watch_forever(self) -> None:
        """Keep the store equal to the service until cancelled. Only bugs leave this loop."""
        unsubscribe = self._store.subscribe(self._note_change)
        try:
            while True:
                await self._rest(await self._round())
        finally:
            unsubscribe()

    async def _round(self) -> float | None:
        """One load or step. Returns the seconds to rest; None: until somebody pokes."""
        self._poked = False
        self._asked_at = self._clock()
        self._overdue.expect()
        try:
            rest = await self._learn()
        except NotAuthorizedError as error:
            self._watch = None
            self._publish(error)
            return None
        except (NotFoundError, RefusedError) as error:
            return self._after_refusal(error)
        except TaskmonError as error:
            return self._after_failure(error)
        finally:
            self._overdue.end()
        if rest is None:
            return 0.0
        self._progress = (len(self._store), len(self._store))
        self._heard()
        return rest

    async def _learn(self) -> float | None:
        """Returns the seconds to rest; None if it was given up for a new question."""
        if self._watch is None:
            self._progress, self._whole = (0, 0), False
            watch = await self._choose_watch()
            await watch.start(self._loaded)
            self._watch, self._whole = watch, True
            self._calm_steps = 0
            return 0.0
        began = self._clock()
        self._changed = False
        more = await self._step(self._watch)
        if more is None:
            return None
        took = max(0.0, (self._clock() - began).total_seconds())
        self._failures = 0
        self._calm_steps = 0 if self._changed else self._calm_steps + 1
        return 0.0 if more else self._pace(self._watch, took)

    async def _step(self, watch: TaskWatch) -> bool | None:
        """A step; one that waits at the service is given up when somebody pokes, and then the next does not wait."""
        wait_s = 0.0 if self._hurried else _WAIT_S if self._visible else _HIDDEN_WAIT_S
        self._hurried = False
        self._overdue.expect(wait_s if isinstance(watch, FeedWatch) else 0.0)
        asking = asyncio.timeout(None)
        try:
            async with asking:
                self._long_step = asking if wait_s else None
                more = await watch.step(wait_s)
        except TimeoutError:
            if not asking.expired():
                raise
            self._hurried = True
            return None
        finally:
            self._long_step = None
        return more

    async def _choose_watch(self) -> TaskWatch:
        offered = await self._client.capabilities()
        if offered is not None:  # a 404 says nothing: any other program at this address would answer so
            self._heard()
        if offered is not None and Extension.CHANGES in offered.extensions:
            return FeedWatch(self._client, self._store, self._page_size)
        return ListWatch(self._client, self._store, self._page_size)

    def _pace(self, watch: TaskWatch, took: float) -> float:
        if isinstance(watch, FeedWatch):
            if not self._visible:
                return _HIDDEN_FEED_S
            return _AFTER_CHANGE_S if self._changed or took >= _QUICK_STEP_S else _QUICK_STEP_S
        quick, slow = _LIST_S if self._visible else _HIDDEN_LIST_S
        wanted = min(slow, quick * 1.25 ** min(self._calm_steps, 20))
        return max(wanted, min(took * _LIST_SHARE, _LONGEST_LIST_S))

    def _after_refusal(self, error: NotFoundError | RefusedError) -> float:
        """A feed that is gone, or no longer knows us, means another service or database: load anew, without alarm."""
        replaced = isinstance(error, NotFoundError) or error.status_code == _GONE
        if replaced and self._watch is not None:
            _log.info("the service was replaced (%s); loading everything again", error.title)
            self._watch = None
            self._failures += 1
            return self._back_off()
        return self._after_failure(error)

    def _after_failure(self, error: TaskmonError) -> float:
        self._failures += 1
        self._hurried = True  # the next answer says that all is well again: it must not wait for news
        self._publish(error)
        if isinstance(error, BusyError) and error.retry_after is not None:
            self._firm = True
            return min(error.retry_after, _LONGEST_REQUESTED_S)
        return self._back_off()

    def _back_off(self) -> float:
        first, longest = _BACK_OFF_S
        limit = longest if self._visible else _HIDDEN_BACK_OFF_S
        return min(limit, first * 2.0 ** min(self._failures - 1, 20)) * (0.5 + 0.5 * self._jitter())

    async def _rest(self, seconds: float | None) -> None:
        while seconds is None and not self._poked:
            self._wake.clear()
            await self._wait(self._wake, None)
        if seconds is not None:
            # Nobody cuts the rest short that the service asked for.
            await self._wait(asyncio.Event() if self._firm else self._wake, seconds)
        self._firm = False
        self._wake.clear()

    def _note_change(self, change: Change) -> None:
        self._changed = True

    def _loaded(self, loaded: int, total: int) -> None:
        self._progress = (loaded, total)
        self._heard()

    def _heard(self) -> None:
        self._last_answer = now = self._clock()
        said = self._client.last_date
        if said is not None and said != self._date:
            self._skew.hear(said, self._asked_at, now)
            self._date = said
        self._asked_at = now
        self._publish(None)

    def _tell_overdue(self) -> None:
        late = ConnectionFailedError("The service is late with an answer.", "It is still being waited for.")
        self._publish(late, waiting=True)

    def _publish(self, problem: TaskmonError | None, *, waiting: bool = False) -> None:
        known = (self._last_answer, problem, *self._progress, self._skew.skew, self._whole)
        self._on_freshness(Freshness(problem is None, *known, waiting))
