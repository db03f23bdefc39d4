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
from taskmon.client.retrying import requested_pause, retry_pause
from taskmon.client.task_watch import PAGE_SIZE, FeedWatch, ListWatch, TaskWatch
from taskmon.core.errors import (
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
_BEAT_S: Final = 1.0
"""How often it is to say meanwhile, to a window that is seen, that it is still there."""
_GIVEN_UP_S: Final = 7.0
"""A long poll that is overdue may be on a connection that is dead: after so many more seconds a new one is tried."""
_AFTER_SLEEP_S: Final = 5.0
"""So may be whatever connection there was when the computer fell asleep."""
_HIDDEN_FEED_S: Final = 5.0
_LIST_S: Final = (2.0, 10.0)
"""Seconds between looks at lists: when things move, and when they have not for a while."""
_HIDDEN_LIST_S: Final = (30.0, 60.0)
_LIST_SHARE: Final = 5.0
"""A look at the lists is followed by at least this many times its own duration of rest."""
_LONGEST_LIST_S: Final = 60.0
_BACK_OFF_S: Final = (0.5, 15.0)
_HIDDEN_BACK_OFF_S: Final = 60.0


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
    told: bool = True
    """False where the service does not tell news by itself: what is shown is as old as the last question."""


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
        self._starting: TaskWatch | None = None
        self._last_answer: datetime | None = None
        self._progress = (0, 0)
        self._whole = False
        self._failures = 0
        self._calm_steps = 0
        self._changed = False
        self._not_before: datetime | None = None
        self._released = asyncio.Event()
        self._woken = False
        self._hurried = False
        self._asking: asyncio.Timeout | None = None
        self._long_step: asyncio.Timeout | None = None
        self._skew = ClockSkew()
        self._asked_at = clock()
        self._overdue = Overdue(self._tell_overdue)
        self._told_late = False
        self._trouble: TaskmonError | None = None
        self._date: datetime | None = None
        client.on_word(self._hear_word)

    def poke(self) -> None:
        """Try now, also after the key was refused and in the middle of a long poll; but not before a service that
        said when to come back wants it."""
        self._poked = self._hurried = True
        self._wake.set()
        self._end_long_step(0.0)
        self._end_late_step()

    def set_visible(self, visible: bool) -> None:
        """Nobody looks at a hidden window: it asks less often. One that is seen again asks at once."""
        woken = visible and not self._visible
        self._visible = visible
        if woken:
            self._wake.set()
            self._end_long_step(0.0)

    def wake_up(self) -> None:
        """The computer was asleep: what was heard last is old, and whatever connection there was may be dead."""
        if self._trouble is None:  # else that stands, until the next answer
            asleep = ConnectionFailedError("This window was asleep.", "The service is being asked what has changed.")
            self._publish(asleep, waiting=True)
        self._woken = True
        if self._not_before is not None and self._clock() >= self._not_before:
            self._released.set()
        if self._visible:
            self.poke()
        else:
            self._end_long_step(_HIDDEN_WAIT_S * self._jitter())

    def _end_long_step(self, in_s: float) -> None:
        """Gives a question up, so that the next one is asked without waiting for news."""
        _give_up(self._long_step, in_s)

    def _end_late_step(self) -> None:
        """Gives any question up whose answer is late: its connection may be dead, and somebody wants to know."""
        if self._told_late:
            _give_up(self._asking, 0.0)

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
            self._watch = self._starting = None
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
            if self._starting is None:
                self._progress, self._whole = (0, 0), False
                self._starting = await self._choose_watch()
            await self._starting.start(self._loaded)
            self._watch, self._starting, self._whole = self._starting, None, True
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
        asking = asyncio.timeout(_AFTER_SLEEP_S if self._woken else None)
        self._hurried = self._woken = False
        self._overdue.expect(wait_s if isinstance(watch, FeedWatch) else 0.0)
        try:
            async with asking:
                self._asking, self._long_step = asking, asking if wait_s else None
                more = await watch.step(wait_s, _BEAT_S if self._visible else None)
        except TimeoutError:
            if not asking.expired():
                raise
            self._hurried = True
            return None
        finally:
            self._asking = self._long_step = None
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
        self._starting = None
        replaced = isinstance(error, NotFoundError) or error.status_code == _GONE
        if replaced and self._watch is not None:
            _log.info("the service was replaced (%s); loading everything again", error.title)
            self._watch = None
            self._failures += 1
            return self._back_off(error)
        return self._after_failure(error)

    def _after_failure(self, error: TaskmonError) -> float:
        self._failures += 1
        self._hurried = True  # the next answer says that all is well again: it must not wait for news
        self._publish(error)
        if (asked := requested_pause(error)) > 0:
            self._not_before = self._clock() + timedelta(seconds=asked)
        return self._back_off(error)

    def _back_off(self, error: TaskmonError) -> float:
        first, longest = _BACK_OFF_S
        pauses = (first, longest if self._visible else _HIDDEN_BACK_OFF_S)
        return retry_pause(self._failures, error, pauses, self._jitter)

    async def _rest(self, seconds: float | None) -> None:
        while seconds is None and not self._poked:
            self._wake.clear()
            await self._wait(self._wake, None)
        if seconds is not None:
            # Nobody cuts the rest short that the service asked for.
            self._released.clear()
            await self._wait(self._wake if self._not_before is None else self._released, seconds)
        self._not_before = None
        self._wake.clear()

    def _note_change(self, change: Change) -> None:
        self._changed = True

    def _loaded(self, loaded: int, total: int) -> None:
        self._progress = (loaded, total)
        self._failures = 0
        self._heard()

    def _hear_word(self, blank: bool) -> None:
        """Something of an answer has come, perhaps only that the service is there and has no news."""
        said = self._client.last_date
        if said is not None and said != self._date:
            self._skew.hear(said, self._asked_at, self._clock())
            self._date = said
        self._overdue.heard()
        if blank and self._long_step is not None:
            self._overdue.expect(_BEAT_S)
            self._last_answer = self._clock()
            if self._told_late:
                _give_up(self._long_step, None)
                self._publish(None)

    def _heard(self) -> None:
        self._last_answer = self._asked_at = self._clock()
        self._publish(None)

    def _tell_overdue(self) -> None:
        late = ConnectionFailedError("The service is late with an answer.", "It is still being waited for.")
        self._publish(late, waiting=True)
        self._end_long_step(_GIVEN_UP_S)

    def _publish(self, problem: TaskmonError | None, *, waiting: bool = False) -> None:
        self._told_late = waiting
        self._trouble = None if waiting else problem
        known = (self._last_answer, problem, *self._progress, self._skew.skew, self._whole)
        told = not isinstance(self._watch or self._starting, ListWatch)
        self._on_freshness(Freshness(problem is None, *known, waiting, told))


def _give_up(question: asyncio.Timeout | None, in_s: float | None) -> None:
    """Ends a question in so many seconds, None: not at all; one that is ending already goes on doing so."""
    if question is not None and not question.expired():
        question.reschedule(None if in_s is None else asyncio.get_running_loop().time() + in_s)
