"""How a person reads logs is remembered, and a spoiled file costs nothing but the memory."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from taskmon.client.log_spool import LogSpool
from taskmon.core.errors import InvalidInputError
from taskmon.core.log_highlights import HighlightRule
from taskmon.core.log_source import LineList
from taskmon.gui.controllers.log_preferences import LogPreferences, compiled
from taskmon.gui.controllers.log_saving import save_everything, save_shown

if TYPE_CHECKING:
    from pathlib import Path

RULES = (HighlightRule("Courant", 2), HighlightRule(r"k = \d+", 1, regex=True, case_sensitive=True, enabled=False))


def test_wrap_size_and_rules_are_remembered(tmp_path: Path) -> None:
    path = tmp_path / "config" / "settings.toml"
    first = LogPreferences(path)
    first.remember(wrap=True, log_font_size=13.0)
    first.remember_rules(RULES)
    again = LogPreferences(path)
    assert again.settings.wrap
    assert again.settings.log_font_size == 13.0
    assert again.rules == RULES


def test_what_has_not_changed_is_not_written(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    LogPreferences(path).remember(wrap=False, log_font_size=10.0)
    assert not path.exists()


@pytest.mark.parametrize("content", ["rule = 3", "][", '[[rule]]\ncolour = "no such"', 'rule = ["x"]'])
def test_a_spoiled_file_of_rules_is_survived(tmp_path: Path, content: str) -> None:
    (tmp_path / "highlights.toml").write_text(content)
    rules = LogPreferences(tmp_path / "settings.toml").rules
    assert compiled(rules) == ([], "")


def test_rules_become_highlights_and_a_broken_one_is_named() -> None:
    highlights, problem = compiled(
        [HighlightRule("Max", 3), HighlightRule("a(", 1, regex=True), HighlightRule("off", enabled=False)]
    )
    assert [highlight.colour for highlight in highlights] == [3]
    assert highlights[0].find_spans("max Max") == [(0, 3), (4, 7)]
    assert "“a(” is not a regular expression" in problem


def test_everything_is_saved_byte_by_byte_and_what_is_seen_as_text(tmp_path: Path) -> None:
    content = b"\x1b[31mred\x1b[0m\n10 %\r20 %\n" + b"x" * 100_000 + b"\nlast"
    spool = LogSpool(tmp_path / "log")
    spool.append(content)
    spool.path.unlink()
    asyncio.run(save_everything(spool, tmp_path / "all", lambda _part: None))
    assert (tmp_path / "all").read_bytes() == content
    assert asyncio.run(save_shown(spool, tmp_path / "seen", lambda _part: None)) == 4
    assert (tmp_path / "seen").read_text() == "red\n20 %\n" + "x" * 100_000 + "\nlast\n"
    spool.close()


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="could not be saved"):
        asyncio.run(save_shown(LineList([b"x"]), tmp_path, lambda _part: None))
