"""What services are called: small, because the first paint needs it."""

from __future__ import annotations

from typing import Final

THIS_COMPUTER: Final = "This computer"
_ACCOUNT: Final = "\x1faccount "
_MARK: Final = 16


def list_name(name: str, where: str) -> str:
    """Under which the list of tasks of a service is remembered; `where` is its address, or its folder on this computer:
    a name alone may be given to another service one day."""
    return f"{name} {where}".rstrip()


def account_list_name(list_name: str, api_key: str) -> str:
    """Under which the list of an account is remembered: at one address another key may belong to somebody else. The
    key cannot be told from it."""
    import hashlib  # nobody needs it before the first paint
    import hmac

    mark = hmac.digest(api_key.encode(), b"taskmon list of " + list_name.encode(errors="surrogatepass"), hashlib.sha256)
    return f"{list_name}{_ACCOUNT}{mark.hex()[:_MARK]}"


def may_be_list(remembered: str, name: str) -> bool:
    """Whether what was remembered under one name may be the list of the other: accounts may not be known yet."""
    place, account = _split(remembered)
    other_place, other_account = _split(name)
    return place == other_place and (account == other_account or not account or not other_account)


def _split(name: str) -> tuple[str, str]:
    place, sign, account = name.rpartition(_ACCOUNT)
    return (place, account) if sign else (name, "")
