"""Puts what stands in the way of a file of ours under another name, for whoever wants to know."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_MOST: Final = 9


def set_aside(path: Path) -> None:
    """Renames a file or folder so that it ends in `.damaged`; the next file takes that name over. A folder that is
    there already, with something in it, is nobody's to remove: then the name gets a number."""
    refused: OSError | None = None
    for number in range(1, _MOST + 1):
        try:
            path.replace(path.with_suffix(".damaged" if number == 1 else f".damaged-{number}"))
        except FileNotFoundError:
            return
        except OSError as error:
            refused = refused or error
        else:
            return
    logger.warning("%s is damaged and cannot be set aside: %s", path, refused)
