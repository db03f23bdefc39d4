"""PySide without what its import does over and over.

Its support modules are Python text inside a library, compiled anew at every import: a fifth of the time in which an
empty window is painted. Their compiled form is kept in our cache folder, by their text: another PySide brings other
texts, and then they are compiled and kept again. Whatever is wrong with the file, PySide compiles for itself as it
always did.

From then on it reads the source of every module that anybody imports, to see whether it uses `__feature__` (snake_case
names). We do not, and neither does what we use: the `import` of before is put back, and 300 files stay closed.
"""

from __future__ import annotations

import builtins
import marshal
import os
import stat
import zlib
from importlib.util import MAGIC_NUMBER
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pathlib import Path
    from types import CodeType

_NAME: Final = "pyside.compiled"
_LARGEST: Final = 8 << 20
_HEAD: Final = len(MAGIC_NUMBER) + 4

_NEVER_USED: Final = "/pyi_generator.py"
"""It writes files for type checkers; its search patterns take as long to prepare as our main window to be built."""

_compile: Final = builtins.compile


def import_pyside(folder: Path) -> None:
    """Imports PySide6 with what `folder` keeps of it, and keeps what it lacks; leaves `import` as it was."""
    known, used = _kept(folder / _NAME), dict[bytes, "CodeType"]()
    plain_import = builtins.__import__

    def compile_once(source: Any, filename: Any, mode: str, *more: Any, **named: Any) -> Any:
        if more or named or mode != "exec" or type(source) is not bytes:
            return _compile(source, filename, mode, *more, **named)
        if filename.endswith(_NEVER_USED):
            source = b""
        used[source] = code = known.get(source) or _compile(source, filename, mode)
        return code

    builtins.compile = compile_once
    try:
        import PySide6.QtCore  # noqa: F401
    finally:
        builtins.compile, builtins.__import__ = _compile, plain_import
    if not used.keys() <= known.keys():
        _keep(folder / _NAME, used)


def _kept(file: Path) -> dict[bytes, CodeType]:
    """What a file of this Python's that nobody else can write holds; nothing for any other."""
    try:
        with file.open("rb") as opened:
            about = os.fstat(opened.fileno())
            content = opened.read(_LARGEST)
        ours = about.st_mode & (stat.S_IWGRP | stat.S_IWOTH) == 0 and about.st_uid == os.getuid()
        head, body = content[:_HEAD], content[_HEAD:]
        if ours and head == _head_of(body):
            return dict(marshal.loads(body))  # noqa: S302 - as trusted as the files that Python itself compiles
    except (OSError, ValueError, EOFError, TypeError, AttributeError):  # no getuid: not on this system
        pass
    return {}


def _head_of(body: bytes) -> bytes:
    """Which Python wrote `body`, and that it is whole: damaged code would end the process."""
    return MAGIC_NUMBER + zlib.crc32(body).to_bytes(4, "big")


def _keep(file: Path, compiled: dict[bytes, CodeType]) -> None:
    draft = file.with_suffix(".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        draft.touch(mode=0o600)
        body = marshal.dumps(compiled)
        draft.write_bytes(_head_of(body) + body)
        draft.replace(file)
    except OSError:
        pass  # the next start takes as long as this one
