"""Which hosts may be asked: the public forges, and what the operator names by option or environment."""

from __future__ import annotations

import os
from collections.abc import Mapping

from evidence.model import UsageError
from evidence.patterns import regex
from evidence.source.address import FORGES, Places
from evidence.source.forges.endpoint import is_loopback
from evidence.source.quoting import visible

# A name or an IP address in brackets, perhaps with a port, or an origin.
_HOST = regex(r"(?:https?://)?(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?/?")
_KINDS = ("github", "gitlab")
_VARIABLES = {"GH_HOST": "github", "GITLAB_HOST": "gitlab"}


def places_of(
    hosts: tuple[str, ...], insecure: tuple[str, ...], environ: Mapping[str, str] = os.environ, *, local: bool = True
) -> Places:
    """The places behind ``--host`` and ``--allow-insecure-host``, GH_HOST and GITLAB_HOST.

    A host is ``name`` (taken for a GitLab, which most private ones are), ``name=github``, or an origin such as
    ``http://127.0.0.1:8080`` (taken for a GitHub; only where it is also an insecure host). An empty insecure host
    stands for all that are named so by option. Raises UsageError.
    """
    named_so = [name for name in (text.partition("=")[0] for text in hosts) if name.startswith("http://")]
    origins_of = [origin for each in insecure for origin in ([each] if each else named_so)]
    allowed = tuple(origin.rstrip("/").lower() for origin in origins_of)
    https: dict[str, str] = dict(FORGES)
    origins: dict[str, str] = {}
    named: list[str] = []
    for text, kind, is_option in (*_options(hosts), *_from(environ)):
        scheme, _, rest = text.rpartition("://")
        host = rest.rstrip("/").lower()
        if scheme == "http" and f"http://{host}" in allowed:
            origins[f"http://{host}"] = kind or "github"
        elif scheme == "http" and is_option:
            raise UsageError(
                f"'{visible(text)}' is plain http: allow it with --allow-insecure-host {visible(text)} too."
            )
        elif scheme == "http":
            continue
        else:
            https[host] = kind or https.get(host, "gitlab")
        named.append(host)
    return Places(https, allowed, local, origins, tuple(dict.fromkeys(named)))


def _options(hosts: tuple[str, ...]) -> list[tuple[str, str, bool]]:
    found = []
    for text in hosts:
        name, _, kind = text.partition("=")
        if kind not in ("", *_KINDS) or not _HOST.fullmatch(name):
            raise UsageError(f"'{visible(text)}' is no host: give HOST, HOST=github or HOST=gitlab.")
        found.append((name, kind, True))
    return found


def _from(environ: Mapping[str, str]) -> list[tuple[str, str, bool]]:
    return [(environ[name], kind, False) for name, kind in _VARIABLES.items() if environ.get(name)]


def kind_of(host: str, places: Places) -> str:
    """Which forge a named host is; "" for none."""
    return places.hosts.get(host) or places.forges.get(f"http://{host}", "")


def stand_in(kind: str, places: Places) -> str:
    """The origin on this machine that answers as a forge of this kind, "" where none was named."""
    return next((o for o, k in places.forges.items() if k == kind and is_loopback(o.partition("://")[2])), "")


def named_of(kind: str, places: Places) -> tuple[str, ...]:
    """The hosts of this kind that the operator named."""
    return tuple(host for host in places.named if kind_of(host, places) == kind)
