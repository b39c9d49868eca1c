"""Limits of requests that proxies, ingresses, firewalls and gateways enforce, as far as their configuration is here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Node
from evidence.facts.roles import Role
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Directives and attributes that refuse requests, by the documents of nginx, HAProxy, Terraform's providers and Caddy.
_IN_TEXT = (
    regex(r"^[ \t]{0,40}limit_req[ \t]{1,8}zone=", re.MULTILINE),
    regex(r"^[ \t]{0,40}http-request[ \t]{1,8}(?:deny|tarpit|reject)[^\n]{0,120}sc_http_req_rate", re.MULTILINE),
    regex(r"^[ \t]{0,40}(?:rate_based_statement|rate_limit_options|throttle_settings)[ \t]{0,8}\{", re.MULTILINE),
    regex(r"^[ \t]{0,40}(?:throttling_rate_limit)[ \t]{0,8}=[ \t]{0,8}[1-9]", re.MULTILINE),
)
_ZONE_ONLY = regex(r"^[ \t]{0,40}limit_req_zone[ \t]", re.MULTILINE)
_KEYS = frozenset({
    "nginx.ingress.kubernetes.io/limit-rps", "nginx.ingress.kubernetes.io/limit-rpm",
    "nginx.ingress.kubernetes.io/limit-connections", "haproxy-ingress.github.io/limit-rps",
    "haproxy.org/rate-limit-requests", "haproxy.router.openshift.io/rate-limit-connections.rate-http",
    "haproxy.router.openshift.io/rate-limit-connections", "RateBasedStatement", "ThrottlingRateLimit",
    "cloud.google.com/rate-limit",
})  # fmt: skip
_VALUES = regex(
    r"(?:^|\.)ratelimit\.average=\d|^rate-limiting(?:-advanced)?$|^envoy\.filters\.http\.(?:local_)?ratelimit$",
    re.IGNORECASE,
)
_OFF = frozenset({"false", "0", "no", "off", ""})
_OWN_PROXY = (Role.APP, Role.MIGRATION)


class ProxyLimit(Struct, frozen=True):
    """One limit in the configuration of a proxy, ingress, firewall or gateway. ``effective`` is false for a zone that
    nothing uses and for a file that nothing loads."""

    path: str
    line: int
    effective: bool


def proxy_limits(project: Project) -> Iterator[ProxyLimit]:
    """Every limit of requests in configurations of the project's own, in path and line order."""
    for path, text in project.texts.items():
        if project.role(path) in _OWN_PROXY:
            lines = [text.text.count("\n", 0, m.start()) + 1 for p in _IN_TEXT for m in p.finditer(text.text)]
            effective = bool(lines) and (path.endswith((".tf", ".hcl")) or _loaded(project, path))
            yield from (ProxyLimit(path, n, effective) for n in sorted(lines))
            if not lines and (match := _ZONE_ONLY.search(text.text)):
                line = text.text.count("\n", 0, match.start()) + 1
                yield ProxyLimit(path, line, False)
    for path, data in project.data.items():
        if project.role(path) in _OWN_PROXY:
            for root in data.roots:
                yield from (ProxyLimit(path, line, True) for line in _limited(root))


def _limited(root: Node) -> Iterator[int]:
    for node in root.walk():
        for key, value in node.pairs():
            named = (key in _KEYS and value.text.lower() not in _OFF) or (key in _KEYS and value.kind == "map")
            average = key == "rateLimit" and (v := value.get("average")) is not None and v.text not in _OFF
            if named or average:
                yield node.line_of(key)
        if node.kind == "str" and len(node.text) < 200 and _VALUES.search(node.text):
            yield node.start


def _loaded(project: Project, path: str) -> bool:
    """Whether something that builds or starts containers or hosts names this configuration, or its folder."""
    folder, _, name = path.rpartition("/")
    wanted = (name, folder.rpartition("/")[2] + "/") if folder else (name,)
    for dockerfile in project.dockerfiles.values():
        if any(i.word in ("COPY", "ADD", "RUN") and any(w in i.text for w in wanted) for i in dockerfile.instructions):
            return True
    for commands in project.commands.values():
        if any(name in line.text for line in commands.lines):
            return True
    return any(
        n.kind == "str" and any(w in n.text for w in wanted)
        for p, d in project.data.items()
        if project.role(p) is Role.APP
        for root in d.roots
        for n in root.walk()
    )
