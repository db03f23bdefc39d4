"""What filters find in all tasks at once is what they find in each by itself."""

from __future__ import annotations

from datetime import timedelta
from unittest.mock import patch

import numpy as np
import pytest
import re2
from hypothesis import given, settings
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.single_lines import stays_in_line
from taskmon.gui.models.task_filter import parse_filter
from taskmon.gui.models.task_slots import TaskSlots
from taskmon.gui.models.text_finders import WordFinder
from taskmon.gui.models.text_lines import TextLines
from tests.builders import NOON, a_task, a_task_id

NAMES = st.one_of(
    st.none(),
    st.sampled_from(
        ("case-01", "Case-017", "wing\ncase", "\n", "a", " ", "ß", "ſtar", "Kelvin K", "\ud800", "x" * 200)
    ),
    st.text(st.sampled_from("ac-01 \né😀\x00\xff"), min_size=1, max_size=6),
)
TASKS = st.lists(
    st.builds(
        lambda number, name, project, status, detail, minutes: a_task(
            task_id=a_task_id(number), name=name, project=project, status=status, error_detail=detail,
            create_time=NOON - timedelta(minutes=minutes),
        ),
        st.integers(0, 60),
        NAMES,
        st.sampled_from(("wing", "Dam", "", "a-0")),
        st.sampled_from((Status.FAILED, Status.SUCCESS, Status.SUBMITTED)),
        st.sampled_from((None, "Exit code 1\nat 7", "case 12 of 3")),
        st.integers(0, 120),
    ),
    max_size=40,
)  # fmt: skip
PIECES = (
    "a", "c", "s", "k", "-", "0", "1", ".", "^", "$", "\\d", "\\w", "\\b", "\\B", "\\S", "\\s", "\\W", "\\D", "\\n",
    "[a-z]", "[^a]", "[^0-9]", "[\\d-]", "[[:space:]]", "\\A", "\\z", "(?s)", "(?-m)", "(?:", "(", ")", "|", "*", "+",
    "?", "{2}", "\n", "\\x0a", "é", "ß", "😀", "\\C", "\\pL", "\\.", "[.]", "[!-~]", "\\Qa", "case", "(?i)",
)  # fmt: skip
PATTERNS = st.lists(st.sampled_from(PIECES), min_size=1, max_size=6).map("".join)
WORDS = st.one_of(
    st.sampled_from(("case", "a", "-0", "wing", "é", "exit", "x" * 100, "\xff", "\n", "g\nc", "k9", "failed", "\x00")),
    st.text(st.sampled_from("ac-01é\n"), min_size=1, max_size=3),
).map(lambda word: '"' + word + '"')
FIELDS = ("id:", "name:", "name:=", "reason:", "reason:=", "project:", "project:=", "sim:", "group:")
FILTERS = st.one_of(
    WORDS,
    PATTERNS.map(lambda pattern: f"/{pattern}/"),
    st.builds("{}{}{}".format, st.sampled_from(("", "-")), st.sampled_from(FIELDS), WORDS),
    st.builds("{}/{}/".format, st.sampled_from(("name:", "id:", "-", "reason:")), PATTERNS),
    st.sampled_from(("status:failed", "-status:active", "since:1h", "-since:30m", "status:=success")),
)  # fmt: skip


def filled(tasks: list[Task]) -> TaskSlots:
    slots = TaskSlots()
    for task in tasks:
        slots.put(task)
    return slots


@settings(max_examples=600, deadline=None)
@given(TASKS, st.lists(FILTERS, min_size=1, max_size=2).map(" ".join), st.lists(st.integers(0, 60), max_size=10))
def test_a_filter_selects_the_tasks_that_it_accepts(tasks: list[Task], text: str, gone: list[int]) -> None:
    try:
        wanted = parse_filter(text, NOON)
    except InvalidInputError:
        return
    slots = filled(tasks)
    for number in gone:
        found = slots.forget(a_task_id(number))
        if found is not None:
            slots.release(np.array([found[0]]))
    for task in tasks[:5]:
        slots.put(task)
    everything = slots.all()
    expected = [slot for slot in everything.tolist() if wanted.accepts(slots.tasks[slot])]
    assert wanted.select(everything, slots).tolist() == expected
    with patch("taskmon.gui.models.text_lines._FEW", 0):  # as with many
        assert wanted.select(everything, slots).tolist() == expected
    some = everything[::3]
    assert wanted.select(some, slots).tolist() == [slot for slot in expected if slot in some]


@settings(max_examples=600, deadline=None)
@given(PATTERNS, st.lists(st.text(st.sampled_from("ack-01 .é😀\x00"), max_size=6), min_size=1, max_size=5))
def test_a_pattern_that_stays_in_its_line_finds_the_same_lines_alone_and_together(
    pattern: str, lines: list[str]
) -> None:
    if not stays_in_line(pattern):
        return
    try:
        compiled = re2.compile(f"(?m){pattern}")
    except re2.error:
        return
    together = compiled.search("\n".join(lines)) is not None
    assert together == any(compiled.search(line) is not None for line in lines)


@pytest.mark.parametrize(
    "pattern", ["case-0.*7$", "^k9[a-f]+$", "a|b", "(?:x){2,3}", "v1\\.2", "\\bwing\\b", "[0-9]{3}z"]
)
def test_ordinary_patterns_are_looked_for_in_all_tasks_at_once(pattern: str) -> None:
    assert stays_in_line(pattern)


@pytest.mark.parametrize(
    "pattern", ["a[^b]", "a\\sb", "\\Aid", "a\nb", "(?s)a.b", "[\t-z]", "[[:^alpha:]]", "\\x0a", "\\W", "[\\D]"]
)
def test_patterns_that_may_see_a_line_end_are_looked_for_in_each_task(pattern: str) -> None:
    assert not stays_in_line(pattern)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9000), st.text(st.sampled_from("abé\n"), max_size=3)), max_size=30))
def test_lines_are_what_was_put_last(puts: list[tuple[int, str]]) -> None:
    lines, known = TextLines(), dict[int, str]()
    for slot, text in puts:
        assert lines.put(slot, text) == (known.get(slot, "") != text)
        known[slot] = text
        if slot % 3 == 0:
            lines.found(WordFinder("a"), np.arange(9001))
    everything = np.arange(9001)
    for letter in "abé":
        found = np.flatnonzero(lines.found(WordFinder(letter), everything)).tolist()
        assert found == sorted(slot for slot, text in known.items() if letter in text)
    assert np.flatnonzero(lines.filled(everything)).tolist() == sorted(slot for slot, text in known.items() if text)
    assert [lines.text(slot) for slot in known] == list(known.values())


def test_a_value_that_no_task_has_any_longer_is_forgotten() -> None:
    slots = TaskSlots()
    for number in range(500):
        slots.put(a_task(task_id="only", status=Status.FAILED, error_detail=f"step {number}"))
    assert sum(value is not None for value in slots.shared.values) == 1
