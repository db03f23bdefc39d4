"""Which names, addresses and keys can work."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.connection import (
    ConnectionDraft,
    address_problem,
    address_warning,
    is_loopback,
    key_problem,
    name_problem,
    tidy_address,
)


@pytest.mark.parametrize("key", ["a", "AZaz09._-", "x" * 4096, "  padded\n"])
def test_what_the_official_client_accepts_is_a_key(key: str) -> None:
    assert key_problem(key) == ""


@pytest.mark.parametrize("key", ["", " ", "a+b", "a/b", "a=", "a:b", "a b", "a\nb", "é", "x" * 4097, "a\x00"])
def test_what_the_official_client_refuses_is_no_key(key: str) -> None:
    assert key_problem(key)


@given(st.text(min_size=8))
def test_a_complaint_about_a_key_never_repeats_it(key: str) -> None:
    assert key.strip() == "" or key.strip() not in key_problem(key)


@pytest.mark.parametrize(
    "url", ["https://api.inductiva.ai", "http://127.0.0.1:8400/", "http://[::1]:80", "https://lab.example/taskmon"]
)
def test_addresses_of_services_are_accepted(url: str) -> None:
    assert address_problem(url) == ""


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.inductiva.ai",
        "ftp://lab.example",
        "https://",
        "http://lab.example:99999",
        "http://[::1",
        "https://key@lab.example",
        "https://lab.example/?key=1",
        "https://lab.example/#top",
        "https://lab example",
        "https://lab\u202e.example",
    ],
)
def test_other_addresses_are_refused_with_a_sentence(url: str) -> None:
    assert address_problem(url).endswith(".")


@given(st.text())
def test_no_text_in_the_address_field_is_a_bug(url: str) -> None:
    assert isinstance(address_problem(url) + address_warning(url), str)


@pytest.mark.parametrize(
    ("url", "warned"),
    [
        ("http://lab.example", True),
        ("http://192.168.1.4:8400", True),
        ("https://lab.example", False),
        ("http://localhost:8400", False),
        ("http://127.1.2.3", False),
        ("http://[::1]:8400", False),
        ("not an address", False),
    ],
)
def test_a_key_in_clear_text_is_warned_about_except_on_this_computer(url: str, warned: bool) -> None:
    assert bool(address_warning(url)) is warned


def test_a_name_is_needed_and_taken_only_once() -> None:
    assert name_problem("  ", [])
    assert name_problem("lab", ["Lab"])
    assert name_problem("x" * 61, [])
    assert name_problem("a\nb", [])
    assert name_problem("Lab 2", ["Lab"]) == ""


def test_a_draft_does_not_show_its_key() -> None:
    draft = ConnectionDraft(original="", name=" Lab ", url="https://lab.example/ ", key="s3cret-key")
    assert "s3cret" not in repr(draft)
    assert (draft.connection.name, draft.connection.url) == ("Lab", "https://lab.example")
    assert tidy_address(" https://a/b// ") == "https://a/b"
    assert is_loopback("localhost") and not is_loopback("localhost.evil.example")
