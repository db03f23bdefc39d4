"""The account. On one's own computer there is one user, everything is free, and the limits are those of the machine."""

from __future__ import annotations

import getpass
from typing import Any

from fastapi import APIRouter
from starlette.responses import Response

from taskmon.core.user import Quota, QuotaScope, TermsDecision, User
from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter()


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "user"


@router.get("/users/info", response_model=User)
async def user_info(service: ServiceParts) -> Response:
    created = service.projects.project("default").created_at
    name = _user_name()
    return JsonAnswer(
        User(
            email=f"{name}@localhost",
            username=name,
            name=name,
            tier="local",
            total_available_credits=0.0,
            credits_currency="USD",
            terms_and_conditions_decision=TermsDecision.ACCEPTED,
            terms_and_conditions_decision_ts=created,
            registration_ts=created,
            costs_fee_percentage=0.0,
            terminate_resources_credits_threshold=0.0,
        )
    )


@router.get("/users/quotas", response_model=dict[str, Quota])
async def quotas(service: ServiceParts) -> Response:
    """Every key that a group's `quota_usage` names, and the limits of the contract. None means no limit."""
    groups = service.groups.described(service.machines.described(), service.clock())
    started = [group.quota_usage or {} for group in groups if group.started]

    def used(key: str) -> float:
        return sum(usage.get(key, 0) for usage in started)

    listed = [
        ("max_vcpus", "Virtual CPUs in use at once", "vCPU", QuotaScope.GLOBAL, used("max_vcpus")),
        ("max_instances", "Machines at once", "machine", QuotaScope.GLOBAL, used("max_instances")),
        ("max_price_hour", "Price of all machines", "USD/h", QuotaScope.GLOBAL, 0.0),
        ("max_disk_size", "Disk of one machine", "GB", QuotaScope.INSTANCE, None),
        ("mg_max_idle", "Idle time of a machine group", "minute", QuotaScope.INSTANCE, None),
        ("mg_max_ttl", "Life of a machine group", "hour", QuotaScope.INSTANCE, None),
    ]
    return JsonAnswer(
        {
            key: Quota(id=key, label=label, unit=unit, scope=scope, max_allowed=None, in_use=in_use)
            for key, label, unit, scope, in_use in listed
        }
    )


@router.get("/users/costs")
async def costs(service: ServiceParts) -> Response:
    components = {"compute": 0.0, "storage": 0.0, "data_transfer": 0.0, "task_orchestration": 0.0}
    month: dict[str, Any] = {"month": service.clock().strftime("%Y-%m"), "total": 0.0, "components": components}
    return JsonAnswer({"currency": "USD", "credits": 0.0, "costs": [{**month, "type": "estimate"}]})


@router.get("/users/fees")
async def fees() -> Response:
    none: dict[str, Any] = {"amount": 0.0, "active": False, "active_since": None}
    return JsonAnswer(
        {"costs_fee_percentage": {**none, "unit": "%"}, "task_orchestration_fee": {**none, "unit": "USD"}}
    )
