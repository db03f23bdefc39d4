"""The usage samples of a task."""

from __future__ import annotations

import csv
import subprocess
import sys
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import psutil
import pytest

from taskmon.runner.usage import COLUMNS, UsageSampler, read_tree, sampling_pause
from tests.waiting import until

ENDED_CHILD = """
import subprocess, sys
subprocess.run([sys.executable, '-c', 'import time\\nwhile time.process_time() < 0.3: pass'])
print(flush=True)
input()
"""
WRITER = """
import os
with open('data', 'wb') as file:
    while True:
        file.write(bytes(1 << 20)), file.flush(), os.fsync(file.fileno()), file.seek(0)
"""
BUSY_CHILD = "import subprocess, sys\nsubprocess.run([sys.executable, '-c', 'while True: pass'])"


def _rows(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_samples_count_the_whole_tree_of_processes(tmp_path: Path) -> None:
    path = tmp_path / "system_metrics.csv"
    sampler = UsageSampler(path, lambda: datetime.now(UTC))
    process = subprocess.Popen([sys.executable, "-c", BUSY_CHILD])
    try:
        with sampler.watch(3, process.pid):
            until(lambda: any(float(row["cpu-usage"]) > 3 for row in _rows(path)[1:]), what="its child works")
    finally:
        for child in psutil.Process(process.pid).children():
            child.kill()
        process.wait()
    rows = _rows(path)
    assert tuple(rows[0]) == COLUMNS
    assert {row["command"] for row in rows} == {"3"}
    assert int(rows[-1]["memory"]) > 5_000_000
    assert datetime.fromisoformat(rows[0]["time"]).utcoffset() is not None


def test_cpu_time_of_ended_children_is_not_lost() -> None:
    process = subprocess.Popen([sys.executable, "-c", ENDED_CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    assert read_tree(psutil.Process(process.pid)).cpu_s > 0.25
    process.communicate(b"\n")


def test_a_process_that_has_ended_is_no_error() -> None:
    process = subprocess.Popen(["sleep", "60"])
    watched = psutil.Process(process.pid)
    process.kill()
    process.wait()
    assert read_tree(watched).memory == 0


def _has_more_rows(path: Path, count: int) -> bool:
    return len(path.read_text().splitlines()) > count


def test_disk_counters_go_on_from_command_to_command(tmp_path: Path) -> None:
    path = tmp_path / "metrics.csv"
    sampler = UsageSampler(path, lambda: datetime.now(UTC))
    for command in range(2):
        rows_before = len(path.read_text().splitlines())
        process = subprocess.Popen([sys.executable, "-c", WRITER], cwd=tmp_path)
        with sampler.watch(command, process.pid):
            until(partial(_has_more_rows, path, rows_before))
        process.kill()
        process.wait()
    written = [int(row["disk-output"]) for row in _rows(path)]
    assert written == sorted(written)


@pytest.mark.parametrize(("age", "pause"), [(0, 1), (299, 1), (300, 5), (3599, 5), (3600, 30), (1e6, 30)])
def test_long_tasks_are_sampled_less_often(age: float, pause: float) -> None:
    assert sampling_pause(age) == pause


def test_a_file_that_cannot_be_written_ends_no_task(tmp_path: Path) -> None:
    path = tmp_path / "gone" / "metrics.csv"
    path.parent.mkdir()
    sampler = UsageSampler(path, lambda: datetime.now(UTC))
    path.unlink()
    path.parent.rmdir()
    with sampler.watch(0, psutil.Process().pid):
        pass
    sampler.write(0, 1.0, read_tree(psutil.Process()))
