"""The catalogue of machine types. No key needed. There is one type here: this computer."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.responses import Response

from taskmon.core.machine import LOCAL_MACHINE_TYPE
from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts
from taskmon.service.task_rows import STORAGE_REGION

router = APIRouter()

Names = Annotated[list[str] | None, Query()]
Bounds = Annotated[list[float] | None, Query(min_length=2, max_length=2)]


def _within(value: float, bounds: list[float] | None) -> bool:
    return bounds is None or bounds[0] <= value <= bounds[1]


@router.get("/pricing/machine-types")
async def machine_types(
    service: ServiceParts,
    provider_id: str,
    machine_families: Names = None,
    machine_configs: Names = None,
    vcpus_range: Bounds = None,
    memory_range: Bounds = None,
    price_range: Bounds = None,
    spot: bool | None = None,
    gpus_range: Bounds = None,
    gpu_names: Names = None,
    zones: Names = None,
) -> Response:
    computer = service.computer
    this: dict[str, Any] = {
        "machine_type": LOCAL_MACHINE_TYPE,
        "num_vcpus": computer.cores_logical,
        "ram_gb": round(computer.memory_bytes / 1e9, 1),
        "price": 0.0,
        "provider_id": "LOCAL",
        "threads_per_core": max(1, computer.cores_logical // computer.cores_physical),
        "spot": False,
        "region": STORAGE_REGION,
        "zone": STORAGE_REGION,
        "num_gpus": 0,
        "gpu_id": None,
        "gpu_name": None,
    }
    fits = (
        provider_id == "LOCAL"
        and not spot
        and not gpu_names
        and LOCAL_MACHINE_TYPE in (machine_families or [LOCAL_MACHINE_TYPE])
        and not machine_configs
        and STORAGE_REGION in (zones or [STORAGE_REGION])
        and _within(this["num_vcpus"], vcpus_range)
        and _within(this["ram_gb"], memory_range)
        and _within(this["price"], price_range)
        and _within(this["num_gpus"], gpus_range)
    )
    return JsonAnswer([this] if fits else [])
