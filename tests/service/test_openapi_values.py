"""Whatever anybody sends: no mistake of the service, and no answer that the OpenAPI document does not describe."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.service.fake_runner import FakeRunner
from tests.service.house import a_house

if TYPE_CHECKING:
    from pathlib import Path

    from tests.service.house import House

SETTINGS = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
)
WAITS = {"block_s": 0, "wait_s": 0, "follow": False}
"""Parameters that let the service wait; here nobody has the time."""
NOWHERE = "http://127.0.0.1:9/"
"""Where the service is sent when a call makes it fetch something."""
ADDRESSES = ("url", "webhook_url", "part_url", "complete_multipart_url")
TEXT = st.text(max_size=12) | st.sampled_from(["\ud800", "a\0b", "..", "../..", "%2e%2e", "1" * 400])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)


class World:
    """A house in a loop of its own, things in it that exist, and the document it gives out."""

    def __init__(self, runner: asyncio.Runner, house: House) -> None:
        self.runner, self.house = runner, house
        self.document = runner.run(house.json("GET", "/openapi.json"))
        self.schemas = self.document["components"]["schemas"]
        machine = runner.run(FakeRunner.register(house))
        computing = runner.run(self._a_task(machine))
        waiting, queued = runner.run(house.submit(project="dam")), runner.run(house.queue())
        self.known = [house.group, "lab", machine.uuid, computing, waiting, queued, "dam", "default", f"{queued}/"]
        self.known += [f"{queued}/input.zip", "sim_dir", "run.txt"]

    async def _a_task(self, machine: FakeRunner) -> str:
        await self.house.queue()
        return str(await machine.compute())

    def calls(self) -> Iterator[tuple[str, str, dict[str, Any]]]:
        for path, calls in self.document["paths"].items():
            for method, call in calls.items():
                yield method.upper(), path, call

    def values(self, schema: dict[str, Any], name: str = "") -> st.SearchStrategy[Any]:
        """Values that fit `schema`, with an inclination to what exists."""
        if name in ADDRESSES:
            return st.just(NOWHERE) | TEXT.filter(lambda text: "." not in text and ":" not in text)
        if "$ref" in schema:
            return self.values(self.schemas[schema["$ref"].rpartition("/")[2]])
        if "anyOf" in schema:
            return st.one_of([self.values(option, name) for option in schema["anyOf"]])
        if "enum" in schema:
            return st.sampled_from(schema["enum"])
        return self._plain_values(schema)

    def _plain_values(self, schema: dict[str, Any]) -> st.SearchStrategy[Any]:
        kind = schema.get("type")
        low, high = schema.get("minimum"), schema.get("maximum")
        if kind == "object" and "properties" in schema:
            fields = {name: self.values(field, name) for name, field in schema["properties"].items()}
            needed = set(schema.get("required", ()))
            optional = {name: field for name, field in fields.items() if name not in needed}
            return st.fixed_dictionaries({name: fields[name] for name in needed}, optional=optional)
        if kind == "object":
            inner = schema.get("additionalProperties")
            return st.dictionaries(TEXT, self.values(inner) if isinstance(inner, dict) else JSON, max_size=3)
        if kind == "array":
            return st.lists(self.values(schema.get("items", {})), max_size=3)
        if kind == "string" and schema.get("format") == "date-time":
            return st.datetimes(timezones=st.timezones() | st.none()).map(lambda moment: moment.isoformat())
        simple: dict[str | None, st.SearchStrategy[Any]] = {
            "string": st.sampled_from(self.known) | TEXT,
            "integer": st.integers(low, high) | st.integers(low, min(high or 100, 100)),
            "number": st.floats(low, high, allow_nan=False, allow_infinity=False),
            "boolean": st.booleans(),
            "null": st.none(),
        }
        return simple.get(kind, JSON)

    @cache  # noqa: B019 - a world lives as long as its test
    def _checker(self, reference: str) -> jsonschema.Draft202012Validator:
        whole = {**json.loads(reference), "components": self.document["components"]}
        return jsonschema.Draft202012Validator(whole, format_checker=jsonschema.FormatChecker())

    def check(self, call: dict[str, Any], answer: httpx.Response) -> None:
        """Fails unless the document describes `answer`."""
        assert answer.status_code < 500, answer.text
        if answer.status_code == httpx.codes.TEMPORARY_REDIRECT:
            return  # to the same path with, or without, a slash at its end
        code = str(answer.status_code)
        described = call["responses"].get(code) or call["responses"].get(f"{code[0]}XX")
        assert described is not None, f"{code}: {answer.text}"
        schema = described.get("content", {}).get("application/json", {}).get("schema")
        if schema and answer.request.method != "HEAD" and answer.headers.get("content-type") == "application/json":
            self._checker(json.dumps(schema)).validate(answer.json())


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    with asyncio.Runner() as runner:
        opened = a_house(tmp_path / "data")
        house = runner.run(opened.__aenter__())
        yield World(runner, house)
        runner.run(opened.__aexit__(None, None, None))


def request_for(world: World, data: st.DataObject, method: str, path: str, call: dict[str, Any]) -> httpx.Request:
    query: dict[str, Any] = {}
    for parameter in call.get("parameters", ()):
        name, values = parameter["name"], world.values(parameter["schema"], parameter["name"])
        odd = data.draw(st.integers(0, 9)) == 0
        value = data.draw(TEXT if odd and name not in ADDRESSES else values)
        if parameter["in"] == "path":
            text = str(value).encode("utf-8", "replace")
            path = path.replace(f"{{{name}}}", "".join(f"%{byte:02x}" for byte in text) or "x")
        elif name in WAITS:
            query[name] = WAITS[name]
        elif parameter.get("required") or data.draw(st.booleans()):
            query[name] = value
    body = None
    if "requestBody" in call:
        schema = call["requestBody"]["content"]["application/json"]["schema"]
        body = data.draw(st.one_of(world.values(schema), world.values(schema), JSON))
    content = None if body is None else json.dumps(body).encode()
    params = [(name, each) for name, value in query.items() for each in (value if isinstance(value, list) else [value])]
    return world.house.client.build_request(
        method,
        path,
        params=[(name, _text(value)) for name, value in params if value is not None],
        content=content,
        headers={"content-type": "application/json"} if content else {},
    )


def _text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text.encode("utf-8", "replace").decode()


def test_every_call_answers_as_described_whatever_is_sent(world: World) -> None:
    calls = list(world.calls())
    assert len(calls) > 60
    for method, path, call in calls:

        @SETTINGS
        @given(st.data())
        def send(data: st.DataObject) -> None:
            request = request_for(world, data, method, path, call)  # noqa: B023 - used at once
            answer = world.runner.run(world.house.client.send(request))
            world.check(call, answer)  # noqa: B023

        send()
