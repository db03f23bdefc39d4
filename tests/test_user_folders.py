"""Our folders are where platformdirs and the XDG Base Directory specification put them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import get_args

import platformdirs
import pytest

from taskmon import user_folders
from taskmon.user_folders import user_folder

KINDS = get_args(user_folders._Kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("named", [None, "", "  ", "relative/folder", "/somewhere/else", "/somewhere/else/"])
def test_as_platformdirs(kind: user_folders._Kind, named: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    variable = f"XDG_{kind.upper()}_HOME"
    monkeypatch.setenv("HOME", "/home/somebody")
    monkeypatch.delenv(variable, raising=False)
    if named is not None:
        monkeypatch.setenv(variable, named)
    theirs = Path(getattr(platformdirs, f"user_{kind}_dir")("taskmon", appauthor=False))
    assert user_folder(kind) == theirs


@pytest.mark.parametrize("kind", KINDS)
def test_other_systems(kind: user_folders._Kind, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(platformdirs, f"user_{kind}_dir", lambda name, appauthor: f"/Library/{kind}/{name}/{appauthor}")
    assert user_folder(kind) == Path(f"/Library/{kind}/taskmon/False")
