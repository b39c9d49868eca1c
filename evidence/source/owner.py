"""Addresses of people and groups: whose repositories a portfolio is."""

from __future__ import annotations

import re

from msgspec import Struct

from evidence.patterns import regex
from evidence.source.address import Places

_SEGMENT = regex(r"[A-Za-z0-9._-]{1,255}")
_PAGE = regex(r"(?:(https?)://)?([A-Za-z0-9.:-]{1,255})/([^?#\s]{1,512})(?:[?#]\S{0,1024})?")
# Pages of the forges themselves, where a name would stand.
_NOBODY = frozenset(
    {"about", "collections", "customer-stories", "dashboard", "enterprise", "explore", "features", "issues", "join"}
    | {"login", "marketplace", "new", "notifications", "organizations", "pricing", "pulls", "search", "security"}
    | {"settings", "sponsors", "topics", "trending", "users", "orgs", "groups", "help", "projects", "snippets"}
)


class Owner(Struct, frozen=True):
    """A user (``group`` None where it may also be a group), an organisation or a group at ``origin``."""

    origin: str
    kind: str
    name: str
    group: bool | None = None

    @property
    def url(self) -> str:
        """Its page."""
        return f"{self.origin}/{self.name}"


def owner_of(text: str, places: Places) -> Owner | None:
    """The user, organisation or group that an address names; None for every other text."""
    found = re.fullmatch(
        r"(?:(https?)://)?([A-Za-z0-9.:-]{1,255})/([^?#\s]{1,512})(?:[?#]\S{0,1024})?", text.strip(" ")
    )
    if found is None or not text.isascii():
        return None
    scheme, host, path = found[1] or "https", found[2].lower(), found[3].strip("/")
    origin = f"{scheme}://{host}"
    kind = places.forges.get(origin, "") if scheme == "http" else places.hosts.get(host, "")
    parts = path.split("/")
    if not kind or not all(_SEGMENT.fullmatch(part) and part.strip(".") for part in parts):
        return None
    if kind == "github":
        group, names = _on_github(parts)
    else:
        group, names = _on_gitlab(parts)
    return Owner(origin, kind, "/".join(names), group) if names else None


def _on_github(parts: list[str]) -> tuple[bool | None, list[str]]:
    if parts[0] == "orgs" and len(parts) in (2, 3):
        return True, [parts[1]]
    return None, parts if len(parts) == 1 and parts[0].lower() not in _NOBODY else []


def _on_gitlab(parts: list[str]) -> tuple[bool | None, list[str]]:
    if parts[0] == "groups" and len(parts) > 1:
        return True, parts[1 : parts.index("-") if "-" in parts else None]
    if parts[0] == "users" and len(parts) > 1:
        return False, [parts[1]]
    return None, parts if len(parts) == 1 and parts[0].lower() not in _NOBODY else []
