"""Where keys are kept, whatever the keyring does."""

from __future__ import annotations

import logging
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from taskmon.client.credentials import Credentials, KeyPlace
from taskmon.core.connection import CLOUD, Connection
from taskmon.core.errors import InvalidInputError, NotAuthorizedError
from tests.client.key_rings import FileKeyring, LockedKeyring, SilentKeyring

LAB = Connection(name="Lab", url="https://lab.example")
ROOT = Path(__file__).parents[2]
KEY = "k3y-of_the.lab"


def with_keyring(tmp_path: Path, backend: Any) -> Credentials:
    return Credentials(tmp_path / "keys", find_keyring=lambda: backend, time_limit_s=5)


def key_files(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "keys").glob("*"))


async def test_a_working_keyring_keeps_the_key_and_no_file_does(tmp_path: Path) -> None:
    ring = FileKeyring(tmp_path / "ring")
    credentials = with_keyring(tmp_path, ring)
    assert await credentials.place() is KeyPlace.KEYRING
    assert await credentials.load(LAB) is None
    assert await credentials.save(LAB, f" {KEY}\n") is KeyPlace.KEYRING
    assert await credentials.load(LAB) == KEY
    assert key_files(tmp_path) == []
    assert await with_keyring(tmp_path, ring).load(LAB) == KEY
    await credentials.forget(LAB)
    await credentials.forget(LAB)
    assert await credentials.load(LAB) is None
    assert KEY not in ring.path.read_text()


async def test_without_a_keyring_a_file_that_only_its_owner_reads_keeps_the_key(tmp_path: Path) -> None:
    credentials = with_keyring(tmp_path, None)
    assert await credentials.place() is KeyPlace.FILE
    assert await credentials.save(LAB, KEY) is KeyPlace.FILE
    [file] = key_files(tmp_path)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert file.read_text() == KEY
    assert "Lab" not in file.name
    assert await credentials.load(LAB) == KEY
    await credentials.forget(LAB)
    assert key_files(tmp_path) == []


async def test_each_name_and_each_address_has_its_own_key(tmp_path: Path) -> None:
    for backend in (None, FileKeyring(tmp_path / "ring")):
        credentials = with_keyring(tmp_path, backend)
        await credentials.save(LAB, "one")
        await credentials.save(Connection(name="Lab", url="https://evil.example"), "two")
        await credentials.save(CLOUD, "three")
        assert await credentials.load(LAB) == "one"
        assert await credentials.load(Connection(name="Lab 2", url=LAB.url)) is None


async def test_a_keyring_that_refuses_is_replaced_by_a_file(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    credentials = with_keyring(tmp_path, LockedKeyring())
    with pytest.raises(NotAuthorizedError, match="Unlock the keyring"):
        await credentials.load(LAB)
    assert await credentials.save(LAB, KEY) is KeyPlace.FILE
    assert await credentials.load(LAB) == KEY
    await credentials.forget(LAB)
    assert KEY not in caplog.text


async def test_a_keyring_that_hangs_is_given_up_and_not_asked_again(tmp_path: Path) -> None:
    ring = SilentKeyring()
    credentials = Credentials(tmp_path / "keys", find_keyring=lambda: ring, time_limit_s=0.1)
    try:
        with pytest.raises(NotAuthorizedError, match="does not give out the key of Lab"):
            await credentials.load(LAB)
        with pytest.raises(NotAuthorizedError, match="did not answer before"):
            await credentials.load(LAB)
        assert ring.asked == 1
        assert await credentials.save(LAB, KEY) is KeyPlace.FILE
        assert await credentials.load(LAB) == KEY
        assert await credentials.place() is KeyPlace.FILE
    finally:
        ring.released.set()


async def test_a_search_for_keyrings_that_fails_means_there_is_none(tmp_path: Path) -> None:
    def broken() -> None:
        raise RuntimeError("no bus")

    credentials = Credentials(tmp_path / "keys", find_keyring=broken)
    assert await credentials.place() is KeyPlace.FILE
    assert await credentials.save(LAB, KEY) is KeyPlace.FILE


async def test_a_key_that_went_to_a_file_wins_over_the_keyrings_older_one(tmp_path: Path) -> None:
    ring = FileKeyring(tmp_path / "ring")
    await with_keyring(tmp_path, ring).save(LAB, "older")
    await with_keyring(tmp_path, LockedKeyring()).save(LAB, "newer")
    credentials = with_keyring(tmp_path, ring)
    assert await credentials.load(LAB) == "newer"
    await credentials.save(LAB, "newest")
    assert key_files(tmp_path) == []
    assert await credentials.load(LAB) == "newest"


async def test_a_key_file_that_others_could_read_is_made_private(tmp_path: Path) -> None:
    credentials = with_keyring(tmp_path, None)
    await credentials.save(LAB, KEY)
    [file] = key_files(tmp_path)
    file.chmod(0o644)
    assert await credentials.load(LAB) == KEY
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("content", [b"", b"two words", b"\xff\xfe", b"a" * 5000])
async def test_a_damaged_key_file_is_no_key(tmp_path: Path, content: bytes) -> None:
    credentials = with_keyring(tmp_path, None)
    await credentials.save(LAB, KEY)
    key_files(tmp_path)[0].write_bytes(content)
    assert await credentials.load(LAB) is None


async def test_what_is_no_key_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="letters, digits"):
        await with_keyring(tmp_path, None).save(LAB, "a+b/c=")
    assert key_files(tmp_path) == []


async def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "keys").write_text("in the way")
    with pytest.raises(InvalidInputError, match="cannot be kept"):
        await with_keyring(tmp_path, None).save(LAB, KEY)


@pytest.mark.parametrize(
    ("backend", "shown"),
    [
        ("keyring.backends.null.Keyring", "NoneType"),
        ("keyring.backends.fail.Keyring", "NoneType"),
        ("tests.client.key_rings.PlainTextKeyring", "NoneType"),
        ("tests.client.key_rings.RecommendedKeyring", "RecommendedKeyring"),
    ],
)
def test_only_a_keyring_that_is_worth_it_is_used(backend: str, shown: str) -> None:
    program = "from taskmon.client.credentials import system_keyring; print(type(system_keyring()).__name__)"
    environment = os.environ | {"PYTHON_KEYRING_BACKEND": backend}
    told = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert told.stdout.strip() == shown
