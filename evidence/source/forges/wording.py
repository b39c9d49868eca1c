"""What a forge's JSON says, taken with care: hostile text, cut and masked; times; accounts; links of its own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from evidence.facts.secrets.masking import mask
from evidence.model import Account
from evidence.patterns import regex
from evidence.source.forges.endpoint import is_loopback, origin_of

LONGEST_TEXT = 65_536
LONGEST_TITLE = 1_024
_EMAIL = regex(r"(?<![A-Za-z0-9._%+-])(?!git@)[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")
_LOGIN = regex(r"[A-Za-z0-9_.\-\[\]]{1,255}")
_OID = regex(r"[0-9a-f]{40}")
_PATH = regex(r"(?!\.+/)[A-Za-z0-9._-]{1,255}(?:/(?!\.+(?:/|\Z))[A-Za-z0-9._-]{1,255}){1,20}")
# GitLab's own accounts for tokens, and the way bots are called there.
_BOT = regex(r"(?:project|group)_[0-9]+_bot(?:_[0-9a-z]+)?|.*\[bot\]|gitlab-bot|ghost-bot|renovate-bot", re.DOTALL)
# GitHub Apps, as GraphQL names them: without "[bot]".
_APPS = frozenset(
    {"codecov", "coveralls", "dependabot", "dependabot-preview", "github-actions", "greenkeeper", "lgtm-com", "mergify"}
    | {"netlify", "pre-commit-ci", "pyup-bot", "renovate", "snyk-bot", "sonarcloud", "stale", "vercel"}
)
# Who stands in where an account was deleted.
_DELETED = frozenset({"ghost", "ghost1"})
_PUBLIC = frozenset({"https://github.com", "https://gitlab.com"})


def text(value: object, limit: int = LONGEST_TEXT) -> str:
    """Text of others: masked, without e-mail addresses, and no longer than ``limit`` characters."""
    if not isinstance(value, str):
        return ""
    plain = value.encode("utf-8", "replace").decode()[: limit * 4]
    return _EMAIL.sub("[e-mail]", mask(plain))[:limit]


def title(value: object) -> str:
    """Text of one line."""
    return " ".join(text(value, LONGEST_TITLE).split())


def number(value: object) -> int:
    """A count or a number, 0 for what is none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 53 else 0


def oid(value: object) -> str:
    """A full commit id, "" for what is none."""
    return value if isinstance(value, str) and _OID.fullmatch(value) else ""


def seconds(value: object) -> int:
    """An ISO time as seconds since the epoch, 0 for none."""
    if isinstance(value, datetime):
        moment = value
    else:
        try:
            moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(0, UTC)
        except ValueError:
            return 0
    return max(0, int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()))


def account(login: object, kind: object = "User") -> Account | None:
    """The account behind a login; None for a deleted one. A bot's login ends in ``[bot]``, as commits have it."""
    if not isinstance(login, str) or not _LOGIN.fullmatch(login) or login.lower() in _DELETED:
        return None
    if kind == "Bot" and not login.endswith("[bot]"):
        login += "[bot]"
    return Account(login, "bot" if kind == "Bot" or _BOT.fullmatch(login.lower()) else "user")


def kind_of(login: object) -> str:
    """The kind of an account where an answer leaves it out: the apps that are met most are machines."""
    return "Bot" if str(login).lower().removesuffix("[bot]") in _APPS else "User"


def parent_of(is_fork: object, path: object) -> str | None:
    """What a repository was forked from: its path, "" where the forge does not show it; None for what is no fork."""
    shown = isinstance(path, str) and len(path) < 512 and _PATH.fullmatch(path)
    return (str(path) if shown else "") if is_fork is True else None


def link(value: object, web: str, fallback: str) -> str:
    """A link that the forge gave, where it leads to the forge itself (``web`` is its origin), or else ``fallback``.

    A recording on this machine keeps the links of the forge that was recorded.
    """
    if not isinstance(value, str) or len(value) > 1024 or not value.isascii() or not value.isprintable():
        return fallback
    allowed = {web, *_PUBLIC} if is_loopback(web.partition("://")[2]) else {web}
    return value if origin_of(value) in allowed and not re.search(r"[\s\"'<>\\^`{|}]", value) else fallback


def item_id(url: object, otherwise: object) -> str:
    """The number by which a page names a comment or review (``#issuecomment-12``, ``#discussion_r12``)."""
    fragment = urlsplit(url).fragment if isinstance(url, str) and len(url) < 1024 and "[" not in url else ""
    if found := re.search(r"[0-9]{1,20}\Z", fragment):
        return found[0]
    return re.sub(r"[^A-Za-z0-9_=-]", "", str(otherwise))[:64]


def child(value: object, *names: str) -> Any:
    """What lies under these keys of nested objects; None where something on the way is missing or no object."""
    for name in names:
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def children(value: object, *names: str) -> list[Any]:
    """The objects of a list under these keys, without nulls and oddities."""
    found = child(value, *names)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []
