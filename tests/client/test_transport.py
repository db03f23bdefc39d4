"""Answers that are read bit by bit, and left before their end."""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

from taskmon.client.transport import Transport
from tests.waiting import until_async


async def test_an_answer_that_is_left_half_read_closes_its_connection_also_in_the_loop_of_the_window() -> None:
    ended = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal ended
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n")
        with suppress(OSError):
            while True:
                writer.write(bytes(100_000))
                await writer.drain()
        ended += 1
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    transport = Transport(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", "key")
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)  # as in Qt's loop: nobody closes a generator that is thrown away
    try:
        for _ in range(3):
            async with transport.get("/file") as incoming:
                assert await anext(incoming.chunks)
        await until_async(lambda: ended == 3)
    finally:
        sys.set_asyncgen_hooks(*hooks)
        await transport.close()
        server.close()
