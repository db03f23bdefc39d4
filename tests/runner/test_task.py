"""Tasks from order to end: what is told, what is stored, in which order."""

from __future__ import annotations

from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService
from tests.waiting import until


def test_a_task_that_runs_to_its_end_is_a_success(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit('python3 -c \'print(6*7); open("result.dat", "w").write("x")\'', files={"in.txt": b"1"})
    assert service.end(task)["new_status"] == "success", runner.log()
    outputs = service.outputs(task)
    assert b"\n42\n" in outputs["stdout.txt"]
    assert outputs["result.dat"] == b"x"
    assert "in.txt" not in outputs
    assert "" in outputs, "the archive must hold an entry for artifacts/ itself"
    assert outputs["system_metrics.csv"].startswith(b"time,command,cpu-usage,memory,disk-input,disk-output\n")


def test_the_work_folder_is_gone_once_everything_is_told(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("true")
    service.end(task)
    until(lambda: not (runner.work_dir / task).exists(), what=runner.log())


def test_outputs_that_shall_not_be_streamed_are_packed_before_they_are_sent(
    service: StubService, runner: RunnerProcess
) -> None:
    task = service.submit("""python3 -c 'open("result", "w").write("x" * 3_000_000)'""", stream_zip="f")
    whole_on_disk: list[int] = []
    archive = runner.work_dir / task / "output.zip"
    service.on_call["signed-urls"] = lambda: whole_on_disk.append(archive.stat().st_size if archive.exists() else 0)
    assert service.end(task)["new_status"] == "success", runner.log()
    assert service.outputs(task)["result"] == b"x" * 3_000_000
    assert whole_on_disk[-1] == len(service.objects[f"{task}/output.zip"])
    told = [body.get("metric") or body.get("name") or last for last, body in service.told(task)]
    assert told[told.index("output_total_files") + 1 :][:4] == [
        "compress_output",
        "done",
        "output_compression_seconds",
        "upload_output",
    ]
    assert "output_compression_seconds" in service.metrics(task)


def test_outputs_that_cannot_be_packed_before_are_streamed_and_not_lost(
    service: StubService, runner: RunnerProcess
) -> None:
    task = service.submit("""python3 -c 'open("result", "w").write("x"); import os; os.mkdir("../../output.zip")'""",
                          stream_zip="f")  # fmt: skip
    assert service.end(task)["new_status"] == "success", runner.log()
    assert service.outputs(task)["result"] == b"x"
    assert "output_compression_seconds" not in service.metrics(task)


def test_calls_come_in_the_order_of_the_protocol(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("true", "echo done")
    service.end(task)
    until(lambda: "unblock" in [last for last, _ in service.told(task)])
    names = [body.get("metric") or body.get("name") or body.get("type") or last for last, body in service.told(task)]
    assert names == [
        "queue_time_seconds",
        "download_container",
        "done",
        "container_image_download_seconds",
        "container_image_size_bytes",
        "download_input",
        "done",
        "input_download_seconds",
        "input_zipped_size_bytes",
        "uncompress_input",
        "done",
        "input_decompression_seconds",
        "input_size_bytes",
        "TaskWorkStarted",
        "exec_command",
        "done",
        "exec_command",
        "done",
        "TaskWorkFinished",
        "computation_seconds",
        "output_size_bytes",
        "output_total_files",
        "upload_output",
        "done",
        "output_zipped_size_bytes",
        "output_upload_seconds",
        "TaskOutputUploaded",
        "unblock",
    ]
