"""Where a forge's API lives: github.com and gitlab.com, GitHub Enterprise, other GitLabs, and loopback recordings."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec import Struct

from evidence.source.forges.tokens import AppKey, Credential, app_for, credential_for

_LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class Endpoint(Struct, frozen=True):
    """One forge's API. ``host`` is the forge's own name, ``origin`` where its API answers; ``layouts`` are the pairs of
    (REST prefix, GraphQL path) below it, the likeliest first: a recording may use either of GitHub's."""

    kind: str
    host: str
    origin: str
    web: str
    layouts: tuple[tuple[str, str], ...]
    credential: Credential | None = None
    app: AppKey | None = None

    @property
    def lends_links(self) -> bool:
        """Whether answers may be recordings, whose links lead to the forge that was recorded."""
        return is_loopback(self.origin.partition("://")[2])


def is_loopback(authority: str) -> bool:
    """Whether ``host:port`` is this machine."""
    return authority in _LOOPBACK or authority.rpartition(":")[0] in _LOOPBACK


def endpoint_for(kind: str, origin: str, named: tuple[str, ...] = ()) -> Endpoint:
    """The API of the forge at ``origin`` (``https://github.com``), a ``github`` or ``gitlab``."""
    host = origin.partition("://")[2]
    credential = credential_for(host, kind, named)
    app = app_for(host, named) if kind == "github" and credential is None else None
    if kind == "gitlab":
        return Endpoint(kind, host, origin, origin, (("/api/v4", "/api/graphql"),), credential)
    if host == "github.com":
        return Endpoint(kind, host, "https://api.github.com", origin, (("", "/graphql"),), credential, app)
    if host.endswith(".ghe.com"):
        return Endpoint(kind, host, f"https://api.{host}", origin, (("", "/graphql"),), credential, app)
    enterprise, public = ("/api/v3", "/api/graphql"), ("", "/graphql")
    layouts = (public, enterprise) if is_loopback(host) else (enterprise,)
    return Endpoint(kind, host, origin, origin, layouts, credential, app)


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, in lower case; "" for what is no http address."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in ("http", "https") or not parts.hostname or "@" in parts.netloc:
        return ""
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}".removesuffix(":443" if parts.scheme == "https" else ":80")
