"""The menu for a service that injects faults on purpose: a switch for each fault, and two blows to strike now."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from taskmon.core.extensions import Faults
from taskmon.core.faults import SWITCHES, FaultSwitch, is_on, switched


class FaultMenu(QMenu):
    """Emits `faults_requested(Faults)`, `kill_runner_requested()` and `reclaim_requested(bool)`."""

    faults_requested = Signal(object)
    kill_runner_requested = Signal()
    reclaim_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__("&Developer", parent)
        self._faults = Faults()
        self._switches = [self._add_switch(switch) for switch in SWITCHES]
        self.addSeparator()
        self.no_faults = self.addAction("No faults")
        self.no_faults.triggered.connect(lambda: self.faults_requested.emit(Faults()))
        self.addSeparator()
        self.addAction("Kill a runner now (kill -9)").triggered.connect(lambda: self.kill_runner_requested.emit())
        self.addAction("Reclaim spot machines now").triggered.connect(lambda: self.reclaim_requested.emit(True))
        self.addAction("Give spot machines back").triggered.connect(lambda: self.reclaim_requested.emit(False))

    def show_faults(self, faults: Faults) -> None:
        """Ticks what is switched on."""
        self._faults = faults
        for switch, action in zip(SWITCHES, self._switches, strict=True):
            action.setChecked(is_on(switch, faults))

    def _add_switch(self, switch: FaultSwitch) -> QAction:
        action = self.addAction(switch.text)
        action.setCheckable(True)
        action.triggered.connect(lambda on: self.faults_requested.emit(switched(self._faults, switch, on=on)))
        return action
