"""The order by a column does not depend on how its values came to be read."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.task import Task
from taskmon.gui.long_work import Portions
from taskmon.gui.models.columns import Column, Observed
from taskmon.gui.models.slot_arrays import in_order_by_parts
from taskmon.gui.models.sort_order import SortOrder
from taskmon.gui.models.task_slots import TaskSlots
from taskmon.gui.task_rows import SortKey
from tests.builders import NOON, a_task, a_task_id

COUNT = 5000  # more than one step reads


def some_tasks() -> Sequence[Task]:
    return [a_task(task_id=a_task_id(number), name=f"case-{number * 7919 % COUNT:06d}") for number in range(COUNT)]


@given(
    values=st.lists(st.tuples(st.sampled_from((0.0, 1.0, 2.0, inf)), st.floats(allow_nan=False)), max_size=300),
    part=st.integers(1, 80),
)
def test_an_order_by_parts_is_that_of_the_whole(values: list[tuple[float, float]], part: int) -> None:
    columns = np.array(values).reshape(-1, 2).T
    keys = [column.__getitem__ for column in (*columns, np.arange(len(values)))]
    steps = in_order_by_parts(np.arange(len(values))[::-1], keys, part)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            assert end.value.tolist() == sorted(range(len(values)), key=lambda slot: (values[slot], slot))
            return


def test_an_order_that_was_given_up_half_way_is_right_when_it_is_wanted_again() -> None:
    tasks, slots, none = TaskSlots(), np.arange(COUNT), np.empty(0, dtype=np.intp)
    order = SortOrder(tasks, Observed(), Portions())
    for task in some_tasks():
        order.arrive(tasks.put(task).slot)
    order.update(slots, slots, NOON)
    keys = [SortKey(Column.NAME), SortKey(Column.COST)]
    steps = 0
    while True:  # given up one step later each time, until it is ready
        work = order.prepare(keys, none, NOON)
        if sum(1 for _, _ in zip(range(steps), work, strict=False)) < steps:
            break
        del work
        steps += 1
    order.choose(keys, None)
    names = [tasks.names.text(slot) for slot in order.sorted(slots).tolist()]
    assert names == sorted(names) and len(set(names)) == COUNT
