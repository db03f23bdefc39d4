"""Simulators from the Debian archive, where they are installed: their folder is enough, their log is live."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from taskmon.client.live_files import follow_file, list_files
from taskmon.client.submission import submit_folder
from taskmon.client.task_request import build_request
from taskmon.core.lifecycle import Status
from taskmon.core.simulators import guess_simulator
from taskmon.core.storage import STDOUT_FILE
from taskmon.gui.controllers.progress import log_patterns_of
from taskmon.resource_files import simulator_catalogue
from tests.journeys.story import group_id, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from taskmon.client.api import ServiceClient

pytestmark = pytest.mark.journey

COOLING = """
verbosity = 0;
int steps = 30; real dt = 0.02, conductivity = 0.2;
mesh plate = square(40, 40); fespace V(plate, P1); V now, test, before = sin(pi*x)*sin(pi*y);
problem cool(now, test) = int2d(plate)(now*test/dt + conductivity*(dx(now)*dx(test) + dy(now)*dy(test)))
  - int2d(plate)(before*test/dt) + on(1, 2, 3, 4, now = 0);
for (int i = 1; i <= steps; ++i) {
  cool; V change = now - before; real size = sqrt(int2d(plate)(change*change)); before = now;
  cout << "step " << i << "/" << steps << " residual=" << size << " umax=" << now[].max << endl;
}
ofstream result("temperature.txt"); result << now[];
"""

GAS = """
units lj
atom_style atomic
lattice fcc 0.8
region cube block 0 6 0 6 0 6
create_box 1 cube
create_atoms 1 box
mass 1 1.0
velocity all create 1.5 4711
pair_style lj/cut 2.5
pair_coeff 1 1 1.0 1.0 2.5
fix keep all nve
thermo 50
dump trace all xyz 500 trace.xyz
run 1500
"""

BAR = """*NODE, NSET=ALL
1,0.,0.,0.\n2,1.,0.,0.\n3,1.,1.,0.\n4,0.,1.,0.\n5,0.,0.,1.\n6,1.,0.,1.\n7,1.,1.,1.\n8,0.,1.,1.
*ELEMENT, TYPE=C3D8, ELSET=BRICK
1,1,2,3,4,5,6,7,8
*NSET, NSET=FOOT
1,2,3,4
*NSET, NSET=HEAD
5,6,7,8
*BOUNDARY
FOOT,1,3
*MATERIAL, NAME=STEEL
*ELASTIC
210000.,0.3
*SOLID SECTION, ELSET=BRICK, MATERIAL=STEEL
*STEP, NLGEOM, INC=50
*STATIC
0.05,1.,1e-5,0.05
*CLOAD
HEAD,3,-1500.
*NODE FILE
U
*END STEP
"""

CASES = [
    pytest.param("FreeFem++", "freefem", "cooling.edp", COOLING, "script", "temperature.txt", id="freefem"),
    pytest.param("lmp", "lammps", "in.gas", GAS, "script", "trace.xyz", id="lammps"),
    pytest.param("ccx", "calculix", "bar.inp", BAR, "deck", "bar.frd", id="calculix"),
]


@pytest.mark.parametrize(("program", "key", "file", "text", "parameter", "result"), CASES)
async def test_a_folder_of_a_debian_simulator_is_recognised_and_runs_to_its_result(
    client: ServiceClient, tmp_path: Path, program: str, key: str, file: str, text: str, parameter: str, result: str
) -> None:
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / file).write_text(text, encoding="utf-8")
    simulator = guess_simulator([file], simulator_catalogue())
    assert simulator is not None
    assert simulator.key == key
    submitted = await submit_folder(client, folder, build_request(simulator, {parameter: file}, await group_id(client)))
    log = b"".join([chunk async for chunk in follow_file(client, submitted.id, STDOUT_FILE, 0)]).decode()
    task = await wait_for(client, submitted.id, Status.SUCCESS)
    assert log_patterns_of(task).series(log.splitlines()), "its log gives series to plot"
    assert result in [entry.path for entry in (await list_files(client, task)).files]
