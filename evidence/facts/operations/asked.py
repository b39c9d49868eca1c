"""What an answer asks of others on its way: the calls of a function that fail when a database, cache, queue or another
service is away."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Calls that fail when a database, cache, queue or service is away.
_ASKS = frozenset({
    "execute", "exec_driver_sql", "ping", "scalar", "scalars", "fetchone", "fetchall", "server_info", "head_bucket",
    "list_buckets", "raw_connection", "queue_declare", "describe_table", "get_queue_attributes", "admin_command",
    "cluster_health", "is_connected",
})  # fmt: skip
_COMMANDS = frozenset({"ping", "hello", "ismaster", "isMaster", "serverStatus", "dbStats", "replSetGetStatus"})
# Methods by which a client says how its server is, where the receiver is one.
_STATES = frozenset({"health", "get_status", "is_healthy", "check_connection", "test_connection", "stats", "exists"})
_STORES = regex(
    r"(?:^|[._])(?:db|database|engine|redis|cache|cluster|indices|opensearch|elasticsearch|mongo\w{0,6})(?:[._]|$)"
)
# What a project calls its own session for requests to others, and how it asks with one.
_SESSIONS = regex(r"(?:^|\.)(?:requests|http|(?:requests?|http)_?(?:session|client))$")
_VERBS = frozenset({"get", "head", "request", "post"})
# What reports a state from elsewhere, and what it is handed to ask.
_REPORTS = regex(r"status|health|ping|alive|ready", re.IGNORECASE)
_CLIENTS = regex(
    r"(?:^|[._])(?:\w{1,40}_)?(?:client|redis|db|database|engine|session|broker|connection)$", re.IGNORECASE
)
_QUERY_ENDS = frozenset({"first", "all", "one", "count", "get", "limit", "one_or_none", "exists"})
_HTTP = ("requests.", "httpx.", "urllib.request.urlopen", "urllib3.", "aiohttp.")
# How far an answer is followed: each function costs a walk over its file.
_DEPTH, _FUNCTIONS, _HANDED = 3, 60, 20


def asked(project: Project, file: PyFile, scope: int) -> Iterator[tuple[PyFile, Call]]:
    """Calls to dependencies in a function and the project's functions that it calls. One further down is told by the
    call of the function itself that leads there, where a reader of the endpoint sees it."""
    queue: list[tuple[PyFile, int, int, tuple[PyFile, Call] | None]] = [(file, scope, 0, None)]
    seen = {(file.path, scope)}
    while queue and len(seen) <= _FUNCTIONS:
        here, at, depth, led = queue.pop(0)
        for call in (c for c in here.calls_in(at) if c.target != "decorator") if at else ():
            if _asks(project, here, call) or _hands_over(project, here, call):
                yield led if led is not None and depth > 1 else (here, call)
                continue
            for other, definition in _led_to(project, here, call) if depth < _DEPTH else ():
                key = (other.path, other.scopes.get(definition.qualname, 0))
                if key not in seen:
                    seen.add(key)
                    queue.append((other, key[1], depth + 1, led or (here, call)))


def _led_to(project: Project, file: PyFile, call: Call) -> Iterator[tuple[PyFile, Definition]]:
    """The project's functions that a call runs: the one it names, those it hands over to be run
    (``additional_checks=[ask_the_index]``), and the methods of a name that reports a state, where it is asked of an
    object that came from elsewhere (``for part in parts: part.healthy()``)."""
    names = [call.name] if call.name else []
    names += [part.text for item in call.expr.items for part in item.walk() if part.kind == "name"]
    for name in names[:_HANDED]:
        found = project.defined(file, name)
        if found is not None and found[1].kind == "function":
            yield found
    if "." in call.name and _REPORTS.search(call.last) and not file.imported(call.name):
        own = ((f, d) for f in project.app for d in f.module.definitions if d.name == call.last and d.parent)
        yield from islice(own, _HANDED)


def _hands_over(project: Project, file: PyFile, call: Call) -> bool:
    """Whether a function of an outside package that reports a state is handed a client to ask."""
    if not call.name or not _REPORTS.search(call.last) or project.defined(file, call.name) is not None:
        return False
    return any(item.kind == "name" and _CLIENTS.search(item.text) for item in call.expr.items)


def _asks(project: Project, file: PyFile, call: Call) -> bool:
    receiver, _, method = call.name.rpartition(".")
    if not receiver:
        return False
    lower = receiver.lower()
    if method in _ASKS or (
        method in _QUERY_ENDS and ("query" in lower or "session" in lower or "objects" in lower or "select" in lower)
    ):
        return True
    # MongoDB's own way: ``client.admin.command("ping")``
    if method == "command" and any(a.kind == "str" and a.text in _COMMANDS for a in call.expr.args[:1]):
        return True
    if method in _STATES and _STORES.search(lower):
        return True
    if method in _VERBS and _SESSIONS.search(lower):
        return True
    return (method == "info" and "redis" in lower) or project.external(file, call.name).startswith(_HTTP)
