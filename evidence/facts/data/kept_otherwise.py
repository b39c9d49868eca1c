"""What is kept for a while without a library: by a function that looks at the clock, a proxy before it, or as a
static file."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.data import cache_table as table
from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.python.records import Assign, Call
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Where a lifetime is handed to a store, that is what keeps.
_GIVEN_ON = frozenset({*table.WRITES, "expire", "expireat"})
_PROXIES = (".conf", ".tpl", ".template", ".conf.j2")


def kept_otherwise(project: Project) -> Iterator[Occurrence]:
    """``stored`` (by the project's own functions) and ``header`` (answers that a configured proxy keeps)."""
    for file in project.app:
        for scope in range(1, len(file.module.refs)):
            if _keeps(file, scope) and project.reach.live(file.path, scope):
                function = file.function_of(scope)
                if function is not None:
                    yield at(file, function, "stored", function.name)
    for path, text in project.texts.items():
        if path.endswith(_PROXIES) and role_of(path) is Role.APP:
            for match in table.KEPT_BY_PROXY.finditer(text.text):
                line = text.text.count("\n", 0, match.start()) + 1
                yield between(path, line, line, "header", path)


def static_lifetimes(project: Project) -> Iterator[Occurrence]:
    """Lifetimes of files that never change (``static``): Flask's setting for them, or a proxy's ``expires``."""
    for file in project.app:
        given: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        for item in given:
            if item.target.endswith(("SEND_FILE_MAX_AGE_DEFAULT", "SEND_FILE_MAX_AGE_DEFAULT]")):
                yield between(file.path, item.start, item.end, "static")
    for path, text in project.texts.items():
        match = table.EXPIRES.search(text.text) if path.endswith((".conf", ".tpl")) else None
        if match:
            line = text.text.count("\n", 0, match.start()) + 1
            yield between(path, line, line, "static")


def _keeps(file: PyFile, scope: int) -> bool:
    """Whether a function looks at the clock and at a lifetime of a cache: what it keeps ends."""
    calls = file.calls_in(scope)
    if not any(c.last in table.CLOCKS for c in calls):
        return False
    named = any(table.OWN_LIFETIME.search(n) for n in file.module.refs[scope])
    named = named or any(table.OWN_LIFETIME.search(e.text) for c in calls for e in c.expr.items if e.kind == "str")
    return named and not any(c.last in _GIVEN_ON for c in calls)
