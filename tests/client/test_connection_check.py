"""Trying a connection: every refusal is a sentence about the right field."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from taskmon.client.connection_check import CheckResult, check_connection
from taskmon.core.connection import FormPart

KEY = "k3y-that_is.secret"
VERSION = b'{"is_valid": true, "client_version": "1", "server_version": "0.18.12"}'
USER = (
    b'{"email": "ada@lab.example", "username": "ada", "name": "Ada Lovelace", "tier": "x",'
    b' "total_available_credits": 12.5,'
    b' "credits_currency": "US$", "terms_and_conditions_decision": "accepted", "costs_fee_percentage": 0,'
    b' "terminate_resources_credits_threshold": 0, "registration_ts": "2025-01-01T00:00:00+00:00"}'
)
Answer = tuple[str, bytes]
OK_VERSION, OK_USER = ("200 OK", VERSION), ("200 OK", USER)


@asynccontextmanager
async def server(version: Answer, user: Answer = OK_USER, header: str = "") -> AsyncIterator[str]:
    """A server that answers as it is told, byte by byte our own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        status, body = version if b"/version-check" in request else user
        head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{header}\r\n"
        writer.write(head.encode() + body)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    running = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{running.sockets[0].getsockname()[1]}"
    finally:
        running.close()
        await running.wait_closed()


async def test_a_good_connection_says_who_and_how_much() -> None:
    async with server(OK_VERSION) as url:
        result = await check_connection(url, KEY)
    assert result == CheckResult(
        "Connected as Ada Lovelace (ada@lab.example), credits US$ 12.50. Client accepted (service 0.18.12)."
    )


@pytest.mark.parametrize(
    ("version", "user", "part", "words"),
    [
        (OK_VERSION, ("401 Unauthorized", b'{"detail": "no"}'), FormPart.KEY, "does not accept this key"),
        (OK_VERSION, ("403 Forbidden", b"no"), FormPart.KEY, "does not accept this key"),
        (("406 Not Acceptable", b'{"detail": "too old"}'), OK_USER, FormPart.ADDRESS, "newer taskmon"),
        (("404 Not Found", b"<html>"), OK_USER, FormPart.ADDRESS, "not a task service"),
        (("200 OK", b"<html><body>Welcome</body></html>"), OK_USER, FormPart.ADDRESS, "not a task service"),
        (("200 OK", b'{"hello": 1}'), OK_USER, FormPart.ADDRESS, "not a task service"),
        (("200 OK", b"\xff" * 1000), OK_USER, FormPart.ADDRESS, "not a task service"),
        (("302 Found", b""), OK_USER, FormPart.ADDRESS, "not a task service"),
        (("500 Oops", b""), OK_USER, FormPart.ADDRESS, "not a task service"),
        (OK_VERSION, ("200 OK", USER[:40]), FormPart.ADDRESS, "not what was agreed"),
        (("503 Busy", b""), OK_USER, FormPart.ADDRESS, "slow down"),
    ],
)
async def test_a_refusal_is_a_sentence_about_its_field(
    version: Answer, user: Answer, part: FormPart, words: str
) -> None:
    async with server(version, user) as url:
        result = await check_connection(url, KEY)
    assert (result.part, result.ok) == (part, False)
    assert words in result.sentence
    assert KEY not in result.sentence


async def test_nobody_there_is_about_the_address(unused_tcp_port: int) -> None:
    result = await check_connection(f"http://127.0.0.1:{unused_tcp_port}", KEY)
    assert result.part is FormPart.ADDRESS
    assert "cannot be reached" in result.sentence


async def test_the_key_does_not_follow_a_redirect() -> None:
    asked: list[bytes] = []

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.read(4096))
        writer.close()

    other = await asyncio.start_server(listen, "127.0.0.1", 0)
    address = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}/users/info"
    async with other, server(("302 Found", b""), header=f"location: {address}\r\n") as url:
        result = await check_connection(url, KEY)
    assert not result.ok
    assert asked == []


@pytest.mark.parametrize(("url", "key"), [("nowhere", KEY), ("https://lab.example", "s3cret+key")])
async def test_what_cannot_work_is_not_even_tried(url: str, key: str) -> None:
    result = await check_connection(url, key)
    assert not result.ok
    assert key not in result.sentence
