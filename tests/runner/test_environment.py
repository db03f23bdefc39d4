"""Images, the catalogue, and the commands they lead to."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.core.runner_protocol import MpiConfig
from taskmon.core.simulators import Simulator, guess_simulator
from taskmon.installed_programs import missing_programs
from taskmon.resource_files import resource_path, simulator_catalogue
from taskmon.runner.environment import Environment, find_environment, image_families, mpi_words

LOG_LINES = {
    "calculix": [
        " largest residual force= 131.380958 in node 499 and dof 2",
        " average force= 14.089547",
        " largest correction to disp= 1.674375e-02 in node 125 and dof 1",
        " actual total time=5.000000e-02",
        " *ERROR in readinput: cannot open file none.inp",
    ],
    "freefem": [
        "step 98/100 t=0.98 residual=0.00154799 umax=0.156836",
        "Compile error : ",
        " Error line number 2, in file bad.edp, before  token foo",
    ],
    "gromacs": [
        "step 400, remaining wall clock time:     5 s          ",
        "Step=   12, Dmax= 4.1e-02 nm, Epot= -5.81930e+05 Fmax= 2.07341e+04, atom= 1234",
        "Fatal error:",
    ],
    "heat": [
        "step 80/24000 t = 10.00 s residual = 9.554e-02 mean = 23.805",
        "error: the case plate.heat.toml cannot be read: no such file.",
    ],
    "lammps": [
        "      20    1.6681241   -4.7867954            0   -2.2852348    5.6910177 ",
        "ERROR: Unknown command: bad cmd (src/input.cpp:274)",
    ],
    "openfoam": [
        "Time = 0.005",
        "Courant Number mean: 0.0976825 max: 0.585607",
        "smoothSolver:  Solving for Ux, Initial residual = 0.160686, Final residual = 6.83031e-06, No Iterations 19",
        "time step continuity errors : sum local = 8.63844e-07, global = -9.32847e-20, cumulative = 2.1e-19",
        "--> FOAM FATAL ERROR: ",
    ],
    "splishsplash": [
        "step 370 t = 1.8500 of 2.0000 dt = 0.00500 particles 3724 wall 0.5 s",
        "error: there is no scene file none.json.",
    ],
    "commands": [
        "epoch 3 of 10: 30 % done, residual = 1e-3",
        "step 3/10",
        "Traceback (most recent call last):",
    ],
}


@pytest.mark.parametrize(
    ("image", "key"),
    [
        ("docker://inductiva/kutu:splishsplash_v2.13.0", "splishsplash"),
        ("docker://inductiva/kutu:lammps_v29Sep2021_gpu_dev", "lammps"),
        ("docker://inductiva/kutu:openfoam-esi_v2412", "openfoam"),
        ("docker://lammps/lammps:stable", "lammps"),
        ("inductiva://my-folder/calculix.sif", "calculix"),
        ("freefem", "freefem"),
        ("FreeFEM", "freefem"),
        ("docker://inductiva/kutu:commands", "commands"),
        ("docker://inductiva/kutu:xbeach_v1.24", None),
        ("docker://someone/else", None),
        ("", None),
    ],
)
def test_an_image_names_an_entry_of_the_catalogue(image: str, key: str | None) -> None:
    entry = find_environment(image).entry
    assert (entry.key if entry else None) == key


def test_every_image_of_the_catalogue_leads_back_to_its_entry() -> None:
    for simulator in simulator_catalogue():
        assert find_environment(simulator.image).entry is simulator
        assert image_families(simulator.image)


def test_the_catalogue_holds_what_was_promised() -> None:
    keys = [simulator.key for simulator in simulator_catalogue()]
    assert keys[-1] == "commands"
    assert {"splishsplash", "calculix", "freefem", "lammps", "openfoam", "gromacs", "heat"} <= set(keys)
    for simulator in simulator_catalogue():
        assert simulator.install, simulator.key


@pytest.mark.parametrize("simulator", simulator_catalogue(), ids=lambda simulator: simulator.key)
def test_every_log_pattern_matches_a_line_that_its_simulator_prints(simulator: Simulator) -> None:
    for pattern in simulator.log_patterns:
        matches = [match for line in LOG_LINES[simulator.key] if (match := re.search(pattern.regex, line))]
        assert matches, (simulator.key, pattern)
        groups = set(matches[0].groupdict())
        if pattern.role == "progress":
            assert groups in ({"fraction"}, {"step", "total"})
        if pattern.role == "series":
            assert pattern.name and groups


@pytest.mark.parametrize("name", ["dam_break", "heat"])
def test_the_examples_are_recognised_and_their_commands_can_be_filled(name: str) -> None:
    folder = resource_path(f"examples/{name}")
    files = sorted(path.name for path in folder.iterdir())
    simulator = guess_simulator(files, simulator_catalogue())
    assert simulator is not None and simulator.key == {"dam_break": "splishsplash", "heat": "heat"}[name]
    [parameter] = simulator.parameters
    matching = [file for file in files if any(Path(file).match(pattern) for pattern in parameter.patterns)]
    assert len(matching) == 1
    assert simulator.fill({parameter.name: matching[0]})[0].split()[0] in simulator.executables


def _entry(**fields: object) -> Simulator:
    return Simulator(**{"key": "k", "name": "K", "image": "k", "commands": (), **fields})  # type: ignore[arg-type]


def test_the_first_candidate_that_is_here_is_taken(tmp_path: Path) -> None:
    candidates = ("{module:no_such_module} {python} x", "{path:no-such-program}", "{python} -u {path:sh}")
    environment = Environment("k", _entry(executables={"solve": candidates}))
    program, *more = environment.locate("solve", tmp_path)
    assert program == sys.executable
    assert more[0] == "-u"
    assert more[1].endswith("/sh")


def test_a_program_that_is_not_here_names_its_remedy(tmp_path: Path) -> None:
    environment = Environment("k", _entry(executables={"solve": ("no-such",)}, install="Install it with: magic."))
    with pytest.raises(NotFoundError, match="Install it with: magic"):
        environment.check(["solve"])
    with pytest.raises(NotFoundError, match="docker://x/y"):
        find_environment("docker://x/y").check(["no-such-program"])
    environment.check(["./built-later"])


def test_a_file_that_is_no_program_is_told_apart(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("echo")
    with pytest.raises(InvalidInputError, match=r"bash \./run"):
        Environment("k", None).locate("./run.sh", tmp_path)


def test_libraries_are_preloaded_only_where_they_exist() -> None:
    here = _entry(preload=("/no/such/library.so", sys.executable))
    assert Environment("k", here).process_variables({})["LD_PRELOAD"].startswith(sys.executable)
    nowhere = Environment("k", _entry(preload=("/no/such/library.so",))).process_variables({})
    assert "/no/such" not in nowhere.get("LD_PRELOAD", "")


def test_the_users_environment_wins_over_the_catalogues() -> None:
    environment = Environment("k", _entry(env={"OMP_NUM_THREADS": "1"}))
    assert environment.process_variables({})["OMP_NUM_THREADS"] == "1"
    assert environment.process_variables({"OMP_NUM_THREADS": "4"})["OMP_NUM_THREADS"] == "4"


def test_mpi_without_mpirun_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NotFoundError, match="openmpi"):
        mpi_words(MpiConfig(version="4.1.6", options={"np": 4}))


def test_a_program_copied_out_of_the_image_runs_here(tmp_path: Path) -> None:
    environment = find_environment("docker://inductiva/kutu:splishsplash_v2.13.0")
    words = environment.translate(["cp", "/SPlisHSPlasH_CPU/bin/SPHSimulator", "."])
    assert [words[0], words[2]] == ["cp", "."]
    subprocess.run(words, cwd=tmp_path, check=True)
    command = [*environment.locate("./SPHSimulator", tmp_path), "--help"]
    shown = subprocess.run(
        command, cwd=tmp_path, check=True, capture_output=True, text=True, env=environment.process_variables({})
    )
    assert "Run a SPlisHSPlasH scene" in shown.stdout


def test_words_that_are_no_files_of_the_image_stay_as_they_are() -> None:
    words = ["cp", "/SPlisHSPlasH_CPU/bin/SPHSimulator", "."]
    assert find_environment("docker://other/image:1").translate(words) == words


def test_what_the_form_calls_missing_is_what_the_runner_cannot_start(monkeypatch: pytest.MonkeyPatch) -> None:
    here = Simulator(key="here", name="Here", image="docker://here", commands=("sh run.sh",))
    gone = Simulator(key="gone", name="Gone", image="docker://gone", commands=("gonex a",), install="Ask for it.")
    free = Simulator(key="commands", name="Own commands", image="docker://any", commands=())
    assert missing_programs([here, gone, free]) == {
        "gone": "Gone is not installed on this computer (“gonex” is missing). Ask for it."
    }
    Environment(here.image, here).check(["sh"])
    with pytest.raises(NotFoundError, match="gonex"):
        Environment(gone.image, gone).check(["gonex"])
    monkeypatch.setenv("PATH", "/nowhere")
    assert {"here", "gone"} == set(missing_programs([here, gone, free]))
