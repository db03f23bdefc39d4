"""The states of a task and the ways between them, compared with the contract pair by pair."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import pytest

from taskmon.core.errors import IllegalTransitionError
from taskmon.core.lifecycle import (
    FACTS,
    TRANSITIONS,
    Cause,
    Kind,
    Status,
    advance,
    can_follow,
    can_kill,
    facts,
)

CONTRACT = json.loads(Path(__file__).parents[1].joinpath("contract", "lifecycle.json").read_text(encoding="utf-8"))
LEGAL = {(edge["from"], edge["to"]) for edge in CONTRACT["transitions"]}
BEFORE = [None, *FACTS]


def test_the_states_are_those_of_the_contract() -> None:
    assert len(FACTS) == 17
    assert {str(status) for status in FACTS} == {entry["code"] for entry in CONTRACT["statuses"]}
    assert set(Status) == set(FACTS)


@pytest.mark.parametrize("pair", list(itertools.product(BEFORE, FACTS)), ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_a_state_follows_another_exactly_where_the_contract_says(pair: tuple[Status | None, Status]) -> None:
    earlier, later = pair
    assert can_follow(earlier, later) == ((earlier, later) in LEGAL)


def test_the_transitions_are_those_of_the_contract_no_more_and_no_fewer() -> None:
    assert {(source, target) for (source, _), target in TRANSITIONS.items()} == LEGAL


@pytest.mark.parametrize("pair", list(itertools.product(BEFORE, Cause)), ids=lambda pair: f"{pair[0]}-{pair[1]}")
def test_a_cause_leads_on_or_is_refused_with_both_names(pair: tuple[Status | None, Cause]) -> None:
    current, cause = pair
    if (current, cause) in TRANSITIONS:
        assert (current, advance(current, cause)) in LEGAL
    else:
        with pytest.raises(IllegalTransitionError) as refusal:
            advance(current, cause)
        assert str(cause) in str(refusal.value)
        assert str(current) in str(refusal.value)


@pytest.mark.parametrize("entry", CONTRACT["statuses"], ids=lambda entry: entry["code"])
def test_the_facts_of_a_state_are_those_of_the_contract(entry: dict[str, object]) -> None:
    known = facts(Status(str(entry["code"])))
    assert known.alias == entry["alias"]
    assert known.kind == entry["kind"]
    assert known.terminal == entry["terminal"]
    assert known.killable == entry["killable"]
    assert known.may_auto_resubmit == entry["may_auto_resubmit"]


@pytest.mark.parametrize("status", list(FACTS))
def test_every_state_says_what_happened_why_and_what_to_do(status: Status) -> None:
    known = facts(status)
    for sentence in (known.what, known.why, known.next_step):
        assert sentence == sentence.strip()
        assert sentence.endswith(".")
        assert sentence[0].isupper()
    assert len({known.what, known.why, known.next_step}) == 3


def test_no_two_states_are_called_or_explained_alike() -> None:
    assert len({known.alias for known in FACTS.values()}) == len(FACTS)
    assert len({known.what for known in FACTS.values()}) == len(FACTS)


def test_the_flags_of_a_state_agree_with_its_kind_and_its_ways_out() -> None:
    for status, known in FACTS.items():
        ways_out = {target for (source, _), target in TRANSITIONS.items() if source == status}
        assert known.terminal == (known.kind in (Kind.TERMINAL_OK, Kind.TERMINAL_FAILED, Kind.USER_STOPPED))
        assert bool(ways_out) == (not known.terminal or known.may_auto_resubmit)
        assert can_kill(status) == ((status, Cause.USER_KILL) in TRANSITIONS)
        assert known.resubmittable == (known.terminal and known.kind is not Kind.TERMINAL_OK)


def test_every_state_can_be_reached() -> None:
    reached: set[Status] = set()
    frontier: list[Status | None] = [None]
    while frontier:
        source = frontier.pop()
        fresh = {target for (start, _), target in TRANSITIONS.items() if start == source} - reached
        reached |= fresh
        frontier.extend(fresh)
    assert reached == set(FACTS)


@pytest.mark.parametrize("code", ["waiting-for-godot", "x", "UPPER", "queued_again"])
def test_a_code_of_the_future_is_usable_neutral_and_alive(code: str) -> None:
    status = Status(code)
    known = facts(status)
    assert not status.known
    assert str(status) == code
    assert status == Status(code)
    assert hash(status) == hash(code)
    assert not known.terminal
    assert not can_kill(status)
    assert known.kind is Kind.TRANSIENT
    assert known.alias
    assert "-" not in known.alias
    assert known.next_step
    assert status not in FACTS
    with pytest.raises(IllegalTransitionError):
        advance(status, Cause.USER_KILL)


def test_an_empty_code_still_has_a_name() -> None:
    assert facts(Status("")).alias == "Unknown state"


def test_only_text_can_be_a_status() -> None:
    with pytest.raises(ValueError, match="7"):
        Status(7)  # type: ignore[arg-type]
