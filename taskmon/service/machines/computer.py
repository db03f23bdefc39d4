"""The computer that the service runs on, measured once at start."""

from __future__ import annotations

import os
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True, kw_only=True)
class Computer:
    """Cores and memory (bytes) of one computer."""

    cores_logical: int
    cores_physical: int
    memory_bytes: int


def this_computer() -> Computer:
    """Measure. Where the number of physical cores is a secret, the logical ones stand in for them."""
    logical = os.cpu_count() or 1
    return Computer(
        cores_logical=logical,
        cores_physical=psutil.cpu_count(logical=False) or logical,
        memory_bytes=psutil.virtual_memory().total,
    )
