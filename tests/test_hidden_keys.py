"""Values that carry a key do not show it: not in a log line, not in a traceback, not in a crash report."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "taskmon"
SECRETS = {"api_key", "secret", "password", "token"}


def values(tree: ast.Module) -> Iterator[ast.ClassDef]:
    for node in ast.walk(tree):
        makers = [*node.decorator_list, *node.bases] if isinstance(node, ast.ClassDef) else []
        if isinstance(node, ast.ClassDef) and any(
            re.search("dataclass|NamedTuple", ast.unparse(one)) for one in makers
        ):
            yield node


def shown_secrets(cls: ast.ClassDef) -> Iterator[str]:
    """Fields with a secret in them that the generated `repr` would show."""
    if any(isinstance(node, ast.FunctionDef) and node.name == "__repr__" for node in cls.body):
        return
    for node in cls.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.target.id in SECRETS:
            default = ast.unparse(node.value) if node.value else ""
            if "repr=False" not in default:
                yield f"{cls.name}.{node.target.id}"


def test_no_value_shows_a_key() -> None:
    found = [
        (path.name, field)
        for room in ("core", "client", "gui", "cli", "runner", "service")
        for path in sorted((PACKAGE / room).rglob("*.py"))
        for cls in values(ast.parse(path.read_text(encoding="utf-8")))
        for field in shown_secrets(cls)
    ]
    assert not found
