"""Audit trail: what was changed, by whom and when is kept where it can be asked for.

**What it sees.** Tables of audit entries, events, changes or history that carry who and what, and are written by code
that runs; revisions stored with their author; versioning extensions (SQLAlchemy-Continuum and its like); recorders that
many places call; loggers kept for auditing; and tests or queries of all these. Names may be in any language.

**Why it matters.** After an incident, or a complaint, this is the only witness.

**What it cannot tell.** Trails that the database or the platform writes, and how long entries are kept.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evidence.api import (
    Call,
    Definition,
    Observations,
    Project,
    PyFile,
    Ref,
    Signal,
    Site,
    Sites,
    plural,
    regex,
    trail_mixins,
    trail_recorders,
    trail_tables,
)

# Words that name a trail by themselves, and words that only do so with a field that says what happened.
_EXTENSIONS = (
    "sqlalchemy_continuum.make_versioned",
    "sqlalchemy_history.make_versioned",
    "postgresql_audit",
    "flask_audit_log",
    "flask_audit_logger",
    "sqlalchemy_audit",
    "flask_logging_audit",
    "auditlog",
)
_ASKED = regex(
    r"(?:^|[/_-])(?:histor\w{1,6}|audit\w{0,6}|archive\w{0,2}|revisions?|versions?|changes|changelog|events?|bitacoras?|activity|activities|diff|audit-?logs?)(?:$|[/_<-])",
    re.IGNORECASE,
)
_MAKES = regex(r"record|log|create|add|write|save|track|insert|new|registrar")
_Tables = dict[Ref, tuple[PyFile, Definition]]
_LOGS = regex(r"audit\w{0,20}\.(?:info|warning|warn|error|log|critical|debug|audit)$")
# The vocabulary that OWASP gives such a log (Logging Vocabulary Cheat Sheet), as the package owasp-logger speaks it.
_OWASP = regex(r"owasp\w{0,20}\.(?:authn|authz|user|privilege|sys|malicious|sensitive)_\w{2,40}$")
_QUERIED = regex(
    r"\.(?:query|select|objects|find\w{0,30}|list\w{0,30}|get_\w{1,30}|last\w{0,30}|filter\w{0,20}|scan|all|paginate\w{0,10}|search\w{0,20}|history|get_history_model)(?:$|[.(\[])"
)
# How SQLAlchemy-Continuum is asked for what was.
_VERSIONS = regex(r"(?:^|\.)version_class$|^(?!self\.)\w{1,40}\.versions(?:\.|\[|$)")
_REVISION = frozenset({"revision", "version", "revision_id", "version_id"})
_MODIFIED = frozenset(
    {
        "modified_by",
        "changed_by",
        "updated_by",
        "edited_by",
        "created_by",
        "created_by_id",
        "changed_by_id",
        "updated_by_id",
        "modified_by_id",
    }
)


# Calls of recorders are counted; of several tables the one written most is shown.
_COUNTED = ("recorded", "table_aside")


def _practised(sites: Sites) -> bool:
    return sites.has("table", "written") or bool(sites.of("recorder", "revision", "extension", "logger"))


def _statement(sites: Sites) -> str:
    if not _practised(sites):
        return "A table for a trail is there; nothing that runs writes who did what to it."
    tables = len(sites.subjects("table", "table_aside"))
    writes = sites.count("written", "recorded", "revision")
    kept = plural(tables, "table") + " of a trail" if tables else "A trail of changes"
    where = f", written in {plural(writes, 'place')}" if writes else ""
    tail = "; ".join(t for c, t in (("queried", "it is queried"), ("tested", "it is tested")) if sites.of(c))
    return f"{kept[0].upper()}{kept[1:]}{where}{'; ' + tail if tail else ''}."


AUDIT_LOG = Signal(
    id="security.audit_log",
    title="Audit trail",
    competency="compliance",
    seeds=("S6.1", "S9.3", "C5.3"),
    counts="Security or data-changing events are stored with who and when: audit or history tables, an audit logger.",
    strong="Tests check the trail, or the application queries it.",
    not_credited="Ordinary logging; created_at and created_by columns; a table that nothing writes.",
    how_to_show="Write an entry with user, action and object on every change, from one function, and test it.",
    clauses=(
        "recorder",
        "table",
        "tested",
        "mixin",
        "revision",
        "queried",
        "written",
        "extension",
        "logger",
        *_COUNTED,
    ),
    defining=("recorder", "table", "table_aside", "mixin", "written", "revision", "extension", "logger"),
    uncited=_COUNTED,
    applies="python",
    trace=lambda sites: bool(sites.of("table", "table_aside", "recorder", "revision", "extension", "logger")),
    practised=_practised,
    sustained=lambda sites: bool(sites.of("tested", "queried")),
    measures=lambda sites: {
        "tables": len(sites.subjects("table", "table_aside")),
        "writes": sites.count("written", "recorded", "revision"),
    },
    statement=_statement,
)
SIGNALS = (AUDIT_LOG,)


def detect(project: Project) -> Observations:
    """Tables of a trail and what writes them, recorders and who calls them, and where the trail is asked for."""
    tables = {Ref(f.path, d.qualname): (f, d) for f, d in trail_tables(project)}
    mixins = list(trail_mixins(project))
    recorders = dict(trail_recorders(project, bool(mixins)))
    found = [_site(f, d.start, d.end, "recorder", d.qualname) for f, d in recorders.values()]
    found.extend(_site(f, d.start, d.end, "mixin", d.name) for f, d in mixins)
    found.extend(_writes(project, tables, recorders))
    found.extend(_others(project))
    written = Counter(s.subject for s in found if s.clause == "written")
    most = max((written[d.name] for _, d in tables.values()), default=0)
    for file, definition in tables.values():
        found.append(
            _site(
                file,
                definition.start,
                definition.end,
                "table" if written[definition.name] == most else "table_aside",
                definition.name,
            )
        )
    yield from ((AUDIT_LOG, site) for site in found)
    names = frozenset({d.name for _, d in (*tables.values(), *recorders.values())})
    revised = frozenset(s.subject.rpartition(".")[2] for s in found if s.clause == "revision")
    if _practised(Sites(found)):
        asked = (*_queries(project, tables), *_routes(project, names | revised), *_tests(project, names))
        yield from ((AUDIT_LOG, site) for site in asked)


def _site(file: PyFile, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=file.path, start=start, end=min(end, start + 39), clause=clause, subject=subject)


def _writes(project: Project, tables: _Tables, recorders: _Tables) -> Iterator[Site]:
    """Places that make an entry, or call a recorder."""
    classes = {d.name for _, d in tables.values()}
    functions = {d.name for _, d in recorders.values()}
    for file in project.app if classes or functions else ():
        for call in file.module.calls:
            last = call.last.replace("()", "")
            if last in functions and call.scope and project.reach.live(file.path, call.scope):
                yield _site(file, call.start, call.end, "recorded", last)
            elif any(name in call.name for name in classes):
                parts = call.name.replace("()", "").split(".")
                if not classes.isdisjoint(parts[-2:]) and _is_entry(project, file, call, tables):
                    yield _site(file, call.start, call.end, "written", next(p for p in reversed(parts) if p in classes))


def _is_entry(project: Project, file: PyFile, call: Call, tables: _Tables) -> bool:
    """Whether a live call makes an entry of a table: the class itself, or a class method that records."""
    if not call.scope or not project.reach.live(file.path, call.scope):
        return False
    name = call.name.replace("()", "")
    ref = project.resolve(file, name)
    if ref in tables:
        return True
    owner = Ref(ref.path, ref.name.rpartition(".")[0])
    return owner in tables and _MAKES.match(name.rpartition(".")[2]) is not None


def _others(project: Project) -> Iterator[Site]:
    """Versioning extensions, revisions stored with their author, and loggers kept for auditing."""
    for file, call, name in project.calls(project.app, *{e.partition(".")[0] for e in _EXTENSIONS}):
        if name.startswith(_EXTENSIONS) and project.reach.live(file.path, call.scope):
            yield _site(file, call.start, call.end, "extension", name)
            if name.endswith(".make_versioned"):
                yield from _versioned(project)
    for file in project.app:
        for call in file.module.calls:
            keys = call.expr.keys
            revised = keys and not (_REVISION.isdisjoint(keys) or _MODIFIED.isdisjoint(keys))
            if revised and call.scope and _is_model(project, file, call):
                yield _site(file, call.start, call.end, "revision", call.name)
            elif call.scope and _is_log(call.name.lower()) and project.reach.live(file.path, call.scope):
                yield _site(file, call.start, call.end, "logger", call.name)


def _is_log(name: str) -> bool:
    return ("audit" in name and _LOGS.search(name) is not None) or ("owasp" in name and bool(_OWASP.search(name)))


def _versioned(project: Project) -> Iterator[Site]:
    """Models that say ``__versioned__``, of each of which the extension keeps a history; and who asks for it."""
    for file in project.app:
        for item in file.module.assigns:
            definition = file.definition(item.scope)
            if item.target == "__versioned__" and definition is not None and project.reach.live(file.path):
                yield _site(file, definition.start, definition.end, "table", definition.name)
        for number, definition in enumerate(file.module.definitions, 1):
            refs = file.module.refs[number] if number < len(file.module.refs) else ()
            asked = definition.kind == "function" and any(_VERSIONS.search(r) for r in refs)
            if asked and project.reach.live(file.path, number):
                yield _site(file, definition.start, definition.end, "queried", "versions")


def _is_model(project: Project, file: PyFile, call: Call) -> bool:
    found = project.defined(file, call.name)
    return found is not None and found[1].kind == "class" and project.reach.live(file.path, call.scope)


def _queries(project: Project, tables: _Tables) -> Iterator[Site]:
    """Functions elsewhere that ask the trail."""
    names = {d.name for _, d in tables.values()}
    for file in project.app if names else ():
        for number, definition in enumerate(file.module.definitions, 1):
            refs = file.module.refs[number] if number < len(file.module.refs) else ()
            asked = next((r for r in refs if any(map(r.__contains__, names)) and _asks(r, names)), "")
            if definition.kind == "function" and asked and project.reach.live(file.path, number):
                yield _site(file, definition.start, definition.end, "queried", asked.rpartition(".")[0])


def _routes(project: Project, names: frozenset[str]) -> Iterator[Site]:
    """Routes that answer with a trail, and tests that ask them."""
    answering = set()
    for route in project.web.routes:
        if route.handler is None or not _ASKED.search(route.rule):
            continue
        scope = route.handler_file.scopes.get(route.handler.qualname, 0)
        refs = route.handler_file.module.refs[scope] if 0 < scope < len(route.handler_file.module.refs) else ()
        if any(names & set(r.replace("()", "").split(".")) for r in refs):
            answering.add((route.file.path, route.start))
            yield _site(route.handler_file, route.handler.start, route.handler.end, "queried", route.rule)
    for request, route in project.web.exercised if answering else ():
        if (route.file.path, route.start) in answering:
            yield _site(request.file, request.call.start, request.call.end, "tested", route.rule)


def _asks(ref: str, names: set[str]) -> bool:
    match = _QUERIED.search(ref)
    return match is not None and ref[: match.start()].rpartition(".")[2] in names


def _tests(project: Project, names: frozenset[str]) -> Iterator[Site]:
    """Tests with a check that use an entry's class or a recorder, or look at a history."""
    said = {ref for file in project.tests for refs in file.module.refs for ref in refs}
    telling = {r for r in said if "get_history_model" in r or not names.isdisjoint(r.replace("()", "").split("."))}
    for file in project.tests if telling else ():
        for number, definition in enumerate(file.module.definitions, 1):
            if definition.kind != "function" or not definition.name.startswith("test") or not definition.asserts:
                continue
            refs = file.module.refs[number] if number < len(file.module.refs) else ()
            if not telling.isdisjoint(refs):
                yield _site(file, definition.start, definition.end, "tested", definition.name)
