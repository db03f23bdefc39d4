"""Which command lines a runner can carry out. It splits them into words as a shell would, but there is no shell.

Source of the limits: the task-runner of the Inductiva Web API. Its official client refuses some characters wherever
they stand; here only those that somebody meant for a shell are refused, that is, those outside quotes.
"""

from __future__ import annotations

import shlex
from typing import Final

LONGEST_WORD: Final = 512
_FOR_A_SHELL: Final = frozenset("|<>&;~$")
_SCRIPT: Final = "Put the line into a script of the folder, for example run.sh, and write: bash\u00a0run.sh"


def command_line_problem(line: str) -> str:
    """Why `line` cannot be run, and what to do; empty if it can."""
    try:
        words = shlex.split(line)
    except ValueError:
        return "It ends inside a quotation or after a backslash."
    if not words or not words[0]:
        return "It names no program."
    if not all(words):
        return "It has an empty word; remove the empty quotes."
    if any(len(word) > LONGEST_WORD for word in words):
        return f"One of its words is longer than {LONGEST_WORD} characters. {_SCRIPT}"
    meant_for_a_shell = "cd" if words[0] == "cd" else _shell_character(line)
    return f"There is no shell that knows “{meant_for_a_shell}”. {_SCRIPT}" if meant_for_a_shell else ""


def _shell_character(line: str) -> str:
    """The first character outside quotes that only a shell understands; empty if there is none."""
    quote, escaped = "", False
    for character in line:
        if escaped:
            escaped = False
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
        elif character in "'\"":
            quote = character
        elif character in _FOR_A_SHELL:
            return character
    return ""
