"""A log line is shown as a terminal would leave it, and nothing in it can hide or deceive."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.log_source import LineList, RawLine
from taskmon.core.log_spans import StyleSpan, spans_between
from taskmon.core.log_style import PLAIN, RGB, TextStyle, folded, style_after, styled, styles_before
from taskmon.core.log_text import LineText, _Pen, line_text, plain_text, raw_text, shown_line
from tests.log_streams import STREAMS

PIECES = st.sampled_from(
    [
        b"abc",
        b"\r",
        b"\t",
        b"\b",
        b"\x1b[31m",
        b"\x1b[0m",
        b"\x1b[K",
        b"\x1b[2C",
        b"\x1b[",
        b"\xff",
        "ü日".encode(),
        b"\x07",
        b" ",
    ]
)


def test_plain_text_stays_as_it_is() -> None:
    assert line_text(b"Time = 0.05  residual 3.1e-06") == LineText("Time = 0.05  residual 3.1e-06")
    assert plain_text("Größe 日本語 ✓ 🚀".encode()) == "Größe 日本語 ✓ 🚀"


def test_colours_and_styles_become_spans() -> None:
    shown = line_text(b"a \x1b[1;32mok\x1b[0m b \x1b[4mu\x1b[24m")
    assert shown.text == "a ok b u"
    assert shown.spans == (
        StyleSpan(2, 4, TextStyle(ink=2, bold=True)),
        StyleSpan(7, 8, TextStyle(underline=True)),
    )


@pytest.mark.parametrize(
    ("parameters", "style"),
    [
        ("", PLAIN),
        ("31", TextStyle(ink=1)),
        ("91", TextStyle(ink=9)),
        ("44;97", TextStyle(ink=15, paper=4)),
        ("38;5;9", TextStyle(ink=9)),
        ("38;5;196", TextStyle(ink=RGB + 0xFF0000)),
        ("38;5;244", TextStyle(ink=RGB + 0x808080)),
        ("38;2;255;120;0", TextStyle(ink=RGB + 0xFF7800)),
        ("48;2;1;2;3;1", TextStyle(paper=RGB + 0x010203, bold=True)),
        ("38;2;999;0;0", TextStyle(ink=RGB + 0xFF0000)),
        ("7", TextStyle(inverse=True)),
        ("31;0;3", TextStyle(italic=True)),
        ("31;39", PLAIN),
        ("38", PLAIN),
        ("38;5", PLAIN),
        ("123", PLAIN),
    ],
)
def test_sgr_numbers_are_understood(parameters: str, style: TextStyle) -> None:
    assert styled(PLAIN, parameters) == style


def test_a_hundred_updates_by_carriage_return_are_one_state() -> None:
    bar = b"".join(b"\rstep %3d of 100" % number for number in range(101))
    assert plain_text(bar) == "step 100 of 100"


def test_a_shorter_text_overwrites_only_its_own_cells() -> None:
    assert plain_text(b"downloading 99 %\rdone") == "doneloading 99 %"
    assert plain_text(b"downloading 99 %\r\x1b[Kdone") == "done"
    assert plain_text(b"50 %\r") == "50 %"
    assert plain_text(b"abc\b\bX") == "aXc"
    assert plain_text(b"abc\r\x1b[2CX\x1b[6Gend") == "abX  end"


def test_overwritten_text_takes_its_colour_along() -> None:
    shown = line_text(b"\x1b[31mred red\x1b[0m\rok")
    assert shown == LineText("okd red", (StyleSpan(2, 7, TextStyle(ink=1)),))


def test_tabs_reach_the_next_column_of_eight() -> None:
    assert plain_text(b"a\tb\t\tc") == "a       b               c"


def test_other_escapes_leave_no_trace() -> None:
    assert plain_text(b"\x1b]0;title\x07a\x1b]8;;http://x\x1b\\b\x1b[2Jc\x1b(Bd\x1b=e\x07") == "abcde"


def test_control_characters_are_visible() -> None:
    assert plain_text(b"a\x00b\x0cc\x7fd\x1b") == "a␀b␌c␡d␛"


def test_bytes_that_are_no_utf8_are_shown_and_hurt_nothing() -> None:
    assert plain_text(b"a\xff\xfeb\xc3") == "a\ufffd\ufffdb\ufffd"


def test_text_cannot_turn_its_direction_unseen() -> None:
    assert plain_text("a\u202eb\u2066c".encode()) == "a⟨U+202E⟩b⟨U+2066⟩c"
    assert plain_text("a\u2028b".encode()) == "a␤b"


def test_emoji_that_are_joined_stay_joined() -> None:
    assert plain_text("👩\u200d🔬".encode()) == "👩\u200d🔬"


def test_a_cut_line_says_what_is_missing() -> None:
    shown = shown_line(RawLine("abcü".encode()[:-1], 10_000_000))
    assert shown.text == "abc"
    assert shown.notice == "… 10.0 MB more in this line"
    assert shown_line(RawLine(b"abc", 3)).notice == ""


@given(st.lists(PIECES, max_size=30).map(b"".join))
def test_whatever_the_bytes_the_text_is_clean_and_the_spans_fit(raw: bytes) -> None:
    shown = line_text(raw)
    assert not any(unicodedata.category(character) == "Cc" for character in shown.text)
    end = 0
    for span in shown.spans:
        assert end <= span.start < span.end <= len(shown.text)
        assert span.style != PLAIN
        end = span.end


@given(st.binary(max_size=200))
def test_any_bytes_at_all_are_shown(raw: bytes) -> None:
    shown = line_text(raw)
    assert not set(shown.text) & set(map(chr, range(32)))


@given(st.lists(st.text(alphabet="abc #%", max_size=12), min_size=1, max_size=10))
def test_overwriting_equals_writing_cell_by_cell(states: list[str]) -> None:
    cells: dict[int, str] = {}
    for state in states:
        cells.update(enumerate(state))
    assert plain_text("\r".join(states).encode()) == "".join(cells[column] for column in sorted(cells))


def styles_of(shown: LineText) -> list[TextStyle]:
    """The style of every character."""
    styles = [PLAIN] * len(shown.text)
    for span in shown.spans:
        styles[span.start : span.end] = [span.style] * (span.end - span.start)
    return styles


STRAIGHT = st.lists(
    st.sampled_from(
        ["\r", "\t", "\a", "a", "step 12", "\x1b[31m", "\x1b[0m", "\x1b[1;4m", "\x1b[m", "ü日", "\u202e", ""]
    )
).map("".join)


@given(text=STRAIGHT, begun=st.sampled_from([PLAIN, TextStyle(ink=2)]))
def test_the_quick_way_writes_what_the_pen_writes(text: str, begun: TextStyle) -> None:
    quick, exact = line_text(text.encode(), begun), _Pen(begun).write(text)
    assert quick.text == exact.text
    assert styles_of(quick) == styles_of(exact)
    assert all(first.end <= second.start for first, second in zip(quick.spans, quick.spans[1:], strict=False))


def test_a_style_runs_on_until_it_is_taken_back() -> None:
    lines = [b"\x1b[31mred", b"still red", b"\x1b[0mplain", b"after"]
    source = LineList(lines)
    raw = source.lines(0, 4)
    styles = styles_before(source, 0, raw)
    shown = [shown_line(line, style) for line, style in zip(raw, styles, strict=True)]
    assert [bool(line.spans) for line in shown] == [True, True, False, False]
    assert shown[1].spans == (StyleSpan(0, 9, TextStyle(ink=1)),)


@given(
    lines=st.lists(
        st.sampled_from([b"x", b"\x1b[31mx", b"\x1b[0mx", b"\x1b[1mx", b"\x1b[4m" + b"x" * 2000]),
        min_size=1,
        max_size=6,
    ),
    times=st.integers(1, 300),
    first=st.integers(0, 900),
    count=st.integers(1, 60),
)
def test_a_line_begins_in_the_same_style_from_wherever_it_is_reached(
    lines: list[bytes], times: int, first: int, count: int
) -> None:
    source = LineList(lines * times)
    page = source.lines(first, count)
    alone = [styles_before(source, first + place, [line])[0] for place, line in enumerate(page)]
    assert styles_before(source, first, page) == alone
    if alone and first < 256:
        style = PLAIN
        for line in source.lines(0, first):
            style = style_after(line, style)
        assert alone[0] == style


@given(stream=STREAMS, begun=st.sampled_from([PLAIN, TextStyle(ink=2, bold=True)]))
def test_the_next_line_begins_in_the_style_that_this_one_leaves_on(stream: bytes, begun: TextStyle) -> None:
    raw = stream.replace(b"\n", b"")[:1024]
    pen = _Pen(begun)
    pen.write(raw.decode("utf-8", "replace"))
    assert style_after(RawLine(raw, len(raw)), begun) == pen._style


def test_raw_text_shows_every_escape_and_return() -> None:
    assert raw_text(b"a\x1b[31mb\rc\t") == LineText("a␛[31mb␍c␉")


COMMANDS = st.lists(
    st.sampled_from(["", "0", "31", "1", "4;32", "38;2;1;2;3", "48;5;200", "39", "22", "7"]), max_size=200
)


@given(commands=COMMANDS, begun=st.sampled_from([PLAIN, TextStyle(ink=2, bold=True)]))
def test_many_commands_at_once_change_what_they_change_one_by_one(commands: list[str], begun: TextStyle) -> None:
    style = begun
    for parameters in commands:
        style = styled(style, parameters)
    assert folded(commands, begun) == style


@given(commands=COMMANDS.filter(bool), left=st.integers(0, 300), width=st.integers(0, 200))
def test_the_looked_at_part_of_a_line_of_many_colours_is_the_same_as_in_the_whole(
    commands: list[str], left: int, width: int
) -> None:
    commands = (commands * 80)[:400]
    pieces = [*("ab"[: number % 3] for number in range(len(commands))), "end"]
    raw = "".join(f"{piece}\x1b[{command}m" for piece, command in zip(pieces, commands, strict=False)) + "end"
    exact = _Pen().write(raw)
    shown = line_text(raw.encode())
    assert (shown.text, styles_of(shown)) == (exact.text, styles_of(exact))
    part = [PLAIN] * len(exact.text)
    for span in spans_between(shown.spans, left, left + width):
        part[span.start : span.end] = [span.style] * (span.end - span.start)
    assert part[left : left + width] == styles_of(exact)[left : left + width]


def test_a_line_of_endless_cursor_moves_is_shown_in_part_and_says_so_but_is_copied_whole() -> None:
    raw = b"x\x1b[1C" * 5000
    line = shown_line(RawLine(raw, len(raw)))
    assert line.notice.endswith("more in this line")
    assert 0 < len(line.text) < len(plain_text(raw)) == 9999
