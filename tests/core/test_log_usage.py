"""The usage file is read while it is being written."""

from __future__ import annotations

from taskmon.core.usage import UsageSeries, parse_usage, rates

HEADING = "time,command,cpu-usage,memory,disk-input,disk-output\n"
FIRST = "2026-05-01T10:00:00+00:00,0,98.5,1048576,0,0\n"
SECOND = "2026-05-01T10:00:02.500000+00:00,0,101,2097152,100,4096\n"


def test_samples_count_their_time_from_the_first() -> None:
    usage = parse_usage(HEADING + FIRST + SECOND)
    assert usage.times == [0.0, 2.5]
    assert usage.cpu_percent == [98.5, 101.0]
    assert usage.memory_bytes == [1048576.0, 2097152.0]
    assert (usage.disk_read, usage.disk_written) == ([0.0, 100.0], [0.0, 4096.0])


def test_every_prefix_of_the_file_gives_whole_samples_only() -> None:
    text = HEADING + FIRST + SECOND
    for length in range(len(text) + 1):
        assert len(parse_usage(text[:length])) == text[:length].count("+00:00") - (
            0 if text[:length].endswith("\n") or "+00:00" not in text[:length].rsplit("\n", 1)[-1] else 1
        )


def test_foreign_lines_and_empty_cells_are_no_disaster() -> None:
    assert parse_usage("") == UsageSeries()
    assert parse_usage("time,else\n1,2\n") == UsageSeries()
    usage = parse_usage(HEADING + "nonsense\n" + HEADING + "2026-05-01T10:00:00+00:00,0,,5,,\n")
    assert (usage.cpu_percent, usage.memory_bytes) == ([0.0], [5.0])


def test_rates_begin_again_with_a_new_command() -> None:
    assert rates([0, 1, 2, 4], [0, 10, 4, 4]) == [0.0, 10.0, 4.0, 0.0]
