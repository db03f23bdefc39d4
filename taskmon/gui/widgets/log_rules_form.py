"""The rules that colour words and lines in every log: a small form that works while one types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QLineEdit, QSizePolicy, QToolButton, QVBoxLayout, QWidget

from taskmon.core.log_highlights import COLOURS, HighlightRule
from taskmon.gui.icons import icon
from taskmon.gui.theme import LIGHT
from taskmon.gui.widgets.form_controls import CheckBox, ChoiceBox, QuietButton
from taskmon.gui.widgets.log_painter import highlight_colours
from taskmon.gui.widgets.tool_buttons import sign_toggle

if TYPE_CHECKING:
    from collections.abc import Sequence

    from taskmon.gui.theme import Theme

MOST_RULES: Final = 12


class RuleRow(QWidget):
    """One rule: on or off, what to look for, its colour, how to look."""

    changed = Signal()
    removed = Signal()

    def __init__(self, rule: HighlightRule, theme: Theme) -> None:
        super().__init__()
        self.enabled = CheckBox("")
        self.enabled.set_theme(theme)
        self.enabled.setToolTip("Use this rule")
        self.enabled.setAccessibleName("Use this rule")
        self.pattern = QLineEdit(rule.pattern)
        self.pattern.setPlaceholderText("Text to colour")
        self.pattern.setAccessibleName("Text to colour")
        self.pattern.setMinimumWidth(240)
        self.colour = ChoiceBox()
        self.colour.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.colour.setFixedWidth(124)
        self.colour.setIconSize(QSize(28, 14))
        self.colour.setAccessibleName("Colour")
        for place, name in enumerate(COLOURS):
            self.colour.addItem(_swatch(place, theme), name)
        self.regex = self._toggle(".*", "Regular expression", rule.regex)
        self.case = self._toggle("Aa", "Upper and lower case are different", rule.case_sensitive)
        remove = QToolButton()
        remove.setIcon(icon("close", theme))
        remove.setToolTip("Remove this rule")
        remove.setAccessibleName("Remove this rule")
        remove.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        for widget in (self.enabled, self.pattern, self.regex, self.case, self.colour, remove):
            row.addWidget(widget, 1 if widget is self.pattern else 0)
        self.enabled.setChecked(rule.enabled)
        self.colour.setCurrentIndex(rule.colour % len(COLOURS))
        self.enabled.toggled.connect(lambda _: self.changed.emit())
        self.pattern.textChanged.connect(lambda _: self.changed.emit())
        self.colour.currentIndexChanged.connect(lambda _: self.changed.emit())

    def _toggle(self, text: str, tip: str, on: bool) -> QToolButton:
        button = sign_toggle(text, tip, checked=on)
        button.setFixedWidth(32)
        button.toggled.connect(lambda _: self.changed.emit())
        return button

    def rule(self) -> HighlightRule:
        """The rule as it stands."""
        return HighlightRule(
            pattern=self.pattern.text(),
            colour=self.colour.currentIndex(),
            regex=self.regex.isChecked(),
            case_sensitive=self.case.isChecked(),
            enabled=self.enabled.isChecked(),
        )


class LogRulesForm(QDialog):
    """`rules_changed` carries a tuple of HighlightRule at every change; rules without a text are left out."""

    rules_changed = Signal(object)

    def __init__(self, rules: Sequence[HighlightRule], theme: Theme = LIGHT, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.setWindowTitle("Highlight rules")
        self.setModal(False)
        self._rows = QVBoxLayout()
        self._rows.setSpacing(6)
        self._problem = QLabel()
        self._problem.setWordWrap(True)
        self._problem.setTextFormat(Qt.TextFormat.PlainText)
        self._problem.setStyleSheet(f"color: {theme.error_ink};")
        hint = QLabel("Rules colour every log of every task. Where two rules meet, the lower one wins.")
        hint.setStyleSheet(f"color: {theme.muted};")
        hint.setWordWrap(True)
        self._add = QuietButton("Add a rule")
        self._add.clicked.connect(lambda: self.add_rule(HighlightRule("", self._free_colour())).pattern.setFocus())
        close = QuietButton("Close")
        close.clicked.connect(self.accept)
        buttons = QHBoxLayout()
        buttons.addWidget(self._add)
        buttons.addStretch()
        buttons.addWidget(close)
        page = QVBoxLayout(self)
        page.setContentsMargins(18, 16, 18, 16)
        page.setSpacing(10)
        page.addWidget(hint)
        page.addLayout(self._rows)
        page.addWidget(self._problem)
        page.addStretch()
        page.addLayout(buttons)
        for rule in rules:
            self.add_rule(rule)
        if not rules:
            self.add_rule(HighlightRule(""))
        self.show_problem("")
        self.resize(620, 220)

    def rows(self) -> list[RuleRow]:
        """The rows from the top down."""
        items = (self._rows.itemAt(place) for place in range(self._rows.count()))
        return [row for item in items if item is not None and isinstance(row := item.widget(), RuleRow)]

    def rules(self) -> tuple[HighlightRule, ...]:
        """The rules as they stand."""
        return tuple(rule for row in self.rows() if (rule := row.rule()).pattern)

    def add_rule(self, rule: HighlightRule) -> RuleRow:
        """One more row, at the bottom."""
        row = RuleRow(rule, self._theme)
        row.changed.connect(self._tell)
        row.removed.connect(lambda: self._remove(row))
        self._rows.addWidget(row)
        self._add.setEnabled(self._rows.count() < MOST_RULES)
        return row

    def show_problem(self, sentence: str) -> None:
        """Why a rule cannot be used; empty takes it back."""
        self._problem.setText(sentence)
        self._problem.setVisible(bool(sentence))

    def _free_colour(self) -> int:
        used = {row.colour.currentIndex() for row in self.rows()}
        return next((place for place in range(len(COLOURS)) if place not in used), 0)

    def _remove(self, row: RuleRow) -> None:
        self._rows.removeWidget(row)
        row.deleteLater()
        self._add.setEnabled(True)
        self._tell()

    def _tell(self) -> None:
        self.rules_changed.emit(self.rules())


def _swatch(colour: int, theme: Theme) -> QIcon:
    picture = QPixmap(28, 14)
    picture.fill(highlight_colours(colour, theme)[1])
    return QIcon(picture)
