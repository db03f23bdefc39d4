"""What can go wrong, in words a person can act on.

`title` says what happened, `advice` what to do. A child class exists only where code decides differently.
"""

from __future__ import annotations


class TaskmonError(Exception):
    """An expected failure. `str()` gives both sentences."""

    def __init__(self, title: str, advice: str = "") -> None:
        super().__init__(title, advice)
        self.title = title
        self.advice = advice

    def __str__(self) -> str:
        return f"{self.title} {self.advice}".strip()


class ConnectionFailedError(TaskmonError):
    """The service did not answer, or only half; trying again later may help."""


class NotAuthorizedError(TaskmonError):
    """The service does not accept the API key; trying again with the same key does not help."""


class NotFoundError(TaskmonError):
    """What was asked for does not exist there."""


class RefusedError(TaskmonError):
    """The service understood and refused (any other 4xx). `status_code` is the HTTP status."""

    def __init__(self, title: str, advice: str = "", status_code: int = 0) -> None:
        super().__init__(title, advice)
        self.status_code = status_code


class BusyError(TaskmonError):
    """The service asks to slow down (429 or 503). `retry_after` is in seconds, None if it did not say."""

    def __init__(self, title: str, advice: str = "", retry_after: float | None = None) -> None:
        super().__init__(title, advice)
        self.retry_after = retry_after


class ServiceFailedError(TaskmonError):
    """The service made a mistake: a 5xx, or an answer that breaks the contract."""


class InvalidInputError(TaskmonError):
    """What the user gave cannot be used as it is: a folder, a file, a setting, a command."""


class IllegalTransitionError(TaskmonError):
    """A task cannot go from this state by this cause."""

    def __init__(self, current: str, cause: str) -> None:
        super().__init__(f"A task that is {current} cannot change by {cause}.")
        self.current = current
        self.cause = cause
