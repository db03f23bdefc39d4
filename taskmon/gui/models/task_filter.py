"""The language of the filter box: a text becomes a test that a task passes or not.

Words are ANDed and found anywhere in what a row says, without regard to case. `status:` knows the names of the states
and the groups active, queued, waiting, running, ended, done, failed, stopped; `project:`, `sim:`, `group:`, `id:`,
`name:` and `reason:` look into one field, with `:=` for the whole field letter by letter (of a reason, its pattern:
numbers and paths do not matter); `since:2h` keeps what was submitted since then; `-` before a word excludes; `/…/` is
a regular expression (RE2, so that none can take for ever).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.task import Task
from taskmon.core.units import parse_duration
from taskmon.gui.models.filter_words import FilterWord, split_filter
from taskmon.gui.models.task_group import GROUP_WORDS, group_of
from taskmon.gui.models.task_reason import reason_pattern, reason_text

if TYPE_CHECKING:
    from collections.abc import Mapping

Test = Callable[[Task, str], bool]
"""Whether a task passes; the second argument is its `search_text`."""

_FIELDS: Final[Mapping[str, Callable[[Task], str]]] = MappingProxyType(
    {
        "project": lambda task: task.project,
        "sim": lambda task: task.simulator,
        "simulator": lambda task: task.simulator,
        "group": lambda task: task.machine_group_name or task.machine_group_id or "",
        "id": lambda task: task.task_id,
        "name": lambda task: task.name,
        "reason": reason_text,
    }
)

KEYS: Final = ("status:", "project:", "sim:", "group:", "id:", "name:", "reason:", "since:")
"""The keys that a person is offered."""

_REGEX_MEMORY: Final = 8 << 20


def search_text(task: Task) -> str:
    """What plain words are looked for in, one field per line, in lower case."""
    fields = (
        task.task_id,
        task.name,
        task.simulator,
        task.project,
        task.machine_group_name or "",
        facts(task.status).alias,
        reason_text(task),
    )
    return "\n".join(fields).lower()


@dataclass(frozen=True, slots=True)
class _Word:
    """The test of a plain word, in lower case."""

    wanted: str

    def __call__(self, _task: Task, text: str) -> bool:
        return self.wanted in text


@dataclass(frozen=True, slots=True)
class TaskFilter:
    """A parsed filter. It depends on the time of parsing only if `moving`: then parse it again now and then."""

    text: str
    tests: tuple[Test, ...]
    moving: bool = False

    def accepts(self, task: Task, text: str | None = None) -> bool:
        """Whether a task passes every test; `text` is its `search_text` where that is at hand."""
        told = search_text(task) if text is None else text
        return all(test(task, told) for test in self.tests)

    def select(self, numbers: Sequence[int], tasks: Sequence[Task | None], texts: Sequence[str]) -> list[int]:
        """Those of `numbers` whose task passes, in their order: one tight loop per test over what is left."""
        left = list(numbers)
        for test in self.tests:
            if isinstance(test, _Word):  # spares 100,000 calls at every key stroke
                wanted = test.wanted
                left = [number for number in left if wanted in texts[number]]
            else:
                left = [number for number in left if (task := tasks[number]) is not None and test(task, texts[number])]
        return left


EVERYTHING: Final = TaskFilter("", ())


def parse_filter(text: str, now: datetime) -> TaskFilter:
    """The filter that `text` describes. Raises InvalidInputError naming the word that cannot be understood."""
    words = split_filter(text)
    tests = tuple(_test(word, now) for word in words)
    return TaskFilter(text, tests, moving=any(word.key == "since" for word in words))


def _test(word: FilterWord, now: datetime) -> Test:
    test = _positive_test(word, now)
    return (lambda task, text: not test(task, text)) if word.negated else test


def _positive_test(word: FilterWord, now: datetime) -> Test:
    if word.key == "since":
        return _since_test(word.value, now)
    if word.key == "status":
        return _status_test(word)
    if not word.key:
        return _regex_test(word.value) if word.regex else _Word(word.value.lower())
    field = _FIELDS.get(word.key)
    if field is None:
        raise InvalidInputError(
            f"There is no filter “{word.key}:”.", f"Use {', '.join(KEYS[:-1])} or {KEYS[-1]}, or put quotes around it."
        )
    return _field_test(word, field)


def _field_test(word: FilterWord, field: Callable[[Task], str]) -> Test:
    if word.regex:
        matches = _regex_test(word.value)
        return lambda task, _text: matches(task, field(task))
    if word.exact:
        whole = reason_pattern if field is reason_text else field
        return lambda task, _text: whole(task) == word.value
    wanted = word.value.lower()
    return lambda task, _text: wanted in field(task).lower()


def _since_test(value: str, now: datetime) -> Test:
    try:
        earliest = now - timedelta(seconds=parse_duration(value))
    except OverflowError:
        raise InvalidInputError(f"“{value}” is longer ago than time goes back.", "Write it like 2h or 7d.") from None
    return lambda task, _text: task.create_time is not None and task.create_time >= earliest


def _status_test(word: FilterWord) -> Test:
    wanted = word.value.lower()
    if word.exact:
        return lambda task, _text: task.status == wanted
    groups = GROUP_WORDS.get(wanted)
    if groups is not None:
        return lambda task, _text: group_of(task) in groups
    if word.regex or not any(_names(status, wanted) for status in FACTS):
        raise InvalidInputError(
            f"No state is called “{word.value}”.", f"Use the name of a state, or one of {', '.join(GROUP_WORDS)}."
        )
    return lambda task, _text: _names(task.status, wanted)


def _names(status: Status, wanted: str) -> bool:
    return wanted in status.value or wanted in facts(status).alias.lower()


def _regex_test(pattern: str) -> Test:
    import re2  # kept out of start-up: most sessions never use a regular expression

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    try:
        compiled = re2.compile(f"(?m){pattern}", options)
    except re2.error as error:
        told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise InvalidInputError(
            f"/{pattern}/ is not a regular expression: {told}.", "Correct it, or use plain words."
        ) from None
    search = compiled.search
    return lambda _task, text: search(text) is not None
