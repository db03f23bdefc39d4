"""Kill asks once, with the exact numbers, and says what is not known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import httpx
import pytest

from taskmon.client.api import ServiceClient
from taskmon.client.task_store import TaskStore
from taskmon.core.errors import ConnectionFailedError
from taskmon.core.lifecycle import Status
from taskmon.gui.background import Background
from taskmon.gui.controllers.surroundings import Surroundings
from taskmon.gui.controllers.task_actions import TaskActionsController, kill_question
from tests.builders import a_task, some_tasks
from tests.client.fake_service import FakeService
from tests.waiting import until_async


def test_one_task_is_told_by_its_name_and_by_the_id_of_the_table() -> None:
    task = a_task(task_id="wrghuipr2gptsgnm8v4c55jmg", status=Status.COMPUTATION_STARTED, name="wing 12")
    question = kill_question([task])
    assert question is not None
    assert question.text == "Kill “wing 12” (wrghui…)?"
    assert question.consequence == "Kill 1 task"


def test_one_task_without_a_name_is_told_by_its_whole_id() -> None:
    question = kill_question([a_task(task_id="wrghuipr2gptsgnm8v4c55jmg", status=Status.STARTED, task_metadata={})])
    assert question is not None
    assert question.text == "Kill “wrghuipr2gptsgnm8v4c55jmg”?"


def test_several_tasks_of_one_name_can_be_told_apart() -> None:
    tasks = [
        a_task(task_id="wrghuipr2gptsgnm8v4c55jmg", status=Status.COMPUTATION_STARTED, name="wing"),
        a_task(task_id="ui541s5hr7ty5echbgmo2u813", status=Status.SUBMITTED, name="wing"),
    ]
    question = kill_question(tasks)
    assert question is not None
    assert question.detail.splitlines()[:3] == ["“wing” (wrghui…), In Progress", "“wing” (ui541s…), In Queue", ""]


def test_of_many_tasks_the_first_are_named_and_the_others_counted() -> None:
    question = kill_question(some_tasks(300, status=Status.SUBMITTED))
    assert question is not None
    lines = question.detail.splitlines()
    assert all("In Queue" in line for line in lines[:5])
    assert lines[5:7] == ["and 295 more", ""]


def test_tasks_that_the_list_does_not_have_yet_are_said_to_be_left_alone() -> None:
    question = kill_question(some_tasks(3, status=Status.SUBMITTED), 34_803)
    assert question is not None
    assert question.detail.endswith(" 34,803 tasks still being loaded will not be killed.")


def test_many_are_counted_and_the_ended_ones_are_said_to_be_skipped() -> None:
    living = some_tasks(300, status=Status.SUBMITTED)
    ended = some_tasks(200, status=Status.SUCCESS)
    question = kill_question([*living, *ended])
    assert question is not None
    assert question.text == "Kill 300 tasks?"
    assert question.detail.endswith(" 200 more in the selection have already ended and are skipped.")


def test_one_ended_task_is_spoken_of_in_the_singular() -> None:
    question = kill_question([a_task(status=Status.STARTED), a_task(status=Status.KILLED)])
    assert question is not None
    assert question.detail.endswith(" 1 more in the selection has already ended and is skipped.")


def test_what_is_kept_is_said_of_those_that_have_started_and_of_those_that_wait() -> None:
    running, waiting = a_task(status=Status.COMPUTATION_STARTED), a_task(status=Status.SUBMITTED)
    details = [
        question.detail.rpartition("\n")[2]
        for tasks in ([running], [running, waiting], [waiting], [waiting, waiting])
        if (question := kill_question(tasks)) is not None
    ]
    assert details == [
        "Outputs written so far are kept.",
        "Outputs written so far are kept. Tasks that had not started leave none.",
        "It has not started, so there are no outputs.",
        "They have not started, so there are no outputs.",
    ]


def test_nothing_is_asked_when_all_have_ended() -> None:
    assert kill_question(some_tasks(3, status=Status.FAILED)) is None


def test_a_kill_that_is_under_way_is_not_asked_for_again() -> None:
    assert kill_question([a_task(status=Status.PENDING_KILL)]) is None


async def test_a_kill_without_an_answer_may_happen_still_and_the_others_are_not_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    service, store, problems, bugs = FakeService(), TaskStore(), list[Exception](), list[Exception]()
    for task in some_tasks(300, status=Status.SUBMITTED):
        service.put(task)
    tasks = list(service.tasks.values())

    class Connection:
        is_answering = True
        times_asked = 0

        async def answering(self) -> ServiceClient:
            self.times_asked += 1
            if not self.is_answering:
                raise ConnectionFailedError("The service is late with an answer.", "Nothing was sent.")
            return client

        def refresh(self) -> None: ...

    connection = Connection()

    def fall_silent(request: httpx.Request) -> httpx.Response:
        connection.is_answering = False
        raise httpx.ReadTimeout("silent", request=request)

    async def yes(*_: object) -> bool:
        return True

    service.refusals[f"/tasks/{tasks[2].task_id}/kill"] = fall_silent
    monkeypatch.setattr("taskmon.gui.controllers.task_actions.ask", yes)
    messages, window = SimpleNamespace(tell=lambda _: None), cast("Any", None)
    async with service.client() as client, Background(problems.append, bugs.append) as background:
        around = Surroundings(background, cast("Any", connection), store, cast("Any", messages), window)
        TaskActionsController(around).kill(tasks)
        await until_async(lambda: problems)
    assert str(problems[0]).startswith("298 tasks of 300 failed, first ")
    assert str(problems[0]).endswith("Whether it is killed, the list tells when the service answers.")
    assert len(service.paths("POST")) == 3
    assert connection.times_asked == 1 + 3
    assert not bugs
