"""The one place that knows what a secret looks like, and that takes it out of text.

Three doors: :func:`mask` for a text of any kind, :func:`mask_lines` for lines of source (where names tell what a value
is), :func:`secret_kind` for a literal whose name is known. Everything is linear in the text: every repeated class is
possessive or bounded, and starts at a border of its own class.
"""

from __future__ import annotations

import re
from functools import lru_cache

from evidence.facts.secrets.guesses import (
    HIDDEN,
    SHORTEST,
    hidden_argument,
    hidden_kind,
    mask_urls,
    takes_credentials,
)
from evidence.facts.secrets.hints import may_assign
from evidence.facts.secrets.names import kind_of_name
from evidence.facts.secrets.private_keys import KEY_BEGIN, KEY_MARKER, mask_private_keys
from evidence.facts.secrets.values import (
    MASKED,
    names_a_purpose,
    names_itself,
    restates,
    url_kind,
    value_kind,
)
from evidence.patterns import regex

_TOKENS = regex(
    r"""(?<![A-Z0-9])(?P<aws_key>(?:AKIA|ASIA|ABIA|ACCA)[A-Z0-9]{16})(?![A-Za-z0-9])
    |(?P<github_token>gh[pousr]_[A-Za-z0-9]{20,300}+|github_pat_[A-Za-z0-9_]{22,300}+)
    |(?P<gitlab_token>gl(?:pat|dt|rt|cbt|ptt|ft|soat|agent)-[A-Za-z0-9_\-]{20,300}+)
    |(?P<slack_token>xox[abeoprs]-[A-Za-z0-9\-]{10,300}+|xapp-[0-9]-[A-Za-z0-9\-]{10,300}+)
    |(?P<slack_webhook>hooks\.slack\.com/(?:services|workflows)/[A-Za-z0-9_/]{20,200}+)
    |(?<![A-Za-z0-9])(?P<stripe_key>(?:sk|rk|whsec)_(?:(?:live|test)_)?[A-Za-z0-9]{16,300}+)
    |(?P<google_key>AIza[A-Za-z0-9_\-]{35}|GOCSPX-[A-Za-z0-9_\-]{20,60}+|ya29\.[A-Za-z0-9_\-]{20,300}+)
    |(?<![A-Za-z0-9])(?P<twilio_key>SK[0-9a-f]{32})(?![A-Za-z0-9])
    |(?<![A-Za-z0-9])(?P<sendgrid_key>SG\.[A-Za-z0-9_\-]{16,64}+\.[A-Za-z0-9_\-]{16,128}+)
    |(?<![A-Za-z0-9])(?P<mailgun_key>key-[0-9a-f]{32})(?![A-Za-z0-9])
    |(?P<pypi_token>pypi-[A-Za-z0-9_\-]{40,300}+)
    |(?P<npm_token>npm_[A-Za-z0-9]{36})(?![A-Za-z0-9])
    |(?<![A-Za-z0-9])(?P<docker_token>dckr_(?:pat|oat)_[A-Za-z0-9_\-]{20,100}+)
    |(?<![A-Za-z0-9])(?P<digitalocean_token>do[opr]_v1_[0-9a-f]{64})
    |(?<![A-Za-z0-9])(?P<vault_token>hv[sbr]\.[A-Za-z0-9_\-]{20,300}+)
    |(?<![A-Za-z0-9])(?P<llm_key>sk-(?:ant-|proj-|svcacct-)?[A-Za-z0-9_\-]{32,300}+)
    |(?<![A-Za-z0-9])(?P<age_key>AGE-SECRET-KEY-1[A-Z0-9]{40,80}+)
    |(?<![A-Za-z0-9_\-])(?P<jwt>eyJ[A-Za-z0-9_\-]{8,}+\.[A-Za-z0-9_\-]{8,}+\.[A-Za-z0-9_\-]{8,}+)
    |(?P<sas>(?:[?&;](?:sig|Signature|X-Amz-Signature)|AccountKey|SharedAccessKey)=(?P<sas_value>[A-Za-z0-9%+/=_\-]{20,300}+))
    """,
    re.VERBOSE,
)
"""Shapes that name their issuer. Sources: the issuers' documents, the rule sets of gitleaks and detect-secrets."""

_TOKEN_HINT = regex(
    r"AKIA|ASIA|ABIA|ACCA|gh[pousr]_[A-Za-z0-9]{4}|github_pat_|gl[a-z]{2,5}-[A-Za-z0-9_]{8}|xox[a-z]-|xapp-|hooks\.slack"
    r"|[sr]k_[A-Za-z0-9]{4}|whsec_|AIza|GOCSPX|ya29\.|SK[0-9a-f]{8}|SG\.[A-Za-z0-9_-]{8}|key-[0-9a-f]{8}|pypi-[A-Za-z0-9_-]{20}"
    r"|npm_[A-Za-z0-9]{20}|dckr_|do[opr]_v1_|hv[sbr]\.[A-Za-z0-9_-]{8}|sk-[A-Za-z0-9_-]{20}|AGE-|eyJ|sig=|Signature="
    r"|AccountKey|AccessKey="
)
_TOKEN_WORDS = {
    "-": (
        "glpat-", "gldt-", "glrt-", "glcbt-", "glptt-", "glft-", "glsoat-", "glagent-", "xapp-", "GOCSPX-", "key-",
        "pypi-", "sk-", "AGE-SECRET",
    ),
    "_": (
        "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "github_pat_", "sk_", "rk_", "whsec_", "npm_", "dckr_", "_v1_",
    ),
    ".": ("hooks.slack.com", "ya29.", "SG.", "hvs.", "hvb.", "hvr."),
    "=": ("sig=", "Signature=", "AccountKey=", "SharedAccessKey="),
    "": ("AKIA", "ASIA", "ABIA", "ACCA", "xox", "AIza", "SK", "eyJ"),
}  # fmt: skip
"""Every token has one of these, by a sign that they share: short texts lack most signs. Looking for each in turn is
several times as fast as an alternation of them."""

MIN_MASKED = 16
"""Shorter texts hold no token of the kinds above."""
_MIN_KEY = 60
_LONGEST_KEPT = 200


def mask(text: str) -> str:
    """The text with issuer-shaped tokens, passwords in URLs and private keys replaced by ``[masked:<kind>]``."""
    if len(text) < MIN_MASKED:
        return text
    return _masked_before(text) if len(text) <= _LONGEST_KEPT else _masked(text)


def _masked(text: str) -> str:
    if "PRIVATE KEY" in text or len(text) >= _MIN_KEY:
        text = mask_private_keys(text)
    return mask_within_lines(text)


def mask_within_lines(text: str) -> str:
    """The text with the tokens and passwords in URLs replaced: no such secret goes over the end of a line."""
    if "://" in text:
        text = mask_urls(text)
    words = [word for sign, those in _TOKEN_WORDS.items() if sign in text for word in those if word in text]
    return _without_tokens(text, words) if words else text


# Keys and labels come again and again, and a string of code is asked about as such and as an argument.
_masked_before = lru_cache(maxsize=4_096)(_masked)


def _without_tokens(text: str, words: list[str]) -> str:
    """Looking closely at lines with a hint alone is five times as fast."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if any(map(line.__contains__, words)) and _TOKEN_HINT.search(line):
            lines[number] = _TOKENS.sub(_replacement, line)
    return "\n".join(lines)


def mask_value(name: str, text: str) -> str:
    """A value whose name is known: ``[masked:<kind>]`` where that makes it a secret, ``[masked:<kind>?]`` where it may
    be one, else as :func:`mask_text` has it.

    Obvious placeholders stay, so that a reader can see they are.
    """
    if HIDDEN.search(text):
        return text if HIDDEN.fullmatch(text.strip()) else mask_text(text)
    kind = secret_kind(name, text)
    if kind is not None and not kind.startswith("placeholder:") and kind != "database_url":
        return f"[masked:{kind}]"
    promised = kind_of_name(name)
    guess = hidden_kind(promised, text) if promised else None
    return f"[masked:{guess}]" if guess and guess != "database_url" else mask_text(text)


def mask_text(text: str) -> str:
    """Several lines as one text: :func:`mask_lines` for text that holds line breaks or assignments."""
    if not may_assign(text):
        return mask(text)
    return "\n".join(mask_lines(text.split("\n")))


def mask_literal(name: str, text: str, callee: str = "") -> str:
    """A string of code: by what it is assigned to (``name``), or by the function that it is given to by position."""
    if len(text) < SHORTEST:
        return text
    promised = kind_of_name(name) if name else None
    guess = hidden_kind(promised, text) if promised else None
    if guess is None and callee and takes_credentials(callee):
        guess = hidden_argument(text)
    return f"[masked:{guess}]" if guess and guess != "database_url" else mask(text)


def mask_lines(lines: list[str]) -> list[str]:
    """Lines of source with every secret in them replaced; as many lines come out as went in.

    Besides what :func:`mask` finds, a value is masked where its name makes it a secret (``PASSWORD = "..."``,
    ``password: ...``, ``ENV TOKEN ...``, ``--password ...``), in any language. Give whole files where possible and cut
    afterwards: the lines around tell more (the name above a value, the head of a private key).
    """
    from evidence.facts.secrets.lines import mask_assignments

    masked = mask("\n".join(lines)).split("\n")
    return mask_assignments(masked)


def secret_kind(name: str, value: str) -> str | None:
    """What kind of secret the literal ``value`` of ``name`` is; None when it is none.

    ``placeholder:<kind>`` is a value nobody could take for a live one (``changeme``, ``your-key-here``, ``test``, a
    password of localhost). Kinds: secret_key, password, token, api_key, private_key, credentials, database_url, and
    the issuers' (aws_key, github_token, stripe_key...).
    """
    match = MASKED.fullmatch(value.strip())
    if match is not None:
        return match.group(1)
    if KEY_BEGIN.search(value) and KEY_MARKER.fullmatch(value) is None:
        return "private_key"
    token = _token_kind(value)
    if token is not None:
        return token
    kind = kind_of_name(name)
    if kind is None or value.strip() == name or names_a_purpose(name, value) or restates(name, value):
        return None
    return f"placeholder:{kind}" if names_itself(name, value.strip()) else value_kind(kind, value)


def _token_kind(value: str) -> str | None:
    """The kind of a value that is an issuer's token from end to end, or a URL with a password."""
    if len(value) < MIN_MASKED:
        return None
    if "://" in value:
        return url_kind(value)
    match = _TOKENS.search(value) if _TOKEN_HINT.search(value) else None
    if match is None or (match.group() != value.strip() and not match["sas"]):
        return None
    return f"placeholder:{_kind_of(match)}" if _is_documented(match) else _kind_of(match)


def _is_documented(match: re.Match[str]) -> bool:
    """Whether a key is the one of AWS's own documents."""
    return bool(match["aws_key"]) and match.group().endswith("EXAMPLE")


def _kind_of(match: re.Match[str]) -> str:
    return next(kind for kind, found in match.groupdict().items() if found)


def _replacement(match: re.Match[str]) -> str:
    if _is_documented(match):
        return match.group()
    if match["sas"]:
        return match.group().replace(match["sas_value"], "[masked:signature]")
    return f"[masked:{_kind_of(match)}]"
