"""The language of the filter box."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import Status
from taskmon.core.task import Task
from taskmon.gui.models.filter_words import FilterWord, split_filter
from taskmon.gui.models.task_filter import KEYS, parse_filter
from taskmon.gui.models.task_group import GroupCounts, exactly
from taskmon.gui.widgets.filter_box import HELP
from tests.builders import NOON, a_task

WING = a_task(
    task_id="k9muu1qqqq",
    name="Wing AoA 04",
    simulator="openfoam",
    project="wing study",
    machine_group_name="c2-spot",
    status=Status.FAILED,
    error_detail="Exit code 1",
    create_time=NOON - timedelta(hours=1),
)


def utc(local: str) -> datetime:
    """A moment by this computer's clock."""
    return datetime.fromisoformat(local).astimezone(UTC)


def accepts(text: str, task: Task = WING) -> bool:
    return parse_filter(text, NOON).accepts(task)


@pytest.mark.parametrize(
    "text",
    [
        "", "   ", "wing", "WING aoa", "k9mu", "exit", "openfoam wing", '"wing study"', '"aoa 04"', "-dam",
        "-status:active", "status:failed", "status:ended", "status:=failed", "status:fail", "project:wing",
        'project:="wing study"', "sim:foam", "simulator:open", "group:spot",
        "id:k9", "name:aoa", "since:2h", "since:1h30m", "-since:30m",
        "/aoa \\d+$/", "/^k9/", "name:/^wing.*04$/", "-/dam|pipe/", "status:", "-", '""', "since:", "/wing",
        'name:"wing aoa', "STATUS:Failed",
    ],
)  # fmt: skip
def test_a_matching_task_passes(text: str) -> None:
    assert accepts(text)


@pytest.mark.parametrize(
    "text",
    [
        "dam", "wing dam", "-wing", "status:done", "status:active", "status:=executer-failed", "project:dam",
        "project:=wing", 'project:="Wing study"', "since:30m", "-since:2h", "/aoa$/", "id:wing", '"04 aoa"',
    ],
)  # fmt: skip
def test_another_task_does_not_pass(text: str) -> None:
    assert not accepts(text)


@pytest.mark.parametrize(
    ("word", "statuses"),
    [
        ("active", [Status.PENDING_INPUT, Status.SUBMITTED, Status.STARTED, Status.PENDING_KILL]),
        ("queued", [Status.PENDING_INPUT, Status.SUBMITTED]),
        ("waiting", [Status.PENDING_INPUT, Status.SUBMITTED]),
        ("running", [Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED]),
        ("ended", [Status.SUCCESS, Status.FAILED, Status.KILLED, Status.ZOMBIE]),
        ("done", [Status.SUCCESS]),
        ("failed", [Status.FAILED, Status.TTL_EXCEEDED, Status.EXECUTER_FAILED]),
        ("stopped", [Status.KILLED, Status.EXECUTER_TERMINATED_BY_USER]),
        ("killed", [Status.KILLED]),
        ("progress", [Status.COMPUTATION_STARTED]),
        ('"in queue"', [Status.SUBMITTED]),
    ],
)
def test_status_knows_groups_and_names(word: str, statuses: list[Status]) -> None:
    for status in statuses:
        assert accepts(f"status:{word}", a_task(status=status)), status


@pytest.mark.parametrize("status", list(Status))
def test_every_state_is_found_by_its_code_alone(status: Status) -> None:
    wanted = parse_filter(f"status:={status.value}", NOON)
    assert [other for other in Status if wanted.accepts(a_task(status=other))] == [status]


def test_a_state_from_a_newer_service_can_be_filtered() -> None:
    assert accepts("status:=paused-by-moon", a_task(status=Status("paused-by-moon"), is_terminated=False))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("colour:red", "colour:"),
        ("status:fialed", "fialed"),
        ("since:yesteryear", "yesteryear"),
        ("before:2026-13-40", "2026-13-40"),
        ("before:9999999999999999999d", "longer ago"),
        ("since:99999999999d", "longer ago"),
        ("/[a/", "missing ]"),
        ("wing /a(/", "missing )"),
    ],
)
def test_what_means_nothing_is_refused_in_a_sentence(text: str, told: str) -> None:
    with pytest.raises(InvalidInputError) as refused:
        parse_filter(text, NOON)
    assert told in str(refused.value)
    assert refused.value.advice


def test_a_regular_expression_cannot_take_for_ever() -> None:
    slow = a_task(name="a" * 5_000)
    assert not accepts("/(a+)+(a+)+(a+)+b$/", slow)


def test_words_keep_quotes_keys_and_minus_apart() -> None:
    assert split_filter('wing -dam project:="my \\"best\\" wing" -name:/a\\/b c/ 10:30') == [
        FilterWord("wing"),
        FilterWord("dam", negated=True),
        FilterWord('my "best" wing', "project", exact=True),
        FilterWord("a/b c", "name", negated=True, regex=True),
        FilterWord("10:30"),
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("since:yesterday before:today", ["yesterday evening", "yesterday early"]),
        ("since:today", ["this morning"]),
        ("SINCE:Yesterday", ["this morning", "yesterday evening", "yesterday early"]),
        ("before:yesterday", ["the day before"]),
        ("-since:yesterday", ["the day before"]),
        ("since:2026-11-25 before:2026-11-26", ["yesterday evening", "yesterday early"]),
        ('since:"2026-11-25 12:00" before:2026-11-26', ["yesterday evening"]),
        ("since:2026-11-25T12:00", ["this morning", "yesterday evening"]),
        ("before:24h", ["yesterday early", "the day before"]),
    ],
)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Auckland", "America/Los_Angeles"])
def test_days_are_those_of_this_computers_clock(
    text: str, found: list[str], zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    made = {  # by the clock of the zone
        "this morning": "2026-11-26 00:00",
        "yesterday evening": "2026-11-25 23:59",
        "yesterday early": "2026-11-25 00:00",
        "the day before": "2026-11-24 23:59",
    }
    tasks = {name: a_task(create_time=utc(moment)) for name, moment in made.items()}
    wanted = parse_filter(text, utc("2026-11-26 09:30"))
    try:
        assert [name for name, task in tasks.items() if wanted.accepts(task)] == found
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_task_of_which_nobody_knows_when_it_was_submitted_is_neither_before_nor_since() -> None:
    assert not accepts("since:7d", a_task(create_time=None))
    assert not accepts("before:7d", a_task(create_time=None))


def test_box_readme_and_language_name_the_same_keys() -> None:
    offered = {f"{key}:" for key in GroupCounts().values()}
    readme = Path(__file__).parents[3] / "README.md"
    section = readme.read_text(encoding="utf-8").partition("## Filter")[2].partition("\n## ")[0]
    told = set(re.findall(r"\b[a-z]+:", " ".join(re.findall(r"`([^`]+)`", section))))
    helped = set(re.findall(r"\b[a-z]+:", " ".join(f"{example} {means}" for example, means in HELP)))
    assert offered == told == helped == set(KEYS)


@given(st.text(min_size=1, max_size=30))
def test_the_sidebar_filter_of_any_project_finds_exactly_it(name: str) -> None:
    wanted = parse_filter(exactly("project", name), NOON)
    assert wanted.accepts(a_task(project=name))
    assert not wanted.accepts(a_task(project=name + "x"))


@given(st.text(max_size=40))
def test_any_text_is_a_filter_or_a_sentence(text: str) -> None:
    try:
        parse_filter(text, NOON).accepts(WING)
    except InvalidInputError as refused:
        assert refused.title.endswith(".")
