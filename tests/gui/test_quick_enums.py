"""Enums that are put together directly cannot be told from those that Python's `enum` makes, or are left to it."""

from __future__ import annotations

import copy
import pickle
from enum import CONFORM, KEEP, Enum, EnumType, Flag, IntEnum, IntFlag
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.gui.quick_enums import facts, maker_for, quick_enums

BASES = (Enum, IntEnum, Flag, IntFlag)
standard: Any = vars(EnumType)["_create_"]

names = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,3}", fullmatch=True)
numbers = st.one_of(st.integers(0, 8), st.integers(-3, 0xFFFF_FFFF))


def as_pyside_asks(base: Any, members: Any) -> Any:
    return base("Kind", members, boundary=KEEP)


@pytest.mark.parametrize("base", BASES)
@given(members=st.lists(st.tuples(names, numbers), max_size=12, unique_by=lambda pair: pair[0]))
def test_same_class_and_members(base: Any, members: list[tuple[str, int]]) -> None:
    ours = maker_for(base)("Kind", members, __name__)
    if ours is not None:  # `name`, `mro` and the like take more thought
        theirs = as_pyside_asks(base, members)
        assert facts(ours) == facts(theirs)
        assert [(repr(member), str(member), hash(member)) for member in ours] == [
            (repr(member), str(member), hash(member)) for member in theirs
        ]


@pytest.mark.parametrize("base", BASES)
def test_pyside_gets_them(base: Any) -> None:
    with quick_enums():
        kind = as_pyside_asks(base, [("One", 1), ("Two", 2), ("Second", 2)])
        assert vars(EnumType)["_create_"] is not standard
    assert vars(EnumType)["_create_"] is standard
    assert kind.__module__ == __name__
    assert kind(2) is kind.Second is kind["Two"]
    assert [member.name for member in kind] == ["One", "Two"]
    assert copy.deepcopy(kind.One) is kind.One
    with pytest.raises(ValueError, match="five"):
        kind("five")
    with pytest.raises(AttributeError):
        kind.One = 3


@pytest.mark.parametrize("base", [Flag, IntFlag])
def test_flags_combine(base: Any) -> None:
    with quick_enums():
        kind = as_pyside_asks(base, [("None_", 0), ("Left", 1), ("Right", 2), ("Both", 3), ("Top", 32)])
    assert kind.Left | kind.Right is kind.Both
    assert (kind.Both | kind.Top).value == 35
    assert list(kind.Both | kind.Top) == [kind.Left, kind.Right, kind.Top]
    assert kind.Both & ~kind.Left == kind.Right
    assert not kind.None_


def test_pickles_by_its_module(monkeypatch: pytest.MonkeyPatch) -> None:
    with quick_enums():
        kind = as_pyside_asks(IntEnum, [("One", 1)])
    monkeypatch.setitem(globals(), "Kind", kind)
    assert pickle.loads(pickle.dumps(kind.One)) is kind.One


@pytest.mark.parametrize(
    ("members", "options"),
    [
        (["One", "Two"], {"boundary": KEEP}),
        ("One Two", {}),
        ([("One", 1)], {"boundary": CONFORM}),
        ([("One", 1)], {"boundary": KEEP, "type": int}),
        ([("name", 1), ("value", 2)], {"boundary": KEEP}),
        ([("_private", 1)], {"boundary": KEEP}),
        ([("One", True)], {"boundary": KEEP}),
        ([("One", (1, 2))], {"boundary": KEEP}),
        ([("One", "1")], {"boundary": KEEP}),
        ({"One": 1}, {"boundary": KEEP}),
        ((("One", 1),), {"boundary": KEEP}),
    ],
)
def test_the_rest_is_left_to_enum(members: Any, options: dict[str, Any]) -> None:
    base: Any = Enum

    def made() -> Any:
        try:
            kind = base("Kind", members, **options)
            return kind.__mro__[1:], [(name, member._value_) for name, member in kind.__members__.items()]
        except (TypeError, ValueError) as error:
            return repr(error)

    theirs = made()
    with quick_enums():
        assert made() == theirs


def test_enum_of_another_python_makes_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """An `enum` whose classes hold something that we do not know of."""

    def newer(base: Any, class_name: str, names: Any, **options: Any) -> Any:
        kind = standard(base, class_name, names, **options)
        type.__setattr__(kind, "_count_", len(names))
        return kind

    monkeypatch.setattr(EnumType, "_create_", newer)
    monkeypatch.setattr("taskmon.gui.quick_enums._create", newer)
    with quick_enums():
        assert as_pyside_asks(Enum, [("One", 1), ("Two", 2)])._count_ == 2
