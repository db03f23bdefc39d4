"""Whether a regular expression can see beyond the line in which it matches, so that it may be looked for in many joined
lines instead of in each text by itself."""

from __future__ import annotations

import re
from typing import Final

_PIECE: Final = re.compile(
    r"""[^\x00-\x1f\\\[(]                        # an ordinary letter, an anchor of lines, a repetition
      | \\[dwbBS] | \\[!-/:-@\[-`{-~]            # classes without line ends, escaped punctuation
      | \[(?!\^|\])(?:[^\x00-\x1f\\\[\]]|\\[dwS]|\\[!-/:-@\[-`{-~])+\]   # a class of letters that are named
      | \((?!\?) | \(\?:""",
    re.VERBOSE,
)


def stays_in_line(pattern: str) -> bool:
    """True if surely no match of `pattern`, in RE2's syntax with `(?m)`, contains a line end or looks at one other than
    by `^`, `$` and `\\b`."""
    at = 0
    while at < len(pattern):
        piece = _PIECE.match(pattern, at)
        if piece is None:
            return False
        at = piece.end()
    return True
