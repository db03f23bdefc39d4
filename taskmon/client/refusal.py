"""What a refusal or a silence means: httpx answers and faults as core errors. Used by the transport only."""

from __future__ import annotations

import logging
import re
import ssl
from email.utils import parsedate_to_datetime
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import msgspec

from taskmon.core.errors import (
    BusyError,
    ConnectionFailedError,
    NotAuthorizedError,
    NotFoundError,
    RefusedError,
    ServiceFailedError,
)
from taskmon.core.plain_text import one_line
from taskmon.core.units import short_duration_text

_log = logging.getLogger(__name__)

_SHOWN_ADDRESS: Final = 200


def connection_failed(url: str, error: Exception) -> ConnectionFailedError:
    """The error for a fault of the network on the way to `url`."""
    place = urlsplit(url).netloc
    _log.debug("no answer from %s: %r", place, error)
    if (problem := _tls_problem(error)) is not None:
        return ConnectionFailedError(*_tls_sentences(place, problem))
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        title = f"The service at {place} cannot be reached."
    elif isinstance(error, httpx.TimeoutException):
        title = f"The service at {place} did not answer in time."
    else:
        title = f"The connection to {place} broke off."
    return ConnectionFailedError(title, "Check that it is running and that the network is up, then try again.")


def _tls_problem(error: BaseException | None) -> ssl.SSLError | None:
    """What OpenSSL said, where it stands behind `error`."""
    while error is not None and not isinstance(error, ssl.SSLError):
        error = error.__cause__ or error.__context__
    return error


def _tls_sentences(place: str, problem: ssl.SSLError) -> tuple[str, str]:
    if isinstance(problem, ssl.SSLCertVerificationError):
        title = f"{place} cannot prove who it is: {problem.verify_message.rstrip('.')}."
        return title, "Check the address; if its certificate is your own, name its authority's file in SSL_CERT_FILE."
    return f"No safe connection to {place} came about.", "Check whether its address begins with https:// or http://."


def refusal(
    response: httpx.Response, what: str, *, signed: bool
) -> NotAuthorizedError | NotFoundError | BusyError | RefusedError | ServiceFailedError:
    """The error for an answer outside 2xx; `signed` addresses carry no key, so their 401 and 403 are about the link."""
    code, detail = response.status_code, _detail(response)
    if response.has_redirect_location:  # never followed: the key belongs to this address
        other = one_line(response.headers["location"])[:_SHOWN_ADDRESS]
        return RefusedError(f"The service refers to {other}.", "Use that address if you trust it.", code)
    if code in {401, 403} and not signed:
        return NotAuthorizedError(
            "The service does not accept the API key." + (f" It says: {detail}" if detail else ""),
            "Set the key of this connection again.",
        )
    if code == httpx.codes.NOT_FOUND:
        return NotFoundError(detail or f"The service has nothing under {what}.", "It may have been removed.")
    if code in {429, 503}:
        wanted = _retry_after(response)
        advice = f"It wants to be asked again in {short_duration_text(wanted)}." if wanted else "Wait a moment."
        return BusyError(detail or "The service asks to slow down.", advice, wanted)
    if response.is_client_error or code == httpx.codes.INSUFFICIENT_STORAGE:
        if signed and code in {401, 403}:
            return RefusedError("The store refused the signed address.", "It may have expired; try again.", code)
        return RefusedError(detail or f"The service refused {what} ({code}).", status_code=code)
    return ServiceFailedError(
        f"The service failed at {what} ({code})." + (f" It says: {detail}" if detail else ""),
        "Try again; if it happens again, look at the service's log or tell whoever runs it.",
    )


def not_as_agreed(response: httpx.Response, what: str, error: Exception) -> ServiceFailedError:
    """The error for an answer of 2xx that cannot be read."""
    if response.content.lstrip()[:1] == b"<":
        return ServiceFailedError(f"A web page answers {what}, not a task service.", "Check the service's address.")
    return ServiceFailedError(
        f"The service's answer to {what} is not what was agreed: {str(error).rstrip('.')}.",
        "Check the service's address and version; if they are right, report this to whoever runs it.",
    )


def _detail(response: httpx.Response) -> str:
    """The service's own sentence: `{"detail": "…"}`, or a list of what is wrong with the request."""
    try:
        body: Any = msgspec.json.decode(response.content)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    detail = body.get("detail") if isinstance(body, dict) else None
    if isinstance(detail, list):
        return "; ".join(_complaint(item) for item in detail)
    return detail if isinstance(detail, str) else ""


def _complaint(item: Any) -> str:
    if not isinstance(item, dict):
        return str(item)
    where = ".".join(str(part) for part in item.get("loc", ()) if part not in {"body", "query", "path"})
    return f"{where}: {item.get('msg', 'invalid')}" if where else str(item.get("msg", "invalid"))


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds; a date counts from the server's own `Date`, so that clock skew does not matter."""
    text = response.headers.get("retry-after", "")
    if re.fullmatch(r"\d+(\.\d+)?", text):
        return float(text)
    try:
        until, now = parsedate_to_datetime(text), parsedate_to_datetime(response.headers["date"])
        return max(0.0, (until - now).total_seconds())
    except (KeyError, ValueError, TypeError):
        return None
