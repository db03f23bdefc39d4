"""What goes wrong is said in two parts: what happened, and what to do."""

from __future__ import annotations

import pickle

from taskmon.core.errors import BusyError, IllegalTransitionError, RefusedError, TaskmonError


def test_an_error_reads_as_its_sentences() -> None:
    assert str(TaskmonError("The service did not answer.", "Try again.")) == "The service did not answer. Try again."
    assert str(TaskmonError("The service did not answer.")) == "The service did not answer."
    assert str(IllegalTransitionError("success", "user-kill")) == "A task that is success cannot change by user-kill."


def test_an_error_keeps_what_code_decides_by() -> None:
    assert RefusedError("No.", status_code=410).status_code == 410
    assert BusyError("Later.", retry_after=2.5).retry_after == 2.5


def test_an_error_survives_the_way_between_processes() -> None:
    copied = pickle.loads(pickle.dumps(TaskmonError("It broke.", "Mend it.")))
    assert (copied.title, copied.advice) == ("It broke.", "Mend it.")
