"""A long answer is read in pieces, and reads the same as in one."""

from __future__ import annotations

import asyncio

import msgspec
import pytest

from taskmon.client.decoding import LARGE, decoded
from taskmon.client.pieces import PIECE, in_pieces
from taskmon.core.extensions import Changes
from taskmon.core.task import Task, TaskPage
from tests.builders import some_tasks

MANY = 400


def page() -> TaskPage:
    return TaskPage(total_size=MANY, tasks=some_tasks(MANY))


@pytest.mark.parametrize(
    "answer",
    [page(), Changes(cursor="7", tasks=some_tasks(MANY), removed=["one", "two"], more=True), some_tasks(MANY)],
    ids=["page", "changes", "list"],
)
async def test_a_long_answer_reads_as_in_one_go(answer: object) -> None:
    content = msgspec.json.encode(answer)
    assert len(content) > LARGE
    kind = list[Task] if isinstance(answer, list) else type(answer)
    assert await decoded(kind, content) == answer


async def test_what_a_service_leaves_out_has_its_default() -> None:
    content = msgspec.json.encode({"cursor": "7", "tasks": some_tasks(MANY), "removed": []})
    assert not (await decoded(Changes, content)).more


async def test_the_loop_turns_between_the_pieces() -> None:
    turns = 0

    async def count_turns() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.create_task(count_turns())
    await decoded(TaskPage, msgspec.json.encode(page()))
    counting.cancel()
    assert turns >= MANY // PIECE
    assert [list(piece) async for piece in in_pieces(range(PIECE + 1))] == [list(range(PIECE)), [PIECE]]


@pytest.mark.parametrize("spoilt", [b'{"total_size": 1, "tasks": [', b'{"total_size": "many", "tasks": ['])
async def test_an_answer_that_cannot_be_read_is_an_error(spoilt: bytes) -> None:
    content = spoilt + b",".join([b'{"task_id": 1}'] * 10_000) + b"]}"
    with pytest.raises(msgspec.DecodeError):
        await decoded(TaskPage, content)


async def test_nothing_is_null() -> None:
    nothing: object = await decoded(type(None), b"")
    assert nothing is None
