"""A real runner as a process of its own, for tests."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.runner.stub_service import API_KEY, GROUP_ID
from tests.waiting import until

_PROGRAM = """
import sys
from pathlib import Path
from taskmon.runner.loop import RunnerOptions, run
handshake = Path(sys.argv[3]) if sys.argv[3] else None
sys.exit(run(RunnerOptions(work_dir=Path(sys.argv[1]), machine_group_id=sys.argv[2], host_name="here",
    handshake=handshake, task_block_s=5, message_block_s=5)))
"""


class RunnerProcess:
    """Started on a work folder; `log()` is what it has logged."""

    def __init__(
        self,
        url: str,
        work_dir: Path,
        *,
        handshake: Path | None = None,
        kill_grace_s: float = 1.0,
        lonely_s: float = 600,
        api_key: str = API_KEY,
    ) -> None:
        work_dir.mkdir(parents=True, exist_ok=True)
        self.work_dir = work_dir
        self.log_file = work_dir / "runner.log"
        environment = {
            **os.environ,
            "API_URL": url,
            "USER_API_KEY": api_key,
            "TASKMON_KILL_GRACE_S": str(kill_grace_s),
            "TASKMON_LONELY_S": str(lonely_s),
        }
        with self.log_file.open("ab+") as log:  # as the service opens it
            self.process = subprocess.Popen(
                [sys.executable, "-c", _PROGRAM, str(work_dir), GROUP_ID, str(handshake or "")],
                env=environment,
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    def artifact(self, task_id: str, name: str) -> Path:
        """Where a running task writes a file."""
        return self.work_dir / task_id / "output" / "artifacts" / name

    def leave(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def die(self) -> None:
        self.process.kill()

    def ended(self, within_s: float = 30.0) -> int:
        """Its exit code, waited for."""
        until(lambda: self.process.poll() is not None, within_s, f"the runner did not end; its log:\n{self.log()}")
        assert self.process.returncode is not None
        return self.process.returncode

    def close(self) -> None:
        """End it for good."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
