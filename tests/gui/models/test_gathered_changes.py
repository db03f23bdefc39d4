"""Several changes of the rows told as one are what has changed from the first to the last of them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from taskmon.gui.models.changed_cells import WHOLE, Span
from taskmon.gui.models.delta import Delta
from taskmon.gui.models.gathered_changes import GatheredChanges
from taskmon.gui.models.slot_arrays import slots_of

SLOTS = st.sets(st.integers(0, 9), max_size=6)
SPANS = st.builds(lambda one, other: Span(min(one, other), max(one, other)), st.integers(0, 9), st.integers(0, 9))


@given(
    first=SLOTS, steps=st.lists(st.tuples(SLOTS, SLOTS, SLOTS, st.dictionaries(st.integers(0, 9), SPANS)), max_size=6)
)
def test_changes_that_are_gathered_are_the_difference_between_the_first_and_the_last(
    first: set[int], steps: list[tuple[set[int], set[int], set[int], dict[int, Span]]]
) -> None:
    gathered, before = GatheredChanges(), first
    looks: dict[int, list[Span]] = {}
    moved: set[int] = set()
    for after, moving, changed, spans in steps:
        stay = before & after
        delta = Delta(
            leaving=slots_of(before - after), coming=slots_of(after - before),
            moving=slots_of(moving & stay), changed=slots_of(changed & stay),
        )  # fmt: skip
        gathered.add(delta, spans)
        for slot in changed & stay:
            looks.setdefault(slot, []).append(spans.get(slot, WHOLE))
        for slot in after - before:  # it may be elsewhere, and look different in every column
            looks.setdefault(slot, []).append(WHOLE)
        moved |= (moving & stay) | (after - before)
        before = after
    told, seen = gathered.take()
    stay = first & before
    assert set(told.leaving.tolist()) == first - before
    assert set(told.coming.tolist()) == before - first
    assert set(told.moving.tolist()) == moved & stay
    assert set(told.changed.tolist()) == looks.keys() & stay
    for slot in looks.keys() & stay:
        span = seen.get(slot, WHOLE)
        assert span is not None
        assert all(span.first <= each.first and each.last <= span.last for each in looks[slot])
    assert not gathered
