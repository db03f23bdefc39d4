"""The interface for people to read, made from the same document as `/openapi.json`. Loads nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from typing import Any, Final

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse, Response

router = APIRouter()

_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin: 2.5rem 0 .5rem; } h3 { margin: 1.6rem 0 .2rem; font: 600 1rem ui-monospace, monospace; }
p, ul { margin: .2rem 0; } code, li { font-family: ui-monospace, monospace; font-size: .9rem; }
"""


@router.get("/docs", include_in_schema=False)
async def docs(request: Request) -> Response:
    page = "\n".join(_page(request.app.openapi()))
    return HTMLResponse(page, headers={"content-security-policy": _POLICY})


def _page(document: dict[str, Any]) -> Iterator[str]:
    title = escape(document["info"]["title"])
    yield f"<!doctype html><html lang=en><meta charset=utf-8><title>{title}</title><style>{_STYLE}</style>"
    yield f"<h1>{title} {escape(document['info']['version'])}</h1>"
    yield '<p>Requests carry the key in the header <code>X-API-Key</code>. Errors are JSON: <code>{"detail": …}</code>.'
    yield 'The same for programs: <a href="openapi.json">openapi.json</a>.</p>'
    room = ""
    for path, calls in sorted(document["paths"].items()):
        if path.split("/")[1] != room:
            room = path.split("/")[1]
            yield f"<h2>{escape(room)}</h2>"
        for method, call in calls.items():
            yield from _call(method, path, call)
    yield "<h2>Values</h2>"
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from _value(name, schema)


def _call(method: str, path: str, call: dict[str, Any]) -> Iterator[str]:
    yield f"<h3>{method.upper()} {escape(path)}</h3><p>{escape(call.get('description') or call['summary'])}</p><ul>"
    for parameter in call.get("parameters", ()):
        needed = "" if parameter.get("required") else ", optional"
        words = f"{parameter['name']}: {_type(parameter['schema'])} (in {parameter['in']}{needed})"
        yield f"<li>{escape(words)}</li>"
    for content in call.get("requestBody", {}).get("content", {}).values():
        yield f"<li>body: {escape(_type(content['schema']))}</li>"
    for code, answer in call["responses"].items():
        schemas = [_type(content["schema"]) for content in answer.get("content", {}).values() if content.get("schema")]
        yield f"<li>{code}: {escape(', '.join(schemas) or answer['description'])}</li>"
    yield "</ul>"


def _value(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield f'<h3 id="{escape(name)}">{escape(name)}</h3><p>{escape(schema.get("description", ""))}</p><ul>'
    for code in schema.get("enum", ()):
        yield f"<li>{escape(str(code))}</li>"
    required = schema.get("required", ())
    for field, kind in schema.get("properties", {}).items():
        yield f"<li>{escape(field)}: {escape(_type(kind))}{'' if field in required else ' (optional)'}</li>"
    yield "</ul>"


def _type(schema: dict[str, Any]) -> str:
    """A schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "anyOf" in schema:
        return " or ".join(map(_type, schema["anyOf"]))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if isinstance(values := schema.get("additionalProperties"), dict):
        return f"map to {_type(values)}"
    return str(schema.get("format") or schema.get("type") or "anything")
