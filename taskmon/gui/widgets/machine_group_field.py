"""Where the task will run: the machine groups that are started, with how many of their machines are free."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from taskmon.core.machine import MachineGroupStatus
from taskmon.core.plain_text import one_line
from taskmon.core.units import count_text, money_text
from taskmon.gui.widgets.form_controls import ChoiceBox
from taskmon.gui.widgets.form_field import FieldRow, Tone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.core.machine import MachineGroup


class MachineGroupField(FieldRow):
    """A choice of one started group. A wanted group is kept in mind until it appears; `changed` says when to ask."""

    changed = Signal()

    def __init__(self, label: str, parent: QWidget | None = None) -> None:
        box = ChoiceBox()
        super().__init__(label, box, parent)
        self._box = box
        self._groups: tuple[MachineGroup, ...] | None = None
        self._wanted = ""
        self._box.activated.connect(self._remember)
        self._box.currentIndexChanged.connect(self.changed)
        self._show_waiting()

    def show_groups(self, groups: Sequence[MachineGroup]) -> None:
        """Offers the groups that are started. The choice stays, also while its numbers change."""
        started = tuple(group for group in groups if group.id and _is_started(group))
        if started == self._groups:
            return
        chosen = self._wanted or self.group_id()
        self._groups = started
        self._box.blockSignals(True)
        self._box.clear()
        for group in started:
            self._box.addItem(_group_text(group), group.id)
        self._box.setEnabled(bool(started))
        self._box.setCurrentIndex(max(0, self._box.findData(chosen)) if started else -1)
        self._box.blockSignals(False)
        self.changed.emit()

    def choose(self, group_id: str) -> None:
        """Selects a group, now or as soon as it is among the started ones."""
        self._wanted = group_id
        index = self._box.findData(group_id)
        if index >= 0:
            self._box.setCurrentIndex(index)

    def group_id(self) -> str:
        """The chosen group; empty if there is none."""
        return str(self._box.currentData() or "") if self._groups else ""

    def group_name(self) -> str:
        """What the chosen group is called; empty if there is none."""
        return self._name(self.group_id())

    def check(self, tasks: int) -> str:
        """Says beside the field what to expect when `tasks` tasks go there; why none can, or an empty text."""
        if self._groups is None:
            self.say("")
            return "The machine groups are not known yet."
        group = next((group for group in self._groups if group.id == self.group_id()), None)
        if group is None:
            problem = "No machine group is started. Start one, then submit."
            self.say(problem, Tone.ERROR)
            return problem
        self.say(_expectation(group, tasks))
        return ""

    def mark_change(self, before: str) -> bool:
        """Marks the row when another group than `before` is chosen."""
        changed = bool(before) and self.group_id() != before
        index = self._box.findData(before)
        gone = "a group that is not started any more"
        self.mark_changed((self._name(before) if index >= 0 else gone) if changed else None)
        return changed

    def _name(self, group_id: str) -> str:
        return next((_name(group) for group in self._groups or () if group.id == group_id), group_id)

    def _remember(self) -> None:
        self._wanted = self.group_id()

    def _show_waiting(self) -> None:
        self._box.setPlaceholderText("asking the service…")
        self._box.setEnabled(False)


def _is_started(group: MachineGroup) -> bool:
    return group.status is MachineGroupStatus.STARTED if group.status else bool(group.started)


def _name(group: MachineGroup) -> str:
    return one_line(group.name or group.id or "")


def _machine_count(group: MachineGroup) -> tuple[int | None, int]:
    """(free, all) machines; free is None where the service does not list the machines."""
    alive = [machine for machine in group.machines or () if machine.terminated_at is None]
    if not alive:
        return None, group.num_vms or 0
    return sum(machine.current_task_id is None for machine in alive), len(alive)


def _group_text(group: MachineGroup) -> str:
    free, count = _machine_count(group)
    known = f"{free} of {count_text(count, 'machine')} free" if free is not None else ""
    price = money_text(group.cost_per_hour.current or group.cost_per_hour.min) if group.cost_per_hour else ""
    return "  ·  ".join(
        part
        for part in (
            _name(group),
            known or (count_text(count, "machine") if count else ""),
            "spot" if group.spot else "",
            f"{price} per hour" if price else "",
        )
        if part
    )


def _expectation(group: MachineGroup, tasks: int) -> str:
    free, _ = _machine_count(group)
    if free is None or tasks <= free:
        return "Spot machines can be taken back at any moment." if group.spot else ""
    if free == 0:
        waiting = "the task waits" if tasks == 1 else "the tasks wait"
        return f"Every machine is busy: {waiting} in the queue."
    return f"{free} of {count_text(tasks, 'task')} can start at once; the others wait in the queue."
