"""Views that ask by themselves who somebody is, where no decorator or hook stands before them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.callees import callee
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Definition

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SENDS_AWAY = frozenset({"redirect", "abort"})
_ENDS = ("session.pop", "session.clear")
_USER = ("user", "usuario", "logged", "account", "uid")


def views_that_ask(
    project: Project, checks: frozenset[tuple[str, int]], session: bool
) -> Iterator[tuple[PyFile, Definition]]:
    """Views that check a token, themselves or by a function that does (``checks``: path and first line of these), and,
    where a login puts the user into the session, views that look there and send away whoever is not in it."""
    for file, definition in project.web.views:
        scope = file.scopes.get(definition.qualname, 0)
        if project.reach.live(file.path, scope) and (
            (checks and _checks_token(project, file, scope, definition, checks))
            or (session and _asks_session(file, scope))
        ):
            yield file, definition


def _checks_token(
    project: Project, file: PyFile, scope: int, definition: Definition, checks: frozenset[tuple[str, int]]
) -> bool:
    if (file.path, definition.start) in checks:
        return True
    for call in file.calls_in(scope):
        ref = callee(project.names, file, scope, call.name) if call.name else None
        home = project.python[ref.path] if ref is not None else None
        called = home.definition(home.scopes.get(ref.name, 0)) if home is not None and ref is not None else None
        if home is not None and called is not None and (home.path, called.start) in checks:
            return True
    return False


def _asks_session(file: PyFile, scope: int) -> bool:
    refs = file.module.refs[scope] if scope < len(file.module.refs) else ()
    if not any(".session" in r and r.startswith(("flask.", "quart.")) for r in refs):
        return False
    calls = file.calls_in(scope)
    if any(c.name.endswith(_ENDS) for c in calls):
        return False
    puts = (a.target for a in file.module.assigns if a.scope == scope and "session[" in a.target)
    if any(word in target.lower() for target in puts for word in _USER):
        return False
    return any(c.name.rpartition(".")[2] in _SENDS_AWAY for c in calls)
