"""The faults that a person may switch on in a service started with `--chaos`, and the words for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

from taskmon.core.extensions import Faults

ONE_IN_FIVE: Final = 0.2


@dataclass(frozen=True, slots=True)
class FaultSwitch:
    """A fault as an entry of a menu: the field of `Faults`, its value when it is on, and its name."""

    field: str
    value: float
    text: str
    words: str


SWITCHES: Final = (
    FaultSwitch("delay_s", 2.0, "Answer two seconds late", "answers are late"),
    FaultSwitch("lost", ONE_IN_FIVE, "Lose every fifth answer", "some answers are lost"),
    FaultSwitch("half", ONE_IN_FIVE, "Break off every fifth answer", "some answers break off"),
    FaultSwitch("busy", ONE_IN_FIVE, "Refuse every fifth request (429)", "some requests are refused"),
    FaultSwitch("broken", ONE_IN_FIVE, "Fail every fifth request (500)", "some requests fail"),
)


def is_on(switch: FaultSwitch, faults: Faults) -> bool:
    """Whether there is any of this fault."""
    return float(getattr(faults, switch.field)) > 0


def switched(faults: Faults, switch: FaultSwitch, *, on: bool) -> Faults:
    """The faults with one of them switched."""
    return replace(faults, **{switch.field: switch.value if on else 0.0})


def faults_sentence(faults: Faults) -> str:
    """What a person has to know who sees such a service."""
    words = [switch.words for switch in SWITCHES if is_on(switch, faults)]
    now = ", ".join(words) if words else "none is switched on now"
    return f"This service injects faults on purpose: {now}. The menu Developer switches them."
