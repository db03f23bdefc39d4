"""What every answer of the service has in common: core values as JSON, and errors with a `detail`."""

from __future__ import annotations

import errno
import logging
import sqlite3
from typing import TYPE_CHECKING, Any, Final

import orjson
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from taskmon.core.errors import IllegalTransitionError, InvalidInputError, NotFoundError, RefusedError, TaskmonError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

_log = logging.getLogger(__name__)


class JsonAnswer(Response):
    """A core value, or plain JSON data, as it stands."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


NOTHING: Final[dict[str, str]] = {}
"""The body of an answer that says nothing beyond its status."""


def problem(status_code: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error answer in the form that every client of this API reads."""
    readable = detail.encode("utf-8", "replace").decode()  # it may quote what cannot be told
    return JsonAnswer({"detail": readable}, status_code=status_code, headers=dict(headers or {}))


def status_code_of(error: TaskmonError) -> int:
    """The HTTP status that tells a client what `error` tells us."""
    if isinstance(error, RefusedError):
        return error.status_code or 400
    if isinstance(error, NotFoundError):
        return 404
    if isinstance(error, InvalidInputError):
        return 422
    return 409 if isinstance(error, IllegalTransitionError) else 500


def _validation_text(error: RequestValidationError) -> str:
    faults = (f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
    return f"The request cannot be used: {'; '.join(faults)}."


def database_sentence(error: Exception) -> str:
    """What it means to a person that the database cannot be used now."""
    text = str(error)
    if "locked" in text:
        return "The task database is open in another program. End that program, then repeat."
    if "full" in text:
        return "The disk of the task service is full, so nothing can be written down. Make room on it, then repeat."
    if "readonly" in text:
        return "The task database cannot be written. Give the task service the right to write its folder, then repeat."
    return f"The task database cannot be used: {text}. Look at the disk of the task service, then repeat."


def add_error_answers(app: FastAPI) -> None:
    """Make `app` answer every kind of failure by `{"detail": text}`."""

    async def expected(request: Request, error: Exception) -> Response:
        assert isinstance(error, TaskmonError)
        return problem(status_code_of(error), str(error))

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        return problem(error.status_code, str(error.detail), error.headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return problem(422, _validation_text(error))

    async def database(request: Request, error: Exception) -> Response:
        _log.error("%s %s: the database cannot be used: %s", request.method, request.url.path, error)
        return problem(503, database_sentence(error), {"retry-after": "1"})

    async def untellable(request: Request, error: Exception) -> Response:
        """JSON can hold halves of characters; nothing can be named by them, and nothing keeps them."""
        return problem(422, "The request holds text that is no valid Unicode.")

    async def too_large(request: Request, error: Exception) -> Response:
        """The database counts with 64 bits."""
        return problem(422, "The request holds a number that is too large.")

    async def not_encoded(request: Request, error: Exception) -> Response:
        return await (untellable if "surrogates" in str(error) else unexpected)(request, error)

    async def file_trouble(request: Request, error: Exception) -> Response:
        """A path may be longer than any file system takes."""
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            return problem(422, "The path is too long for a file of this computer.")
        return await unexpected(request, error)

    async def unexpected(request: Request, error: Exception) -> Response:
        _log.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return problem(500, "The task service made a mistake. Its log says more; please report it.")

    app.add_exception_handler(TaskmonError, expected)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(sqlite3.OperationalError, database)
    app.add_exception_handler(UnicodeEncodeError, untellable)
    app.add_exception_handler(orjson.JSONEncodeError, not_encoded)
    app.add_exception_handler(OverflowError, too_large)
    app.add_exception_handler(OSError, file_trouble)
    app.add_exception_handler(Exception, unexpected)
