"""Start CalculiX with the name of its input deck, with or without `.inp`: run_calculix.py CCX DECK [MORE…]."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def main() -> None:
    """Replace this process by ccx. It wants the job name alone, and ends with 0 when the deck does not exist."""
    program, *arguments = sys.argv[1:]
    decks = [index for index, argument in enumerate(arguments) if not argument.startswith("-")]
    if decks:
        index = decks[0]
        job = arguments[index].removesuffix(".inp")
        if not Path(job + ".inp").is_file():
            sys.exit(f"error: there is no input deck {job}.inp in {Path.cwd().name}/.")
        arguments[index] = job
    sys.stdout.flush()
    os.execv(program, [program, *arguments])


if __name__ == "__main__":
    main()
