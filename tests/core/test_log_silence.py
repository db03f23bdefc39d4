"""A silence is told when it is unusual for this output, and not before."""

from __future__ import annotations

from taskmon.core.log_silence import OutputRhythm


def steady(gap_s: float, count: int = 12) -> tuple[OutputRhythm, float]:
    rhythm = OutputRhythm()
    for number in range(count):
        rhythm.note(number * 100, number * gap_s)
    return rhythm, (count - 1) * gap_s


def test_a_long_silence_is_told_beside_what_is_usual() -> None:
    rhythm, last = steady(20)
    silence = rhythm.silence(last + 14 * 60)
    assert silence is not None
    assert silence.text == "no output for 14 min, usual 20 s"
    assert silence.usual_s == 20


def test_a_usual_pause_and_a_short_one_are_no_silence() -> None:
    rhythm, last = steady(20)
    assert rhythm.silence(last + 150) is None
    rhythm, last = steady(0.1)
    assert rhythm.silence(last + 50) is None
    assert rhythm.silence(last + 61) is not None


def test_one_slow_step_seen_before_is_not_unusual_again() -> None:
    rhythm, last = steady(1)
    rhythm.note(99_999, last + 400)
    assert rhythm.silence(last + 400 + 500) is None
    assert rhythm.silence(last + 400 + 801) is not None


def test_without_experience_only_minutes_count() -> None:
    rhythm = OutputRhythm()
    assert rhythm.silence(1e6) is None
    rhythm.note(10, 0)
    assert rhythm.silence(299) is None
    silence = rhythm.silence(600)
    assert silence is not None
    assert silence.text == "no output for 10 min"


def test_the_same_size_is_no_output() -> None:
    rhythm, last = steady(20)
    rhythm.note(1100, last + 900)
    assert rhythm.silence(last + 901) is not None
