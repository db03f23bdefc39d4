"""What is shown of a task's files from outside: last lines, additions, names; and nothing from elsewhere."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from taskmon.core.errors import InvalidInputError, NotFoundError
from taskmon.runner.file_view import Appended, find_file, last_lines, last_modified, list_names, processes


def test_the_last_lines_of_a_long_file_are_read_from_its_end(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("".join(f"line {number} {'x' * 100}\n" for number in range(20_000)))
    tail = last_lines(path, 3, whole_only=True)
    assert [line.split()[1] for line in tail.lines] == ["19997", "19998", "19999"]
    assert tail.offset == path.stat().st_size
    assert len(last_lines(path, 50_000, whole_only=True).lines) == 20_000
    assert last_lines(path, 0, whole_only=True).lines == []


def test_a_line_without_an_end_is_shown_once_and_told_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"one\ntwo")
    assert last_lines(path, 10, whole_only=False).lines == ["one", "two"]
    tail = last_lines(path, 10, whole_only=True)
    assert tail.lines == ["one"]
    appended = Appended(path, tail.offset)
    assert appended.read() == []
    with path.open("ab") as file:
        file.write(b" and a half\nthree")
    assert appended.read() == ["two and a half"]
    assert appended.read(last=True) == ["three"]
    assert appended.read(last=True) == []


def test_a_file_that_is_written_anew_is_told_anew(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text("a long first line\n")
    appended = Appended(path, last_lines(path, 10, whole_only=True).offset)
    path.write_text("short\n")
    assert appended.read() == ["short"]


def test_a_file_that_is_no_text_is_not_shown(tmp_path: Path) -> None:
    (tmp_path / "mesh.vtk").write_bytes(b"# vtk\n\0\1\2\n")
    with pytest.raises(InvalidInputError, match="not text"):
        last_lines(tmp_path / "mesh.vtk", 10, whole_only=False)


def test_letters_of_other_alphabets_do_not_hide_a_file(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes("Größe\n".encode("latin-1"))
    assert last_lines(tmp_path / "log", 10, whole_only=False).lines == ["Gr\ufffd\ufffde"]


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", "way-out", "folder", "", "a\0b", "x" * 5000, "circle"])
def test_nothing_outside_the_folder_is_found(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "artifacts"
    (folder / "folder").mkdir(parents=True)
    (tmp_path / "secret").write_text("secret")
    (folder / "way-out").symlink_to(tmp_path / "secret")
    (folder / "circle").symlink_to("circle")
    with pytest.raises(NotFoundError):
        find_file(folder, name)


def test_names_are_nested_and_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "sub" / "deep").mkdir(parents=True)
    (tmp_path / "sub" / "deep" / "x").write_text("")
    (tmp_path / "b").write_text("")
    (tmp_path / "loop").symlink_to(tmp_path)
    assert list_names(tmp_path) == ["b", "loop", {"sub": [{"deep": ["x"]}]}]
    assert list_names(tmp_path / "nowhere") == []


def test_the_runners_own_records_are_not_the_last_modified_file(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        last_modified(tmp_path)
    for age, name in ((30, "stdout.txt"), (20, "sub/result"), (10, "system_metrics.csv"), (5, "output_update.csv")):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        os.utime(path, (1_700_000_000 - age,) * 2)
    newest = last_modified(tmp_path)
    assert newest["most_recent_file"] == "sub/result"
    assert newest["time_since_last_mod"] == pytest.approx(newest["now_timestamp"] - 1_700_000_000 + 20)


def test_the_processes_of_the_machine_are_a_table() -> None:
    assert "COMMAND" in processes()
    assert str(os.getpid()) in processes()
