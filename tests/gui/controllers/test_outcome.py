"""What was said of a submission gives way to what became of the task."""

from __future__ import annotations

from dataclasses import replace

from taskmon.client.task_store import TaskStore
from taskmon.core.lifecycle import Status
from taskmon.gui.controllers.outcome import OutcomeController
from taskmon.gui.messages import Messages
from tests.builders import a_task


def told_after(*sentences: str, known: bool = True) -> str:
    """What stands in the status line when a task that failed was submitted and these sentences came after it."""
    store, messages = TaskStore(), Messages()
    running = a_task(name="heat", status=Status.COMPUTATION_STARTED)
    failed = replace(running, status=Status.FAILED, is_terminated=True, error_detail="Exit code 1 from: bash run.sh")
    store.apply([running] if known else [])
    messages.tell("Submitted heat.")
    OutcomeController(store, messages).watch(running.task_id)
    store.apply([a_task(), running])
    for sentence in sentences:
        messages.tell(sentence)
    assert messages.latest == (sentences or ("Submitted heat.",))[-1]
    store.apply([failed])
    store.apply([replace(failed, error_detail="something else")])
    return messages.latest


def test_the_end_of_a_task_takes_the_place_of_its_submission() -> None:
    assert told_after() == told_after(known=False) == "heat: Failed, Exit code 1 from: bash run.sh."


def test_what_was_said_later_stays() -> None:
    assert told_after("Copied 2 ids.") == "Copied 2 ids."


def test_a_task_that_has_ended_already_is_told_at_once() -> None:
    store, messages = TaskStore(), Messages()
    task = a_task(name="quick", status=Status.SUCCESS)
    store.apply([task])
    messages.tell("Submitted quick.")
    OutcomeController(store, messages).watch(task.task_id)
    assert messages.latest == "quick: Success."
