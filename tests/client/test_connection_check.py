"""Trying a connection: every refusal is a sentence about the right field."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

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
async def server(
    version: Answer, user: Answer = OK_USER, header: str = "", tls: ssl.SSLContext | None = None
) -> AsyncIterator[str]:
    """A server that answers as it is told, byte by byte our own."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            in_tls = (first := await reader.read(1)) == b"\x16"
            request = first if in_tls else await reader.readuntil(b"\r\n\r\n")
            status, body = ("400 Bad Request", b"") if in_tls else version if b"/version-check" in request else user
            head = f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nconnection: close\r\n{header}\r\n"
            writer.write(head.encode() + body)
            await writer.drain()

    running = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    try:
        yield f"http{'s' if tls else ''}://127.0.0.1:{running.sockets[0].getsockname()[1]}"
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


async def test_a_service_that_moved_says_where_to() -> None:
    async with server(("301 Moved", b""), header="location: https://lab.example/\r\n") as url:
        result = await check_connection(url, KEY)
    assert result.part is FormPart.ADDRESS
    assert "refers to https://lab.example/. Use that address" in result.sentence


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Certificate and key of 127.0.0.1, signed by itself, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "lab")])
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    began = datetime.now(UTC) - timedelta(days=1)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + timedelta(days=3))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path / "lab.pem"
    plain = serialization.NoEncryption()
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(signed.public_bytes(serialization.Encoding.PEM) + secret)
    return file


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context


async def test_a_certificate_that_proves_nothing_is_said_and_never_passed_over(tls: ssl.SSLContext) -> None:
    async with server(OK_VERSION, tls=tls) as url:
        result = await check_connection(url, KEY)
    assert result.part is FormPart.ADDRESS
    assert "cannot prove who it is: self-signed certificate. Check the address" in result.sentence


async def test_a_certificate_of_ones_own_can_be_trusted(
    tls: ssl.SSLContext, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    async with server(OK_VERSION, tls=tls) as url:
        assert (await check_connection(url, KEY)).ok


async def test_https_to_a_service_without_it_says_so() -> None:
    async with server(OK_VERSION) as url:
        result = await check_connection(url.replace("http:", "https:"), KEY)
    assert "begins with https:// or http://" in result.sentence


@pytest.mark.parametrize(("url", "key"), [("nowhere", KEY), ("https://lab.example", "s3cret+key")])
async def test_what_cannot_work_is_not_even_tried(url: str, key: str) -> None:
    result = await check_connection(url, key)
    assert not result.ok
    assert key not in result.sentence
