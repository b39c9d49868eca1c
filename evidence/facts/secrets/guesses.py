"""What is hidden from readers although no rule would call it a secret: rather a word too much than a leaked passphrase.

``secret_values`` decides what counts as a secret in the code, and must not accuse anybody of a label or an identifier.
Here the question is only what may be shown: under a name that promises a secret, twelve characters that do not speak
about passwords may be one. Such a value is masked as ``[masked:<kind>?]``, which nothing takes for a finding.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from evidence.facts.secrets.values import (
    URL,
    is_placeholder,
    is_plain,
    made_of_fillers,
    password_and_host,
    value_kind,
)
from evidence.patterns import regex

HIDDEN = regex(r"\[masked:[a-z_]{1,40}\??\]")
"""What masking leaves behind, sure or guessed."""

SHORTEST = 12
"""Characters from which a guess is masked: no shorter piece of a secret does harm."""

_SPEAKING = """
    password passwords passwd passphrase pwd token tokens secret secrets key keys apikey credential credentials auth
    authentication authorization authorisation oauth bearer jwt csrf session cookie header login logout signin signup
    user username account email address please enter your must invalid required missing incorrect wrong expired expires
    error forgot forgotten reset change changed confirm confirmation cannot should field value default none null param
    parameter env environ environment config settings setting variable vault sealed encrypted hash hashed digest schema
    type string text str bytes hex base64 test testing tests fake dummy mock fixture example sample placeholder changeme
"""
_SPEAKS_OF_SECRETS = frozenset(_SPEAKING.split())
_REFERENCE = regex(
    r"\$\{.{0,400}|\$\(.{0,400}|\$[A-Za-z_]\w{0,100}|%[A-Za-z_]\w{0,100}%|\{\{.{0,400}|\{%.{0,400}|<[^<>]{0,200}>"
    r"|[^{}]{0,200}\{[A-Za-z_][\w.\[\]()]{0,80}\}.{0,200}|[^%]{0,100}%\([A-Za-z_].{0,200}|ENC[\[(].{0,4000}"
    r"|(?:vault|op|ssm|arn|secretsmanager|sops|ref|secretref|kms|projects)[:/].{0,400}|[a-z+]{2,20}://.{0,2000}",
    re.DOTALL,
)
_CONSTANT = regex(r"[A-Z][A-Z0-9]{0,30}(?:_[A-Z0-9]{1,30}){1,10}")
_PATH = regex(r"(?:~|\.{1,2})?/?(?:[A-Za-z_.\-]{1,60}/){1,20}[A-Za-z_.\-]{0,60}")
_CODE = regex(r"[A-Za-z_][\w.]{0,120}(?:\(.{0,400}\)|\[.{0,400}\])", re.DOTALL)
_WORDS = regex(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|[0-9]+")
_MIXED = regex(r"[A-Za-z0-9]{8,}+")
_LONG_WORD = regex(r"[a-z]{18,}+")
_USER_ALONE = regex(r"://(?P<user>[^\s/:@'\"`<>]{12,400}+)(?::x-oauth-basic)?@")
_EMAIL = regex(r"[\w.+\-]{1,64}@[\w.\-]{1,100}\.[A-Za-z]{2,10}")
_LONGEST = 8_192

_TAKES_CREDENTIALS = regex(
    r"(?:log_?in|sign_?in|authenticate|basic_?auth|digest_?auth|set_?password|check_?password(?:_?hash)?|verify_?password"
    r"|(?:hash|encrypt|generate)_?(?:password|pw)(?:_?hash)?|(?:create|add|make|new|register|save|insert|seed)_?"
    r"(?:super_?|admin_?|test_?)?(?:user|account|admin)|register|credentials|fernet|set_?(?:secret|token)|add_?secret"
    r"|user|account)\(",
    re.IGNORECASE,
)
_ENDINGS = (
    "in", "auth", "authenticate", "password", "hash", "pw", "user", "account", "admin", "register", "credentials",
    "fernet", "secret", "token",
)  # fmt: skip
_MAY_TAKE = regex(rf"\((?:{'|'.join(rf'(?<={ending}.)' for ending in _ENDINGS)})", re.IGNORECASE)
"""A bracket behind what such a name ends with: eighty times as fast to look for as the names."""


def guessed(kind: str, value: str) -> bool:
    """Whether a value whose name promises ``kind`` could be a secret that :func:`secret_values.value_kind` denies."""
    value = value.strip()
    if kind == "database_url" or not SHORTEST <= len(value) <= _LONGEST:
        return False
    if _REFERENCE.fullmatch(value) or _CODE.fullmatch(value):
        return False
    if is_mixed(value):
        return True
    if is_placeholder(value) or _PATH.fullmatch(value) or _CONSTANT.fullmatch(value):
        return False
    return not any(w.lower() in _SPEAKS_OF_SECRETS for w in _WORDS.findall(value[:200]))


def hidden_kind(kind: str, value: str) -> str | None:
    """How a value is masked before it is shown: its kind, its kind with a question mark, or None to show it."""
    if HIDDEN.search(value):
        return None
    found = value_kind(kind, value)
    if found is not None and not found.startswith("placeholder:"):
        return found
    plain = found is not None and is_plain(value.strip()) and not is_placeholder(value.strip())
    return f"{kind}?" if plain or guessed(kind, value) else None


def is_long_word(word: str) -> bool:
    """Whether a bare word is 18 small letters or more in one piece: few words and names are that long."""
    return _LONG_WORD.fullmatch(word) is not None and not made_of_fillers(word)


@lru_cache(maxsize=20_000)
def takes_credentials(callee: str) -> bool:
    """Whether a function of this (dotted) name is given passwords by position."""
    return next(credential_calls(f"{callee[-80:]}("), None) is not None


def credential_calls(line: str) -> Iterator[int]:
    """Where in a line such calls begin: the place behind their opening bracket."""
    return (match.end() for match in _TAKES_CREDENTIALS.finditer(line)) if _MAY_TAKE.search(line) else iter(())


def hidden_argument(value: str) -> str | None:
    """How a positional argument of such a function is masked, None to show it."""
    if HIDDEN.search(value) or len(value.strip()) < SHORTEST or "/" in value or _EMAIL.fullmatch(value):
        return None
    if is_mixed(value) or is_long_word(value) or is_passphrase(value):
        return "password?"
    return None


def is_passphrase(value: str) -> bool:
    """Four small words or more, joined by blanks or dashes, that do not speak about passwords."""
    words = re.split(r"[ \-_]", value)
    return len(words) >= 4 and all(w.isalpha() and w.islower() for w in words) and guessed("password", value)


def is_mixed(value: str) -> bool:
    """Whether letters and digits are mixed somewhere, beyond a filler word with a number behind it."""
    return any(map(_mixes, _MIXED.findall(value)))


def _mixes(run: str) -> bool:
    if run.isdigit() or run.isalpha():
        return False
    return not made_of_fillers(run.rstrip("0123456789").lower())


def mask_urls(text: str) -> str:
    """The text with passwords in URLs masked, and user names that look like a token; placeholders stay."""
    return _USER_ALONE.sub(_masked_user, URL.sub(_masked_url, text))


def _masked_url(match: re.Match[str]) -> str:
    password, _host = password_and_host(match)
    kind = hidden_kind("password", password) if password else None
    if kind is None:
        return match.group()
    return f"://{match['user']}:[masked:{kind}]{match['rest'][len(password) :]}"


def _masked_user(match: re.Match[str]) -> str:
    return (
        match.group().replace(match["user"], "[masked:token?]")
        if is_mixed(match["user"]) or is_long_word(match["user"])
        else match.group()
    )
