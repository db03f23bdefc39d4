"""Views that a person has named: columns, order and filter together. Plain values; where they are kept is not known."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Final

from taskmon.core.errors import InvalidInputError

LONGEST_NAME: Final = 60


@dataclass(frozen=True, slots=True)
class NamedView:
    """`columns` is what the table's `save_state` gave: columns and order."""

    name: str
    filter_text: str
    columns: bytes


class NamedViews:
    """The views in the order in which they were saved first. Names differ by more than case."""

    def __init__(self, views: Iterable[NamedView] = ()) -> None:
        self._views: dict[str, NamedView] = {view.name.casefold(): view for view in views}

    def __iter__(self) -> Iterator[NamedView]:
        return iter(self._views.values())

    def get(self, name: str) -> NamedView | None:
        return self._views.get(name.strip().casefold())

    def save(self, view: NamedView) -> None:
        """Adds a view, or replaces the one of the same name. Raises InvalidInputError for a name that is none."""
        view = replace(view, name=_checked(view.name))
        self._views[view.name.casefold()] = view

    def rename(self, name: str, new: str) -> None:
        """Raises InvalidInputError if `new` is no name or another view has it."""
        new, key = _checked(new), name.casefold()
        if new.casefold() != key and new.casefold() in self._views:
            raise InvalidInputError(f"There is already a view “{new}”.", "Choose another name, or delete that one.")
        self._views = {
            (new.casefold() if known == key else known): (replace(view, name=new) if known == key else view)
            for known, view in self._views.items()
        }

    def delete(self, name: str) -> None:
        self._views.pop(name.casefold(), None)

    def dump(self) -> bytes:
        """All views as one value, for `load`."""
        return json.dumps(
            [[view.name, view.filter_text, base64.b64encode(view.columns).decode()] for view in self._views.values()]
        ).encode()

    @classmethod
    def load(cls, kept: bytes | None) -> NamedViews:
        """The views that `dump` gave; none for a value that makes no sense."""
        try:
            told = json.loads(kept or b"[]")
            return cls(NamedView(str(name), str(text), _bytes(columns)) for name, text, columns in told)
        except (ValueError, TypeError, binascii.Error):
            return cls()


def _bytes(columns: str) -> bytes:
    return base64.b64decode(columns, validate=True)


def _checked(name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > LONGEST_NAME:
        raise InvalidInputError("A view needs a name.", f"Use one to {LONGEST_NAME} letters.")
    return name
