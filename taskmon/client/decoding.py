"""Reads the service's JSON into core values; a long answer piece by piece, so that the loop can turn in between."""

from __future__ import annotations

import asyncio
from dataclasses import field, fields, is_dataclass, make_dataclass
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

from taskmon.client.pieces import in_pieces

T = TypeVar("T")

LARGE: Final = 64 * 1024
"""Bytes from which on an answer is read in pieces."""


class _Plan(NamedTuple):
    """An answer whose lists are left unread at first, and how the values of each list are read."""

    outline: msgspec.json.Decoder[Any]
    lists: dict[str, msgspec.json.Decoder[Any]]


async def decoded(answer: type[T], content: bytes) -> T:
    """`content` as an `answer`; nothing is null. Raises msgspec.DecodeError or UnicodeDecodeError."""
    kind = cast("Any", answer)
    if len(content) <= LARGE:
        return cast("T", _decoder(kind).decode(content or b"null"))
    await asyncio.sleep(0)  # to receive it was a turn of its own
    value = await _read(kind, content)
    await asyncio.sleep(0)
    return cast("T", value)


async def _read(kind: Any, content: bytes) -> Any:
    plan = _plan(kind)
    if plan is None:
        return _decoder(kind).decode(content)
    outline = plan.outline.decode(content)
    values = {known.name: getattr(outline, known.name) for known in fields(outline)}
    for name, decoder in plan.lists.items():
        values[name] = []
        async for piece in in_pieces(getattr(outline, name)):
            values[name] += map(decoder.decode, piece)
    return kind(**values)


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


@cache
def _plan(kind: Any) -> _Plan | None:
    """None for an answer without lists."""
    if not is_dataclass(kind):
        return None
    hints = get_type_hints(kind)
    lists = {name: _decoder(get_args(hint)[0]) for name, hint in hints.items() if get_origin(hint) is list}
    if not lists:
        return None
    outline = make_dataclass(
        "Outline",
        [
            (
                known.name,
                list[msgspec.Raw] if known.name in lists else hints[known.name],
                field(default=known.default, default_factory=known.default_factory),
            )
            for known in fields(kind)
        ],
        kw_only=True,
    )
    return _Plan(msgspec.json.Decoder(outline), lists)
