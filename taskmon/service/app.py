"""The web application: the endpoints behind the gate."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.types import ASGIApp

from taskmon import __version__
from taskmon.service.answers import add_error_answers
from taskmon.service.context import Service
from taskmon.service.document import complete_document
from taskmon.service.endpoints import (
    compute,
    docs,
    extensions,
    leases,
    machine_types,
    mailbox,
    notices,
    objects,
    projects,
    reclaim,
    runner,
    simulators,
    storage,
    tasks,
    transfers,
    users,
    version,
)
from taskmon.service.gate import Gate

if TYPE_CHECKING:
    from taskmon.service.chaos import Chaos


def create_app(service: Service, hosts: Iterable[str] = (), chaos: Chaos | None = None) -> ASGIApp:
    """The application of `service`; `hosts` are names by which it may be addressed, beside addresses and localhost.

    With `chaos` its answers are spoiled on purpose.
    """
    app = FastAPI(title="taskmon task service", version=__version__, docs_url=None, redoc_url=None)
    app.state.service = service
    add_error_answers(app)
    nouns = [version, users, simulators, machine_types, compute, projects, tasks, notices, mailbox]
    nouns += [storage, transfers, runner, objects, docs]
    for noun in (*nouns, *([extensions, reclaim, leases] if service.extensions else [])):
        # The routes as they are, not include_router(): nothing is prefixed or overridden, and copying them costs time.
        app.router.routes.extend(noun.router.routes)
    if chaos is not None:
        from taskmon.service.endpoints import faults

        app.state.chaos = chaos
        app.router.routes.extend(faults.router.routes)
    complete_document(app)
    gate = Gate(app, service.api_key, service.visits, hosts)
    return gate if chaos is None else chaos.around(gate)
