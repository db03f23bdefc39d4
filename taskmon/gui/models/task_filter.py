"""The language of the filter box: a text becomes a test that a task passes or not.

Words are ANDed and found anywhere in what a row says, without regard to case. `status:` knows the names of the states
and the groups active, queued, waiting, running, ended, done, failed, stopped; `project:`, `sim:`, `group:`, `id:`,
`name:` and `reason:` look into one field, with `:=` for the whole field letter by letter (of a reason, its pattern:
numbers and paths do not matter); `since:2h` keeps what was submitted since then, `before:today` what was submitted
earlier, both by a time span, `today`, `yesterday` or a date; `-` before a word excludes; `/…/` is a regular expression
(RE2, so that none can take for ever).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime
from operator import attrgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, cast

from taskmon.core.errors import InvalidInputError
from taskmon.core.lifecycle import FACTS, Status, facts
from taskmon.core.task_reason import pattern_of, reason_pattern, reason_text
from taskmon.gui.models.filter_times import moment_of
from taskmon.gui.models.filter_words import FilterWord, split_filter
from taskmon.gui.models.shared_facts import SharedFacts, encoded, group_text, search_text
from taskmon.gui.models.task_group import GROUP_WORDS, state_group

if TYPE_CHECKING:
    from collections.abc import Mapping

    from taskmon.core.task import Task
    from taskmon.gui.models.slot_arrays import Slots
    from taskmon.gui.models.task_slots import TaskSlots


class _Value(NamedTuple):
    """A field: of a task, and of what tasks share if it belongs to that."""

    of_task: Callable[[Task], str]
    shared: Callable[[SharedFacts], str] | None = None


_SIMULATOR: Final = _Value(attrgetter("simulator"), attrgetter("simulator"))
_FIELDS: Final[Mapping[str, _Value]] = MappingProxyType(
    {
        "project": _Value(attrgetter("project"), attrgetter("project")),
        "sim": _SIMULATOR,
        "simulator": _SIMULATOR,
        "group": _Value(group_text, group_text),
        "id": _Value(attrgetter("task_id")),
        "name": _Value(attrgetter("label")),
        "reason": _Value(reason_text, attrgetter("reason")),
    }
)

KEYS: Final = ("status:", "project:", "sim:", "group:", "id:", "name:", "reason:", "since:", "before:")
"""The keys that a person is offered."""

_TIMES: Final = ("since", "before")

_REGEX_MEMORY: Final = 8 << 20
_LINE_BY_LINE: Final = "(?m)"


class Test(Protocol):
    """One word of a filter."""

    def accepts(self, task: Task, text: str) -> bool:
        """Whether a task passes; `text` is its `search_text`."""

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        """Those of `slots`, in growing order, whose task passes."""


class _Word(NamedTuple):
    """A plain word, in lower case, anywhere in the text."""

    wanted: str

    def accepts(self, _task: Task, text: str) -> bool:
        return self.wanted in text

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        from taskmon.gui.models.text_finders import WordFinder

        wanted = self.wanted
        if "\n" in wanted:
            return all_.accepted(lambda slot: wanted in all_.text(slot), slots)
        return all_.saying(lambda text: wanted in text, WordFinder(wanted), slots)


class _Match(NamedTuple):
    """A regular expression, anywhere in the text. With `each`, which finds it in many lines, it never sees more than
    one line at once."""

    search: Callable[[bytes], object]
    each: Callable[[bytes], Any] | None

    def accepts(self, _task: Task, text: str) -> bool:
        return self.search(encoded(text)) is not None

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        from taskmon.gui.models.text_finders import PatternFinder

        search = self.search
        if self.each is None:
            return all_.accepted(lambda slot: search(encoded(all_.text(slot))) is not None, slots)
        finder = PatternFinder(search, self.each)
        return all_.saying(lambda text: search(encoded(text)) is not None, finder, slots)


class _Field(NamedTuple):
    """One value of the task by itself. Only where the id or name has a `part` can it pass, if that is given."""

    read: Callable[[Task], Hashable]
    passes: Callable[[Any], bool]
    part: str = ""

    def accepts(self, task: Task, _text: str) -> bool:
        return self.passes(self.read(task))

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        from taskmon.gui.models.text_finders import WordFinder

        read, passes, tasks = self.read, self.passes, all_.tasks
        likely = all_.called(WordFinder(self.part), slots) if self.part else slots
        return all_.accepted(lambda slot: passes(read(cast("Task", tasks[slot]))), likely)


class _SharedField(NamedTuple):
    """One value that many tasks share; each different one is looked at once."""

    read: Callable[[Task], Any]
    shared: Callable[[SharedFacts], Any]
    passes: Callable[[Any], bool]

    def accepts(self, task: Task, _text: str) -> bool:
        return self.passes(self.read(task))

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        return all_.sharing(lambda value: self.passes(self.shared(value)), slots)


class _Not(NamedTuple):
    """What another test refuses."""

    test: Test

    def accepts(self, task: Task, text: str) -> bool:
        return not self.test.accepts(task, text)

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        return all_.without(self.test.select(slots, all_), slots)


class TaskFilter(NamedTuple):
    """A parsed filter. It depends on the time of parsing only if `moving`: then parse it again now and then."""

    text: str
    words: tuple[FilterWord, ...]
    tests: tuple[Test, ...]
    moving: bool = False

    @property
    def one_by_one(self) -> bool:
        """Whether it takes its time, since Python has to look at single tasks."""
        return any(word.regex or word.key in ("id", "name", *_TIMES) for word in self.words)

    def accepts(self, task: Task, text: str | None = None) -> bool:
        """Whether a task passes every test; `text` is its `search_text` where that is at hand."""
        told = search_text(task) if text is None else text
        return all(test.accepts(task, told) for test in self.tests)

    def select(self, slots: Slots, all_: TaskSlots) -> Slots:
        """Those of `slots`, in growing order and all of existing tasks, whose task passes every test."""
        left = slots
        for test in self.tests:
            left = test.select(left, all_) if len(left) else left
        return left

    def narrows(self, other: TaskFilter) -> bool:
        """True if surely everything that passes this filter passes the other one, as when a word is typed further."""
        pairs = zip(self.words, other.words, strict=False)
        return not other.moving and len(self.words) >= len(other.words) and all(_narrows(*pair) for pair in pairs)


def _narrows(word: FilterWord, other: FilterWord) -> bool:
    if word == other:
        return True
    open_ended = not (other.negated or other.exact or other.regex) and other.key != "status"
    pattern = word.exact and word.key == "reason"  # its letters need not be in the reason itself
    alike = word.key == other.key and not (word.negated or word.regex or pattern)
    return open_ended and alike and other.value.lower() in word.value.lower()


EVERYTHING: Final = TaskFilter("", (), ())


def parse_filter(text: str, now: datetime) -> TaskFilter:
    """The filter that `text` describes. Raises InvalidInputError naming the word that cannot be understood."""
    words = tuple(split_filter(text))
    tests = tuple(_test(word, now) for word in words)
    return TaskFilter(text, words, tests, moving=any(word.key in _TIMES for word in words))


def _test(word: FilterWord, now: datetime) -> Test:
    test = _positive_test(word, now)
    return _Not(test) if word.negated else test


def _positive_test(word: FilterWord, now: datetime) -> Test:
    if word.key in _TIMES:
        return _time_test(word, now)
    if word.key == "status":
        return _status_test(word)
    if not word.key:
        return _match(word.value) if word.regex else _Word(word.value.lower())
    field = _FIELDS.get(word.key)
    if field is None:
        raise InvalidInputError(
            f"There is no filter “{word.key}:”.", f"Use {', '.join(KEYS[:-1])} or {KEYS[-1]}, or put quotes around it."
        )
    return _field_test(word, field)


def _field_test(word: FilterWord, field: _Value) -> Test:
    wanted, passes = word.value.lower(), _passes(word)
    if field.shared is None:
        return _Field(field.of_task, passes, "" if word.regex else wanted)
    if word.exact and word.key == "reason":
        return _SharedField(reason_pattern, lambda shared: pattern_of(shared.reason), passes)
    return _SharedField(field.of_task, field.shared, passes)


def _passes(word: FilterWord) -> Callable[[str], bool]:
    if word.regex:
        search = _regex(word.value).search
        return lambda value: search(encoded(value)) is not None
    if word.exact:
        return lambda value: value == word.value
    wanted = word.value.lower()
    return lambda value: wanted in value.lower()


def _time_test(word: FilterWord, now: datetime) -> Test:
    moment, since = moment_of(word.value, now), word.key == "since"
    return _Field(attrgetter("create_time"), lambda made: made is not None and (made >= moment) == since)


def _status_test(word: FilterWord) -> Test:
    wanted = word.value.lower()
    status_of = attrgetter("status")
    if word.exact:
        return _SharedField(status_of, status_of, lambda status: status == wanted)
    groups = GROUP_WORDS.get(wanted)
    if groups is not None:
        state_of = attrgetter("status", "is_terminated")
        return _SharedField(state_of, state_of, lambda state: state_group(*state) in groups)
    if word.regex or not any(_names(status, wanted) for status in FACTS):
        raise InvalidInputError(
            f"No state is called “{word.value}”.", f"Use the name of a state, or one of {', '.join(GROUP_WORDS)}."
        )
    return _SharedField(status_of, status_of, lambda status: _names(status, wanted))


def _names(status: Status, wanted: str) -> bool:
    return wanted in status.value or wanted in facts(status).alias.lower()


def _match(pattern: str) -> _Match:
    from taskmon.gui.models.single_lines import stays_in_line

    search = _regex(pattern).search
    # With the rest of the line after it, there is hardly more than one match per line.
    return _Match(search, _regex(f"(?:{pattern}).*").finditer if stays_in_line(pattern) else None)


def _regex(pattern: str) -> Any:
    import re2  # kept out of start-up: most sessions never use a regular expression

    options = re2.Options()
    options.case_sensitive = False
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _REGEX_MEMORY
    try:
        return re2.compile(_LINE_BY_LINE + pattern, options)
    except (re2.error, UnicodeEncodeError) as error:
        told = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        told = told.replace(_LINE_BY_LINE, "")
        raise InvalidInputError(
            f"/{pattern}/ is not a regular expression: {told}.", "Correct it, or use plain words."
        ) from None
