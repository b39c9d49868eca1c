"""Roles, scopes or policies: who may do what, asked in one place and put before many routes.

**What it sees.** The project's own guards that ask for a role, right, scope or owner and answer 403, as decorators,
hooks before a request, class decorators or central functions that views call; decorators of extensions that ask for
roles; ownership checks inside views; and tests that expect the lesser role to be refused.

**Why it matters.** A login says who somebody is. Most leaks come from not asking whether this object is theirs.

**What it cannot tell.** Whether the rules are the right ones, and filters in queries that hide what is not one's own.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator

from evidence.api import (
    GuardUse,
    Observations,
    Project,
    PyFile,
    Refusal,
    RefusedTest,
    Signal,
    Site,
    Sites,
    plural,
    regex,
)

# Catalogue: "applied to several routes". A hook stands before all routes of its blueprint.
_SEVERAL = 3
_SEVERAL_DECORATED = 2
_WHO = regex(
    r"(?:^|\.)(?:current_user|g\.(?:user|current_user)|user_id|get_jwt_identity|get_jwt|session|identity|usuario|current_identity)(?:$|[.(\[])"
)
_RIGHTS = regex(
    r"role|permi|admin|owner|owned|scope|privilege|forbid|allowed|access|may_not|cannot|other_user|another|unauthori",
    re.IGNORECASE,
)
_ASKS = regex(
    r"(?:^|_)(?:acl|roles?|permissions?|privileges?|is_admin|owner|owns|scopes?|polic(?:y|ies)|authorized?|allowed|can|may|rbac)(?:$|_)"
    r"|(?:^|_)admin(?:$|_(?!create|delete|get|set|add|update|remove|initiate|list))|has_access|isAdmin|isOwner"
)
# What gives somebody a role asks for none: ``user.set_role(role)``.
_CHANGES = regex(
    r"(?:set|add|assign|give|grant|remove|revoke|drop|delete|update|create|change|insert|append)_?(?=[a-zA-Z])",
    re.IGNORECASE,
)
_BODY = regex(r"(?:^|\.)request\.(?:json|form|values|get_json)")
# An attribute of an object (not of a model's class, which is a query) that says whose it is.
_OWNED = regex(
    r"[a-z]\w{0,40}\.(?:user_id|owner_id|author_id|created_by(?:_id)?|owner|author|usuario_id|creator_id)(?:\.id)?"
)
# A guard that stands before this many places is central.
_CENTRAL = 5
# Of a 401 only these words tell that it refuses a role rather than a stranger.
_ROLES = regex(r"role|permi|admin|owner|owned|scope|privilege|other_user|another", re.IGNORECASE)
# Refusals for other reasons than who is asking.
_ELSE = regex(r"csrf|xsrf|maintenance|captcha|signature|webhook|rate_?limit|throttl|referr?er", re.IGNORECASE)
_LOGIN = regex(r"login|token|jwt|credential|password|api_?key|csrf|expired|signature", re.IGNORECASE)


# Steps of a login at a provider, as clients of OAuth name them: they ask who somebody is, and for no right.
_OF_A_LOGIN = frozenset({
    "authorize_access_token", "authorize_redirect", "authorized_response", "authorization_url", "authorize_url",
    "create_authorization_url", "save_authorize_data",
})  # fmt: skip

# Facts that count and are not shown where better ones are.
_COUNTED = ("inherited", "called_aside", "guard_aside", "inline_aside", "owner", "tested_aside")


def _checks(sites: Sites) -> int:
    """Checks inside views. Comparisons with an owner count where some view answers 403 as well."""
    refusing = sites.count("inline", "inline_aside")
    return refusing + (sites.count("owner") if refusing else 0)


def _applied(sites: Sites) -> int:
    return sites.count("applied", "hook", "called", "called_aside", "inherited") + _checks(sites)


def _tests(sites: Sites) -> int:
    return sites.count("tested", "tested_named", "tested_aside")


def _practised(sites: Sites) -> bool:
    if sites.of("hook") or len(sites.of("applied")) >= _SEVERAL_DECORATED:
        return True
    return _applied(sites) >= _SEVERAL


def _statement(sites: Sites) -> str:
    if not _applied(sites):
        return "There is a login, or a check of rights that stands before no route."
    own = len(sites.subjects("guard", "guard_aside"))
    counts = (
        (own, "own guard", ""),
        (sites.count("applied", "hook", "inherited"), "guarded place", ""),
        (sites.count("called", "called_aside"), "call of a central check", "calls of a central check"),
        (_checks(sites), "check inside a view", "checks inside views"),
    )
    ways = ", ".join(plural(n, one, many) for n, one, many in counts if n)
    tests = f"; {plural(_tests(sites), 'test check')} of a refused role" if _tests(sites) else ""
    return f"Rights are asked for: {ways}{tests}."


AUTHORIZATION = Signal(
    id="security.authorization",
    title="Roles, scopes or policies",
    competency="auth",
    seeds=("S6.1", "C5.1"),
    counts="Decorators or central functions check a permission, role, scope or owner before several routes.",
    strong="Tests assert that a lesser role is refused.",
    not_credited="login_required alone; roles that are only data; one check in one view.",
    how_to_show="Ask for rights in one decorator or function, put it before your routes, and test that others get 403.",
    clauses=("guard", "tested", "applied", "called", "hook", "inline", "tested_named", "login_only", *_COUNTED),
    defining=("guard", "guard_aside", "applied", "hook", "called", "called_aside", "inline", "inline_aside", "owner"),
    leads=("login_only",),
    uncited=_COUNTED,
    applies="python",
    trace=lambda sites: bool(sites.of("guard", "guard_aside", "login_only")) or _applied(sites) > 0,
    practised=_practised,
    sustained=lambda sites: _tests(sites) > 0,
    measures=lambda sites: {
        "guarded": _applied(sites),
        "guards": len(sites.subjects("guard", "guard_aside")),
        "negative_tests": _tests(sites),
    },
    statement=_statement,
)
SIGNALS = (AUTHORIZATION,)


def detect(project: Project) -> Observations:
    """Guards that ask for rights, where they stand, checks inside views, and tests of refused roles."""
    uses = [u for u in project.access.uses if u.purpose == "authorization" and project.reach.live(u.file.path)]
    decorated = sum(u.how == "decorator" for u in uses) >= _SEVERAL_DECORATED
    for use in uses:
        yield AUTHORIZATION, _use(use, decorated)
    direct = [u.guard for u in uses if u.guard is not None and u.how != "inherited"]
    guards = {g.key: g for g in direct}
    counts = Counter(g.key for g in direct)
    for key in sorted(guards):
        definition = guards[key].definition
        clause = "guard" if counts[key] == max(counts.values()) or counts[key] >= _CENTRAL else "guard_aside"
        yield AUTHORIZATION, _site(guards[key].file, definition.start, definition.end, clause, definition.name)
    if not uses:
        for file, definition in project.access.idle:
            yield AUTHORIZATION, _site(file, definition.start, definition.end, "guard", definition.name)
    for site in (*_inside_views(project, guards), *_admin_views(project)):
        yield AUTHORIZATION, site
    names = frozenset(key[1].rpartition(".")[2] for key in guards)
    for test in project.access.refused_tests:
        clause = _test_clause(test, names)
        if clause:
            subject = test.definition.name if test.definition else ""
            yield AUTHORIZATION, _site(test.file, test.start, test.end, clause, subject)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


def _use(use: GuardUse, decorated: bool) -> Site:
    """The place of a guard. Calls of one deep in the code are not shown where it stands before routes by decorators."""
    clause = {"call": "called_aside" if decorated else "called", "hook": "hook", "inherited": "inherited"}.get(
        use.how, "applied"
    )
    return _site(use.file, use.start, use.end, clause, use.name)


def _inside_views(project: Project, guards: Container[tuple[str, str]]) -> Iterator[Site]:
    """Views that answer 403 after looking at who is asking, or 401 after asking for a role, or that compare an object's
    owner with who is asking."""
    refusing = {
        (r.file.path, r.definition.qualname): r
        for r in project.access.refusals
        if "403" in r.codes or any(_rights(n) for n in r.names - _sent(r.file, r.scope))
    }
    for file, definition in project.web.views:
        key = (file.path, definition.qualname)
        scope = file.scopes.get(definition.qualname, 0)
        names = frozenset(file.module.refs[scope] if scope < len(file.module.refs) else ()) - _sent(file, scope)
        asks = any(_WHO.search(n) for n in names)
        item = refusing.get(key)
        if item is not None and key not in guards and (asks or _looks_at_rights(file, scope, item, names)):
            start, end = _where(file, scope, item)
            yield _site(file, start, end, "inline_aside" if guards else "inline", definition.qualname)
        elif asks and item is None and any(_OWNED.fullmatch(n) for n in names):
            yield _site(file, definition.start, definition.end, "owner", definition.qualname)


def _looks_at_rights(file: PyFile, scope: int, item: Refusal, names: Iterable[str]) -> bool:
    """Whether a view that refuses and does not plainly ask who is there looks at a right. Beside a 401 something must
    be called for it: the role of whoever is shown (``user.role``) stands in many answers."""
    asked = names if "403" in item.codes else (c.name for c in file.calls_in(scope))
    return any(_rights(n) for n in asked)


def _sent(file: PyFile, scope: int) -> frozenset[str]:
    """Variables that hold what the request says: a role to give somebody (``role = request.json["role"]``) is data."""
    texts = [(a.target, a.value.text) for a in file.assigns_in(scope)]
    texts += [(c.target, c.name) for c in file.calls_in(scope) if c.target]
    return frozenset(target for target, text in texts if _BODY.search(text))


def _rights(name: str) -> bool:
    last = name.replace("()", "").rpartition(".")[2]
    return last not in _OF_A_LOGIN and _ASKS.search(last) is not None and not _CHANGES.match(last)


def _where(file: PyFile, scope: int, item: Refusal) -> tuple[int, int]:
    """The call that asks for the right, else the place that refuses."""
    asked = next((c for c in file.calls_in(scope) if _rights(c.name)), None)
    return (asked.start, asked.end) if asked is not None else (item.start, item.end)


def _admin_views(project: Project) -> Iterator[Site]:
    """Flask-Admin asks ``is_accessible`` of each of its views, those that inherit it too: for a right, or for a login
    only."""
    asking: set[tuple[str, str]] = set()
    for file in project.app:
        for number, definition in enumerate(file.module.definitions, 1):
            if definition.name == "is_accessible" and definition.kind == "function" and definition.parent:
                names = file.module.refs[number] if number < len(file.module.refs) else ()
                clause = "applied" if any(_rights(n) for n in names) else "login_only"
                if clause == "applied":
                    asking.add((file.path, definition.qualname.rpartition(".")[0]))
                yield _site(file, definition.start, definition.end, clause, definition.qualname)
    for file in project.app if asking else ():
        for definition in file.module.definitions:
            bases = (project.defined(file, base.text) for base in definition.bases)
            if any(b is not None and (b[0].path, b[1].qualname) in asking for b in bases):
                yield _site(file, definition.start, definition.line, "inherited", definition.qualname)


def _test_clause(test: RefusedTest, guards: frozenset[str]) -> str:
    """Tests that call a guard come first, then those that say what is refused; refused logins are another matter."""
    definition = test.definition
    name = definition.name if definition else ""
    scope = test.file.scopes.get(definition.qualname, 0) if definition else 0
    refs = test.file.module.refs[scope] if 0 < scope < len(test.file.module.refs) else ()
    if any(r.rpartition(".")[2] in guards for r in refs):
        return "tested"
    if _ELSE.search(name):
        return ""
    if test.code == "401":
        return "tested_named" if _ROLES.search(name) and not _LOGIN.search(name) else ""
    if _RIGHTS.search(name):
        return "tested_named"
    return "" if _LOGIN.search(name) else "tested_aside"
