"""Views that ask by themselves who somebody is, where no decorator or hook stands before them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.callees import callee
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Assign, Call, Definition
from evidence.facts.security.purpose import LOGIN, PASSWORD
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Where a request carries a token or key of its own, and what such a check is called.
_CARRIED = regex(
    r"(?:flask|quart)\.request\.(?:headers(?:$|\[(?:authorization|x-[\w-]{0,30}(?:key|token)\w{0,10}|api-?key|token)\]|\.get)"
    r"|authorization)",
    re.IGNORECASE,
)
_CHECKS_ONE = regex(r"(?:token|api_?key|secret|credential|auth)\w{0,30}$", re.IGNORECASE)
_SESSION_KEYS = regex(
    r"session\[[\"']?(?:\w{0,20}_|id|is)?(?:user|user_?id|username|usuario|logged_?in|account|uid|conectado|logado"
    r"|logueado|autenticado|autenticada|authenticated|utilisateur|connecte|benutzer|angemeldet|eingeloggt|uzytkownik"
    r"|zalogowany)\w{0,10}[\"']?\]",
    re.IGNORECASE,
)
_SENDS_AWAY = frozenset({"redirect", "abort"})
_ENDS = ("session.pop", "session.clear")
_USER = (
    "user", "usuario", "logged", "account", "uid", "conectado", "logado", "logueado", "autentica", "authenticated",
    "utilisateur", "connecte", "benutzer", "angemeldet", "eingeloggt", "uzytkownik", "zalogowany",
)  # fmt: skip


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


def views_that_refuse(
    project: Project, session: bool, logins: set[tuple[str, int]]
) -> tuple[list[tuple[PyFile, Definition]], list[tuple[PyFile, Definition]]]:
    """Two or more views that refuse by themselves whoever the ``session`` does not know, or whose token is none; and
    the functions that several of them ask. Those that are known to let somebody in (``logins``) are no such views."""
    found = [(f, d) for f, d in _refusing(project, carried=not session) if (f.path, d.start) not in logins]
    return (found, list(_asked(project, found))) if len(found) > 1 else ([], [])


def _refusing(project: Project, carried: bool) -> Iterator[tuple[PyFile, Definition]]:
    """Views that answer 401 or 403 themselves and read no password, as a login does; with ``carried`` only those that
    read a token or key from the request's headers."""
    views = {(f.path, d.qualname) for f, d in project.web.views}
    for item in project.access.refusals:
        reads = item.names
        if (item.file.path, item.definition.qualname) in views and not any(PASSWORD.search(n) for n in reads):
            asks = any(_CARRIED.match(n) for n in reads)
            if (asks or not carried) and project.reach.live(item.file.path, item.scope):
                yield item.file, item.definition


def _asked(project: Project, views: list[tuple[PyFile, Definition]]) -> Iterator[tuple[PyFile, Definition]]:
    """Functions of the project, called after tokens or keys, that two or more of these views ask."""
    asked: dict[tuple[str, str], set[str]] = {}
    for file, definition in views:
        scope = file.scopes.get(definition.qualname, 0)
        for call in file.calls_in(scope):
            ref = callee(project.names, file, scope, call.name) if _CHECKS_ONE.search(call.last) else None
            if ref is not None:
                asked.setdefault((ref.path, ref.name), set()).add(definition.qualname)
    for path, name in sorted(key for key, by in asked.items() if len(by) > 1):
        home = project.python[path]
        found = home.definition(home.scopes.get(name, 0))
        if found is not None:
            yield home, found


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
    both: list[Assign | Call] = [*file.module.assigns, *calls]
    puts = (a.target for a in both if a.scope == scope and "session[" in a.target)
    if any(word in target.lower() for target in puts for word in _USER):
        return False
    return any(c.name.rpartition(".")[2] in _SENDS_AWAY for c in calls)


def session_logins(project: Project) -> Iterator[tuple[PyFile, int]]:
    """Where the session is told who is logged in: the file, and the scope that does it."""
    for file in project.app:
        # ``session["user_id"] = find_user(name).id``, and what a call alone gives: ``session["user"] = load(form)``
        both: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        for item in both:
            if item.scope and _names_user(file, item.target, item.scope) and project.reach.live(file.path, item.scope):
                yield file, item.scope


def _names_user(file: PyFile, target: str, scope: int) -> bool:
    """Whether what is put into the session says who is logged in: by its key, or where that is a constant of some name
    by the function that puts it there."""
    around = file.function_of(scope)
    named = around is not None and LOGIN.search(around.qualname) is not None
    return _SESSION_KEYS.search(target) is not None or (named and target.endswith("session[]"))
