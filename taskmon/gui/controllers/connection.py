"""Which service the window talks to: finds or starts it, keeps the store fresh, notices when it is gone."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import ConnectionFailedError, NotAuthorizedError, TaskmonError
from taskmon.core.place_name import THIS_COMPUTER as THIS_COMPUTER
from taskmon.core.place_name import account_list_name, list_name
from taskmon.gui.desktop_notices import LISTENER
from taskmon.gui.door import DOOR

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

RETRY_S: Final = 3.0
LONGEST_RETRY_S: Final = 15.0
PATIENCE: Final = 2
"""Failed polls of the embedded service before it is looked for (and, if need be, started) again."""
FAREWELL_S: Final = 10.0
"""How long cancelled actions may use the client of a service that was left, for example to withdraw half an upload."""
SLEPT_S: Final = 20.0
"""A window that was not called every second for so long was asleep, with its computer or by itself."""
GRACE_S: Final = 2.0
"""How long a service that was silent may take to answer before a wish is refused."""
ASKED: Final = "The list is asked for every few seconds, every ten when nothing changes: this service tells no news."
ANSWERS: Final = "The service answers now."
NOT_DONE: Final = f"{ANSWERS} What was refused has not been done."
STAYS: Final = ("leave", "switch", "connections", DOOR, LISTENER)
"""Names of the actions that are about the window and outlive a change of service."""


def retry_pause(failures: int) -> float:
    """Seconds until a place is looked for again: each attempt may start a process, and a week may pass."""
    return min(LONGEST_RETRY_S, RETRY_S * 2.0 ** min(failures, 10))


@dataclass(frozen=True, slots=True)
class Place:
    """A service by name. `find` gives its address, starting the service where that is ours to do.

    `where` tells apart services of one name: the address, or the folder of one of this computer's. `known_key` gives
    the key where that is known without asking anybody, else nothing.
    """

    name: str
    find: Callable[[], Awaitable[ServiceAddress]]
    embedded: bool
    where: str = ""
    known_key: Callable[[], str] = str

    @property
    def list_name(self) -> str:
        """Under which its list of tasks is remembered, as long as the account is not known."""
        return list_name(self.name, self.where)


class ConnectionController:
    """Owns the client of the place where the window is. Going elsewhere ends all that was begun here, in order."""

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
        self._visit: asyncio.Task[None] | None = None
        self._polling: asyncio.Task[None] | None = None
        self._misses = 0
        self._visible, self._ticked = True, clock()
        self._last_answer: datetime | None = None
        self._trouble: TaskmonError | None = None
        self._complaints: dict[str, str] = {}
        """What was told or refused because there is no answer, and what is said instead when there is one."""
        self._answered, self._arrived = asyncio.Event(), asyncio.Event()
        self._freshness_listeners: list[Callable[[Freshness], None]] = []
        self._move_listeners: list[Callable[[Place], None]] = []
        self._account = ""
        self._account_listeners: list[Callable[[str], None]] = []
        self._key_listeners: list[Callable[[Place, NotAuthorizedError | None], None]] = []

    @property
    def client(self) -> ServiceClient:
        """The client of the present service; raises ConnectionFailedError while there is none."""
        if self._client is None:
            raise self._refusal("The service is not connected yet.", "Wait a moment and try again.")
        return self._client

    @property
    def is_connected(self) -> bool:
        """Whether there is a client to ask."""
        return self._client is not None

    @property
    def is_answering(self) -> bool:
        """Whether what is shown is what the service says now."""
        return self._answered.is_set()

    @property
    def is_visible(self) -> bool:
        """Whether somebody may see the window."""
        return self._visible

    @property
    def unheard(self) -> timedelta:
        """How long nothing has been heard of what is shown; nothing while the service answers."""
        if self.is_answering or self._last_answer is None:
            return timedelta(0)
        return self._clock() - self._last_answer

    async def ready(self) -> ServiceClient:
        """The client as soon as there is one: for what follows the selection, which may be there before."""
        while self._client is None:
            await self._arrived.wait()
        return self._client

    async def answering(self) -> ServiceClient:
        """The client, once the service answers. Raises ConnectionFailedError where it is silent and stays so when it is
        asked again: what was sent to it now would happen later, when nobody expects it."""
        client = self.client
        if self._trouble is not None:
            self.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._answered.wait(), GRACE_S)
        if self._trouble is not None:
            raise self._refusal(self._trouble.title, "Nothing was sent. Try again when it answers.")
        return client

    def _refusal(self, title: str, advice: str) -> ConnectionFailedError:
        refusal = ConnectionFailedError(title, advice)
        self._complaints[str(refusal)] = NOT_DONE
        return refusal

    def _end_complaints(self, news: str | None = None) -> None:
        """What the status line says of a service that does not answer is no longer true."""
        for complaint, answer in self._complaints.items():
            self._messages.replace(complaint, answer if news is None else news)
        self._complaints.clear()

    async def answers_again(self) -> None:
        """Returns once the service answers the poller."""
        await self._answered.wait()

    @property
    def place(self) -> Place | None:
        return self._place

    def on_freshness(self, listener: Callable[[Freshness], None]) -> None:
        """`listener` hears every change of freshness."""
        self._freshness_listeners.append(listener)

    def on_move(self, listener: Callable[[Place], None]) -> None:
        """`listener` hears where the window goes; the work of the old place is cancelled and its tasks forgotten."""
        self._move_listeners.append(listener)

    def on_account(self, listener: Callable[[str], None]) -> None:
        """`listener` hears whose tasks the present place shows, by the name under which their list is remembered."""
        self._account_listeners.append(listener)

    def on_key_refused(self, listener: Callable[[Place, NotAuthorizedError | None], None]) -> None:
        """`listener` hears that the present place does not accept the key, and with None that it does."""
        self._key_listeners.append(listener)

    def go_to(self, place: Place) -> None:
        """Shows the tasks of another service from now on."""
        if place is self._place:
            return
        if self._place is not None:
            self._leave()
        self._place = place
        self._end_complaints("")
        self._last_answer, self._misses, self._trouble = None, 0, None
        self._window.show_connection(place.name)
        self._badge.show_freshness(True, None, f"Connecting to {place.name}.")
        self._account = ""
        for listener in self._move_listeners:
            listener(place)
        if key := place.known_key():
            self._tell_account(place, key)
        self._moved.set()

    def refresh(self) -> None:
        """Asks the service at once, or looks for it again."""
        if self._poller is not None:
            self._poller.poke()
        elif self._place is not None:
            self._moved.set()

    def tick(self, *, visible: bool) -> None:
        """To be called every second. A hidden window asks rarely; one whose computer was asleep trusts nothing."""
        before, self._ticked = self._ticked, self._clock()
        self._visible = visible
        if self._poller is not None:
            self._poller.set_visible(visible)
            if (self._ticked - before).total_seconds() >= SLEPT_S:
                self._poller.wake_up()

    async def connect_forever(self) -> None:
        """The essential loop: stay at the place until it is lost or the person goes elsewhere."""
        while True:
            self._moved.clear()
            if self._place is not None:
                self._visit = self._background.watch(self._visit_of(self._place), f"visit of {self._place.name}")
            await self._moved.wait()
            if self._visit is not None:
                self._visit.cancel()

    def _leave(self) -> None:
        """Nothing of the old service reaches the store after this; its client is closed when the last user has gone."""
        self._background.cancel_actions(keep=STAYS)
        for task in (self._polling, self._visit):
            if task is not None:
                task.cancel()
        self._client = self._poller = None
        self._arrived.clear()
        self._answered.clear()
        self._store.clear()

    async def _visit_of(self, place: Place) -> None:
        for failures in count():
            try:
                await self._stay_at(place, await place.find())
            except NotAuthorizedError as error:
                self._show_absence(error)
                self._tell_key_refused(place, error)
                await asyncio.Event().wait()
            except TaskmonError as error:
                logger.warning("no connection: %s", error)
                self._show_absence(error)
                self._complaints[str(error)] = ANSWERS
                self._messages.tell_problem(error)
                await asyncio.sleep(retry_pause(failures))

    async def _stay_at(self, place: Place, address: ServiceAddress) -> None:
        """Polls the service until cancelled."""
        from taskmon.client.api import ServiceClient  # httpx is loaded after the first paint
        from taskmon.client.poller import Poller

        client = ServiceClient(address.url, address.api_key)
        self._tell_account(place, address.api_key)
        poller = Poller(client, self._store, clock=self._clock, on_freshness=self._hear)
        poller.set_visible(self._visible)
        self._client, self._poller, self._misses = client, poller, 0
        self._arrived.set()
        polling = self._background.watch(poller.watch_forever(), f"poller of {place.name}")
        self._polling = polling
        try:
            await asyncio.Event().wait()
        finally:
            polling.cancel()
            if self._client is client:
                self._client = self._poller = None
                self._arrived.clear()
            await self._bid_farewell(client, polling)

    async def _bid_farewell(self, client: ServiceClient, polling: asyncio.Task[None]) -> None:
        """Closes the client once those who may still use it have gone; cancelled ones among them clean up first."""
        try:
            await asyncio.wait({polling, *self._background.actions(keep=STAYS)}, timeout=FAREWELL_S)
        finally:
            await client.close()

    def _show_absence(self, error: TaskmonError) -> None:
        self._badge.show_freshness(False, self._last_answer, error)

    def _hear(self, freshness: Freshness) -> None:
        problem = freshness.problem
        self._trouble = None if freshness.connected else problem
        (self._answered.set if freshness.connected else self._answered.clear)()
        self._last_answer = freshness.last_answer or self._last_answer
        if freshness.connected:
            self._end_complaints()
        self._badge.show_freshness(freshness.connected, self._last_answer, problem or ("" if freshness.told else ASKED))
        for listener in self._freshness_listeners:
            listener(freshness)
        if not freshness.waiting:
            self._misses = 0 if freshness.connected else self._misses + 1
        place = self._place
        if place is None:
            return
        if isinstance(problem, NotAuthorizedError):
            self._tell_key_refused(place, problem)
        elif freshness.connected:
            self._tell_key_refused(place, None)
        if self._misses >= PATIENCE and place.embedded:
            self._moved.set()

    def _tell_account(self, place: Place, api_key: str) -> None:
        account = account_list_name(place.list_name, api_key)
        if account == self._account:
            return
        if self._account:  # what is here, from the service or from memory, is somebody else's
            self._store.clear()
        self._account = account
        for listener in self._account_listeners:
            listener(account)

    def _tell_key_refused(self, place: Place, error: NotAuthorizedError | None) -> None:
        """This computer's own key may have been replaced with its data folder: it is looked for again, in peace."""
        if place.embedded and error is not None:
            self._background.restart("find again", self._find_again())
        for listener in self._key_listeners:
            listener(place, error)

    async def _find_again(self) -> None:
        await asyncio.sleep(RETRY_S)
        self._moved.set()
