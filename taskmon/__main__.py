"""`python -m taskmon` is the `taskmon` command."""

from __future__ import annotations

import sys

from taskmon.cli import main

if __name__ == "__main__":
    sys.exit(main())
