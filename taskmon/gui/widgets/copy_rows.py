"""Rows of the task table as text for the clipboard: tab-separated, CSV, or only ids."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence

from PySide6.QtCore import QMimeData
from PySide6.QtWidgets import QMenu, QWidget

from taskmon.gui.task_rows import CellKind, TaskRows


def row_values(rows: TaskRows, columns: Sequence[int], task_ids: Sequence[str]) -> list[list[str]]:
    """The titles, then the cells of each shown task: as shown, but with whole ids."""
    lines = [[rows.look(column).title for column in columns]]
    for task_id in task_ids:
        row = rows.row_of(task_id)
        if row is not None:
            texts = zip(columns, rows.cell_texts(row, columns), strict=True)
            lines.append([task_id if rows.look(c).kind is CellKind.CODE else text for c, text in texts])
    return lines


def as_text(lines: Sequence[Sequence[str]]) -> str:
    """Tab-separated; a tab or line end within a cell becomes a space."""
    return "".join("\t".join(" ".join(cell.split()) for cell in line) + "\n" for line in lines)


def as_csv(lines: Sequence[Sequence[str]]) -> str:
    """Comma-separated as in RFC 4180. What a spreadsheet would run as a formula is quoted with an apostrophe."""
    import csv  # for who copies

    out = io.StringIO()
    csv.writer(out).writerows([_harmless(cell) for cell in line] for line in lines)
    return out.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@") else cell


def as_mime(lines: Sequence[Sequence[str]]) -> QMimeData:
    """Both at once, so that text editors and spreadsheets each take what suits them."""
    mime = QMimeData()
    mime.setText(as_text(lines))
    mime.setData("text/csv", as_csv(lines).encode())
    return mime


def menu_of_copies(parent: QWidget, ways: Sequence[tuple[str, Callable[[], None]]], *, enabled: bool) -> QMenu:
    """A submenu with the ways to copy, by their titles."""
    menu = QMenu("Copy", parent)
    for title, copy in ways:
        menu.addAction(title, copy).setEnabled(enabled)
    return menu
