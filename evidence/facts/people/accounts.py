"""Forge accounts that an e-mail address names by its form: the noreply addresses that forges give their users.

Sources: https://docs.github.com/en/account-and-profile/reference/email-addresses-reference
(``ID+login@users.noreply.github.com``, before July 2017 ``login@users.noreply.github.com``) and
https://docs.gitlab.com/user/profile/#use-an-automatically-generated-private-commit-email
(``ID-login@users.noreply.HOST``).
"""

from __future__ import annotations

from msgspec import Struct

from evidence.patterns import regex

_NOREPLY = regex(r"([^@\s]{1,120})@users\.noreply\.([a-z0-9.-]{1,100})")
_NUMBERED = {
    "+": regex(r"([0-9]{1,12})\+(.+)"),
    "-": regex(r"([0-9]{1,12})-(.+)"),
}
_GITHUB = "github.com"


class NoreplyAccount(Struct, frozen=True):
    """The account behind a noreply address: its host, its login in lower case, and its number ("" where not told)."""

    host: str
    login: str
    number: str = ""


def noreply_account(email: str) -> NoreplyAccount | None:
    """The account that an address names, None where it is an ordinary one.

    On github.com only ``+`` sets a number off (a login may itself be ``12-monkeys``); elsewhere both forms are known.
    """
    found = _NOREPLY.fullmatch(email.strip().lower())
    if found is None:
        return None
    local, host = found.groups()
    for sign in "+" if host == _GITHUB else "+-":
        if numbered := _NUMBERED[sign].fullmatch(local):
            return NoreplyAccount(host, numbered[2], numbered[1])
    return NoreplyAccount(host, local)
