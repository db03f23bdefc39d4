"""The log of a runner that works for weeks, or that never comes up, does not grow for ever."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import psutil

from taskmon.runner.own_log import LOG_BYTES
from taskmon.service.machines.process import start_detached
from tests.runner.runner_process import RunnerProcess
from tests.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.runner.stub_service import StubService

TALK: Final = """
import logging, sys
from taskmon.runner.own_log import OwnLog
logging.basicConfig(level=logging.INFO, handlers=[OwnLog()], format="%(message)s")
for number in range(int(sys.argv[1])):
    logging.info("line %d %s", number, "x" * 500)
"""
LINES: Final = 5 * LOG_BYTES // 500


def ended(pid: int) -> None:
    psutil.Process(pid).wait(30)


def numbers(log: Path) -> list[int]:
    return [int(line.split()[1]) for line in log.read_text().splitlines()]


def test_a_long_log_loses_its_older_half_when_the_runner_says_something(
    fresh_service: StubService, tmp_path: Path
) -> None:
    log = tmp_path / "work" / "runner.log"
    log.parent.mkdir()
    log.write_text("".join(f"line {number}\n" for number in range(2 * LOG_BYTES // 10)))
    runner = RunnerProcess(fresh_service.url, log.parent)
    try:
        until(lambda: "registered as" in runner.log())
        first, *_, last = runner.log().splitlines()
        assert first.startswith("line "), "it begins with a whole line"
        assert "registered as" in last
        assert log.stat().st_size < LOG_BYTES
    finally:
        runner.close()


def test_what_is_kept_is_the_newest_without_a_gap(tmp_path: Path) -> None:
    log = tmp_path / "runner.log"
    ended(start_detached([sys.executable, "-c", TALK, str(LINES)], {}, log))
    kept = numbers(log)
    assert kept == list(range(kept[0], LINES))
    assert LOG_BYTES // 3 < log.stat().st_size <= LOG_BYTES + 1000


def test_the_log_of_a_user_who_started_a_runner_by_hand_is_not_touched(tmp_path: Path) -> None:
    log = tmp_path / "my.log"
    with log.open("ab") as file:
        subprocess.run([sys.executable, "-c", TALK, str(LINES)], stderr=file, check=True)
    assert numbers(log) == list(range(LINES))


def test_a_runner_that_never_comes_up_leaves_two_logs_at_most(tmp_path: Path) -> None:
    log = tmp_path / "runner.log"
    for number in range(6):
        words = f"print('start {number}' + 'x' * {LOG_BYTES // 2 + 1000}); raise SystemExit(1)"
        ended(start_detached([sys.executable, "-c", words], {}, log))
    assert log.read_text().startswith("start 4")
    assert "start 5" in log.read_text()
    files = list(tmp_path.iterdir())
    assert len(files) == 2
    assert sum(file.stat().st_size for file in files) < 3 * LOG_BYTES
