"""Foreign text never moves or hides what stands beside it."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.plain_text import one_line, short_name, some_lines, telling_part


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dam_break.json", "dam_break.json"),
        ("größe – Ω 流.txt", "größe – Ω 流.txt"),
        ("two\nlines\r\tend", "two␊lines␍␉end"),
        ("\x1b[31mred\x7f", "␛[31mred␡"),
        ("evil\u202efdp.exe", "evil\ufffdfdp.exe"),
        ("zero\u200bwidth", "zero\ufffdwidth"),
        (os.fsdecode(b"latin-\xe9.inp"), "latin-\ufffd.inp"),
    ],
)
def test_invisible_characters_become_visible(text: str, shown: str) -> None:
    assert one_line(text) == shown


def test_several_lines_stay_lines_and_a_long_name_is_cut() -> None:
    assert some_lines("a\tb\n\x1b[1mc\r\nd\u202ee\n") == "a   b\n␛[1mc\nd\ufffde"
    assert short_name("wing\n") == "wing␊"
    assert len(short_name("x" * 300)) == 60
    assert short_name("x" * 300).endswith("x…")


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_any_text_becomes_one_encodable_line_of_the_same_length(text: str) -> None:
    line = one_line(text)
    assert len(line) == len(text)
    assert len(line.splitlines()) <= 1
    line.encode("utf-8")
    assert one_line(line) == line


def test_of_texts_that_begin_alike_the_part_is_told_in_which_they_differ() -> None:
    exits = ["Exit code #. lmp: Segmentation fault", "Exit code #. simpleFoam: FATAL ERROR in …", "No space left"]
    assert [telling_part(title, exits) for title in exits] == [
        "…lmp: Segmentation fault", "…simpleFoam: FATAL ERROR in …", "No space left",
    ]  # fmt: skip
    assert telling_part("mesh broken", ["mesh broken at #", "mesh"]) == "mesh broken"
    assert telling_part("wing-12", ["wing-13"]) == "wing-12"
