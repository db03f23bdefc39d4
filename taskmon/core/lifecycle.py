"""The life of a task: which states there are, what leads from one to the next, and what each one means to a person.

Every other room asks this module: the service moves a task only through `advance()`, the window enables its buttons
and draws its diagram from the same table, and every explanation a user reads is written here once.
"""

from __future__ import annotations

from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from taskmon.core.errors import IllegalTransitionError

if TYPE_CHECKING:
    from collections.abc import Mapping


class Status(StrEnum):
    """The code of a state on the wire. A code that a newer service invents becomes an unknown but usable member."""

    PENDING_INPUT = "pending-input"
    SUBMITTED = "submitted"
    STARTED = "started"
    COMPUTATION_STARTED = "computation-started"
    COMPUTATION_ENDED = "computation-ended"
    SUCCESS = "success"
    FAILED = "failed"
    PENDING_KILL = "pending-kill"
    KILLED = "killed"
    TTL_EXCEEDED = "ttl-exceeded"
    SPOT_INSTANCE_PREEMPTED = "spot-instance-preempted"
    EXECUTER_TERMINATED = "executer-terminated"
    EXECUTER_TERMINATED_BY_USER = "executer-terminated-by-user"
    EXECUTER_TERMINATED_TTL_EXCEEDED = "executer-terminated-ttl-exceeded"
    EXECUTER_TERMINATED_CREDITS_EXHAUSTED = "executer-terminated-credits-exhausted"
    EXECUTER_FAILED = "executer-failed"
    ZOMBIE = "zombie"

    @classmethod
    def _missing_(cls, value: object) -> Status | None:
        if not isinstance(value, str):
            return None
        unknown = str.__new__(cls, value)
        unknown._name_ = unknown._value_ = value
        return unknown

    @property
    def known(self) -> bool:
        """False for a code that this version of taskmon has never heard of."""
        return self in FACTS


class Kind(StrEnum):
    """What a state is like, which is also what colours it."""

    ACTIVE = "active"
    TRANSIENT = "transient"
    TERMINAL_OK = "terminal-ok"
    TERMINAL_FAILED = "terminal-failed"
    USER_STOPPED = "user-stopped"


class Cause(StrEnum):
    """Something that happened to a task. Together with the present state it decides the next one."""

    SUBMIT = "submit"
    INPUT_UPLOADED = "input-uploaded"
    USER_KILL = "user-kill"
    PICKED_UP = "runner-fetched-task"
    WORK_STARTED = "work-started"
    WORK_FINISHED = "work-finished"
    OUTPUT_SUCCESS = "output-uploaded:success"
    OUTPUT_FAILED = "output-uploaded:failed"
    OUTPUT_KILLED = "output-uploaded:killed"
    OUTPUT_TTL_EXCEEDED = "output-uploaded:ttl-exceeded"
    TASK_KILLED = "task-killed"
    EXECUTION_FAILED = "execution-failed"
    UPLOAD_FAILED = "output-upload-failed"
    RUNNER_PREEMPTED = "runner-preempted"
    RUNNER_INTERRUPTED = "runner-interrupted"
    RUNNER_ERROR = "runner-error"
    RUNNER_LOST = "runner-lost"
    GROUP_TERMINATED = "machine-group-terminated"
    GROUP_TIME_LIMIT = "machine-group-time-limit"
    CREDITS_EXHAUSTED = "credits-exhausted"
    RESUBMIT_ON_PREEMPTION = "resubmit-on-preemption"


class StatusFacts(NamedTuple):
    """What is known about one state.

    `kind` colours it; a `terminal` state ends the task unless `may_auto_resubmit` and the task asked for it;
    `killable` says whether a kill makes sense; `resubmittable` whether running again is the natural next step.
    `what`, `why` and `next_step` are the three sentences that a person reads.
    """

    alias: str
    kind: Kind
    terminal: bool
    killable: bool
    may_auto_resubmit: bool
    resubmittable: bool
    what: str
    why: str
    next_step: str


def _active(alias: str, what: str, why: str, next_step: str, kind: Kind = Kind.ACTIVE) -> StatusFacts:
    return StatusFacts(alias, kind, False, True, False, False, what, why, next_step)


def _ended(
    alias: str, kind: Kind, what: str, why: str, next_step: str, *, may_auto_resubmit: bool = False
) -> StatusFacts:
    return StatusFacts(alias, kind, True, False, may_auto_resubmit, kind is not Kind.TERMINAL_OK, what, why, next_step)


FACTS: Final[Mapping[Status, StatusFacts]] = MappingProxyType(
    {
        Status.PENDING_INPUT: _active(
            "Waiting for Input",
            "The task exists, but its input files have not all arrived.",
            "It joins the queue only once the upload is complete.",
            "Wait for the upload. If the upload failed, submit the folder again.",
        ),
        Status.SUBMITTED: _active(
            "In Queue",
            "The inputs are stored and the task waits for its turn.",
            "Every machine of its group is busy or still starting.",
            "Wait, or kill the task.",
        ),
        Status.STARTED: _active(
            "Preparing to Compute",
            "A machine has taken the task and is getting ready.",
            "The input files and the simulator's environment are being fetched and unpacked.",
            "Nothing to do: the simulator starts by itself.",
        ),
        Status.COMPUTATION_STARTED: _active(
            "In Progress",
            "The simulator is running.",
            "The machine works through the task's commands, one after the other.",
            "Follow the log to see how it converges; kill the task if it goes astray.",
        ),
        Status.COMPUTATION_ENDED: _active(
            "Finalizing",
            "The commands have ended; the outputs are being packed and stored.",
            "Large outputs take a while to store.",
            "Wait a moment for the final state.",
            Kind.TRANSIENT,
        ),
        Status.PENDING_KILL: StatusFacts(
            "Pending Kill",
            Kind.TRANSIENT,
            False,
            False,
            False,
            False,
            "A kill was asked for and is being carried out.",
            "The machine is stopping the simulator and stores what it has written so far.",
            "Wait a moment. A kill that comes too late leaves the task with its natural end.",
        ),
        Status.SUCCESS: _ended(
            "Success",
            Kind.TERMINAL_OK,
            "All commands returned zero and the outputs are stored.",
            "The simulation ran to its end.",
            "Download the outputs.",
        ),
        Status.FAILED: _ended(
            "Failed",
            Kind.TERMINAL_FAILED,
            "A command of the simulation returned an error; the outputs so far are stored.",
            "Most often the input files or the parameters do not suit the simulator.",
            "Read the last lines of stderr and stdout, correct the input, run again.",
        ),
        Status.KILLED: _ended(
            "Killed",
            Kind.USER_STOPPED,
            "The task was stopped as asked.",
            "You or somebody else asked for it, or the window or script it was bound to ended.",
            "Run it again, or look at the outputs if it had started.",
        ),
        Status.TTL_EXCEEDED: _ended(
            "Task Timed Out",
            Kind.TERMINAL_FAILED,
            "The task was stopped because its own time to live had passed; the outputs so far are stored.",
            "The simulation took longer than the limit set when it was submitted.",
            "Run it again with a longer time to live.",
        ),
        Status.SPOT_INSTANCE_PREEMPTED: _ended(
            "Spot Reclaimed",
            Kind.TERMINAL_FAILED,
            "The provider took the spot machine back while the task was on it.",
            "Spot machines are cheap because they can be reclaimed at any moment.",
            "Run it again, or use a machine group that is not spot.",
            may_auto_resubmit=True,
        ),
        Status.EXECUTER_TERMINATED: _ended(
            "Task Runner Terminated",
            Kind.TERMINAL_FAILED,
            "The machine, or the runner on it, went away while the task was on it.",
            "It crashed, was shut down, or lost its connection for too long.",
            "Run it again; turn on automatic resubmission if this happens often.",
            may_auto_resubmit=True,
        ),
        Status.EXECUTER_TERMINATED_BY_USER: _ended(
            "Machine Terminated by User",
            Kind.USER_STOPPED,
            "The machine group was terminated while the task ran; nothing was saved.",
            "Terminating a group stops everything on its machines at once.",
            "Start a machine group, run the task again and let it finish first.",
        ),
        Status.EXECUTER_TERMINATED_TTL_EXCEEDED: _ended(
            "Machine Time Limit Reached",
            Kind.TERMINAL_FAILED,
            "The machine group reached its time limit while the task ran.",
            "A group ends at the time set when it was created, even with tasks on it.",
            "Run the task again on a group with a longer time to live.",
        ),
        Status.EXECUTER_TERMINATED_CREDITS_EXHAUSTED: _ended(
            "Credits Exhausted",
            Kind.TERMINAL_FAILED,
            "The budget ran out, so the machine was stopped while the task ran.",
            "The account or the local budget has no credits left.",
            "Top up or raise the budget, then run the task again.",
        ),
        Status.EXECUTER_FAILED: _ended(
            "Runtime Error",
            Kind.TERMINAL_FAILED,
            "Something outside the simulator broke, so the task could not run to its end.",
            "For example a full disk, an unreadable input archive or a simulator that is not installed.",
            "Read the detail, remove the cause, run again.",
        ),
        Status.ZOMBIE: _ended(
            "Machine Terminated in Queue",
            Kind.TERMINAL_FAILED,
            "The machine group ended before the task could start; there are no outputs.",
            "The group was terminated while the task was waiting.",
            "Run it again on another machine group.",
        ),
    }
)


def facts(status: Status) -> StatusFacts:
    """The facts of `status`; neutral ones, not terminal, for a code this version does not know."""
    known = FACTS.get(status)
    if known is not None:
        return known
    words = str(status).replace("-", " ").strip()
    return StatusFacts(
        words[:1].upper() + words[1:] if words else "Unknown state",
        Kind.TRANSIENT,
        False,
        False,
        False,
        False,
        "The service reports a state that this version of taskmon does not know.",
        "The service is newer than this taskmon.",
        "Update taskmon to read more about it.",
    )


_ON_MACHINE: Final = (Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED, Status.PENDING_KILL)
_WAITING: Final = (Status.PENDING_INPUT, Status.SUBMITTED)


def _transitions() -> dict[tuple[Status | None, Cause], Status]:
    table: dict[tuple[Status | None, Cause], Status] = {
        (None, Cause.SUBMIT): Status.PENDING_INPUT,
        (Status.PENDING_INPUT, Cause.INPUT_UPLOADED): Status.SUBMITTED,
        (Status.SUBMITTED, Cause.PICKED_UP): Status.STARTED,
        (Status.STARTED, Cause.WORK_STARTED): Status.COMPUTATION_STARTED,
        (Status.COMPUTATION_STARTED, Cause.WORK_FINISHED): Status.COMPUTATION_ENDED,
        (Status.PENDING_KILL, Cause.TASK_KILLED): Status.KILLED,
        (Status.SPOT_INSTANCE_PREEMPTED, Cause.RESUBMIT_ON_PREEMPTION): Status.SUBMITTED,
        (Status.EXECUTER_TERMINATED, Cause.RESUBMIT_ON_PREEMPTION): Status.SUBMITTED,
    }
    for waiting in _WAITING:
        table[waiting, Cause.USER_KILL] = Status.KILLED
        table[waiting, Cause.GROUP_TERMINATED] = Status.ZOMBIE
        table[waiting, Cause.GROUP_TIME_LIMIT] = Status.ZOMBIE
    for running in (Status.STARTED, Status.COMPUTATION_STARTED, Status.COMPUTATION_ENDED):
        table[running, Cause.USER_KILL] = Status.PENDING_KILL
    for ending in (Status.COMPUTATION_ENDED, Status.PENDING_KILL):
        table[ending, Cause.OUTPUT_SUCCESS] = Status.SUCCESS
        table[ending, Cause.OUTPUT_FAILED] = Status.FAILED
        table[ending, Cause.OUTPUT_KILLED] = Status.KILLED
        table[ending, Cause.OUTPUT_TTL_EXCEEDED] = Status.TTL_EXCEEDED
        table[ending, Cause.UPLOAD_FAILED] = Status.EXECUTER_FAILED
    for busy in _ON_MACHINE:
        table[busy, Cause.EXECUTION_FAILED] = Status.EXECUTER_FAILED
        table[busy, Cause.RUNNER_ERROR] = Status.EXECUTER_FAILED
        table[busy, Cause.RUNNER_PREEMPTED] = Status.SPOT_INSTANCE_PREEMPTED
        table[busy, Cause.RUNNER_INTERRUPTED] = Status.EXECUTER_TERMINATED
        table[busy, Cause.RUNNER_LOST] = Status.EXECUTER_TERMINATED
        table[busy, Cause.GROUP_TERMINATED] = Status.EXECUTER_TERMINATED_BY_USER
        table[busy, Cause.GROUP_TIME_LIMIT] = Status.EXECUTER_TERMINATED_TTL_EXCEEDED
        table[busy, Cause.CREDITS_EXHAUSTED] = Status.EXECUTER_TERMINATED_CREDITS_EXHAUSTED
    return table


TRANSITIONS: Final[Mapping[tuple[Status | None, Cause], Status]] = MappingProxyType(_transitions())
"""(state, cause) → next state. `None` is the state of a task that does not exist yet."""


def advance(current: Status | None, cause: Cause) -> Status:
    """The state that follows `current` when `cause` happens.

    Raises IllegalTransitionError when that cannot happen in this state; the caller decides whether it matters
    (a report that arrives late does not).
    """
    try:
        return TRANSITIONS[current, cause]
    except KeyError:
        raise IllegalTransitionError(str(current), str(cause)) from None


def can_kill(status: Status) -> bool:
    """Whether killing a task in this state can still stop it."""
    return facts(status).killable


def can_follow(earlier: Status | None, later: Status) -> bool:
    """Whether any cause leads from `earlier` directly to `later`."""
    return any(source == earlier and target == later for (source, _), target in TRANSITIONS.items())
