"""Which names promise a secret: the head noun decides (``password_field`` is a field, ``db_password`` a password)."""

from __future__ import annotations

import re
from functools import lru_cache

from evidence.patterns import regex

_WORD = regex(r"[A-Z]{2,}(?=[A-Z][a-z]|\b|_|[0-9])|[A-Z]?[a-z]+|[A-Z]+|[0-9]+")

_NOUNS = {
    "secret": "secret_key",
    "secrets": "secret_key",
    "password": "password",
    "passwords": "password",
    "passwd": "password",
    "passphrase": "password",
    "passcode": "password",
    "pwd": "password",
    "pw": "password",
    "pass": "password",
    "passwort": "password",
    "contrasena": "password",
    "senha": "password",
    "token": "token",
    "tokens": "token",
    "apikey": "api_key",
    "apikeys": "api_key",
    "secretkey": "secret_key",
    "privatekey": "private_key",
    "accesskey": "api_key",
    "credential": "credentials",
    "credentials": "credentials",
    "creds": "credentials",
    "authorization": "token",
    "bearer": "token",
    "dsn": "database_url",
    "pepper": "secret_key",
}
_KEY_OF = {
    "secret": "secret_key",
    "secrets": "secret_key",
    "signing": "secret_key",
    "encryption": "secret_key",
    "encrypt": "secret_key",
    "crypto": "secret_key",
    "fernet": "secret_key",
    "aes": "secret_key",
    "hmac": "secret_key",
    "jwt": "secret_key",
    "master": "secret_key",
    "salt": "secret_key",
    "app": "secret_key",
    "flask": "secret_key",
    "django": "secret_key",
    "api": "api_key",
    "access": "api_key",
    "auth": "api_key",
    "account": "api_key",
    "subscription": "api_key",
    "aws": "api_key",
    "private": "private_key",
    "priv": "private_key",
    "rsa": "private_key",
    "ssh": "private_key",
    "deploy": "private_key",
}
"""What a ``... key`` is, by the word before it; a key of anything else (``primary_key``) is no secret."""

_URLS = frozenset({"url", "uri", "dsn", "connection", "broker"})
_LONG_ENDINGS = ("password", "passwd", "passphrase", "secretkey", "apikey", "privatekey", "accesstoken", "authtoken")
_TRAILING = frozenset(
    {"base", "value", "val", "prod", "production", "dev", "development", "test", "testing", "stage", "staging", "local"}
    | {"live", "old", "new", "current", "previous", "next", "default", "fallback", "text", "plain", "str", "string"}
    | {"raw", "b64", "base64", "encoded", "env", "main", "primary", "secondary", "legacy", "override", "literal", "hex"}
    | {"bytes"}
)
"""Words after the head noun that do not change what is named."""
_NOT_SECRET = frozenset(
    {"csrf", "next", "page", "continuation", "pagination", "cancel", "cancellation", "sync", "lex", "postman"}
)
"""Words before ``token`` that make it no credential."""


@lru_cache(maxsize=20_000)
def kind_of_name(name: str) -> str | None:
    """The kind of secret that a name promises (as in ``masking.secret_kind``), None when it promises none."""
    words = _words(name)
    if words == ["pass", "env"]:
        return None  # tox: which variables reach a command
    while len(words) > 1 and (words[-1] in _TRAILING or words[-1].isdigit()):
        words.pop()
    if not words:
        return None
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in ("key", "keys"):
        return _KEY_OF.get(before)
    if last == "salt":
        return "secret_key" if len(words) > 1 else None
    if last in ("token", "tokens") and before in _NOT_SECRET:
        return None
    if last in _URLS:
        return "database_url"
    return _NOUNS.get(last) or _by_ending(last)


def _words(name: str) -> list[str]:
    tail = re.split(r"[./\[\]\"':\s]", name.strip(" \"'[]-"))[-1] or name
    return [word.lower() for word in _WORD.findall(tail[-120:])]


def _by_ending(word: str) -> str | None:
    ending = next((e for e in _LONG_ENDINGS if word.endswith(e)), None)
    if ending is None:
        return "secret_key" if word.endswith("secret") else None
    return {"password": "password", "passwd": "password", "passphrase": "password"}.get(ending) or (
        "secret_key" if ending == "secretkey" else "token" if ending.endswith("token") else "api_key"
    )
