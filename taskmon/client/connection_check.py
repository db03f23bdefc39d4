"""Tries a connection: is there a service, does it accept this taskmon, and whose key is it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from taskmon.client.api import ServiceClient
from taskmon.core.connection import FormPart
from taskmon.core.errors import (
    ConnectionFailedError,
    InvalidInputError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
    TaskmonError,
)
from taskmon.core.units import money_text
from taskmon.core.user import User

_TOO_OLD = 406
_REFERS_ELSEWHERE = range(300, 400)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """`sentence` is for the person; `part` says which field it is about, None if all is well."""

    sentence: str
    part: FormPart | None = None

    @property
    def ok(self) -> bool:
        return self.part is None


async def check_connection(url: str, api_key: str, *, transport: httpx.AsyncBaseTransport | None = None) -> CheckResult:
    """What came of it; never raises a TaskmonError. `transport` replaces the network, for tests."""
    part = FormPart.KEY
    try:
        async with ServiceClient(url, api_key, transport=transport) as client:
            part = FormPart.ADDRESS
            version = await client.check_version()
            part = FormPart.KEY
            user = await client.user()
    except TaskmonError as error:
        return _refused(error, part)
    return CheckResult(f"{_account(user)} Client accepted (service {version.server_version}).")


def _refused(error: TaskmonError, part: FormPart) -> CheckResult:
    if isinstance(error, ConnectionFailedError):
        return CheckResult(str(error), FormPart.ADDRESS)
    if isinstance(error, NotAuthorizedError):
        return CheckResult("The service does not accept this key. Copy it again, or ask for a new one.", FormPart.KEY)
    if isinstance(error, RefusedError) and error.status_code == _TOO_OLD:
        return CheckResult(f"The service wants a newer taskmon. It says: {error.title}", FormPart.ADDRESS)
    if isinstance(error, RefusedError) and error.status_code in _REFERS_ELSEWHERE:
        return CheckResult(str(error), FormPart.ADDRESS)
    if part is FormPart.ADDRESS and isinstance(error, NotFoundError | ServiceFailedError | RefusedError):
        return CheckResult(
            "Something answers there, but it is not a task service. Check the address.", FormPart.ADDRESS
        )
    if isinstance(error, InvalidInputError):
        return CheckResult(str(error), part)
    return CheckResult(str(error), FormPart.ADDRESS)


def _account(user: User) -> str:
    who = user.name or user.username or user.email
    also = f" ({user.email})" if user.email and user.email != who else ""
    credit = money_text(user.total_available_credits, user.credits_currency or "US$") or "0"
    return f"Connected as {who}{also}, credits {credit}."
