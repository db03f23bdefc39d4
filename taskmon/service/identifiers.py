"""New names for new things, in the forms that the official client expects."""

from __future__ import annotations

import secrets
import string
import uuid
from typing import Final

_ALPHABET: Final = string.ascii_lowercase + string.digits
_LENGTH: Final = 25


def new_task_id() -> str:
    """25 lower-case letters and digits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))


def new_group_name() -> str:
    """`api-` and 25 lower-case letters and digits."""
    return f"api-{new_task_id()}"


def new_uuid() -> str:
    return str(uuid.uuid4())
