"""Commands as real processes: exit codes, prompts, environment, output as it comes, what they leave behind."""

from __future__ import annotations

import json
import shutil

import psutil
import pytest

from tests.runner.runner_process import RunnerProcess
from tests.runner.stub_service import StubService
from tests.waiting import until


def _python(code: str) -> dict[str, str]:
    return {"cmd": f"python3 -c {json.dumps(code)}"}


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_a_failing_command_fails_the_task_and_stops_the_list(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit(_python("import sys; print('no', file=sys.stderr); sys.exit(3)"), "touch never")
    assert service.end(task)["new_status"] == "failed"
    outputs = service.outputs(task)
    assert b"\nno\n" in outputs["stderr.txt"]
    assert "never" not in outputs
    assert service.exit_codes(task) == [3]


def test_a_crash_counts_as_128_plus_the_signal(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit(_python("import os; os.abort()"))
    assert service.end(task)["new_status"] == "failed"
    assert service.exit_codes(task) == [134]


def test_prompts_environment_and_folder_reach_the_command(service: StubService, runner: RunnerProcess) -> None:
    code = "import os; print(input(), input(), os.environ['A'], os.environ['B'], os.path.basename(os.getcwd()))"
    task = service.submit(
        {**_python(code), "prompts": ["yes", "34"], "env": {"B": "own"}},
        files={"case/in.txt": b""},
        extra={"env": {"A": "all", "B": "all"}, "run_subprocess_dir": "case"},
    )
    assert service.end(task)["new_status"] == "success", runner.log()
    stdout = service.outputs(task)["stdout.txt"].decode()
    assert "\nyes 34 all own case\n" in stdout
    assert "# WORKING DIRECTORY: artifacts/case\n# ENV: {'A': 'all', 'B': 'own'}\n\n" in stdout


def test_the_key_of_the_service_is_not_shown_to_commands(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("env")
    service.end(task)
    stdout = service.outputs(task)["stdout.txt"]
    assert b"TASKMON_TASK_ID=" + task.encode() in stdout
    assert b"USER_API_KEY" not in stdout


def test_a_shell_is_never_involved(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("echo $HOME ; touch gone > other")
    service.end(task)
    outputs = service.outputs(task)
    assert b"\n$HOME ; touch gone > other\n" in outputs["stdout.txt"]
    assert not {"gone", "other"} & set(outputs)


def test_lines_are_in_the_file_while_the_command_runs(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit(
        'awk \'BEGIN { print "first line"; while ((getline line < "go") < 0) system("sleep 0.05") }\''
    )
    log = runner.artifact(task, "stdout.txt")
    until(lambda: log.exists() and b"\nfirst line\n" in log.read_bytes(), what=runner.log())
    log.with_name("go").write_text("on\n")
    assert service.end(task)["new_status"] == "success"


def test_a_huge_line_and_bytes_of_any_kind_arrive_unchanged(service: StubService, runner: RunnerProcess) -> None:
    code = "import sys; w = sys.stdout.buffer.write; w(b'x' * 5_000_000); w(bytes(range(256)) * 100)"
    task = service.submit(_python(code))
    service.end(task)
    stdout = service.outputs(task)["stdout.txt"]
    assert b"x" * 5_000_000 + bytes(range(256)) * 100 + b"\n" + b"-" * 80 + b"\n" in stdout


def test_a_command_may_delete_everything_around_it(service: StubService, runner: RunnerProcess) -> None:
    task = service.submit("find . -mindepth 1 -delete", "echo second", files={"a/b": b""})
    assert service.end(task)["new_status"] == "success", runner.log()
    assert b"\nsecond\n" in service.outputs(task)["stdout.txt"]
    assert {"stderr.txt", "system_metrics.csv"} <= set(service.outputs(task))


@pytest.mark.parametrize("stay", ["time.sleep(600)", "os.execve('/bin/sleep', ['sleep', '600'], {})"])
def test_what_a_command_leaves_running_is_ended_with_the_task(
    service: StubService, runner: RunnerProcess, stay: str
) -> None:
    code = (
        "import os, time\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        open('daemon.pid', 'w').write(str(os.getpid()))\n"
        f"        {stay}\n"
        "    os._exit(0)\n"
        "while not os.path.exists('daemon.pid') or not open('daemon.pid').read(): time.sleep(0.01)"
    )
    task = service.submit("python3 daemonise.py", files={"daemonise.py": code.encode()})
    assert service.end(task)["new_status"] == "success", runner.log()
    assert not _lives(int(service.outputs(task)["daemon.pid"]))


def test_a_missing_program_is_a_runtime_error_that_says_what_to_install(
    service: StubService, runner: RunnerProcess
) -> None:
    task = service.submit("gmx mdrun", container_image="docker://inductiva/kutu:gromacs_v2022.2")
    if shutil.which("gmx"):
        pytest.skip("GROMACS is installed here")
    failure = service.event(task, "TaskExecutionFailed")
    assert "apt install gromacs" in failure["error_message"]
    assert service.event(task, "TaskOutputUploaded")["new_status"] is None
    assert b"apt install gromacs" in service.outputs(task)["stderr.txt"]


@pytest.mark.parametrize(
    ("command", "extra", "word"),
    [
        ({"cmd": "echo 'open"}, {}, "split"),
        ({"cmd": " "}, {}, "empty"),
        ({"cmd": "echo " + "x" * 513}, {}, "512"),
        ({"cmd": "cat", "prompts": [""]}, {}, "512"),
        ({"cmd": "echo"}, {"run_subprocess_dir": "../.."}, "leaves"),
        ({"cmd": "echo"}, {"run_subprocess_dir": "none"}, "no folder none"),
        ({"cmd": "./none"}, {}, "no program ./none"),
        ({"cmd": "echo"}, {"sim_dir": "/etc"}, "leaves"),
        ({"cmd": "echo"}, {"commands": []}, "no command"),
        ({"cmd": "echo"}, {"commands": 5}, "read"),
    ],
)
def test_a_task_that_cannot_be_run_says_why(
    service: StubService, runner: RunnerProcess, command: dict[str, object], extra: dict[str, object], word: str
) -> None:
    task = service.submit(command, extra=extra)
    assert word in service.event(task, "TaskExecutionFailed")["error_message"]
    after = service.submit("true")
    assert service.end(after)["new_status"] == "success"


def test_mpi_puts_mpirun_in_front(service: StubService, runner: RunnerProcess) -> None:
    config = {"version": "4.1.6", "options": {"np": 2, "oversubscribe": True, "nooversubscribe": False}}
    task = service.submit({"cmd": "echo hello", "mpi_config": config})
    end = service.end(task)
    if shutil.which("mpirun") is None:
        assert "mpirun is not installed" in end["error_message"]
        return
    assert end["new_status"] == "success", service.outputs(task)["stderr.txt"].decode()
    assert service.outputs(task)["stdout.txt"].count(b"hello") == 3  # once in the heading
    assert service.operations(task, "exec_command")[0]["command"] == "mpirun --np 2 --oversubscribe echo hello"
