"""The builders build values that the rest of the tests can rely on."""

from __future__ import annotations

from itertools import pairwise

import pytest

from taskmon.core.lifecycle import FACTS, Status, can_follow
from tests.builders import a_machine_group, a_task, a_task_detail, a_task_id, some_tasks


@pytest.mark.parametrize("status", list(FACTS))
def test_a_built_detail_has_travelled_a_legal_path_to_its_state(status: Status) -> None:
    history = a_task_detail(status=status).status_history
    path: list[Status | None] = [None, *(entry.status for entry in history)]
    assert history[-1].status is status
    assert all(later is not None and can_follow(earlier, later) for earlier, later in pairwise(path))


def test_built_tasks_differ_in_their_ids_and_keep_what_was_given() -> None:
    assert a_task().task_id != a_task().task_id
    assert a_task_id(7) == a_task_id(7)
    assert a_task(name="dam").name == "dam"
    assert a_task(status=Status.FAILED).is_terminated
    assert len({task.task_id for task in some_tasks(500)}) == 500
    assert a_machine_group().machines
