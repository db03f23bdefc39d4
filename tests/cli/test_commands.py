"""Every command against a real service with a real machine."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from taskmon.cli import main
from taskmon.programs import command
from tests.cli.conftest import Shown
from tests.waiting import until

Taskmon = Callable[..., Shown]
Inputs = Callable[[str], Path]


def submitted(shown: Shown) -> str:
    """The id that a submission printed as its first line."""
    return shown.out.split("\n", 1)[0]


def status_of(taskmon: Taskmon, task_id: str) -> str:
    status: str = json.loads(taskmon("info", task_id, "--json").out)["status"]
    return status


def test_a_task_that_succeeds_ends_with_zero_and_leaves_its_outputs(
    taskmon: Taskmon, inputs: Inputs, tmp_path: Path
) -> None:
    shown = taskmon("submit", inputs("echo hello; echo result > out.txt"), "--command", "bash run.sh", "--follow")
    task_id = submitted(shown)
    assert shown.code == 0
    assert "\nhello\n" in shown.out
    for state in ("In Queue", "In Progress", "Success"):
        assert state in shown.err
    fetched = taskmon("download", task_id, "--to", tmp_path / "fetched")
    assert fetched.code == 0
    assert fetched.out.strip() == str(tmp_path / "fetched" / "wing")
    assert (tmp_path / "fetched" / "wing" / "out.txt").read_text() == "result\n"
    again = taskmon("download", task_id, "--to", tmp_path / "fetched")
    assert again.out.strip() == str(tmp_path / "fetched" / "wing (2)")
    assert "\nhello\n" in taskmon("logs", task_id).out
    assert "\nhello\n" in taskmon("logs", task_id, "-f").out
    assert taskmon("logs", task_id, "--file", "out.txt").out == "result\n"
    assert taskmon("wait", task_id).code == 0
    missing = taskmon("logs", task_id, "--file", "nope")
    assert missing.code == 2
    assert missing.err.startswith("taskmon: The task has no file nope.")


def test_a_download_that_finds_nothing_leaves_no_folder(taskmon: Taskmon, inputs: Inputs, tmp_path: Path) -> None:
    task_id = submitted(taskmon("submit", inputs("sleep 60"), "--command", "bash run.sh"))
    assert taskmon("download", task_id, "--to", tmp_path / "fetched").code == 2
    assert not (tmp_path / "fetched").exists()
    taskmon("kill", "--yes", task_id)
    until(lambda: status_of(taskmon, task_id) == "killed")


def test_a_task_that_fails_ends_with_one_and_a_sentence(taskmon: Taskmon, inputs: Inputs) -> None:
    failing = inputs("echo sorry >&2; echo 'KeyError: nu' >&2; exit 7")
    shown = taskmon("submit", failing, "--command", "bash run.sh", "--wait", "--name", "flap")
    task_id = submitted(shown)
    assert shown.code == 1
    assert "Failed" in shown.err
    assert "Command: Exit code 7 from: bash run.sh\nDetail: KeyError: nu\nNext step: Read the last lines" in shown.err
    assert "sorry" in taskmon("logs", task_id, "--stderr").out
    told = taskmon("info", task_id).out
    for words in ("flap", "Failed", "Next step", "bash run.sh", "exit code 7"):
        assert words in told
    assert taskmon("wait", task_id).code == 1


def test_a_task_runs_again_with_its_inputs_and_remembers_its_parent(taskmon: Taskmon, inputs: Inputs) -> None:
    first = submitted(taskmon("submit", inputs("cat run.sh"), "--command", "bash run.sh", "--wait"))
    again = taskmon("resubmit", first, "--wait")
    assert again.code == 0
    assert submitted(again) != first
    assert json.loads(taskmon("info", submitted(again), "--json").out)["task_metadata"]["resubmitted_from"] == first


def test_the_list_can_be_narrowed_and_read_by_machines(taskmon: Taskmon, inputs: Inputs) -> None:
    folder = inputs("true")
    task_id = submitted(taskmon("submit", folder, "--command", "bash run.sh", "--project", "narrow", "--wait"))
    listed = json.loads(taskmon("list", "--project", "narrow", "--json").out)
    assert [task["task_id"] for task in listed] == [task_id]
    assert json.loads(taskmon("list", "--project", "narrow", "--status", "failed", "--json").out) == []
    assert json.loads(taskmon("list", "--project", "narrow", "--status", "active", "--json").out) == []
    header, row = taskmon("list", "--project", "narrow").out.splitlines()
    assert header.index("TASK") == row.index(task_id)
    assert row.startswith("Success")
    assert len(taskmon("list", "--limit", "1").out.splitlines()) == 2


def test_a_kill_is_asked_for_and_told(taskmon: Taskmon, inputs: Inputs) -> None:
    task_id = submitted(taskmon("submit", inputs("sleep 60"), "--command", "bash run.sh"))
    until(lambda: status_of(taskmon, task_id) == "computation-started")
    refused = taskmon("kill", task_id)
    assert refused.code == 2
    assert "--yes" in refused.err
    killed = taskmon("kill", "--yes", task_id)
    assert killed.code == 0
    assert task_id in killed.err
    until(lambda: status_of(taskmon, task_id) == "killed")
    assert "nothing to kill" in taskmon("kill", "--yes", task_id).err


@pytest.mark.parametrize(
    ("mode", "signal_number", "after"),
    [("--sync", signal.SIGINT, "killed"), ("--sync", signal.SIGTERM, "killed"), ("--wait", signal.SIGINT, "alive")],
)
def test_an_interrupted_sync_kills_its_task_and_an_interrupted_wait_leaves_it(
    taskmon: Taskmon, inputs: Inputs, service_folder: Path, mode: str, signal_number: int, after: str
) -> None:
    words = ["submit", str(inputs("sleep 60")), "--command", "bash run.sh", mode, "--data-dir", str(service_folder)]
    process = subprocess.Popen(command(*words), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    with process.stdout as printed:
        task_id = printed.readline().strip()
        until(lambda: status_of(taskmon, task_id) == "computation-started")
        process.send_signal(signal_number)
        assert process.wait(60) == 130
    if after == "killed":
        until(lambda: status_of(taskmon, task_id) == "killed")
    else:
        assert status_of(taskmon, task_id) == "computation-started"
        taskmon("kill", "--yes", task_id)
        until(lambda: status_of(taskmon, task_id) == "killed")


def test_the_example_is_submitted(taskmon: Taskmon) -> None:
    shown = taskmon("example", "--json")
    task = json.loads(shown.out)
    assert shown.code == 0
    assert task["simulator"] in ("splishsplash", "heat")
    taskmon("kill", "--yes", task["task_id"])
    until(lambda: status_of(taskmon, task["task_id"]) in ("killed", "success"))


def test_the_machines_of_this_computer_are_listed(taskmon: Taskmon) -> None:
    assert "this-computer" in taskmon("machines").out
    assert json.loads(taskmon("machines", "list", "--json").out)[0]["name"] == "this-computer"
    assert taskmon("machines", "start").code == 2
    unknown = taskmon("machines", "start", "nowhere")
    assert unknown.code == 2
    assert "this-computer" in unknown.err


def test_a_spot_group_is_made_reclaimed_released_and_terminated(taskmon: Taskmon, inputs: Inputs) -> None:
    made = taskmon("machines", "new", "night", "--spot", "--ttl", "1h", "--idle", "30m")
    assert (made.code, made.err.strip()) == (0, "night is starting.")
    [group] = [found for found in json.loads(taskmon("machines", "list", "--json").out) if found["name"] == "night"]
    assert (group["spot"], group["max_idle_time"], group["max_vms"]) == (True, 1800, 1)
    assert "already" in taskmon("machines", "new", "night").err
    assert "1 to 64" in taskmon("machines", "new", "many", "--count", "65").err
    unnamed = taskmon("machines", "new")
    assert (unnamed.code, "taskmon machines new night" in unnamed.err) == (2, True)
    assert "describe a new group" in taskmon("machines", "start", "night", "--spot").err
    back = taskmon("machines", "reclaim")
    assert (back.code, back.err.strip()) == (0, "The computer is yours: 1 spot group rests until you give it back.")
    words = ("--command", "bash run.sh", "--machine-group", "night")
    task = taskmon("submit", inputs("true"), *words).out.strip()
    shown = taskmon("machines")
    assert "spot" in shown.out
    assert "rest" in shown.err
    assert status_of(taskmon, task) == "submitted", "what waits on spot machines goes on waiting"
    assert taskmon("machines", "release").err.strip() == "Spot machines may work again."
    assert taskmon("machines", "terminate", "night", "--yes").code == 0
    until(lambda: status_of(taskmon, task) in ("zombie", "success", "executer-terminated-by-user"))


def test_the_official_client_is_pointed_here(taskmon: Taskmon, service_folder: Path) -> None:
    handshake = json.loads((service_folder / "service.json").read_text())
    place = handshake["url"].removeprefix("http://")
    assert taskmon("env").out.splitlines() == [
        f"export INDUCTIVA_API_URL={handshake['url']}",
        f"export INDUCTIVA_API_KEY={handshake['api_key']}",
        f"export INDUCTIVA_MACHINES_CATALOGUE_API_URL={handshake['url']}",
        f"export INDUCTIVA_TURN_SERVER_URL={place}",
    ]


def test_a_shell_takes_the_lines_that_point_the_official_client_here(service_folder: Path) -> None:
    handshake = json.loads((service_folder / "service.json").read_text())
    script = 'eval "$("$0" -m taskmon --data-dir "$1" env)" && echo "$INDUCTIVA_API_URL $INDUCTIVA_TURN_SERVER_URL"'
    command_line = ["sh", "-c", script, sys.executable, str(service_folder)]
    shown = subprocess.run(command_line, capture_output=True, text=True, check=True)
    assert shown.stdout.split() == [handshake["url"], handshake["url"].removeprefix("http://")]


def test_the_cloud_keeps_its_own_catalogue_and_connection_server(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("a.key")
    assert main(["--url", "https://api.inductiva.ai", "--api-key-file", str(key_file), "env"]) == 0
    assert [line.partition("=")[0] for line in capsys.readouterr().out.splitlines()] == [
        "export INDUCTIVA_API_URL",
        "export INDUCTIVA_API_KEY",
    ]


def test_a_named_service_is_used_with_the_key_of_a_file(
    service_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handshake = json.loads((service_folder / "service.json").read_text())
    key_file = tmp_path / "key"
    key_file.write_text(handshake["api_key"] + "\n")
    assert main(["--url", handshake["url"], "--api-key-file", str(key_file), "machines"]) == 0
    key_file.write_text("wrong")
    assert main(["--url", handshake["url"], "--api-key-file", str(key_file), "machines"]) == 3
    shown = capsys.readouterr()
    assert handshake["api_key"] not in shown.out + shown.err
    assert shown.err.endswith("Check TASKMON_API_KEY or the file given with --api-key-file.\n")
    monkeypatch.setenv("TASKMON_URL", handshake["url"])
    assert main(["machines"]) == 2
    assert "API key" in capsys.readouterr().err
    monkeypatch.setenv("TASKMON_API_KEY", handshake["api_key"])
    assert main(["machines"]) == 0


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["info", "nope"], 2, "nope"),
        (["wait", "nope"], 2, "nope"),
        (["nofolder"], 2, "taskmon --help"),
        (["submit", "nofolder", "--command", "true"], 2, "nofolder"),
        (["submit", ".", "--simulator", "abacus"], 2, "splishsplash"),
        (["list", "--status", "odd"], 2, "computation-started"),
        (["--url", "localhost", "list"], 2, "https://"),
    ],
)
def test_a_mistake_is_answered_in_one_line_that_helps(
    taskmon: Taskmon, words: list[str], code: int, told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = taskmon(*words)
    assert shown.code == code
    assert shown.out == ""
    assert shown.err.count("\n") == 1
    assert told in shown.err


def test_a_service_that_is_not_there_ends_with_three(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    key_file = tmp_path / "key"
    key_file.write_text("key")
    assert main(["--url", "http://127.0.0.1:9", "--api-key-file", str(key_file), "list"]) == 3
    assert capsys.readouterr().err.startswith("taskmon: ")


def test_what_is_missing_is_named_with_the_option_that_gives_it(taskmon: Taskmon, tmp_path: Path) -> None:
    assert "There are no files to send." in taskmon("submit", tmp_path).err
    (tmp_path / "notes.txt").write_text("nothing to run")
    shown = taskmon("submit", tmp_path, "--simulator", "splishsplash")
    assert shown.code == 2
    assert "needs a scene, and no file fits (*.json)" in shown.err
    assert "--set scene=FILE" in shown.err


def test_a_file_among_several_must_be_chosen(taskmon: Taskmon, tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text("{}")
    shown = taskmon("submit", tmp_path, "--simulator", "splishsplash")
    assert shown.code == 2
    assert "--set scene=FILE" in shown.err
    assert "a.json, b.json" in shown.err
    unknown = taskmon("submit", tmp_path, "--simulator", "splishsplash", "--set", "colour=red")
    assert unknown.code == 2
    assert "colour" in unknown.err


def test_a_reader_that_goes_away_is_no_error(service_folder: Path) -> None:
    read, write = os.pipe()
    os.close(read)
    words = ["--data-dir", str(service_folder), "machines"]
    shown = subprocess.run(command(*words), stdout=write, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(write)
    assert shown.stderr == ""
    assert shown.returncode == 0


@pytest.mark.parametrize("url", ["http://[", "http://127.0.0.1:99999", "ftp://x", "http://name:secret@127.0.0.1:1"])
def test_an_address_that_cannot_work_is_a_sentence_and_never_repeats_a_password(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TASKMON_API_KEY", "k")
    assert main(["--url", url, "list"]) == 2
    told = capsys.readouterr().err
    assert told.startswith("taskmon: The address of the service cannot be used.")
    assert "secret" not in told


def test_files_of_the_present_folder_are_never_run_as_modules(tmp_path: Path) -> None:
    (tmp_path / "argparse.py").write_text("raise SystemExit('the folder was executed')")
    shown = subprocess.run(command("--version"), cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 0, shown.stderr


def test_an_empty_id_is_no_task(taskmon: Taskmon) -> None:
    for words in (["info", ""], ["logs", ""], ["wait", ""], ["kill", "--yes", ""]):
        shown = taskmon(*words)
        assert (shown.code, shown.err) == (
            2,
            "taskmon: The id of the task is missing. Look it up in the list of tasks.\n",
        )


def test_a_full_disk_behind_the_output_is_a_sentence(service_folder: Path) -> None:
    words = ["--data-dir", str(service_folder), "machines"]
    with open("/dev/full", "w") as full:
        shown = subprocess.run(command(*words), stdout=full, stderr=subprocess.PIPE, text=True, timeout=60)
    assert shown.returncode == 2
    assert shown.stderr == "taskmon: [Errno 28] No space left on device\n"


def test_json_stays_json_where_the_terminal_takes_only_ascii(
    taskmon: Taskmon, inputs: Inputs, service_folder: Path
) -> None:
    name = "Flügel 漢字"
    task_id = submitted(taskmon("submit", inputs("true"), "--command", "bash run.sh", "--wait", "--name", name))
    words = ["--data-dir", str(service_folder), "info", task_id, "--json"]
    ascii_only = {**os.environ, "PYTHONIOENCODING": "ascii"}
    shown = subprocess.run(command(*words), capture_output=True, env=ascii_only, timeout=60)
    assert json.loads(shown.stdout)["task_metadata"]["name"] == name


def test_a_folder_whose_name_is_no_text_is_submitted_under_a_name_that_can_be_shown(
    taskmon: Taskmon, inputs: Inputs
) -> None:
    folder = inputs("echo hello")
    odd = folder.rename(folder.parent / os.fsdecode(b"caf\xe9"))
    task_id = submitted(taskmon("submit", odd, "--command", "bash run.sh", "--wait"))
    assert json.loads(taskmon("info", task_id, "--json").out)["task_metadata"]["name"] == "caf\N{REPLACEMENT CHARACTER}"


@pytest.mark.parametrize("interruption", [signal.SIGINT, signal.SIGTERM])
def test_a_question_can_be_interrupted(
    taskmon: Taskmon, inputs: Inputs, service_folder: Path, interruption: signal.Signals
) -> None:
    task_id = submitted(taskmon("submit", inputs("sleep 60"), "--command", "bash run.sh"))
    keyboard, terminal = pty.openpty()
    words = ["--data-dir", str(service_folder), "kill", task_id]
    asking = subprocess.Popen(command(*words), stdin=terminal, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    assert asking.stderr is not None
    with asking.stderr as told:
        told.read(len("Kill 1 task? [y/N] "))
        asking.send_signal(interruption)
        try:
            assert asking.wait(60) == 130
        finally:
            asking.kill()
            asking.wait()
            os.close(keyboard)
            os.close(terminal)
    assert status_of(taskmon, task_id) not in ("pending-kill", "killed")
    taskmon("kill", "--yes", task_id)
    until(lambda: status_of(taskmon, task_id) == "killed")


def test_a_key_file_without_end_is_not_read_to_its_end(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--url", "http://127.0.0.1:1", "--api-key-file", "/dev/zero", "list"]) == 2
    assert capsys.readouterr().err.startswith("taskmon: The API key cannot be used.")
