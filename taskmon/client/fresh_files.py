"""New files and folders on this computer: names that are safe here, drafts that nobody sees until they are whole."""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
import unicodedata
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import asynccontextmanager
from itertools import count
from pathlib import Path
from typing import Any, Final, TypeVar

from taskmon.core.errors import InvalidInputError, TaskmonError
from taskmon.core.units import size_text

T = TypeVar("T")

SPARE: Final = 64 * 1024 * 1024
"""Bytes that must stay free on the disk."""
_LONGEST_NAME: Final = 200
"""Bytes; file systems take 255, and a number may follow."""
_LONGEST_ENDING: Final = 20
_UNSAFE: Final = frozenset('/\\:*?"<>|')
_UNSAFE_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_PLAIN: Final = re.compile(r"[0-9A-Za-z_]([0-9A-Za-z_.-]*[0-9A-Za-z_-])?")
"""Most names, known to be safe at a glance."""
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])\s*(\..*)?", re.IGNORECASE | re.DOTALL)
"""Names that mean devices on Windows, also with an ending."""


def safe_name(name: str, otherwise: str, *, hidden: bool = False) -> str:
    """`name`, which comes from elsewhere, as the name of one file on any system; `otherwise` if nothing is left of it.

    What separates folders, moves the cursor or cannot be seen becomes `_`. A name that would hide the file shows it,
    unless it may stay `hidden`.
    """
    if _PLAIN.fullmatch(name) and len(name) <= _LONGEST_NAME and not _RESERVED.fullmatch(name):
        return name
    plain = "".join(
        "_" if character in _UNSAFE or unicodedata.category(character) in _UNSAFE_CATEGORIES else character
        for character in name
    ).strip(" ")
    plain = plain.rstrip(". ") if hidden and plain.strip(". ") else plain.strip(". ")
    plain = _shortened(plain)
    if not plain:
        return otherwise
    return f"_{plain}" if _RESERVED.fullmatch(plain) else plain


def _shortened(name: str) -> str:
    """At most as many bytes as a file system takes, the ending kept."""
    if len(name.encode()) <= _LONGEST_NAME:
        return name
    dot = name.rfind(".")
    ending = name[dot:] if dot > 0 and len(name[dot:].encode()) <= _LONGEST_ENDING else ""
    start = name.encode()[: _LONGEST_NAME - len(ending.encode())].decode(errors="ignore")
    return (start + ending).rstrip(". ")


def check_room(folder: Path, needed: int) -> None:
    """Raises InvalidInputError if `needed` bytes do not fit on the disk of `folder`, which exists."""
    free = shutil.disk_usage(folder).free - SPARE
    if needed > free:
        raise InvalidInputError(
            f"The outputs need {size_text(needed)}, but only {size_text(max(0, free))} are free there.",
            "Choose another folder, or make room.",
        )


async def to_the_end(call: Callable[..., T], *arguments: Any) -> T:
    """`call` in a worker thread. A cancellation is passed on when it has returned, so that nothing is written later."""
    running = asyncio.ensure_future(asyncio.to_thread(call, *arguments))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.gather(running, return_exceptions=True)
        raise


@asynccontextmanager
async def workshop(target: Path) -> AsyncGenerator[Path]:
    """A hidden folder beside `target`, on the same disk, that is gone afterwards whatever happens."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shop = Path(tempfile.mkdtemp(prefix=f".{target.name[:40]}.", suffix=".part", dir=target.parent))
    except OSError as error:
        raise TaskmonError(
            f"Nothing can be written in {target.parent}: {error.strerror or error}.", "Choose another folder."
        ) from error
    try:
        yield shop
    except OSError as error:
        raise TaskmonError(
            f"The download cannot be written: {error.strerror or error}.", "Check the folder's rights and free space."
        ) from error
    finally:
        await asyncio.to_thread(shutil.rmtree, shop, True)


def settle(made: Path, target: Path) -> Path:
    """Give `made` the name `target`, or the next free one after it; its new path is returned."""
    for candidate in numbered(target, "" if made.is_dir() else target.suffix):
        try:
            if made.is_dir():
                candidate.mkdir()
            else:
                candidate.touch(exist_ok=False)
        except FileExistsError:
            continue
        # The name is ours now; replacing an empty folder or file of ours is atomic.
        made.replace(candidate)
        return candidate
    raise AssertionError("the names do not end")


def numbered(target: Path, ending: str) -> Iterator[Path]:
    """`target`, then the same with numbers before its `ending`."""
    yield target
    for number in count(2):
        yield target.with_name(f"{target.name.removesuffix(ending)} ({number}){ending}")
