"""Finds the embedded service of this user, or starts it so that it outlives us.

The service itself makes sure that there is one per data folder: a second one ends at once, and we use the first.
Standard library only, so that the window can ask for it before it loads anything heavy.
"""

from __future__ import annotations

import asyncio
import logging
import os
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from taskmon.client.handshake import ServiceAddress as ServiceAddress
from taskmon.client.handshake import address_in, living_service, request_for
from taskmon.core.errors import ConnectionFailedError

_log = logging.getLogger(__name__)
_KEY: Final = "api_key"
_START_LOG: Final = "service.log-start"
_FOLDER_TAKEN: Final = 3
"""Exit code of a service that found another one in its data folder."""
_CHECK_S: Final = 3.0
_LOOK_S: Final = 0.02
_LAST_LINES: Final = 5


def kept_key(data_dir: Path) -> str:
    """The key of the service of `data_dir`, which need not run; empty if it never did."""
    try:
        return (data_dir / _KEY).read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


async def own_service(data_dir: Path) -> ServiceAddress:
    """The address of the service of `data_dir`, started now, as the settings want it, if it does not run."""
    from taskmon.programs import serve_command
    from taskmon.settings import load_settings, settings_path

    idle_exit_s = load_settings(settings_path()).settings.idle_exit_minutes * 60
    return await ensure_local_service(data_dir, serve_command(data_dir, idle_exit_s))


async def ensure_local_service(data_dir: Path, command: Sequence[str], *, timeout_s: float = 30.0) -> ServiceAddress:
    """The address of the service of `data_dir`; `command` is the whole argv that starts one if none answers.

    Raises ConnectionFailedError with the service's last words if it does not come up within `timeout_s` seconds.
    """
    running = await find_local_service(data_dir)
    if running is not None:
        return running
    return await _start(data_dir, command, time.monotonic() + timeout_s)


async def find_local_service(data_dir: Path) -> ServiceAddress | None:
    """The service of `data_dir` if one is alive, answers and accepts the key it left for us."""
    address = living_service(data_dir)
    return address if address is not None and await _answers(address) else None


async def _start(data_dir: Path, command: Sequence[str], deadline: float) -> ServiceAddress:
    log_path = data_dir / _START_LOG
    process = _detached(command, data_dir, _opened(log_path))
    # Somebody has to wait for it, or it stays a zombie of ours when it ends; the thread ends with it, or with us.
    threading.Thread(target=process.wait, name="taskmon-service-wait", daemon=True).start()
    try:
        address = await _first_line(process, deadline) or await _other_service(data_dir, process, deadline)
    except BaseException:
        process.terminate()
        raise
    if address is None:
        exit_code = process.poll()
        process.terminate()
        present = living_service(data_dir) if exit_code == _FOLDER_TAKEN else None
        raise _not_started(log_path, exit_code) if present is None else _not_answering(present)
    _log.info("started %r", address)
    return address


def _opened(log_path: Path) -> BinaryIO:
    """The file for what the service says while it starts, in a folder that is made if need be."""
    try:
        log_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return log_path.open("wb")
    except OSError as error:
        raise ConnectionFailedError(
            f"taskmon's own service cannot use the folder {log_path.parent}: {error.strerror or error}.",
            "Check its rights and the free space, or choose another one with --data-dir.",
        ) from error


def _detached(command: Sequence[str], folder: Path, log: BinaryIO) -> subprocess.Popen[bytes]:
    """The process of the service. It works in its own folder: ours may be on a disk that is to be unmounted."""
    try:
        with log:
            return subprocess.Popen(
                list(command),
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
    except OSError as error:
        raise ConnectionFailedError(
            f"taskmon's own service cannot be started: {error.strerror or error}.", "Install taskmon again."
        ) from error


async def _first_line(process: subprocess.Popen[bytes], deadline: float) -> ServiceAddress | None:
    """The address on the first line that is one; None if the service ended before, or time is up."""
    assert process.stdout is not None
    line = b""
    with process.stdout as output:
        os.set_blocking(output.fileno(), False)
        while time.monotonic() < deadline:
            ended = process.poll() is not None
            line += output.read() or b""
            *lines, line = line.split(b"\n")
            address = next(filter(None, map(address_in, lines)), None)
            if address is not None or ended:
                return address
            await asyncio.sleep(_LOOK_S)
    return None


async def _other_service(data_dir: Path, process: subprocess.Popen[bytes], deadline: float) -> ServiceAddress | None:
    """The service that was quicker than ours: it holds the folder, perhaps without being ready yet."""
    if process.poll() in {None, 0}:
        return await find_local_service(data_dir)
    while True:
        address = await find_local_service(data_dir)
        if address is not None or process.returncode != _FOLDER_TAKEN or time.monotonic() >= deadline:
            return address
        await asyncio.sleep(_LOOK_S * 5)


async def _answers(address: ServiceAddress) -> bool:
    """Whether a service is there and accepts the key; a foreign process behind the port fails one of the two."""
    checked = await _status_code(address, "/version-check?client_version=0.0.0")
    return checked in {200, 406} and await _status_code(address, "/users/info") == 200


async def _status_code(address: ServiceAddress, path: str) -> int | None:
    parts = urlsplit(address.url)
    try:
        async with asyncio.timeout(_CHECK_S):
            reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
            try:
                writer.write(request_for(address, path))
                status_line = await reader.readline()
            finally:
                writer.close()
        return int(status_line.split()[1])
    except (OSError, TimeoutError, ValueError, IndexError):
        return None


def _not_answering(present: ServiceAddress) -> ConnectionFailedError:
    return ConnectionFailedError(
        f"taskmon's own service is there (process {present.pid}) but does not answer.",
        "It may be stopped or have too much to do. If it stays so, end that process: a new one takes over, and no task "
        "is lost.",
    )


def _not_started(log_path: Path, exit_code: int | None) -> ConnectionFailedError:
    lines = log_path.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-_LAST_LINES:]
    ending = "did not become ready in time" if exit_code is None else f"ended with exit code {exit_code}"
    words = " It said: " + " / ".join(line.strip() for line in lines) if lines else ""
    return ConnectionFailedError(
        f"taskmon's own service {ending}.{words}", f"The whole text is in {log_path}; correct the cause and try again."
    )
