"""What a task used while it ran: processor, memory and disk over time, from its `system_metrics.csv`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

_COLUMNS: Final = ("time", "cpu-usage", "memory", "disk-input", "disk-output")


@dataclass(frozen=True, slots=True, kw_only=True)
class UsageSeries:
    """Samples in the order of time, all of one length. `times` in seconds since the first sample.

    `cpu_percent` is of one core (400 = four cores busy); `memory_bytes` resident; `disk_read` and `disk_written` are
    bytes since the start of the present command.
    """

    times: Sequence[float] = ()
    cpu_percent: Sequence[float] = ()
    memory_bytes: Sequence[float] = ()
    disk_read: Sequence[float] = ()
    disk_written: Sequence[float] = ()

    def __len__(self) -> int:
        return len(self.times)


def parse_usage(text: str) -> UsageSeries:
    """The samples of a `system_metrics.csv`.

    A half-written last line, a repeated heading and lines that make no sense are left out.
    """
    lines = text.splitlines()
    heading = next((line for line in lines if line.startswith("time")), "")
    names = [name.strip() for name in heading.split(",")]
    if not all(column in names for column in _COLUMNS):
        return UsageSeries()
    places = [names.index(column) for column in _COLUMNS]
    whole = lines if text.endswith(("\n", "\r")) else lines[:-1]
    samples = [sample for line in whole if (sample := _sample(line.split(","), places, len(names))) is not None]
    if not samples:
        return UsageSeries()
    samples.sort(key=lambda sample: sample[0])
    origin = samples[0][0]
    times, cpu, memory, read, written = zip(*samples, strict=True)
    return UsageSeries(
        times=[time - origin for time in times],
        cpu_percent=list(cpu),
        memory_bytes=list(memory),
        disk_read=list(read),
        disk_written=list(written),
    )


def _sample(cells: list[str], places: list[int], width: int) -> tuple[float, float, float, float, float] | None:
    if len(cells) != width:
        return None
    time, cpu, memory, read, written = (cells[place].strip() for place in places)
    try:
        return (
            datetime.fromisoformat(time).timestamp(),
            float(cpu or 0),
            float(memory or 0),
            float(read or 0),
            float(written or 0),
        )
    except ValueError:
        return None


def rates(times: Sequence[float], totals: Sequence[float]) -> list[float]:
    """Bytes per second at each time, from totals that begin again at zero with a new command. The first is 0."""
    result = [0.0] * len(times)
    for place in range(1, len(times)):
        seconds = times[place] - times[place - 1]
        grown = totals[place] - totals[place - 1]
        grown = grown if grown >= 0 else totals[place]
        result[place] = grown / seconds if seconds > 0 else result[place - 1]
    return result
