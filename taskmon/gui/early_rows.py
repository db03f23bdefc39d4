"""The rows that this computer's service tells at once, for a window that remembers no list.

They are painted before the loop and the client are loaded, and give way to the list as remembered rows do. The newest
tasks are the first rows only of a table that is neither grouped nor in an order of the person's own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from taskmon.core.place_name import THIS_COMPUTER, list_name

if TYPE_CHECKING:
    from taskmon.gui.app import WindowOptions
    from taskmon.gui.shell import Shell

_WAIT_S: Final = 0.05
"""The window is on the screen already, and lives no sooner than this is over."""


def show_early_rows(shell: Shell, options: WindowOptions) -> bool:
    """Whether there are rows to be painted now; none if a list is remembered or the window goes to another service."""
    if options.url is not None or shell.shows_first() or shell.model.sort_keys() or shell.model.grouped():
        return False
    from taskmon.client.early_page import EarlyPage
    from taskmon.gui.models.first_rows import SCREEN, first_rows_told

    asked = EarlyPage(options.data_dir, SCREEN)
    goes_here = options.stay_here or _was_here(shell)  # what this imports is there when the answer is
    page = asked.page(_WAIT_S) if goes_here else None
    if page is None or not page.tasks:
        return False
    shell.show_first(first_rows_told(page, list_name(THIS_COMPUTER, str(options.data_dir)), shell.clock()))
    return shell.shows_first()


def _was_here(shell: Shell) -> bool:
    from taskmon.settings import load_settings, settings_path

    return not load_settings(settings_path(shell.folders.config)).settings.connection
