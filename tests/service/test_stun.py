"""The address service: true answers, refused relays, silence for everything else."""

from __future__ import annotations

import asyncio
import struct
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from taskmon.service.listening import listen
from taskmon.service.stun import COOKIE, address_service, answer

if TYPE_CHECKING:
    from pathlib import Path

TRANSACTION = bytes(range(12))


def a_request(kind: int = 1, body: bytes = b"", *, cookie: int = COOKIE) -> bytes:
    return struct.pack("!HHI12s", kind, len(body), cookie, TRANSACTION) + body


def error_code(message: bytes) -> int:
    number, _, _, hundreds, rest = struct.unpack_from("!HHHBB", message, 20)
    assert number == 0x0009
    return int(hundreds) * 100 + int(rest)


@pytest.mark.parametrize("host", ["127.0.0.1", "192.0.2.7", "2001:db8::7", "fe80::1%eth0"])
def test_whoever_asks_learns_its_own_address(host: str) -> None:
    import aioice.stun

    told = answer(a_request(), host, 40_000)
    assert told is not None
    message = aioice.stun.parse_message(told)
    assert message.transaction_id == TRANSACTION
    assert message.message_class is aioice.stun.Class.RESPONSE
    assert message.attributes["XOR-MAPPED-ADDRESS"] == (host.partition("%")[0], 40_000)


def test_a_relay_is_refused_for_good_so_that_nobody_asks_again_with_a_password() -> None:
    told = answer(a_request(0x0003, b"\x00\x19\x00\x04\x11\x00\x00\x00"), "127.0.0.1", 1)
    assert told is not None
    assert told[:2] == b"\x01\x13"
    assert error_code(told) == 403


def test_a_question_with_an_unknown_condition_is_refused_by_name() -> None:
    told = answer(a_request(1, struct.pack("!HH4s", 0x0777, 4, b"1234")), "127.0.0.1", 1)
    assert told is not None
    assert error_code(told) == 420
    assert told.endswith(struct.pack("!HHHH", 0x000A, 2, 0x0777, 0))


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        b"GET / HTTP/1.1\r\nhost: x\r\n\r\n",
        a_request(cookie=7),
        a_request()[:-1],
        a_request() + b"\0\0\0\0",
        a_request(1, struct.pack("!HH", 0x8022, 400)),
        a_request(0x0101),
        a_request(0x0011),
        a_request(1, bytes(2000)),
    ],
)
def test_what_is_no_request_is_not_answered(packet: bytes) -> None:
    assert answer(packet, "127.0.0.1", 1) is None


@given(some.binary(max_size=200), some.booleans())
def test_no_packet_makes_it_stumble(noise: bytes, well_begun: bool) -> None:
    packet = a_request(1, noise[: len(noise) // 4 * 4]) if well_begun else noise
    told = answer(packet, "127.0.0.1", 65_535)
    # Who forges the sender of a request must not gain by it.
    assert told is None or len(told) <= max(len(packet) + 64, 96)


async def test_it_answers_at_the_port_of_the_service_and_outlives_garbage(tmp_path: Path) -> None:
    import aioice.stun

    listener, port = listen("127.0.0.1", 0, tmp_path / "port")
    received: asyncio.Queue[bytes] = asyncio.Queue()

    class Asker(asyncio.DatagramProtocol):
        def datagram_received(self, packet: bytes, sender: object) -> None:
            received.put_nowait(packet)

    async with asyncio.timeout(30), address_service("127.0.0.1", port) as open_:
        assert open_
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_datagram_endpoint(Asker, remote_addr=("127.0.0.1", port))
        for packet in (b"", b"\xff" * 1400, a_request()):
            transport.sendto(packet)
        message = aioice.stun.parse_message(await received.get())
        assert message.attributes["XOR-MAPPED-ADDRESS"] == transport.get_extra_info("sockname")
        transport.close()
    listener.close()


async def test_a_taken_port_only_costs_the_convenience() -> None:
    async with address_service("127.0.0.1", 0):
        loop = asyncio.get_running_loop()
        taken, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, local_addr=("127.0.0.1", 0))
        async with address_service("127.0.0.1", taken.get_extra_info("sockname")[1]) as open_:
            assert not open_
        taken.close()
