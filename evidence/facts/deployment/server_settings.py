"""What one can set on an application server: the settings by kind, the record of a place that sets some, and whether
a value is worked out rather than written down.

Options and setting names come from the servers' own reference documents. A setting that is needed merely to start
(address, application, log destination) is not one here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.names import PyFile

# Settings by what they are about. Underscores and hyphens are the same; the first name is the kind's.
_KINDS = (
    ("workers", "workers processes w p numprocs web-concurrency worker-processes cheaper"),
    ("threads", "threads enable-threads runtime-threads"),
    ("worker class", "worker-class k gevent worker-type asyncio async-mode loop"),
    ("timeout", "timeout t harakiri channel-timeout timeout-worker-healthcheck cleanup-interval http-timeout"
     " socket-timeout"),
    ("keep-alive", "keepalive keep-alive timeout-keep-alive http-keepalive keep-alive-timeout"),
    ("preload", "preload preload-app lazy-apps lazy"),
    ("recycling", "max-requests max-requests-jitter limit-max-requests limit-max-requests-jitter"
     " max-worker-lifetime reload-on-rss"),
    ("graceful shutdown", "graceful-timeout timeout-graceful-shutdown worker-reload-mercy die-on-term"
     " shutdown-timeout workers-kill-timeout"),
    ("proxy headers", "forwarded-allow-ips proxy-headers proxy-protocol proxy-allow-ips proxy-allow-from"
     " trusted-proxy trusted-proxy-headers"
                      " trusted-proxy-count secure-scheme-headers"),
    ("connections", "worker-connections limit-concurrency connection-limit backlog max-connections"),
    ("worker files", "worker-tmp-dir"),
    ("request limits", "limit-request-line limit-request-fields limit-request-field-size"),
)  # fmt: skip
KIND_OF = {name: kind for kind, names in _KINDS for name in names.split()}
OPTION = regex(r"(?<=[\s\"'\[,=])(--?[a-zA-Z][\w-]{0,40})(?:[=\s\"',]{1,4}([^\s\"',-][^\s\"',]{0,300}))?")
FROM_OUTSIDE = regex(r"\$|nproc|%\(ENV_|getenv|environ|cpu_count|affinity|\{\{|%[dkn]\b")
# A site is at most so many lines.
LONGEST = 40


class Server(Struct, frozen=True):
    """One place that starts or configures a server. ``program`` is its name; ``settings`` the kinds it sets, sorted;
    ``derived`` that a value comes from the environment or the machine, or that a comment above explains it;
    ``config`` the configuration file it names (base name); ``worker`` the worker class; ``group`` joins a start
    with its configuration. ``part``: start, config, hook, variable or proxy. ``used`` tells that something starts it
    so."""

    path: str
    start: int
    end: int
    program: str
    part: str
    settings: tuple[str, ...] = ()
    derived: bool = False
    config: str = ""
    worker: str = ""
    group: str = ""
    used: bool = True


def kinds_of(names: Iterator[str]) -> tuple[str, ...]:
    """The kinds of the settings with these names, sorted; names of anything else are left out."""
    return tuple(sorted({k for n in names if (k := KIND_OF.get(n.lower().strip("-").replace("_", "-")))}))


def given(expr: Expr) -> Iterator[tuple[str, Expr]]:
    """The keyword arguments of a call, or the pairs of a dict, with their names."""
    offset = len(expr.items) - len(expr.keys)
    yield from zip(expr.keys, expr.items[offset:], strict=True)


def comes_from_outside(file: PyFile, value: Expr, depth: int = 0) -> bool:
    """Whether a value comes from the environment or the machine: itself, or through a name or function of the same
    module."""
    for part in value.walk():
        if part.kind == "call" and depth < 3 and _computed(file, part.text, depth):
            return True
        if part.kind in ("call", "name", "index") and (
            FROM_OUTSIDE.search(part.text) or re.search(r"(?i)\benv\b|config\.|settings\.", part.text)
        ):
            return True
        if part.kind == "name" and depth < 3:
            values = [
                i for i in file.assigned.get((0, part.text), ()) if not (isinstance(i, Assign) and i.value == value)
            ]
            if any(comes_from_outside(file, i.expr if isinstance(i, Call) else i.value, depth + 1) for i in values[:4]):
                return True
    return False


def _computed(file: PyFile, called: str, depth: int) -> bool:
    """Whether a function of this module gives back what comes from outside."""
    name = called.rpartition(".")[2]
    own = [d for d in file.module.definitions if d.kind == "function" and d.name == name] if name else []
    return any(comes_from_outside(file, returned, depth + 1) for d in own[:2] for returned in d.returns[:4])
