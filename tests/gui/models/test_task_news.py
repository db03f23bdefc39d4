"""Many events in one notice: what it says, in which order, and how text of others is kept in its place."""

from __future__ import annotations

from taskmon.core.lifecycle import Status
from taskmon.core.task_event import TaskEvent
from taskmon.gui.models.task_news import News, Notice, news_of_end, notice_of
from tests.builders import a_task


def failed(number: int, detail: str) -> News:
    task = a_task(task_id=f"t{number}", name=f"wing-{number}", status=Status.FAILED, error_detail=detail)
    news = news_of_end(task)
    assert news is not None
    return news


def done(number: int) -> News:
    return News(TaskEvent.DONE, f"d{number}", f"dam-{number}")


def test_one_failed_task_is_named_with_its_reason() -> None:
    assert notice_of([failed(1, "mesh not found")]) == Notice("1 task failed", "wing-1: mesh not found", ("t1",))


def test_equal_failures_are_one_line_although_numbers_and_paths_differ() -> None:
    notice = notice_of([failed(n, f"mesh not found in /data/run{n}/mesh.msh, line {n}") for n in range(14)])
    assert notice.title == "14 tasks failed"
    assert notice.text == "mesh not found in /data/run13/mesh.msh, line 13"
    assert notice.task_ids[:2] == ("t13", "t12")
    assert len(notice.task_ids) == 14


def test_different_failures_are_told_the_most_frequent_first() -> None:
    notice = notice_of([failed(1, "no licence"), failed(2, "mesh not found"), failed(3, "mesh not found")])
    assert notice.text == "2 failed: mesh not found\nwing-1: no licence"


def test_all_kinds_together_begin_with_the_worst() -> None:
    silent = News(TaskEvent.SILENT, "s1", "slow", "No output for 14 min, usual 20 s")
    notice = notice_of([*(done(n) for n in range(28)), silent, failed(1, "diverged"), failed(2, "diverged")])
    assert notice.title == "2 failed, 1 silent, 28 done"
    assert notice.text.splitlines() == [
        "2 failed: diverged",
        "slow: No output for 14 min, usual 20 s",
        "dam-27, dam-26, dam-25 and 25 more done",
    ]
    assert notice.task_ids == ("t2", "t1")  # what is done needs nobody


def test_done_tasks_alone_are_named() -> None:
    assert notice_of([done(1)]) == Notice("1 task done", "dam-1", ("d1",))
    assert notice_of([done(1), done(2)]).text == "dam-2, dam-1"


def test_a_failure_without_a_reason_says_what_its_state_says() -> None:
    assert notice_of([failed(1, "")]).text == "wing-1: a command returned an error"


def test_many_reasons_leave_room_for_nothing_more() -> None:
    reasons = ("mesh", "licence", "memory", "disk", "limit", "syntax")
    lines = notice_of([failed(n, f"no {reason}") for n, reason in enumerate(reasons)]).text.splitlines()
    assert len(lines) == 4
    assert lines[-1] == "and 3 more"


def test_what_others_wrote_stays_one_short_line_without_control_characters() -> None:
    notice = notice_of([News(TaskEvent.FAILED, "x", "a\x1b[31m\u202eb\nc", "w" * 1000)])
    assert "\n" not in notice.text
    assert "\x1b" not in notice.text
    assert "\u202e" not in notice.text
    assert len(notice.text) == 160


def test_what_somebody_stopped_is_no_news() -> None:
    assert news_of_end(a_task(status=Status.KILLED)) is None
    assert news_of_end(a_task(status=Status.SUCCESS, name="dam")) is not None
