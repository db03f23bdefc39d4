"""Which service the window talks to: finds or starts it, keeps the store fresh, notices when it is gone."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import ConnectionFailedError, NotAuthorizedError, TaskmonError
from taskmon.core.units import count_text

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import datetime

    from taskmon.client.api import ServiceClient
    from taskmon.client.local_service import ServiceAddress
    from taskmon.client.poller import Freshness, Poller
    from taskmon.client.task_store import TaskStore
    from taskmon.gui.background import Background
    from taskmon.gui.messages import Messages
    from taskmon.gui.widgets.connection_badge import ConnectionBadge
    from taskmon.gui.widgets.main_window import MainWindow

logger = logging.getLogger(__name__)

THIS_COMPUTER: Final = "This computer"
RETRY_S: Final = 3.0
PATIENCE: Final = 2
"""Failed polls of the embedded service before it is looked for (and, if need be, started) again."""


@dataclass(frozen=True, slots=True)
class Place:
    """A service by name. `find` gives its address, starting the service where that is ours to do."""

    name: str
    find: Callable[[], Awaitable[ServiceAddress]]
    embedded: bool


class ConnectionController:
    """Owns the client. `on_connected` is called with each new client, before its first poll."""

    def __init__(
        self,
        background: Background,
        window: MainWindow,
        badge: ConnectionBadge,
        store: TaskStore,
        messages: Messages,
        clock: Callable[[], datetime],
    ) -> None:
        self._background = background
        self._window = window
        self._badge = badge
        self._store = store
        self._messages = messages
        self._clock = clock
        self._client: ServiceClient | None = None
        self._poller: Poller | None = None
        self._place: Place | None = None
        self._moved = asyncio.Event()
        self._misses = 0
        self._visible = True
        self._last_answer: datetime | None = None
        self._freshness_listeners: list[Callable[[Freshness], None]] = []

    @property
    def client(self) -> ServiceClient:
        """The client of the present service; raises ConnectionFailedError while there is none."""
        if self._client is None:
            title = "The service is not connected yet."
            raise ConnectionFailedError(title, "Wait a moment and try again.")
        return self._client

    @property
    def place(self) -> Place | None:
        return self._place

    def on_freshness(self, listener: Callable[[Freshness], None]) -> None:
        """`listener` hears every change of freshness."""
        self._freshness_listeners.append(listener)

    def go_to(self, place: Place) -> None:
        """Shows the tasks of another service from now on."""
        if self._place is not None and place.name != self._place.name:
            self._store.clear()
        self._place = place
        self._window.show_connection(place.name)
        self._moved.set()

    def refresh(self) -> None:
        """Asks the service at once."""
        if self._poller is not None:
            self._poller.poke()

    def set_visible(self, visible: bool) -> None:
        """A hidden window asks rarely."""
        self._visible = visible
        if self._poller is not None:
            self._poller.set_visible(visible)

    async def connect_forever(self) -> None:
        """The essential loop: find the place, poll it until it is lost or the person goes elsewhere."""
        while True:
            self._moved.clear()
            place = self._place
            if place is None:
                await self._moved.wait()
                continue
            try:
                address = await place.find()
                await self._stay_at(place, address)
            except TaskmonError as error:
                logger.warning("no connection: %s", error)
                self._badge.show_freshness(False, self._last_answer, str(error))
                self._messages.tell_problem(error)
                await self._pause()

    async def _stay_at(self, place: Place, address: ServiceAddress) -> None:
        from taskmon.client.api import ServiceClient  # httpx is loaded after the first paint
        from taskmon.client.poller import Poller

        async with ServiceClient(address.url, address.api_key) as client:
            poller = Poller(client, self._store, clock=self._clock, on_freshness=self._hear)
            poller.set_visible(self._visible)
            self._client, self._poller, self._misses = client, poller, 0
            polling = self._background.watch(poller.watch_forever(), f"poller of {place.name}")
            try:
                await self._moved.wait()
            finally:
                polling.cancel()
                self._client = self._poller = None

    async def _pause(self) -> None:
        try:
            await asyncio.wait_for(self._moved.wait(), RETRY_S)
        except TimeoutError:
            return

    def _hear(self, freshness: Freshness) -> None:
        problem = freshness.problem
        self._last_answer = freshness.last_answer or self._last_answer
        self._badge.show_freshness(freshness.connected, self._last_answer, str(problem) if problem else "")
        if freshness.loaded < freshness.total:
            self._window.show_loaded(f"{freshness.loaded:,} of {freshness.total:,} loaded")
        else:
            self._window.show_loaded(count_text(len(self._store), "task"))
        for listener in self._freshness_listeners:
            listener(freshness)
        if isinstance(problem, NotAuthorizedError):
            self._messages.tell_problem(problem)
        self._misses = 0 if freshness.connected else self._misses + 1
        if self._misses >= PATIENCE and self._place is not None and self._place.embedded:
            self._moved.set()
