"""The connections a person can choose from: remembers them and their keys, tries them, and goes to the chosen one."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from taskmon.core.connection import (
    THIS_COMPUTER,
    Connection,
    ConnectionDraft,
    ConnectionEntry,
    ConnectionKind,
    FormPart,
)
from taskmon.core.errors import InvalidInputError, NotAuthorizedError, TaskmonError
from taskmon.gui.controllers.connection import Place
from taskmon.gui.dialogs import Question, ask
from taskmon.gui.widgets.wishes import Wish

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from taskmon.client.local_service import ServiceAddress
    from taskmon.client.poller import Freshness
    from taskmon.gui.background import Background
    from taskmon.gui.controllers.connection import ConnectionController
    from taskmon.gui.controllers.connection_book import ConnectionBook
    from taskmon.gui.messages import Messages
    from taskmon.gui.theme import Theme
    from taskmon.gui.widgets.connections_dialog import ConnectionsDialog
    from taskmon.gui.widgets.main_window import MainWindow
    from taskmon.gui.widgets.notice_bar import NoticeBar

logger = logging.getLogger(__name__)

_KEPT_IN: Final = {
    "keyring": "The key is kept in the keyring of this computer.",
    "file": "The key is kept in a file that only you can read.",
}
_GIVEN_KEY: Final = "Check TASKMON_API_KEY or the file given with --api-key-file, and start taskmon again."


class ConnectionsController:
    """`may_leave` asks the person about what going elsewhere would end; `theme` gives the present theme."""

    def __init__(
        self,
        background: Background,
        connection: ConnectionController,
        window: MainWindow,
        notice: NoticeBar,
        messages: Messages,
        book: ConnectionBook,
        may_leave: Callable[[str], Awaitable[bool]],
        theme: Callable[[], Theme],
    ) -> None:
        self._background = background
        self._connection = connection
        self._window = window
        self._notice = notice
        self._messages = messages
        self._book = book
        self._may_leave = may_leave
        self._theme = theme
        self._embedded: Place | None = None
        self._given: tuple[Place, str] | None = None
        self._dialog: ConnectionsDialog | None = None
        self._absent = False
        connection.on_move(self._moved)
        connection.on_key_refused(self._key_refused)
        connection.on_freshness(self._tell_absence)
        notice.action_requested.connect(self._answer_notice)
        window.connection_button.chosen.connect(self.switch)
        self._show_choices()

    @property
    def is_given(self) -> bool:
        """Whether the window is at the place that was given for this run."""
        return self._given is not None and self._connection.place is self._given[0]

    # Where to begin --------------------------------------------------------------------------------------------

    def begin(self, embedded: Place, given: tuple[Place, str] | None = None, *, stay_here: bool = False) -> None:
        """Goes to the place (and address) `given` for this run, else to the one of the last time, else here.

        `stay_here` says that this computer's service was asked for by name.
        """
        self._embedded, self._given = embedded, given
        loaded = self._book.settings()
        for problem in loaded.problems[:1]:
            self._messages.tell_problem(problem)
        if given is not None:
            self._connection.go_to(given[0])
            return
        last = "" if stay_here else loaded.settings.connection
        connection = self._book.named(last)
        if last and connection is None and not loaded.problems:
            title = f"There is no connection “{last}” any more; the window shows this computer."
            self._messages.tell_problem(TaskmonError(title, "Choose another one in the toolbar."))
        self._connection.go_to(self._book.place_of(connection) if connection else embedded)

    # Wishes ----------------------------------------------------------------------------------------------------

    def switch(self, name: str) -> None:
        """Goes to the connection of this name and remembers it."""
        if name == self._present_name():
            self._show_choices()
        else:
            self._background.restart("switch", self._go_to(name))

    def open_dialog(self, select: str = "", *, ask_key: bool = False) -> None:
        """Opens the dialog on the connection `select`, the present one if that is not named."""
        dialog = self._dialog or self._new_dialog()
        dialog.set_theme(self._theme())
        dialog.show_entries(self._entries(), select or self._present_name())
        self._background.restart("connections", self._show_key_place(dialog))
        dialog.open()
        if ask_key:
            dialog.focus_key()

    def set_theme(self, theme: Theme) -> None:
        """Dresses an open dialog."""
        if self._dialog is not None:
            self._dialog.set_theme(theme)

    def _new_dialog(self) -> ConnectionsDialog:
        from taskmon.gui.widgets.connections_dialog import ConnectionsDialog  # nobody needs it at the start

        dialog = ConnectionsDialog(self._window)
        self._dialog = dialog
        start = self._background.start
        dialog.save_requested.connect(lambda draft: start(self._settle(dialog, draft, use=False), "connections"))
        dialog.use_requested.connect(lambda draft: start(self._settle(dialog, draft, use=True), "connections"))
        dialog.test_requested.connect(
            lambda draft: self._background.restart("connection test", self._test(dialog, draft))
        )
        dialog.remove_requested.connect(lambda name: start(self._remove(dialog, name), "connections"))
        dialog.found_key_requested.connect(lambda url, source: self._fill_found(dialog, url, source))
        dialog.entry_shown.connect(
            lambda entry: self._background.restart("stored key", self._show_stored(dialog, entry))
        )
        dialog.close_unsaved_requested.connect(lambda names: start(self._close_unsaved(dialog, names), "connections"))
        dialog.finished.connect(lambda _: self._closed(dialog))
        return dialog

    def _closed(self, dialog: ConnectionsDialog) -> None:
        """What was typed, a key perhaps, goes with the dialog."""
        for late in ("connection test", "stored key", "connections"):
            self._background.cancel(late)
        self._dialog = None
        dialog.deleteLater()

    # What there is ---------------------------------------------------------------------------------------------

    def _entries(self) -> list[ConnectionEntry]:
        present = self._present_name()
        here = Connection(name=THIS_COMPUTER, url="started when it is needed")
        entries = [
            ConnectionEntry(connection=here, kind=ConnectionKind.EMBEDDED, present=present == THIS_COMPUTER),
            *self._book.entries(present),
        ]
        if self._given is not None:
            place, url = self._given
            given = Connection(name=place.name, url=url)
            entries.append(ConnectionEntry(connection=given, kind=ConnectionKind.GIVEN, present=present == place.name))
        return entries

    def _present_name(self) -> str:
        return self._connection.place.name if self._connection.place else THIS_COMPUTER

    def _place_named(self, name: str) -> Place:
        """A new place, also for the present name: its address or key may have changed. Raises InvalidInputError."""
        if self._given is not None and name == self._given[0].name:
            return self._given[0]
        if name == THIS_COMPUTER:
            here = self._embedded or self._connection.place
            if here is not None and here.embedded:
                return here
        connection = self._book.named(name)
        if connection is None:
            raise InvalidInputError(f"There is no connection “{name}” any more.", "Choose another one.")
        return self._book.place_of(connection)

    # Going there -----------------------------------------------------------------------------------------------

    async def _go_to(self, name: str) -> None:
        await self._switch(name)

    async def _switch(self, name: str) -> bool:
        """True if the window is there now; False if the person would rather stay."""
        place = self._place_named(name)
        if place is not self._connection.place and not await self._may_leave(name):
            self._show_choices()
            return False
        self._connection.go_to(place)
        if self._given is None or place is not self._given[0]:
            self._remember("" if place.embedded else name)
        return True

    def _remember(self, name: str) -> None:
        try:
            self._book.remember(name)
        except InvalidInputError as error:
            self._messages.tell_problem(error)

    def _moved(self, place: Place) -> None:
        if place.embedded and self._embedded is None:
            self._embedded = place
        self._notice.show_notice("")
        self._absent = False
        self._show_choices()

    def _show_choices(self) -> None:
        choices = [(entry.name, entry.connection.url) for entry in self._entries()]
        more = self._window.action(Wish.CONNECT)
        self._window.connection_button.show_choices(choices, self._present_name(), more)

    def _key_refused(self, place: Place, error: NotAuthorizedError | None) -> None:
        settable = not place.embedded and (self._given is None or place is not self._given[0])
        if error is not None:
            self._absent = False
            advice = "" if settable or place.embedded else _GIVEN_KEY
            self._notice.show_notice(f"{error.title} {advice or error.advice}", "Enter key…" if settable else "")
        elif not self._absent:
            self._notice.show_notice("")

    def _tell_absence(self, freshness: Freshness) -> None:
        """A service that has never answered leaves the list empty: why, and what can be done, stands above it."""
        problem = freshness.problem
        if freshness.connected and self._absent:
            self._absent = False
            self._notice.show_notice("")
        elif problem is not None and freshness.last_answer is None and not isinstance(problem, NotAuthorizedError):
            self._absent = True
            self._notice.show_notice(str(problem), "Connections…")

    def _answer_notice(self) -> None:
        self.open_dialog(ask_key=not self._absent)

    # What the dialog asks for ----------------------------------------------------------------------------------

    async def _show_key_place(self, dialog: ConnectionsDialog) -> None:
        dialog.show_key_place(_KEPT_IN[await self._book.credentials.place()])

    async def _show_stored(self, dialog: ConnectionsDialog, entry: ConnectionEntry) -> None:
        try:
            stored = await self._book.credentials.load(entry.connection) is not None
        except TaskmonError as error:
            dialog.show_stored_key(entry.name, False, str(error))
            return
        dialog.show_stored_key(entry.name, stored)

    def _fill_found(self, dialog: ConnectionsDialog, url: str, source: str) -> None:
        for found in self._book.found_keys(url):
            if found.source == source:
                note = f"From {source}, which stays as it is. taskmon keeps a copy once you save or use this."
                dialog.fill_key(url, found.key, note)

    async def _settle(self, dialog: ConnectionsDialog, draft: ConnectionDraft, *, use: bool) -> None:
        """Saves what stands in the form, and goes there if `use` or if the window is there already.

        A slow keyring may outlast the dialog.
        """
        name = draft.connection.name
        try:
            changed = self._is_own(draft) and await self._book.save(draft)
            if use:
                there = await self._switch(name)
            elif changed and draft.original == self._present_name():
                await self._switch(name)
        except TaskmonError as error:
            if dialog is not self._dialog:
                raise
            dialog.show_problem(str(error))
            return
        self._show_choices()
        if dialog is not self._dialog:
            return
        dialog.show_entries(self._entries(), name, draft.original)
        if use and there:
            dialog.discard()

    async def _remove(self, dialog: ConnectionsDialog, name: str) -> None:
        question = Question(
            "Remove connection",
            f"Remove “{name}”?",
            "Its key is removed from this computer. Its tasks are not affected.",
            "Remove",
        )
        if not await ask(question, dialog):
            return
        try:
            if name == self._present_name() and not await self._switch(THIS_COMPUTER):
                return
            await self._book.remove(name)
        except TaskmonError as error:
            if dialog is not self._dialog:
                raise
            dialog.show_problem(str(error))
            return
        self._show_choices()
        if dialog is self._dialog:
            dialog.show_entries(self._entries(), self._present_name(), name)

    def _is_own(self, draft: ConnectionDraft) -> bool:
        """Whether it is kept in the settings: this computer and what was given for this run are not."""
        fixed = (ConnectionKind.EMBEDDED, ConnectionKind.GIVEN)
        return not any(entry.name == draft.original and entry.kind in fixed for entry in self._entries())

    async def _close_unsaved(self, dialog: ConnectionsDialog, names: list[str]) -> None:
        question = Question(
            "Connections", "Close without saving?", f"Not saved: {', '.join(names)}.", "Close without saving"
        )
        if await ask(question, dialog):
            dialog.discard()

    async def _test(self, dialog: ConnectionsDialog, draft: ConnectionDraft) -> None:
        from taskmon.client.connection_check import check_connection

        try:
            address = await self._address_to_test(draft)
        except TaskmonError as error:
            dialog.show_result(draft, str(error), FormPart.KEY)
            return
        result = await check_connection(address.url, address.api_key)
        dialog.show_result(draft, result.sentence, result.part)

    async def _address_to_test(self, draft: ConnectionDraft) -> ServiceAddress:
        from taskmon.client.local_service import ServiceAddress

        entry = next((entry for entry in self._entries() if entry.name == draft.original), None)
        if draft.key or entry is None:
            return ServiceAddress(url=draft.connection.url, api_key=draft.key, pid=0)
        return await self._place_named(entry.name).find()
