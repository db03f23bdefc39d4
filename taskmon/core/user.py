"""The account behind an API key, its quotas, and whether client and service fit.

Source: the models User, Quota, VersionComparisonResult of the Inductiva Web API.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

CONTRACT_VERSION: Final = "0.18.12"
"""The version of the official client whose contract is spoken here, by our client and by our service."""


class TermsDecision(StrEnum):
    UNKNOWN = "unknown"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class QuotaScope(StrEnum):
    GLOBAL = "global"
    INSTANCE = "instance"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    email: str
    username: str
    tier: str
    total_available_credits: float
    terms_and_conditions_decision: TermsDecision
    registration_ts: datetime
    costs_fee_percentage: float
    terminate_resources_credits_threshold: float
    name: str | None = None
    organization: str | None = None
    credits_currency: str | None = None
    terms_and_conditions_decision_ts: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    id: str
    label: str
    unit: str
    scope: QuotaScope
    max_allowed: float | None = None
    in_use: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionCheck:
    is_valid: bool
    client_version: str
    server_version: str
    min_supported_client_version: str | None = None
