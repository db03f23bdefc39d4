"""The language of the filter box: a text becomes a test that a task passes or not.

Words are ANDed and found anywhere in what a row says, without regard to case. `status:` knows the names of the states
and the groups active, queued, waiting, running, ended, done, failed, stopped; `project:`, `sim:`, `group:`, `id:`,
`name:` and `reason:` look into one field, with `:=` for the whole field letter by letter (of a reason, its pattern:
numbers and paths do not matter); `since:2h` keeps what was submitted since then; `-` before a word excludes; `/…/` is
a regular expression (RE2, so that none can take for ever).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import datetime, timedelta
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.task_reason import reason_pattern, reason_text
from taskmon.core.units import parse_duration
from taskmon.gui.models.filter_words import FilterWord, split_filter
from taskmon.gui.models.task_group import GROUP_WORDS, state_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskmon.core.task import Task

_FIELDS: Final[Mapping[str, Callable[[Task], str]]] = MappingProxyType(
    {
        "project": attrgetter("project"),
        "sim": attrgetter("simulator"),
        "simulator": attrgetter("simulator"),
        "group": lambda task: task.machine_group_name or task.machine_group_id or "",
        "id": attrgetter("task_id"),
        "name": attrgetter("name"),
        "reason": reason_text,
    }
)

KEYS: Final = ("status:", "project:", "sim:", "group:", "id:", "name:", "reason:", "since:")
"""The keys that a person is offered."""

_REGEX_MEMORY: Final = 8 << 20
_LINE_BY_LINE: Final = "(?m)"


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


told: Final = attrgetter(
    "status", "is_terminated", "project", "simulator", "machine_group_name", "machine_group_id", "error_detail",
    "executer", "task_metadata", "input_submit_time", "num_retries",
)  # fmt: skip
"""What groups, queue and searched text are made of."""

Numbers = list[int]
Tasks = Sequence["Task | None"]
Texts = Sequence[str]


class Test(Protocol):
    """One word of a filter."""

    def accepts(self, task: Task, text: str) -> bool:
        """Whether a task passes; `text` is its `search_text`."""

    def select(self, numbers: Numbers, tasks: Tasks, texts: Texts) -> Numbers:
        """Those of `numbers` whose task passes, in their order, in a tight loop."""


class _Word(NamedTuple):
    """A plain word, in lower case, anywhere in the text."""

    wanted: str

    def accepts(self, _task: Task, text: str) -> bool:
        return self.wanted in text

    def select(self, numbers: Numbers, _tasks: Tasks, texts: Texts) -> Numbers:
        wanted = self.wanted
        return [number for number in numbers if wanted in texts[number]]


class _Match(NamedTuple):
    """A regular expression, anywhere in the text."""

    search: Callable[[str], object]

    def accepts(self, _task: Task, text: str) -> bool:
        return self.search(text) is not None

    def select(self, numbers: Numbers, _tasks: Tasks, texts: Texts) -> Numbers:
        search = self.search
        return [number for number in numbers if search(texts[number]) is not None]


class _Field(NamedTuple):
    """One value of the task; each different value is looked at once."""

    read: Callable[[Task], Hashable]
    passes: Callable[[Any], bool]

    def accepts(self, task: Task, _text: str) -> bool:
        return self.passes(self.read(task))

    def select(self, numbers: Numbers, tasks: Tasks, _texts: Texts) -> Numbers:
        read = self.read
        values = [read(cast("Task", tasks[number])) for number in numbers]
        verdict = {value: self.passes(value) for value in set(values)}
        return [number for number, value in zip(numbers, values, strict=True) if verdict[value]]


class _Not(NamedTuple):
    """What another test refuses."""

    test: Test

    def accepts(self, task: Task, text: str) -> bool:
        return not self.test.accepts(task, text)

    def select(self, numbers: Numbers, tasks: Tasks, texts: Texts) -> Numbers:
        refused = set(self.test.select(numbers, tasks, texts))
        return [number for number in numbers if number not in refused]


class TaskFilter(NamedTuple):
    """A parsed filter. It depends on the time of parsing only if `moving`: then parse it again now and then."""

    text: str
    words: tuple[FilterWord, ...]
    tests: tuple[Test, ...]
    moving: bool = False

    def accepts(self, task: Task, text: str | None = None) -> bool:
        """Whether a task passes every test; `text` is its `search_text` where that is at hand."""
        told = search_text(task) if text is None else text
        return all(test.accepts(task, told) for test in self.tests)

    def select(self, numbers: Sequence[int], tasks: Tasks, texts: Texts) -> Numbers:
        """Those of `numbers`, all of existing tasks, whose task passes, in their order."""
        left = list(numbers)
        for test in self.tests:
            left = test.select(left, tasks, texts)
        return left

    def narrows(self, other: TaskFilter) -> bool:
        """True if surely everything that passes this filter passes the other one, as when a word is typed further."""
        pairs = zip(self.words, other.words, strict=False)
        return not other.moving and len(self.words) >= len(other.words) and all(_narrows(*pair) for pair in pairs)


def _narrows(word: FilterWord, other: FilterWord) -> bool:
    if word == other:
        return True
    open_ended = not (other.negated or other.exact or other.regex) and other.key != "status"
    alike = word.key == other.key and not (word.negated or word.regex)
    return open_ended and alike and other.value.lower() in word.value.lower()


EVERYTHING: Final = TaskFilter("", (), ())


def parse_filter(text: str, now: datetime) -> TaskFilter:
    """The filter that `text` describes. Raises InvalidInputError naming the word that cannot be understood."""
    words = tuple(split_filter(text))
    tests = tuple(_test(word, now) for word in words)
    return TaskFilter(text, words, tests, moving=any(word.key == "since" for word in words))


def _test(word: FilterWord, now: datetime) -> Test:
    test = _positive_test(word, now)
    return _Not(test) if word.negated else test


def _positive_test(word: FilterWord, now: datetime) -> Test:
    if word.key == "since":
        return _since_test(word.value, now)
    if word.key == "status":
        return _status_test(word)
    if not word.key:
        return _Match(_search(word.value)) if word.regex else _Word(word.value.lower())
    field = _FIELDS.get(word.key)
    if field is None:
        raise InvalidInputError(
            f"There is no filter “{word.key}:”.", f"Use {', '.join(KEYS[:-1])} or {KEYS[-1]}, or put quotes around it."
        )
    return _field_test(word, field)


def _field_test(word: FilterWord, field: Callable[[Task], str]) -> Test:
    if word.regex:
        search = _search(word.value)
        return _Field(field, lambda value: search(value) is not None)
    if word.exact:
        return _Field(reason_pattern if field is reason_text else field, lambda value: value == word.value)
    wanted = word.value.lower()
    return _Field(field, lambda value: wanted in value.lower())


def _since_test(value: str, now: datetime) -> Test:
    try:
        earliest = now - timedelta(seconds=parse_duration(value))
    except OverflowError:
        raise InvalidInputError(f"“{value}” is longer ago than time goes back.", "Write it like 2h or 7d.") from None
    return _Field(attrgetter("create_time"), lambda created: created is not None and created >= earliest)


def _status_test(word: FilterWord) -> Test:
    wanted = word.value.lower()
    if word.exact:
        return _Field(attrgetter("status"), lambda status: status == wanted)
    groups = GROUP_WORDS.get(wanted)
    if groups is not None:
        return _Field(attrgetter("status", "is_terminated"), lambda state: state_group(*state) in groups)
    if word.regex or not any(_names(status, wanted) for status in FACTS):
        raise InvalidInputError(
            f"No state is called “{word.value}”.", f"Use the name of a state, or one of {', '.join(GROUP_WORDS)}."
        )
    return _Field(attrgetter("status"), lambda status: _names(status, wanted))


def _names(status: Status, wanted: str) -> bool:
    return wanted in status.value or wanted in facts(status).alias.lower()


def _search(pattern: str) -> Callable[[str], object]:
    import re2  # kept out of start-up: most sessions never use a regular expression

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.max_mem = _REGEX_MEMORY
    try:
        compiled = re2.compile(_LINE_BY_LINE + pattern, options)
    except re2.error as error:
        told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        told = told.replace(_LINE_BY_LINE, "")
        raise InvalidInputError(
            f"/{pattern}/ is not a regular expression: {told}.", "Correct it, or use plain words."
        ) from None
    return cast("Callable[[str], object]", compiled.search)
