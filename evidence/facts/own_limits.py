"""Functions of a project's own that count requests and refuse those beyond a limit."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition
from evidence.facts.testing.scenarios import error_statuses
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

TOO_MANY = 429
"""Too Many Requests: RFC 6585, section 4."""
# What counting requests looks like: operations of Redis and of the limits and pyrate-limiter packages.
_COUNTERS = frozenset({
    "incr", "incrby", "hincrby", "zadd", "zcard", "zcount", "zremrangebyscore", "hit", "consume", "try_acquire",
    "get_remaining_bucket_tokens", "exceeded_rate_limit",
})  # fmt: skip
_COUNTING = regex(r"(?:^|[._])redis|throttl|rate_?limit", re.IGNORECASE)
# A number that is kept for a while: ``cache.get(key)`` and ``cache.set(key, n, timeout=60)``.
_ENDS = ("timeout", "ex", "px", "expire", "expires", "expiry", "ttl", "exptime")
# Whoever asks, and the time: what is kept by the one and compared with the other is a count of one's own making.
_WHO = (".remote_addr", ".access_route", "get_remote_address", "get_ipaddr")
_NOW = frozenset({"now", "utcnow", "time", "monotonic"})
_STATUS_NAMES = frozenset({"code", "status_code", "status", "http_status", "http_code"})
_CALL_DEPTH = 2
# So many lines of a function show how it limits.
_SHOWN = 39


class OwnLimit(Struct, frozen=True):
    """A function that counts and refuses; ``wraps`` tells of one that is put on views, such as a decorator."""

    file: PyFile
    name: str
    start: int
    end: int
    wraps: bool


def refusing_classes(project: Project) -> set[tuple[str, str]]:
    """Exception classes of the project that stand for 429."""
    return {
        (file.path, d.qualname)
        for file in project.app
        for item in file.module.assigns
        if item.target in _STATUS_NAMES
        and TOO_MANY in error_statuses(item.value)
        and (d := file.definition(item.scope)) is not None
    }


def own_limits(project: Project, classes: set[tuple[str, str]]) -> Iterator[OwnLimit]:
    """Functions that answer 429, or raise what does (one of ``classes``), after counting, themselves or in what they
    call; of what wraps views, the function that a reader puts on them."""
    found: dict[tuple[str, str], OwnLimit] = {}
    for file, scope, line in _places(project, classes):
        definition = file.function_of(scope)
        if definition is None or not project.reach.live(file.path, scope):
            continue
        if _counts(project, file, file.scopes.get(definition.qualname, scope), _CALL_DEPTH):
            outer = file.outermost_function(scope)
            shown = outer if outer is not None and _gives_back(file, outer) else definition
            end = max(line, min(definition.end, definition.line + _SHOWN))
            found[file.path, shown.qualname] = OwnLimit(file, shown.qualname, shown.line, end, shown is not definition)
    yield from (found[k] for k in sorted(found))


def _gives_back(file: PyFile, outer: Definition) -> bool:
    """Whether a function returns one that is defined in it, as decorators do and factories of applications do not."""
    scope = file.scopes.get(outer.qualname, 0)
    inner = {definition.name for definition in file.module.definitions if definition.parent == scope}
    return any(value.kind == "name" and value.text in inner for value in outer.returns)


def _places(project: Project, classes: set[tuple[str, str]]) -> Iterator[tuple[PyFile, int, int]]:
    """Where 429 is answered; and, where that is a function of its own, where it is called."""
    makers: set[tuple[str, str]] = set()
    for file in project.app:
        for scope, line in _refusals(project, file, classes):
            yield file, scope, line
            definition = file.function_of(scope)
            if definition is not None and definition.params:
                makers.add((file.path, definition.qualname))
    lasts = {name.rpartition(".")[2] for _, name in makers}
    for file in project.app if makers else ():
        for call in file.module.calls:
            if call.scope and call.name.rpartition(".")[2] in lasts:
                ref = project.resolve(file, call.name)
                if (ref.path, ref.name) in makers:
                    yield file, call.scope, call.start


def _refusals(project: Project, file: PyFile, classes: set[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    for item in file.module.raises:
        ref = project.resolve(file, item.name)
        if (ref.path, ref.name) in classes or (ref.external and ref.name.endswith(".TooManyRequests")):
            yield item.scope, item.line
    for call in file.module.calls:
        if (call.last in ("abort", "make_response", "jsonify") or call.target == "raise") and any(
            TOO_MANY in error_statuses(v) for v in call.expr.items if v.kind in ("num", "name")
        ):
            yield call.scope, call.start
    for assign in file.module.assigns:
        if assign.target.endswith(".status_code") and TOO_MANY in error_statuses(assign.value):
            yield assign.scope, assign.start
    for index, definition in enumerate(file.module.definitions):
        if any(
            v.kind == "list" and any(TOO_MANY in error_statuses(i) for i in v.items[1:]) for v in definition.returns
        ):
            yield index + 1, definition.line


def _counts(project: Project, file: PyFile, scope: int, depth: int) -> bool:
    calls = file.calls_in(scope)
    lasts = {c.last for c in calls}
    if (
        lasts & _COUNTERS
        or lasts >= {"count", "timedelta"}
        or any(_COUNTING.search(c.name) and "." in c.name for c in calls)
        or ("get" in lasts and any(_keeps_a_number(file, c) for c in calls if c.last == "set"))
        or (lasts & _NOW and any(name.endswith(_WHO) for name in file.module.refs[scope]))
    ):
        return True
    for call in calls if depth else ():
        inner = project.defined(file, call.name)
        if (
            inner is not None
            and inner[1].kind == "function"
            and _counts(project, inner[0], inner[0].scopes.get(inner[1].qualname, 0), depth - 1)
        ):
            return True
    return False


def _keeps_a_number(file: PyFile, call: Call) -> bool:
    """Whether ``cache.set`` keeps a number for a while. What another service answered is kept so too: its own 429 is
    handed on, and nothing is counted."""
    given = call.expr.args[1] if len(call.expr.args) > 1 else call.expr.kwarg("value")
    if given is None or not any(map(call.expr.kwarg, _ENDS)):
        return False
    held = [a.value for a in file.module.assigns if a.scope == call.scope and a.target == given.text]
    return any(e.kind in ("num", "op") for value in (given, *held) for e in value.walk())
