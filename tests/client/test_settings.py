"""What the user decided: read with forgiveness, written with care."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from pathlib import Path

import pytest

from taskmon import settings
from taskmon.core.connection import Connection
from taskmon.core.errors import InvalidInputError
from taskmon.settings import Settings, change_settings, load_settings, settings_path


def save(settings: Settings, path: Path) -> None:
    """All of them at once."""
    change_settings(path, **{field.name: getattr(settings, field.name) for field in fields(settings)})


def test_no_file_means_the_defaults(tmp_path: Path) -> None:
    loaded = load_settings(tmp_path / "settings.toml")
    assert (loaded.settings, loaded.problems) == (Settings(), ())


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "new/settings.toml"
    settings = Settings(
        connections=(Connection(name="Cloud", url="https://api.example.org"),),
        connection="Cloud",
        wrap=True,
        log_font_size=12.5,
        idle_exit_minutes=0.0,
        excludes=("*.bak", "old/"),
    )
    save(settings, path)
    assert load_settings(path).settings == settings
    assert load_settings(path).problems == ()


def test_a_slip_in_one_connection_costs_neither_the_others_nor_itself(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(
        'wrap = "pink"\nconnections = [{name = "Lab", url = "https://lab.example/"}, {name = "Slip", url = "lab"}, 7,'
        ' {name = "LAB", url = "https://second.example"}, {name = "Key", url = "https://k3y@lab.example"}]\n'
    )
    loaded = load_settings(path)
    lab = Connection(name="Lab", url="https://lab.example")
    assert loaded.settings.connections == (lab,)
    assert len(loaded.problems) == 5
    assert "“Slip”" in str(loaded.problems[0])
    assert "k3y" not in " ".join(map(str, loaded.problems))
    change_settings(path, connections=(lab, Connection(name="New", url="https://new.example")), connection="New")
    content = tomllib.loads(path.read_text())
    assert [entry["name"] if isinstance(entry, dict) else entry for entry in content["connections"]] == [
        "Lab", "New", "Slip", 7, "LAB", "Key",
    ]  # fmt: skip
    assert (content["wrap"], content["connection"]) == ("pink", "New")


def test_a_file_that_is_not_toml_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text("theme = [")
    with pytest.raises(InvalidInputError, match="is not TOML"):
        change_settings(path, connection="Lab")
    assert path.read_text() == "theme = ["


def test_what_this_version_does_not_know_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text('wrap = false\nfuture = 7\n[window]\ncolumns = ["name"]\n')
    save(Settings(wrap=True), path)
    content = tomllib.loads(path.read_text())
    assert (content["wrap"], content["future"], content["window"]) == (True, 7, {"columns": ["name"]})


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ('wrap = "yes"', "wrap"),
        ("log_font_size = 1000", "log_font_size"),
        ("log_font_size = true", "log_font_size"),
        ("log_font_size = nan", "log_font_size"),
        ("connection = 3", "connection"),
        ('excludes = "*.bak"', "excludes"),
        ("excludes = [1]", "excludes"),
        ('connections = [{name = "x"}]', "connections"),
        ('connections = [{name = "x", url = "x"}]', "connections"),
        ("wrap = []", "wrap"),
        ('notify = ["lost"]', "notify"),
        ("notify = [[]]", "notify"),
    ],
)
def test_a_bad_value_is_named_and_hurts_nothing_else(line: str, key: str, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_text(f"{line}\nreduce_motion = true\n")
    loaded = load_settings(path)
    assert loaded.settings == Settings(reduce_motion=True)
    (problem,) = loaded.problems
    assert key in problem.title
    assert str(path) in problem.advice


@pytest.mark.parametrize("content", [b"theme = ", b"\xff\xfe"])
def test_a_file_that_is_no_toml_is_said_and_not_overwritten(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(content)
    loaded = load_settings(path)
    assert loaded.settings == Settings()
    assert len(loaded.problems) == 1
    with pytest.raises(InvalidInputError):
        save(Settings(), path)
    assert path.read_bytes() == content


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInputError, match="cannot be saved"):
        save(Settings(), tmp_path / "other/../file/settings.toml")


def test_the_folder_can_be_chosen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert settings_path(tmp_path) == tmp_path / "settings.toml"
    monkeypatch.setenv("TASKMON_CONFIG_DIR", str(tmp_path / "env"))
    assert settings_path() == tmp_path / "env/settings.toml"
    monkeypatch.delenv("TASKMON_CONFIG_DIR")
    assert settings_path().parent.name == "taskmon"


def test_settings_kept_elsewhere_and_linked_to_stay_there(tmp_path: Path) -> None:
    (tmp_path / "dotfiles").mkdir()
    (tmp_path / "dotfiles" / "mine.toml").write_text("wrap = true\n")
    link = tmp_path / "settings.toml"
    link.symlink_to("dotfiles/mine.toml")
    change_settings(link, connection="Lab")
    assert link.is_symlink()
    assert load_settings(tmp_path / "dotfiles" / "mine.toml").settings == Settings(wrap=True, connection="Lab")


def test_a_file_that_cannot_be_replaced_leaves_no_draft(tmp_path: Path) -> None:
    path = tmp_path / "read-only" / "settings.toml"
    (path / "in the way").mkdir(parents=True)
    with pytest.raises(InvalidInputError):
        change_settings(path, connection="Lab")
    with pytest.raises(InvalidInputError, match="cannot be saved"):
        settings._write(path, "")
    assert [entry.name for entry in path.parent.iterdir()] == ["settings.toml"]
