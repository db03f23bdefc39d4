"""PySide's enums in a fifth of the time: it makes three thousand of their members before the window is painted.

Python's `enum` takes every member through a dozen calls, since the body of a class can hold anything. PySide gives
names and whole numbers only, and for those the same classes are put together directly. Whether they do come out the
same is tried first with the `enum` of the Python that runs; where anything differs, it makes them as it always did.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from enum import KEEP, Enum, EnumType, Flag, IntEnum, IntFlag
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    _Make = Callable[[str, list[tuple[str, int]], str], Any]

_create: Final[Any] = vars(EnumType)["_create_"]
_AS_PYSIDE_ASKS: Final = {"qualname": None, "type": None, "start": 1, "boundary": KEEP}
_SAMPLE: Final = [("Four", 4), ("One", 1), ("Alias", 1), ("Five", 5), ("None_", 0), ("Last", 0x8000_0000)]


@contextmanager
def quick_enums() -> Iterator[None]:
    """Within it, enums that a call makes of names and whole numbers are put together directly."""
    makers = {base: make for base in (Enum, IntEnum, Flag, IntFlag) if _makes_the_same(make := maker_for(base), base)}

    def create(base: Any, class_name: str, names: Any, *, module: str | None = None, **options: Any) -> Any:
        if module is None:
            module = sys._getframe(2).f_globals["__name__"]  # who calls, as `enum` itself finds out
        simple = base in makers and options == _AS_PYSIDE_ASKS and type(names) is list
        kind = makers[base](class_name, names, module) if simple else None
        return _create(base, class_name, names, module=module, **options) if kind is None else kind

    type.__setattr__(EnumType, "_create_", create)
    try:
        yield
    finally:
        type.__setattr__(EnumType, "_create_", _create)


def maker_for(base: Any) -> _Make:
    """A function of class name, members and module that makes a subclass of `base`; None if that takes more thought."""
    empty = dict(vars(_create(base, "Empty", [], module="", boundary=KEEP)))
    new = empty.pop("__new__")
    containers = {name: type(value) for name, value in empty.items() if type(value) in (dict, list)}
    of_int, of_bits = issubclass(base, int), issubclass(base, Flag)
    meaningful = {name for kind in base.__mro__ + EnumType.__mro__ for name in vars(kind)}
    put = type.__setattr__

    def make(class_name: str, names: list[tuple[str, int]], module: str) -> Any:
        try:
            members = dict(names)
        except (TypeError, ValueError):
            return None
        if (
            len(members) < len(names)
            or not meaningful.isdisjoint(members)
            or any(type(name) is not str or name[:1] in ("", "_") for name in members)
            or any(type(value) is not int or (of_bits and value < 0) for value in members.values())
        ):
            return None
        body = {**empty, "__module__": module, **{name: container() for name, container in containers.items()}}
        kind: Any = type.__new__(EnumType, class_name, (base,), body)
        put(kind, "__new__", new)
        order, by_name, by_value = kind._member_names_, kind._member_map_, kind._value2member_map_
        for name, value in members.items():
            member = by_value.get(value)
            if member is None:
                member = int.__new__(kind, value) if of_int else object.__new__(kind)
                member.__dict__.update(_value_=value, _name_=name, __objclass__=kind, _sort_order_=len(order))
                by_value[value] = member
                if not of_bits or value.bit_count() == 1:
                    order.append(name)
            by_name[name] = member
            put(kind, name, member)
        if of_bits:
            _know_bits(kind)
        return kind

    return make


def _know_bits(kind: Any) -> None:
    """Tells a class of flags the bits of its members."""
    single = [kind._member_map_[name]._value_ for name in kind._member_names_]
    kind._singles_mask_ = sum(single)
    kind._flag_mask_ = reduce(or_, kind._value2member_map_, 0)
    kind._all_bits_ = (1 << kind._flag_mask_.bit_length()) - 1
    if single != sorted(single):
        kind._iter_member_ = kind._iter_member_by_def_


def _makes_the_same(make: _Make, base: Any) -> bool:
    """Whether what `make` makes of a sample cannot be told from what `enum` makes of it."""
    try:
        ours, theirs = make("Sample", _SAMPLE, "x"), _create(base, "Sample", _SAMPLE, module="x", boundary=KEEP)
        return facts(ours) == facts(theirs)
    except (AttributeError, KeyError, TypeError):
        return False


def facts(kind: Any) -> dict[str, Any]:
    """All that an enum's class and its members hold, to be compared with another one of the same members."""

    def plain(value: Any) -> Any:
        if isinstance(value, kind):
            return {**vars(value), "__objclass__": value.__objclass__ is kind, "int": isinstance(value, int) and +value}
        if isinstance(value, dict):
            return [(name, plain(inner)) for name, inner in value.items()]
        return getattr(value, "__func__", value)

    return {"": (kind.__qualname__, kind.__mro__[1:]), **{name: plain(value) for name, value in vars(kind).items()}}
