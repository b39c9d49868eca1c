"""E-mail addresses in texts that people wrote about their work: third parties' addresses are shown nowhere."""

from __future__ import annotations

from evidence.patterns import regex

HIDDEN = "[address]"
_EMAIL = regex(
    r"(?<![\w.+-])(?!git@)[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){0,4}\.[A-Za-z][A-Za-z0-9-]{1,62}"
)
"""The last part begins with a letter: ``lodash@4.17.21`` is a version, and ``git@`` no person."""


def without_addresses(text: str) -> str:
    """The text with ``[address]`` in place of each e-mail address."""
    return _EMAIL.sub(HIDDEN, text) if "@" in text else text
