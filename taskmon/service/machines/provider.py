"""Who brings up the machines of a group, and where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class RunnerProcess:
    """A runner that was started for a group. `machine` is its id once it has registered."""

    name: str
    group_id: str
    pid: int
    pid_created: float
    machine: str | None = None


class MachineProvider(Protocol):
    """Keeps the wished number of runners of a group alive until the group is stopped."""

    def start(self, group_id: str, group_name: str, count: int) -> None:
        """Bring up `count` machines, counting those that are already there. Returns before they have registered."""

    def shrink(self, group_id: str, group_name: str, count: int) -> list[str]:
        """Stop the machines beyond the first `count`; their ids. Returns before they are gone."""

    def stop(self, group_id: str) -> None:
        """Stop the group's machines, with whatever runs on them. Returns before they are gone."""

    def give_up(self, machine: str) -> None:
        """End the runner of a machine that no longer answers, at once and with its commands; another takes its place.

        Nothing happens for a runner that was started elsewhere.
        """

    def list(self, group_id: str | None = None) -> list[RunnerProcess]:
        """The machines that are up, of one group or of all."""

    def note_registered(self, group_id: str, host_name: str, machine: str) -> None:
        """The runner called `host_name` has registered as `machine`."""
