"""The simulators that can be asked for. No key needed."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import Response

from taskmon.service.answers import JsonAnswer
from taskmon.service.context import ServiceParts

router = APIRouter()


@router.get("/simulators/available-images")
async def available_images(service: ServiceParts) -> Response:
    """Simulator names in lower case, each with the tags of its images (the text after the last `_v` or colon).

    An edition (`openfoam-esi`) is listed under the name in its image too: official clients ask for that one.
    """
    production: dict[str, list[str]] = {}
    for simulator in service.simulators:
        for name in sorted({simulator.key.lower(), _edition(simulator.image) or simulator.key.lower()}):
            production.setdefault(name, []).append(_tag(simulator.image))
    return JsonAnswer({"production": production, "development": {}})


def _tag(image: str) -> str:
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    return (tag.rpartition("_v")[2] if "_v" in tag else tag) or "latest"


def _edition(image: str) -> str:
    tag = image.rsplit("/", 1)[-1].partition(":")[2]
    return tag.rpartition("_v")[0].lower()
