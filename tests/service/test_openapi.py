"""What the service says of itself at `/openapi.json` and `/docs`, compared with the Web API as its clients know it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

if TYPE_CHECKING:
    from tests.service.house import House

CONTRACT = Path(__file__).parents[1] / "contract"
WEB_API = json.loads((CONTRACT / "web_api.json").read_text(encoding="utf-8"))
SCHEMAS = {**json.loads((CONTRACT / "schemas.json").read_text(encoding="utf-8")), **WEB_API["schemas"]}

Call = tuple[str, str]

MISSING: set[Call] = set()
"""Calls of tiers 1 and 2 that are not there yet; a set that only ever shrinks."""
STRICTER: dict[Call, set[str]] = {
    # Without a path there is no archive to look into; every client sends it.
    ("GET", "/storage/zip-contents"): {"path"},
    ("GET", "/storage/zip-file-range"): {"path"},
}
"""Query parameters that we need and the Web API calls optional, with the reason."""
UNDESCRIBED: set[Call] = {
    ("GET", "/events/"),
    ("GET", "/events/{}"),
    ("GET", "/pricing/machine-types"),
    ("GET", "/simulators/available-images"),
    ("GET", "/storage/cost"),
    ("GET", "/storage/default_bucket"),
    ("GET", "/storage/list_buckets"),
    ("GET", "/task-runner/{}/task/{}/message"),
    ("GET", "/users/costs"),
    ("GET", "/users/fees"),
}
"""Answers that the document leaves open because we build them as plain data; their values have tests of their own."""


def shape(path: str) -> str:
    """A path without the names of its parts."""
    return re.sub(r"\{[^}]*\}", "{}", path)


STORED_FILE = "/{bucket}/{storage_path}"


@pytest.fixture
async def document(house: House) -> Any:
    return await house.json("GET", "/openapi.json")


def ours(document: Any, call: dict[str, Any]) -> dict[str, Any]:
    path = "/objects/{}" if call["path"] == STORED_FILE else shape(call["path"])
    found = [calls for known, calls in document["paths"].items() if shape(known) == path]
    assert found, f"there is no {call['path']}"
    assert call["method"].lower() in found[0], f"{call['path']} has no {call['method']}"
    answer: dict[str, Any] = found[0][call["method"].lower()]
    return answer


async def test_every_call_is_there_with_its_parameters_body_and_answers(document: Any) -> None:
    differences = []
    for call in WEB_API["endpoints"]:
        if (call["method"], shape(call["path"])) not in MISSING:
            differences += [f"{call['method']} {call['path']}: {what}" for what in compared(document, call)]
    assert not differences, "\n".join(differences)


async def test_what_is_called_missing_is_missing(document: Any) -> None:
    present = {(method.upper(), shape(path)) for path, calls in document["paths"].items() for method in calls}
    assert not MISSING & present


def compared(document: Any, call: dict[str, Any]) -> Iterator[str]:
    known = (call["method"], shape(call["path"]))
    mine = ours(document, call)
    query = {given["name"]: given for given in mine.get("parameters", ()) if given["in"] == "query"}
    for name, theirs in ({} if call["path"] == STORED_FILE else call["query"]).items():
        if name not in query:
            yield f"no parameter {name}"
            continue
        if query[name].get("required", False) and not theirs["required"] and name not in STRICTER.get(known, ()):
            yield f"{name} is not optional"
        yield from accepts(query[name]["schema"], theirs["schema"], name, document)
    for name in query.keys() - call["query"].keys():
        if query[name].get("required", False) and call["path"] != STORED_FILE:
            yield f"{name} is ours and not optional"
    if call["body"] is not None and call["path"] != STORED_FILE:
        yield from accepts(body_of(mine), call["body"], "body", document)
    for code, theirs in call["answers"].items():
        found = [given for given in mine["responses"] if given == code or (code == "2xx" and given.startswith("2"))]
        if not found:
            yield f"no answer {code}"
        elif known not in UNDESCRIBED and call["path"] != STORED_FILE:
            yield from tells(answer_of(mine["responses"][found[0]]), theirs, code, document)


def body_of(call: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = call["requestBody"]["content"]["application/json"]["schema"]
    return schema


def answer_of(response: dict[str, Any]) -> dict[str, Any]:
    schema: dict[str, Any] = response.get("content", {}).get("application/json", {}).get("schema", {})
    return schema


def variants(schema: dict[str, Any] | None, known: dict[str, Any]) -> list[dict[str, Any]]:
    """The schemas that `schema` stands for, references and alternatives resolved, null left out."""
    if not schema:
        return []
    if "$ref" in schema:
        return variants(known[schema["$ref"].rpartition("/")[2]], known)
    if "anyOf" in schema or "oneOf" in schema:
        options = schema.get("anyOf") or schema["oneOf"]
        return [one for option in options for one in variants(option, known)]
    return [] if schema.get("type") == "null" else [schema]


def codes(options: list[dict[str, Any]]) -> set[Any]:
    return {code for option in options for code in option.get("enum", ())}


def kinds(options: list[dict[str, Any]]) -> set[str]:
    return {option["type"] for option in options if "type" in option}


def accepts(mine: Any, theirs: Any, where: str, document: Any) -> Iterator[str]:
    """Whether everything a client may send fits what we take."""
    left, right = variants(mine, document["components"]["schemas"]), variants(theirs, SCHEMAS)
    if codes(left) and codes(right) - codes(left):
        yield f"{where} does not take {sorted(codes(right) - codes(left))}"
    taken = kinds(left) | ({"integer"} if "number" in kinds(left) else set())
    taken |= {"string"} if taken == {"boolean"} else set()  # a parameter of an address is always a text
    if taken and not codes(left) and kinds(right) - taken:
        yield f"{where} does not take {sorted(kinds(right) - taken)}"
    if len(left) == len(right) == 1 and "properties" in left[0]:
        theirs_required, fields = set(right[0].get("required", ())), right[0].get("properties", {})
        for name in set(left[0].get("required", ())) - theirs_required:
            yield f"{where}.{name} is not optional"
        for name in fields.keys() & left[0]["properties"].keys():
            yield from accepts(left[0]["properties"][name], fields[name], f"{where}.{name}", document)


def tells(mine: Any, theirs: Any, where: str, document: Any) -> Iterator[str]:
    """Whether what we answer fits what a client expects."""
    left, right = variants(mine, document["components"]["schemas"]), variants(theirs, SCHEMAS)
    if codes(right) and codes(left) - codes(right):
        yield f"{where} tells {sorted(codes(left) - codes(right))}, which nobody knows"
    if (
        len(right) != 1
        or "x-free-form" in right[0]
        or all(option.get("additionalProperties") is True for option in left)
    ):
        return
    [expected] = right
    for name in expected.get("required", ()):
        if not any(name in option.get("properties", {}) for option in left):
            yield f"{where}.{name} is not told"
    for name, field in expected.get("properties", {}).items():
        for option in left:
            if name in option.get("properties", {}):
                yield from tells(option["properties"][name], field, f"{where}.{name}", document)
    if expected.get("type") == "array" and left:
        yield from tells(left[0].get("items"), expected.get("items"), f"{where}[]", document)


async def test_the_key_errors_and_empty_answers_are_described(document: Any) -> None:
    assert document["components"]["securitySchemes"]["key"]["name"] == "x-api-key"
    for path, calls in document["paths"].items():
        for call in calls.values():
            problem = call["responses"]["4XX"]["content"]["application/json"]["schema"]
            assert problem == {"$ref": "#/components/schemas/Problem"}, path
    assert document["paths"]["/tasks"]["get"]["security"] == [{"key": []}]
    assert document["paths"]["/version-check"]["get"]["security"] == []
    assert "204" in document["paths"]["/task-runner/{machine}/task"]["get"]["responses"]


async def test_anybody_may_read_the_documentation(house: House) -> None:
    async with httpx.AsyncClient(base_url=house.url, trust_env=False, verify=False) as stranger:
        page = await stranger.get("/docs")
        document = await stranger.get("/openapi.json")
    assert page.headers["content-type"].startswith("text/html")
    for path, calls in document.json()["paths"].items():
        for method in calls:
            assert f"{method.upper()} {path}" in page.text
    for name in document.json()["components"]["schemas"]:
        assert f'id="{name}"' in page.text
    assert "src=" not in page.text
    assert house.service.api_key not in page.text + document.text


async def test_the_document_does_not_change_when_it_is_asked_for_again(house: House) -> None:
    first, second = [(await house.client.get("/openapi.json")).content for _ in range(2)]
    assert first == second
