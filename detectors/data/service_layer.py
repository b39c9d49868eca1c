"""A layer apart from the views: services, repositories or use cases that hold rules and data access.

**What it sees.** What each view does itself and what it calls: functions and methods in modules without views or
models that read and write data (or call what does), whatever their names. Objects handed to a view by injection are
followed by method, messages handed to a bus to the functions that a table names for them. Tests that call that layer
without a request.

**Why it matters.** Rules that live apart from HTTP can be tested, reused by jobs and commands, and changed in one
place.

**What it cannot tell.** Whether the layer's boundaries follow the business, or only move code elsewhere.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import Definition, Observations, Project, PyFile, Ref, Signal, Site, Sites, plural, stem

# A single class or a few helpers are no layer: as many functions must be called by views.
_FUNCTIONS = 3
# Where views call none of it, so many modules with data access of their own are a lead.
_MODULES_ASIDE = 3
_CORE = 5
_LINES = 40


def _statement(sites: Sites) -> str:
    delegating, inline = sites.count("delegates"), sites.count("inline")
    functions, modules = sites.count("core", "layer"), len(sites.subjects("core", "layer"))
    if not functions:
        return f"{plural(len(sites.subjects('aside')), 'module')} with data access of their own, which no view calls."
    tail = (
        f"; {plural(sites.count('tested'), 'test calls', 'tests call')} it without HTTP" if sites.has("tested") else ""
    )
    return (
        f"{delegating} of {plural(delegating + inline, 'view')} that work with data leave it to "
        f"{plural(functions, 'function')} in {plural(modules, 'module')}{tail}."
    )


SERVICE_LAYER = Signal(
    id="data.service_layer",
    title="Service, repository or domain layer apart from views",
    competency="domain-design",
    seeds=("S5.1", "S5.2"),
    counts=(
        "Most views leave rules and data access to modules of services, data-access objects, repositories or use cases."
    ),
    strong="Tests call that layer without HTTP.",
    not_credited=(
        "A module of odds and ends; one helper class; models that hold all the rules; views that query by themselves."
    ),
    how_to_show=(
        "Move what a view decides and stores into a function of its own, and test that function without a client."
    ),
    clauses=("core", "delegates", "tested", "layer", "aside", "inline"),
    defining=("core", "layer", "aside"),
    uncited=("inline",),
    applies="flask",
    trace=lambda sites: sites.has("core") or len(sites.subjects("aside")) >= _MODULES_ASIDE,
    practised=lambda sites: (
        sites.count("delegates") > sites.count("inline") and sites.count("core", "layer") >= _FUNCTIONS
    ),
    sustained=lambda sites: sites.has("tested"),
    measures=lambda sites: {
        "views_delegating": sites.count("delegates"),
        "functions": sites.count("core", "layer"),
        "modules": len(sites.subjects("core", "layer")),
        "tested": sites.count("tested"),
    },
    statement=_statement,
)
SIGNALS = (SERVICE_LAYER,)


def detect(project: Project) -> Observations:
    """What views call, which views call it, which do the work themselves, and the layer's own tests."""
    access = project.data_access
    for view in access.views:
        if view.inline:
            yield SERVICE_LAYER, _site(view.file, view.definition, "inline")
        elif view.calls:
            yield SERVICE_LAYER, _site(view.file, view.definition, "delegates")
    # what works with data shows the layer better than helpers beside it that more views call
    ranked = sorted(access.used, key=lambda r: (not _works(project, r), -access.used[r], r))
    for place, ref in enumerate(ranked):
        file = project.python[ref.path]
        yield SERVICE_LAYER, _site(file, access.layer[ref], "core" if place < _CORE else "layer", access.used[ref])
    if ranked:
        yield from _tested(project, {r.path for r in ranked})
    else:
        yield from _aside(project)


def _works(project: Project, ref: Ref) -> bool:
    file = project.python[ref.path]
    return project.data_access.touches(file, file.scopes.get(ref.name, 0))


def _site(file: PyFile, definition: Definition, clause: str, value: int | None = None) -> Site:
    end = min(definition.end, definition.start + _LINES - 1)
    return Site(path=file.path, start=definition.start, end=end, clause=clause, subject=file.path, value=value)


def _tested(project: Project, modules: set[str]) -> Observations:
    """Tests that call the layer; where there are files named after its modules, those alone."""
    found = []
    for test in project.scenarios:
        if test.requests or not test.checks:
            continue
        access = project.data_access
        names = {c.name for c in test.calls}
        called = {ref.path for name in names if (ref := access.called(test.file, test.scope, name))}
        called |= {ref.path for c in test.calls for ref in access.dispatched(test.file, c)}
        if called & modules:
            found.append((stem(test.file.path) in {stem(p) for p in called & modules}, test))
    named = [test for own, test in found if own]
    for test in named or [test for _, test in found]:
        yield SERVICE_LAYER, _site(test.file, test.definition, "tested")


def _aside(project: Project) -> Observations:
    """Modules with data access that no view calls; commands and jobs, which are registered by decorators, left out."""
    access = project.data_access
    own = [
        (r, d)
        for r, d in access.layer.items()
        if not d.decorators and access.touches(project.python[r.path], project.python[r.path].scopes.get(r.name, 0))
    ]
    busy = Counter(r.path for r, _ in own)
    for ref, definition in own:
        if busy[ref.path] > 1:
            yield SERVICE_LAYER, _site(project.python[ref.path], definition, "aside")
