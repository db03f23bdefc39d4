"""A user's program for the official client, run by an interpreter that has it: script.py RESULTS DAM_BREAK.

Every step appends one JSON line to RESULTS: its name, whether it worked, its seconds, and what went wrong. It knows
nothing of taskmon but the environment variables that `taskmon env` prints.
"""

from __future__ import annotations

import contextlib
import io
import json
import pathlib
import re
import sys
import time
import traceback


class Screen(io.TextIOBase):
    """Standard output that can be looked at: the client remembers the stream that it found when it was imported."""

    def __init__(self, stream):
        self.stream = stream
        self.target = stream

    def write(self, text):
        return self.target.write(text)

    def flush(self):
        self.target.flush()

    def fileno(self):
        return self.stream.fileno()


sys.stdout, sys.stderr = Screen(sys.stdout), Screen(sys.stderr)
began = time.monotonic()
import inductiva  # noqa: E402

IMPORT_S = time.monotonic() - began

RESULTS, DAM_BREAK = pathlib.Path(sys.argv[1]), sys.argv[2]
CASE = pathlib.Path("case")
COUNTER = "import time\nfor n in range(%d):\n    print('line', n, flush=True)\n    time.sleep(%s)\n"
STEPS = []


def step(function):
    STEPS.append(function)
    return function


@contextlib.contextmanager
def watched():
    """A text that collects what is printed meanwhile."""
    screen = io.StringIO()
    sys.stdout.target = sys.stderr.target = screen
    try:
        yield screen
    finally:
        sys.stdout.target, sys.stderr.target = sys.stdout.stream, sys.stderr.stream


def told(action):
    """What an action prints."""
    with watched() as screen:
        action()
    return screen.getvalue()


def command(*words):
    """The `inductiva` command, in this process; what it prints. Any exit code but 0 is a failure."""
    from inductiva._cli.main import main

    kept, sys.argv = sys.argv, ["inductiva", *words]
    with watched() as screen:
        try:
            code = main()
        except SystemExit as leave:
            code = leave.code
        finally:
            sys.argv = kept
    assert not code, (code, screen.getvalue())
    return screen.getvalue()


class World:
    """What earlier steps leave for later ones."""

    group = small = dam = custom = watched = None


def names_in(folder):
    return [entry["name"] for entry in inductiva.storage.listdir(folder, print_results=False)]


def custom_image():
    return inductiva.simulators.CustomImage(container_image="docker://library/python:3")


def run(commands, **more):
    return custom_image().run(input_dir=str(CASE), commands=commands, on=World.group, **more)


@step
def import_in_a_few_seconds():
    assert IMPORT_S < 60, IMPORT_S
    assert inductiva.__version__ == "0.18.12"


@step
def machine_group_create_and_start():
    World.group = inductiva.resources.MachineGroup("c2-standard-4", num_machines=1)
    World.group.start()
    assert World.group.started
    assert World.group.n_vcpus.per_machine > 0


@step
def elastic_group_create_start_terminate():
    group = inductiva.resources.ElasticMachineGroup("c2-standard-4", min_machines=1, max_machines=2)
    group.start()
    again = {each.name: each for each in inductiva.resources.get()}[group.name]
    assert type(again) is inductiva.resources.ElasticMachineGroup
    assert again.max_machines == 2
    assert group.terminate()


@step
def mpi_cluster_create_start_terminate():
    cluster = inductiva.resources.MPICluster("c2-standard-4", num_machines=2)
    cluster.start()
    again = {each.name: each for each in inductiva.resources.get()}[cluster.name]
    assert type(again) is inductiva.resources.MPICluster
    assert again.num_machines == 2
    assert cluster.terminate()


@step
def resources_get():
    names = [group.name for group in inductiva.resources.get()]
    assert World.group.name in names, names
    assert inductiva.resources.machine_groups.get_by_name(World.group.name).id == World.group.id


@step
def splishsplash_really_runs():
    World.dam = inductiva.simulators.SplishSplash().run(
        input_dir=DAM_BREAK, sim_config_filename="dam_break.json", on=World.group
    )
    status = World.dam.wait(silent_mode=True, download_std_on_completion=False)
    assert status == "success", (status, str(World.dam.get_info()))


@step
def splishsplash_outputs():
    folder = pathlib.Path(World.dam.download_outputs())
    assert list(folder.rglob("ParticleData_Fluid_*.vtk")), list(folder.rglob("*"))
    assert not (folder / "SPHSimulator").exists()
    assert "step 1 t =" in (folder / "stdout.txt").read_text()


@step
def custom_image_short_task_wait_streams_and_returns():
    World.small = run(["python3 counter.py", "python3 -c \"open('result.txt', 'w').write('forty-two')\""])
    began = time.monotonic()
    shown = told(World.small.wait)
    assert time.monotonic() - began < 60, time.monotonic() - began
    assert World.small.get_status() == "success"
    # A tail may come too late for a task of two seconds, but it must neither fail nor hold anybody up.
    assert "Failed to connect" not in shown, shown


@step
def tail_streams_while_the_task_runs():
    World.watched = run(["python3 slow_counter.py"], project="streams")
    shown = told(World.watched.wait)
    assert World.watched.get_status() == "success"
    seen = [int(number) for number in re.findall(r"line (\d+)$", shown, re.MULTILINE)]
    assert seen == list(range(60)), seen


@step
def instant_tasks_do_not_hold_wait_up():
    for _ in range(3):
        began = time.monotonic()
        task = run(["true"])
        told(task.wait)
        assert time.monotonic() - began < 60, time.monotonic() - began


@step
def wait_for_status_and_live_files():
    World.custom = run(["python3 forever.py"])
    assert World.custom.wait_for_status("computation-started", silent_mode=True) == "computation-started"
    deadline = time.monotonic() + 60
    while "line 3" not in (shown := told(lambda: World.custom.tail_files(["stdout.txt"], 50, False))):
        assert time.monotonic() < deadline, shown
        time.sleep(0.2)
    names, code = World.custom.list_files()
    assert code == 0
    assert "stdout.txt" in names, names
    assert "forever.py" in names, names
    newest, code = World.custom.last_modified_file()
    assert code == 0
    assert "Most Recent File: stdout.txt" in newest, newest
    missing = told(lambda: World.custom.tail_files(["nothing.txt"], 5, False))
    assert "not found" in missing.lower(), missing


@step
def commands_about_a_running_task():
    name = World.custom.id
    assert "line" in command("tasks", "tail", name, "stdout.txt", "-l", "3")
    assert "COMMAND" in command("tasks", "top", name)
    assert "stdout.txt" in command("tasks", "list-files", name)
    assert "stdout.txt" in command("tasks", "last-modified-file", name)


@step
def kill_while_logs_are_followed():
    import threading

    killer = threading.Timer(4.0, lambda: inductiva.tasks.Task(World.custom.id).kill(wait_timeout=30))
    killer.start()
    shown = command("logs", World.custom.id)
    killer.join()
    assert "line" in shown, shown
    World.custom.wait(silent_mode=True, download_std_on_completion=False)
    assert World.custom.get_status() == "killed"


@step
def kill_answers_true():
    task = run(["sleep 100"])
    task.wait_for_status("computation-started", silent_mode=True)
    assert task.kill(wait_timeout=30) is True


@step
def a_failed_task_says_so():
    task = run(["python3 -c \"raise SystemExit('broken on purpose')\""])
    told(task.wait)
    assert task.get_status() == "failed"
    assert task.is_failed()


@step
def info_and_summary():
    assert World.small.get_info().task_id == World.small.id
    shown = told(World.small.print_summary)
    assert "Success" in shown, shown
    assert World.small.get_computation_time() > 0
    assert World.small.get_machine_type() == "LOCAL-c2-standard-4", World.small.get_machine_type()
    assert World.small.get_position_in_queue() in (None, 0)


@step
def outputs_whole_and_by_name():
    whole = pathlib.Path(World.small.download_outputs())
    assert (whole / "result.txt").read_text() == "forty-two"
    one = pathlib.Path(World.small.download_outputs(filenames=["result.txt"], output_dir="one"))
    assert [path.name for path in one.rglob("*") if path.is_file()] == ["result.txt"]


@step
def inputs_whole_and_by_name():
    whole = pathlib.Path(World.small.download_inputs())
    assert (whole / "sim_dir" / "counter.py").is_file() or (whole / "counter.py").is_file()
    one = pathlib.Path(World.small.download_inputs(filenames=["counter.py"], input_dir="one_input"))
    assert [path.name for path in one.rglob("*") if path.is_file()] == ["counter.py"]


@step
def output_info():
    facts = World.small.get_output_info()
    sizes = {file.name: file.size for file in facts.files}
    assert sizes["result.txt"] == 9, sizes
    assert "result.txt" in str(facts)


@step
def metadata():
    World.small.set_metadata({"study": "one", "angle": "5"})
    assert World.small.get_metadata() == {"study": "one", "angle": "5"}


@step
def projects():
    project = inductiva.projects.Project("wind tunnel")
    project.add_task(World.small)
    assert [task.id for task in project.get_tasks()] == [World.small.id]
    other = inductiva.projects.Project("water")
    other.add_task(World.small)
    assert inductiva.projects.Project("wind tunnel").num_tasks == 0
    assert inductiva.projects.Project("water").num_tasks == 1
    assert "water" in str(inductiva.projects.Project("water"))
    other.delete()
    assert "water" not in [each.name for each in inductiva.projects.get_projects()]
    assert World.small.get_info().project == "default"


@step
def benchmark_export():
    inductiva.projects.Project("streams").wait()
    benchmark = inductiva.benchmarks.Benchmark("sizes")
    benchmark.add_task(World.small)
    benchmark.add_task(World.watched)
    benchmark.export(fmt="csv", filename="sizes.csv", select="all")
    benchmark.export(fmt="json", filename="sizes.json")
    rows = json.loads(pathlib.Path("sizes.json").read_text())
    assert {row["task_id"] for row in rows} == {World.small.id, World.watched.id}, rows


@step
def storage():
    pathlib.Path("mesh").mkdir(exist_ok=True)
    pathlib.Path("mesh/fine.txt").write_text("1 2 3")
    inductiva.storage.upload("mesh", "meshes")
    assert "fine.txt" in names_in("meshes")
    inductiva.storage.copy("meshes/fine.txt", "meshes/copy.txt")
    inductiva.storage.download("meshes/copy.txt", "fetched")
    assert [path.read_text() for path in pathlib.Path("fetched").rglob("copy.txt")] == ["1 2 3"]
    task = run(["cp fine.txt seen.txt"], remote_assets=["meshes/fine.txt"])
    assert task.wait(silent_mode=True, download_std_on_completion=False) == "success"
    inductiva.storage.remove("meshes/")
    with contextlib.suppress(inductiva.client.exceptions.ApiException):
        assert names_in("meshes") == []
    assert inductiva.storage.get_space_used() is not None


@step
def storage_from_an_address():
    [address] = inductiva.storage.get_signed_urls([f"{World.small.id}/input.zip"], "download")
    inductiva.storage.upload_from_url(address, "fetched", "input copy.zip")
    deadline = time.monotonic() + 10
    while True:
        with contextlib.suppress(inductiva.client.exceptions.ApiException):
            if "input copy.zip" in names_in("fetched"):
                break
        assert time.monotonic() < deadline
        time.sleep(0.1)


@step
def remote_files_are_removed():
    assert World.dam.remove_remote_files() is True


@step
def events():
    from inductiva.events import actions, triggers

    sleeper = run(["sleep 100"])
    trigger = triggers.TaskOutputUploaded(task_id=sleeper.id)
    kept = inductiva.events.register(trigger, actions.EmailNotification(email_address="me@example.org"))
    watch = triggers.ObserverFileRegex(task_id=sleeper.id, file_path="stdout.txt", regex="line (9)")
    inductiva.events.register(watch, actions.WebhookNotification(webhook_url="http://127.0.0.1:9/hook"))
    inductiva.events.register(
        triggers.ObserverFileExists(task_id=sleeper.id, file_path="done.txt"),
        actions.EmailNotification(email_address="me@example.org"),
    )
    listed = told(inductiva.events.list_events)
    assert kept in listed, (kept, listed)
    assert "TriggerRegexObserverInfo" in listed
    assert "removed" in told(lambda: inductiva.events.remove(kept))
    assert kept not in told(inductiva.events.list_events)
    sleeper.kill(wait_timeout=30)


@step
def quotas_and_costs():
    assert "max_vcpus" in inductiva.users.get_quotas()
    assert inductiva.users.get_info().username
    assert inductiva.users.get_costs(start_year=2025, start_month=1)
    assert inductiva.users.methods.get_fees()
    assert inductiva.resources.get_available_machine_types("LOCAL")


@step
def sync_context_kills_on_an_exception():
    task = run(["sleep 100"])
    with contextlib.suppress(ZeroDivisionError), task.sync_context():
        raise ZeroDivisionError
    task.wait(silent_mode=True, download_std_on_completion=False)
    assert task.get_status() == "killed"


@step
def commands_about_tasks():
    assert World.small.id in command("tasks", "list", "-n", "50")
    assert World.small.id in command("tasks", "list", "-a")
    assert "Success" in command("tasks", "info", World.small.id)
    command("tasks", "download", World.small.id, "--dir", "by command", "--filenames", "result.txt")
    assert list(pathlib.Path("by command").rglob("result.txt"))
    sleeper = run(["sleep 100"])
    command("tasks", "kill", sleeper.id, "-y", "-w", "30")
    assert sleeper.get_status() == "killed"


@step
def commands_about_resources_projects_storage():
    assert World.group.name in command("resources", "list")
    assert World.group.name in command("resources", "info", World.group.name)
    assert "local" in command("resources", "available", "--provider", "LOCAL").lower()
    assert "streams" in command("projects", "list")
    command("projects", "download", "streams", "--output-dir", "of project")
    assert World.small.id in command("storage", "list", "-m", "50")
    assert command("storage", "size")
    assert command("storage", "bucket", "list")
    pathlib.Path("note.txt").write_text("a note")
    command("storage", "upload", "note.txt", "notes")
    command("storage", "download", "notes/note.txt", "from storage")
    assert list(pathlib.Path("from storage").rglob("note.txt"))
    command("storage", "remove", "notes/", "-y")


@step
def commands_about_the_account():
    assert command("quotas", "list")
    assert command("user", "info")
    assert "splishsplash" in command("simulators", "list").lower()


@step
def commands_start_and_end_machines():
    shown = command("resources", "start", "c2-standard-4", "-n", "1")
    [name] = set(re.findall(r"api-[a-z0-9]{25}", shown)) or {group.name for group in inductiva.resources.get()[-1:]}
    command("resources", "terminate", name, "-y")
    assert name not in [group.name for group in inductiva.resources.get()]


@step
def machine_group_terminate():
    assert World.group.terminate()
    assert World.group.name not in [group.name for group in inductiva.resources.get()]


def main():
    CASE.mkdir(exist_ok=True)
    (CASE / "counter.py").write_text(COUNTER % (20, 0.1))
    (CASE / "slow_counter.py").write_text(COUNTER % (60, 0.1))
    (CASE / "forever.py").write_text(COUNTER % (3000, 0.1))
    wanted = sys.argv[3:]
    for function in STEPS:
        if wanted and function.__name__ not in (*wanted, "machine_group_create_and_start"):
            continue
        began = time.monotonic()
        problem = ""
        try:
            function()
        except BaseException:
            problem = traceback.format_exc()
        line = {"step": function.__name__, "seconds": round(time.monotonic() - began, 2), "problem": problem}
        with RESULTS.open("a") as results:
            results.write(json.dumps(line) + "\n")
        print("FAILED" if problem else "ok", function.__name__, line["seconds"], problem, flush=True)


if __name__ == "__main__":
    main()
