"""Service and runner whose clock goes wrong: the seconds in FILE are added to the time.

`set_clock.py FILE serve FOLDER MACHINES FAULTS`, where FAULTS is a JSON object, empty for a good line.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from taskmon.core.extensions import Faults
from taskmon.resource_files import simulator_catalogue


def main(offset: Path, program: str, *words: str) -> int:
    """Be one of the two."""

    def clock() -> datetime:
        return datetime.now(UTC) + timedelta(seconds=float(offset.read_text()))

    if program == "serve":
        from taskmon.service.server import ServiceOptions, serve

        runner = (sys.executable, __file__, str(offset), "runner")
        faults = json.loads(words[2])
        options = ServiceOptions(
            data_dir=Path(words[0]),
            machines=int(words[1]),
            runner_command=runner,
            clock=clock,
            simulators=simulator_catalogue(),
            faults=Faults(**faults) if faults else None,
        )
        return serve(options)
    from taskmon.runner.loop import RunnerOptions, run

    given = dict(zip(words[::2], words[1::2], strict=True))
    return run(
        RunnerOptions(
            work_dir=Path(given["--work-dir"]),
            machine_group_id=given["--machine-group-id"],
            host_name=given["--host-name"],
            handshake=Path(given["--handshake"]),
            clock=clock,
        )
    )


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), *sys.argv[2:]))
