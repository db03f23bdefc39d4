"""The catalogue's entries: read from text, filled with values, guessed from files."""

from __future__ import annotations

import re
import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from taskmon.core.errors import InvalidInputError
from taskmon.core.simulators import Simulator, guess_simulator, matching_files, parse_simulator
from taskmon.resource_files import simulator_catalogue

ENTRY = """
key = "heat"
name = "Heat"
image = "docker://example/heat"
commands = ["solve {scene} --steps {steps}"]
recognised_by = ["*.heat"]
install = "Install it."
preload = ["libGL.so.1"]

[[parameters]]
name = "scene"
label = "Scene"
kind = "file"
patterns = ["*.heat"]

[[parameters]]
name = "steps"
label = "Steps"
kind = "number"
default = "10"

[executables]
solve = ["solve", "python3 solve.py"]

[env]
OMP_NUM_THREADS = "1"

[[log_patterns]]
role = "progress"
regex = '(?P<step>\\d+)/(?P<total>\\d+)'
"""


def heat() -> Simulator:
    return parse_simulator(ENTRY, "heat.toml")


def test_an_entry_is_read_whole() -> None:
    simulator = heat()
    assert simulator.key == "heat"
    assert simulator.parameters[0].patterns == ("*.heat",)
    assert simulator.executables["solve"] == ("solve", "python3 solve.py")
    assert simulator.env == {"OMP_NUM_THREADS": "1"}
    assert simulator.preload == ("libGL.so.1",)
    assert simulator.log_patterns[0].role == "progress"


@pytest.mark.parametrize(
    "broken",
    [
        "key = ",
        'name = "no key"',
        'key = "a"\nname = "b"\nimage = "c"\n[[parameters]]\nname = "x"',
        'key = "a"\nname = "b"\nimage = "c"\n[[parameters]]\nname = "x"\nlabel = "X"\nsurprise = 1',
        'key = "a"\nname = "b"\nimage = "c"\n[[log_patterns]]\nrole = "error"\nregex = "("',
    ],
)
def test_a_broken_entry_is_named_in_the_complaint(broken: str) -> None:
    with pytest.raises(InvalidInputError, match=r"broken\.toml"):
        parse_simulator(broken, "broken.toml")


def test_holes_take_the_given_value_else_the_default() -> None:
    assert heat().fill({"scene": "plate.heat"}) == ["solve plate.heat --steps 10"]
    assert heat().fill({"scene": "plate.heat", "steps": "3"}) == ["solve plate.heat --steps 3"]


def test_a_missing_value_is_asked_for_by_its_label() -> None:
    with pytest.raises(InvalidInputError, match="Scene"):
        heat().fill({"steps": "3"})


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1))
def test_a_value_stays_one_word_whatever_is_in_it(value: str) -> None:
    assert shlex.split(heat().fill({"scene": value})[0])[1] == value


def test_the_simulator_that_recognises_most_is_guessed() -> None:
    catalogue = [heat(), parse_simulator(ENTRY.replace("heat", "cold").replace("*.cold", "*.c*"), "cold.toml")]
    assert guess_simulator(["plate.heat", "readme"], catalogue) is catalogue[0]
    assert guess_simulator(["plate.cold"], catalogue) is catalogue[1]
    assert guess_simulator(["readme"], catalogue) is None
    assert guess_simulator([], []) is None


def test_matching_files_keep_their_order() -> None:
    assert matching_files(["b.json", "a.txt", "a.json"], ["*.json"]) == ["b.json", "a.json"]


def test_the_catalogue_that_taskmon_brings_is_complete() -> None:
    catalogue = simulator_catalogue()
    keys = [entry.key for entry in catalogue]
    assert {"commands", "splishsplash", "calculix", "freefem", "lammps", "openfoam", "gromacs"} <= set(keys)
    assert len(keys) == len(set(keys))
    assert keys[-1] == "commands"
    for entry in catalogue:
        is_to_be_copied = re.search(r" install \S+$", entry.install) is not None  # a full stop would be copied too
        assert entry.install.endswith((".", ")")) != is_to_be_copied, entry.key
        holes = dict.fromkeys((parameter.name for parameter in entry.parameters), "value")
        assert len(entry.fill(holes)) == len(entry.commands)
