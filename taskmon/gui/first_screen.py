"""The file with the first screen of the list, read before the first paint and written whenever the list is kept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from taskmon.core.place_name import may_be_list
from taskmon.gui.models.first_rows import decoded, encoded, first_rows_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from taskmon.gui.models.first_rows import FirstRows
    from taskmon.gui.models.task_table_model import TaskTableModel

_NAME: Final = "first-screen.json"
_LARGEST: Final = 1 << 20


def load_first_screen(folder: Path) -> FirstRows | None:
    """What was kept last; None if nothing usable was."""
    try:
        with (folder / _NAME).open("rb") as file:
            written = file.read(_LARGEST + 1)
    except OSError:
        return None
    return decoded(written) if len(written) <= _LARGEST else None


def keep_first_screen(folder: Path, model: TaskTableModel, place: str, seen_at: datetime) -> None:
    """Writes what the table would show at its top without its filter, once it has taken over the whole list: who leaves
    sooner keeps the screen of before. A full disk troubles nobody."""
    if model.is_behind():
        return
    first, path = first_rows_of(model, place, seen_at), folder / _NAME
    try:
        if path.is_dir():  # it would be in the way for ever
            from taskmon.client.set_aside import set_aside

            set_aside(path)
        folder.mkdir(parents=True, exist_ok=True)
        _replace(path, encoded(first))
    except OSError as error:
        import logging  # after the first paint

        logging.getLogger(__name__).warning("the first screen could not be kept: %s", error)


def forget_other_screen(folder: Path, place: str) -> None:
    """Removes what is kept if it is not the list of `place`: nobody is to see another account's tasks at the next
    start, not even before it is known whose are shown. Blocks."""
    first = load_first_screen(folder)
    if first is not None and not may_be_list(first.place, place):
        (folder / _NAME).unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """In one step, also where two windows do it at once; nothing half written is left."""
    draft = path.with_suffix(f".{os.getpid()}.part")
    try:
        draft.touch(mode=0o600)
        draft.write_bytes(content)
        draft.replace(path)
    except OSError:
        draft.unlink(missing_ok=True)
        raise
