"""Every way through the life of a task, driven over HTTP from both sides."""

from __future__ import annotations

import asyncio
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.service.fake_runner import FakeRunner
from tests.service.house import assert_fits

if TYPE_CHECKING:
    from tests.service.house import House

TRUNK = ["pending-input", "submitted", "started", "computation-started", "computation-ended"]


async def test_a_task_runs_to_success(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue(time_to_live_seconds=60)
    assert re.fullmatch("[a-z0-9]{25}", task_id)

    order = await runner.take()
    assert order is not None
    assert order["id"] == task_id
    assert order["task_dir"].split("/", 1)[1] == task_id
    assert float(order["time_to_live_seconds"]) == 60
    await runner.metric(task_id, "queue_time_seconds", 0.5)
    await runner.say("TaskWorkStarted", task_id)
    step = await runner.begin(task_id, "exec_command", command="echo hello")
    await runner.end(task_id, step, exit_code=0)
    await runner.deliver(task_id, "success", {"stdout.txt": b"hello\n"})
    await runner.metric(task_id, "output_total_files", 1.0)

    detail = await house.detail(task_id)
    assert await house.visited(task_id) == [*TRUNK, "success"]
    assert detail["is_terminated"] is True
    assert detail["metrics"]["output_total_files"] == 1
    assert isinstance(detail["metrics"]["output_total_files"], int)
    assert detail["executer"]["uuid"] == runner.uuid
    [operation] = detail["status_history"][3]["operations"]
    assert operation["status"] == "OK"
    assert operation["attributes"] == {"command": "echo hello", "exit_code": 0}


@pytest.mark.parametrize("ending", ["failed", "ttl-exceeded"])
async def test_a_bad_end_of_the_commands_keeps_its_outputs(house: House, runner: FakeRunner, ending: str) -> None:
    await house.queue()
    task_id = await runner.compute()
    await runner.deliver(task_id, ending, {"stderr.txt": b"oh no\n"})
    assert await house.visited(task_id) == [*TRUNK, ending]
    assert (await house.client.get(f"/taskmon/tasks/{task_id}/files/stderr.txt")).content == b"oh no\n"


async def test_a_runtime_error_tells_its_detail(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue()
    await runner.take()
    await runner.say("TaskExecutionFailed", task_id, error_message="The image is missing.", traceback="")
    await runner.say("TaskOutputUploaded", task_id, new_status=None)
    detail = await house.detail(task_id)
    assert detail["status"] == "executer-failed"
    assert detail["error_detail"] == detail["executer"]["error_detail"] == "The image is missing."
    assert "The image is missing." in detail["status_history"][-1]["description"]


async def test_outputs_that_cannot_be_stored_are_a_runtime_error(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    await runner.say("TaskWorkFinished", task_id)
    await runner.say("TaskOutputUploadFailed", task_id, error_message="disk full")
    assert await house.status(task_id) == "executer-failed"


async def test_a_task_without_its_input_is_not_queued(house: House) -> None:
    task_id = await house.submit()
    refusal = await house.json("POST", f"/tasks/{task_id}/input_uploaded", expect=409)
    assert "not arrived" in refusal["detail"]
    assert await house.status(task_id) == "pending-input"


async def test_saying_twice_that_the_input_is_there_is_no_error(house: House) -> None:
    task_id = await house.queue()
    await house.json("POST", f"/tasks/{task_id}/input_uploaded")
    assert await house.visited(task_id) == ["pending-input", "submitted"]


@pytest.mark.parametrize("queued", [False, True])
async def test_a_waiting_task_is_killed_at_once(house: House, runner: FakeRunner, queued: bool) -> None:
    task_id = await (house.queue() if queued else house.submit())
    answer = await house.json("POST", f"/tasks/{task_id}/kill")
    assert_fits(answer, "TaskStatus")
    assert answer["status"] == "killed"
    assert answer["is_terminated"]
    assert await runner.take() is None


async def test_a_running_task_is_killed_by_its_machine(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    hearing = asyncio.create_task(runner.message(task_id, block_s=20))
    answer = await house.json("POST", f"/tasks/{task_id}/kill")
    assert answer["status"] == "pending-kill"
    assert not answer["is_terminated"]
    assert await asyncio.wait_for(hearing, 10) == "kill"
    assert await runner.message(task_id) is None, "a message is consumed once"
    await runner.deliver(task_id, "killed", {"stdout.txt": b"half\n"})
    assert await house.visited(task_id) == [*TRUNK[:4], "pending-kill", "killed"]
    assert await runner.message(task_id) == "done"


async def test_a_task_killed_while_it_is_prepared_has_no_outputs(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue()
    await runner.take()
    await house.json("POST", f"/tasks/{task_id}/kill")
    await runner.say("TaskKilled", task_id)
    assert await house.visited(task_id) == ["pending-input", "submitted", "started", "pending-kill", "killed"]


async def test_a_kill_that_comes_too_late_leaves_the_natural_end(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    await runner.say("TaskWorkFinished", task_id)
    await house.json("POST", f"/tasks/{task_id}/kill")
    await runner.say("TaskOutputUploaded", task_id, new_status="success")
    assert await house.visited(task_id) == [*TRUNK, "pending-kill", "success"]
    answer = await house.json("POST", f"/tasks/{task_id}/kill")
    assert answer["status"] == "success"


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ("preempted", "spot-instance-preempted"),
        ("interrupted", "executer-terminated"),
        ("idle_timeout", "executer-terminated"),
        ("error", "executer-failed"),
    ],
)
async def test_a_runner_that_ends_ends_its_task(house: House, runner: FakeRunner, reason: str, ending: str) -> None:
    await house.queue()
    task_id = await runner.compute()
    await runner.begin(task_id, "exec_command", command="sleep 60")
    await runner.leave(reason, stopped_tasks=[task_id], detail="because")
    detail = await house.detail(task_id)
    assert detail["status"] == ending
    assert detail["is_terminated"]
    assert detail["status_history"][3]["operations"][0]["status"] == "FAILED"
    await house.json("GET", f"/task-runner/{runner.uuid}/task", expect=404)


async def test_a_lost_task_that_asked_for_it_is_queued_again(house: House) -> None:
    task_id = await house.queue(resubmit_on_preemption=True)
    for retry in range(3):
        lost = await FakeRunner.register(house)
        assert await lost.compute() == task_id
        await lost.leave("interrupted")
        detail = await house.detail(task_id)
        assert (detail["status"], detail["is_terminated"]) == ("submitted", False)
        assert detail["num_retries"] == retry + 1
        assert detail["executer"] is None
        assert detail["end_time"] is None
        await lost.say("TaskOutputUploaded", task_id, new_status="success")
        assert await house.status(task_id) == "submitted", "a machine that lost the task has no say in it"
    last = await FakeRunner.register(house)
    await last.compute()
    await last.leave("interrupted")
    detail = await house.detail(task_id)
    assert (detail["status"], detail["is_terminated"]) == ("executer-terminated", True)


async def test_a_machine_that_fell_silent_loses_its_task(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    house.clock.advance(100)
    house.service.scheduler.tidy(silence_s=120)
    assert await house.status(task_id) == "computation-started"
    house.clock.advance(100)
    house.service.scheduler.tidy(silence_s=120)
    assert await house.status(task_id) == "executer-terminated"


async def test_a_report_that_had_to_wait_still_tells_the_right_time(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue()
    await runner.take()
    taken = house.clock.now
    house.clock.advance(60)
    await runner.say("TaskWorkStarted", task_id, elapsed_time_s=50)
    await runner.say("TaskWorkFinished", task_id, elapsed_time_s=999)
    history = (await house.detail(task_id))["status_history"]
    times = [datetime.fromisoformat(entry["timestamp"]) for entry in history]
    assert times[3] == taken + timedelta(seconds=10)
    assert times == sorted(times), "time never runs backwards within a history"
    assert [entry["end_timestamp"] for entry in history[:-1]] == [entry["timestamp"] for entry in history[1:]]


async def test_a_lost_report_is_made_good_by_the_last_word(house: House, runner: FakeRunner) -> None:
    task_id = await house.queue()
    await runner.take()
    await runner.say("TaskOutputUploaded", task_id, new_status="success")
    assert await house.visited(task_id) == [*TRUNK, "success"]
    assert await runner.take() is None, "the machine is free again"


async def test_late_repeated_and_unreadable_reports_are_accepted_and_change_nothing(
    house: House, runner: FakeRunner
) -> None:
    await house.queue()
    task_id = await runner.compute()
    stranger = await FakeRunner.register(house)
    await stranger.say("TaskOutputUploaded", task_id, new_status="failed")
    await stranger.metric(task_id, "computation_seconds", 9)
    await stranger.end(task_id, await stranger.begin(task_id, "exec_command"))
    await runner.deliver(task_id, "success", {})
    await runner.say("TaskWorkStarted", task_id)
    await runner.say("TaskKilled", task_id)
    await runner.say("TaskWorkStarted", "nosuchtask")
    await runner.metric("nosuchtask", "computation_seconds", 1)
    await runner.post_event({"type": "TaskWorkStarted", "json": "{"})
    await runner.post_event({"type": "SomethingNew", "json": "{}"})
    await FakeRunner(house, "nobody").say("TaskWorkStarted", task_id)
    detail = await house.detail(task_id)
    assert detail["status"] == "success"
    assert detail["metrics"]["computation_seconds"] is None


async def test_a_repeated_begin_of_a_step_is_the_same_step(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    first = await runner.begin(task_id, "exec_command", command="a")
    assert await runner.begin(task_id, "exec_command", command="a") == first
    await runner.end(task_id, first, exit_code=2)
    [step] = (await house.detail(task_id))["status_history"][3]["operations"]
    assert step["status"] == "FAILED"


async def test_a_machine_takes_the_oldest_task_of_its_own_group(house: House, runner: FakeRunner) -> None:
    other = await house.json(
        "POST", "/compute/group", json={"provider_id": "LOCAL", "name": "other", "disk_size_gb": 25.0}, expect=201
    )
    await house.queue(resource_pool=other["id"])
    first, second, third = [await house.queue() for _ in range(3)]
    status = await house.json("GET", f"/tasks/{third}/status")
    assert status["position_in_queue"] == {"tasks_ahead": 2}
    taken = await runner.take()
    assert taken is not None
    assert taken["id"] == first
    status = await house.json("GET", f"/tasks/{second}/status")
    assert status["position_in_queue"] == {"tasks_ahead": 0}
    assert (await house.json("GET", f"/tasks/{first}/status"))["position_in_queue"] is None


async def test_a_waiting_machine_gets_a_task_at_once(house: House, runner: FakeRunner) -> None:
    waiting = asyncio.create_task(runner.take(block_s=20))
    task_id = await house.queue()
    order = await asyncio.wait_for(waiting, 10)
    assert order is not None
    assert order["id"] == task_id


async def test_a_machine_that_hung_up_gets_no_task(house: House, runner: FakeRunner) -> None:
    with pytest.raises(httpx.ReadTimeout):
        await house.client.get(f"/task-runner/{runner.uuid}/task", params={"block_s": 60}, timeout=0.1)
    task_id = await house.queue()
    assert await house.status(task_id) == "submitted"


async def test_a_waiting_machine_hears_at_once_that_its_group_ended(house: House, runner: FakeRunner) -> None:
    waiting = asyncio.create_task(house.json("GET", f"/task-runner/{runner.uuid}/task?block_s=60", expect=404))
    await house.json("DELETE", "/compute/group", params={"machine_group_id": house.group}, expect=202)
    assert (await asyncio.wait_for(waiting, 10))["detail"]


async def test_an_order_lost_on_the_way_is_given_again_but_not_to_a_machine_that_began(
    house: House, runner: FakeRunner
) -> None:
    task_id = await house.queue()
    await house.queue()
    first, again = await runner.take(), await runner.take()
    assert first is not None
    assert first == again
    await runner.metric(task_id, "queue_time_seconds", 1)
    assert await runner.take() is None


async def test_a_runner_that_is_done_early_is_let_go(house: House, runner: FakeRunner) -> None:
    await house.queue()
    task_id = await runner.compute()
    assert await runner.message(task_id) is None
    hearing = asyncio.create_task(runner.message(task_id, block_s=20))
    await runner.unblock(task_id)
    assert await asyncio.wait_for(hearing, 10) == "done"
    assert await runner.message("nosuchtask") == "done"
