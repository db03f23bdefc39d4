"""How a person likes to read logs: wrap and size of the text in the settings, highlight rules in a file beside them.

One for the whole window: what is changed in one pane is so in all of them.
"""

from __future__ import annotations

import logging
import tomllib
from typing import TYPE_CHECKING, Any, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.log_highlights import COLOURS, Highlight, HighlightRule
from taskmon.core.storage import STDOUT_FILE
from taskmon.settings import change_settings, load_settings, settings_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from taskmon.gui.window_state import WindowState
    from taskmon.settings import Settings

_log = logging.getLogger(__name__)
_RULES_FILE: Final = "highlights.toml"
_FILE_OF: Final = "log of {}"


class LogPreferences:
    """Read once, written at every change. What cannot be read or written costs a line in our log, nothing else."""

    def __init__(self, path: Path | None = None, state: WindowState | None = None) -> None:
        """`state` remembers which stream is read of tasks of a simulator."""
        self._state = state
        self._listeners: list[Callable[[], None]] = []
        self._path = path if path is not None else settings_path()
        self._rules_path = self._path.with_name(_RULES_FILE)
        self._settings = load_settings(self._path).settings
        self.rules = self._load_rules()

    @property
    def settings(self) -> Settings:
        """As they were when the window opened, with what was changed here since."""
        return self._settings

    def remember(self, **changes: bool | float) -> None:
        """Keeps `wrap` or `log_font_size`, if it has changed."""
        changed = {name: value for name, value in changes.items() if getattr(self._settings, name) != value}
        if not changed:
            return
        try:
            change_settings(self._path, **changed)
        except InvalidInputError as error:
            _log.warning("%s", error)
        self._settings = load_settings(self._path).settings

    def remember_rules(self, rules: tuple[HighlightRule, ...]) -> None:
        """Keeps the highlight rules, and tells all panes."""
        import tomli_w

        self.rules = rules
        for listener in self._listeners:
            listener()
        content = {"rule": [_as_table(rule) for rule in rules]}
        draft = self._rules_path.with_name(f".{_RULES_FILE}")
        try:
            draft.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(tomli_w.dumps(content), encoding="utf-8")
            draft.replace(self._rules_path)
        except OSError as error:
            _log.warning("the highlight rules cannot be kept: %s", error)

    def on_rules(self, listener: Callable[[], None]) -> None:
        """`listener` hears of other rules, until it is forgotten."""
        self._listeners.append(listener)

    def forget(self, listener: Callable[[], None]) -> None:
        """The listener's pane is gone."""
        self._listeners = [known for known in self._listeners if known != listener]

    def file_of(self, simulator: str) -> str:
        """The stream that was last chosen for a task of this simulator; stdout where none was."""
        chosen = (self._state.load(_FILE_OF.format(simulator)) or b"").decode() if self._state and simulator else ""
        return chosen or STDOUT_FILE

    def remember_file(self, simulator: str, path: str) -> None:
        """A person chose to read this stream of a task."""
        if self._state is not None and simulator:
            self._state.save(_FILE_OF.format(simulator), path.encode())

    def _load_rules(self) -> tuple[HighlightRule, ...]:
        try:
            tables = tomllib.loads(self._rules_path.read_text(encoding="utf-8")).get("rule", [])
            return tuple(_from_table(table) for table in tables)
        except FileNotFoundError:
            return ()
        except (OSError, ValueError, TypeError, AttributeError) as error:
            _log.warning("%s cannot be used: %s", self._rules_path, error)
            return ()


def compiled(rules: Sequence[HighlightRule]) -> tuple[list[Highlight], str]:
    """What the rules paint, and why one of them cannot be used (empty: all can)."""
    from taskmon.client.log_search import LinePattern

    highlights, problem = [], ""
    for rule in rules:
        if not rule.enabled or not rule.pattern:
            continue
        try:
            pattern = LinePattern(rule.pattern, regex=rule.regex, case_sensitive=rule.case_sensitive)
        except InvalidInputError as error:
            problem = str(error)
        else:
            highlights.append(Highlight(pattern.find_spans, rule.colour))
    return highlights, problem


def _as_table(rule: HighlightRule) -> dict[str, Any]:
    return {
        "pattern": rule.pattern,
        "colour": COLOURS[rule.colour % len(COLOURS)],
        "regex": rule.regex,
        "case_sensitive": rule.case_sensitive,
        "enabled": rule.enabled,
    }


def _from_table(table: dict[str, Any]) -> HighlightRule:
    colour = str(table.get("colour", COLOURS[0]))
    return HighlightRule(
        pattern=str(table["pattern"]) if "pattern" in table else "",
        colour=COLOURS.index(colour) if colour in COLOURS else 0,
        regex=bool(table.get("regex", False)),
        case_sensitive=bool(table.get("case_sensitive", False)),
        enabled=bool(table.get("enabled", True)),
    )
