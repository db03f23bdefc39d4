"""What the OpenAPI document says beyond what the routes know of themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from taskmon.service.gate import KEY_HEADER, needs_no_key

if TYPE_CHECKING:
    from fastapi import FastAPI

_TEXT: Final = {"type": "string"}
_WHOLE: Final = {"type": "integer"}
_FLAG: Final = {"type": "boolean"}
_PLACE: Final = {"provider_id": _TEXT, "region": _TEXT}
_IGNORED: Final[dict[tuple[str, str], dict[str, Any]]] = {
    ("get", "/compute/price"): {"provider_id": _TEXT, "zone": _TEXT},
    ("get", "/pricing/machine-types"): {"include_hardware_specs": _FLAG, "include_lyceum": _FLAG},
    ("get", "/users/costs"): dict.fromkeys(("start_year", "start_month", "end_year", "end_month"), _WHOLE),
    **{
        (method, f"/storage/{call}"): _PLACE
        for method, calls in {
            "get": ("signed-urls", "contents", "zip-contents", "zip-file-range"),
            "post": ("copy", "export_multipart", "input_remote"),
            "delete": ("",),
        }.items()
        for call in calls
    },
}
"""Parameters of the Web API that mean nothing on one computer: taken, and not looked at."""
_MAY_BE_EMPTY: Final = frozenset(
    {
        ("get", "/tasks/{task_id}/message"),
        ("get", "/task-runner/{machine}/task"),
        ("get", "/task-runner/{machine}/task/{task_id}/message"),
    }
)
"""Calls that wait for something and answer 204 when it did not come."""
_RANGED: Final = "/{path}"
"""How the addresses of files end, which may be read in ranges."""
_PROBLEM: Final = {
    "description": "What is wrong, for a person to read.",
    "type": "object",
    "properties": {"detail": _TEXT},
    "required": ["detail"],
}
_REFUSED: Final = {
    "description": "Refused",
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def complete_document(app: FastAPI) -> None:
    """Make `app.openapi()` tell the whole truth."""
    by_routes = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            _amend(by_routes())
        return by_routes()

    app.openapi = openapi  # type: ignore[method-assign]


def _amend(document: dict[str, Any]) -> None:
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    schemas["Problem"] = _PROBLEM
    parts["securitySchemes"] = {"key": {"type": "apiKey", "in": "header", "name": KEY_HEADER}}
    for path, calls in document["paths"].items():
        for method, call in calls.items():
            call["security"] = [] if needs_no_key(path) else [{"key": []}]
            call["responses"].pop("422", None)
            call["responses"]["4XX"] = _REFUSED
            if (method, path) in _MAY_BE_EMPTY:
                call["responses"]["204"] = {"description": "Nothing came in time"}
            if path.endswith(_RANGED) and method == "get":
                call["responses"] |= {"206": {"description": "The range that was asked for"}}
            for name, schema in _IGNORED.get((method, path), {}).items():
                ignored = {"name": name, "in": "query", "required": False, "schema": schema}
                call.setdefault("parameters", []).append({**ignored, "description": "Taken, and not looked at."})
