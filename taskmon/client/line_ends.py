"""Scripts written on Windows would not run on a machine of the service: their line ends are packed as Unix ones.

Like the Web API's own client: only .txt and .sh, and only if the first line ends that way.
"""

from __future__ import annotations

from typing import Final

_SUFFIXES: Final = (".txt", ".sh")


def wants_unix_lines(name: str, beginning: bytes) -> bool:
    """Whether the file `name` that begins like this is packed with Unix line ends."""
    line, end, _ = beginning.partition(b"\n")
    return bool(end) and line.endswith(b"\r") and name.endswith(_SUFFIXES)


class UnixLines:
    """Takes a file in pieces and gives it back with `\\n` for every `\\r\\n`, also where a piece ends in between."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, piece: bytes) -> bytes:
        """The next piece, converted as far as it is certain."""
        text = self._held + piece
        self._held = b"\r" if text.endswith(b"\r") else b""
        return text.removesuffix(self._held).replace(b"\r\n", b"\n")

    def rest(self) -> bytes:
        """What was held back, at the end of the file."""
        return self._held
