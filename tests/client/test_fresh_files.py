"""Names that came from elsewhere are safe names of one file here."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.client.fresh_files import safe_name


@pytest.mark.parametrize(
    ("given_name", "made"),
    [
        ("field_0001.vtk", "field_0001.vtk"),
        ("größe 3.csv", "größe 3.csv"),
        ("a/b\\c:d", "a_b_c_d"),
        ("new\nline\x1b[31m", "new_line_[31m"),
        ("gpj.\u202eexe", "gpj._exe"),
        ("bad\udce9byte", "bad_byte"),
        ("CON", "_CON"),
        ("nul.tar.gz", "_nul.tar.gz"),
        ("console", "console"),
        (".bashrc", "bashrc"),
        ("name. . ", "name"),
        ("...", "file"),
        ("", "file"),
    ],
)
def test_what_could_do_harm_is_replaced(given_name: str, made: str) -> None:
    assert safe_name(given_name, "file") == made


def test_a_name_may_stay_hidden_where_it_is_allowed_to() -> None:
    assert safe_name(".gitignore", "file", hidden=True) == ".gitignore"
    assert safe_name("..", "file", hidden=True) == "file"


def test_a_long_name_keeps_its_ending() -> None:
    made = safe_name("ü" * 300 + ".vtk", "file")
    assert len(made.encode()) <= 200
    assert made.endswith("ü.vtk")
    assert len(safe_name("a" * 10 + "." + "b" * 300, "file")) <= 200


@given(st.text(alphabet=st.characters(), max_size=300), st.booleans())
def test_no_text_makes_a_dangerous_name(text: str, hidden: bool) -> None:
    made = safe_name(text, "file", hidden=hidden)
    assert made not in ("", ".", "..")
    assert not set(made) & set("/\\:\0")
    assert len(made.encode()) <= 210
    assert not made.endswith((" ", "."))
    assert all(unicodedata.category(letter) not in ("Cc", "Cf", "Cs") for letter in made)
