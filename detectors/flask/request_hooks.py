"""Request lifecycle hooks: work done before or after every request, in one place.

**What it sees.** Functions hung on ``before_request``, ``after_request``, ``teardown_request``,
``teardown_appcontext``, ``url_value_preprocessor`` and their blueprint and application-wide forms, whether they do
more than pass or print, and tests that check their effect. ``before_first_request`` is start-up by another name.

**Why it matters.** Authentication, timing, request ids and sessions belong to the request's life, not to each view.

**What it cannot tell.** How much time the hooks cost, or whether their order is right.
"""

from __future__ import annotations

from evidence.api import Callback, Definition, Expr, Observations, Project, PyFile, Signal, Site, Sites, plural

_HOOKS = (
    "before_request", "after_request", "teardown_request", "teardown_appcontext", "before_app_request",
    "after_app_request", "teardown_app_request", "url_value_preprocessor", "app_url_value_preprocessor",
    "after_this_request",
)  # fmt: skip
# Called once in the life of a process (until Flask 2.3 removed them): start-up, and no work around requests.
_ONCE = ("before_first_request", "before_app_first_request")
_IDLE_CALLS = frozenset({"print", "pprint"})
# A hook, what it calls, and what that calls.
_DEPTH = 3
_REFUSALS = frozenset({"401", "403"})


def _statement(sites: Sites) -> str:
    working = sites.of("works")
    if not working and sites.of("once"):
        return "Work is done once, before the first request, and none around every request."
    if not working and not sites.of("idle"):
        return "There are request hooks, but nothing that runs attaches them."
    if not working:
        return "There are request hooks, but they only pass or print."
    kinds = sorted({str(s.value).replace("_app_", "_") for s in working})
    tail = "; tests check their effect" if sites.of("tested", "effect_tested") else ""
    return f"{plural(len(working), 'hook does', 'hooks do')} work around requests ({', '.join(kinds)}){tail}."


REQUEST_HOOKS = Signal(
    id="flask.request_hooks",
    title="Request lifecycle hooks",
    competency="routing",
    seeds=("C1.1",),
    counts=(
        "Hooks before, after or at the end of requests do real work, such as authentication, timing, request "
        "ids or sessions."
    ),
    strong="Tests check what the hooks do.",
    not_credited=(
        "Hooks that only pass or print, or run before the first request alone; hooks in modules that nothing imports; "
        "hooks of the server, not of Flask."
    ),
    how_to_show=(
        "Move work that every view repeats into before_request or after_request, and test its effect through "
        "the client."
    ),
    clauses=("works", "tested", "effect_tested", "once", "idle", "unattached"),
    leads=("once", "idle", "unattached"),
    defining=("works",),
    applies="flask",
    practised=lambda sites: bool(sites.of("works")),
    sustained=lambda sites: bool(sites.of("tested", "effect_tested")),
    measures=lambda sites: {"hooks": sites.count("works"), "kinds": len({s.value for s in sites.of("works")})},
    statement=_statement,
)
SIGNALS = (REQUEST_HOOKS,)


def detect(project: Project) -> Observations:
    """Hooks that work, hooks that idle, and tests of their effect."""
    working = []
    for hook in project.web.callbacks(*_HOOKS, *_ONCE):
        clause = _clause(project, hook)
        if clause == "works":
            working.append(hook)
        path, start, end = hook.file.path, hook.start, hook.end
        yield (
            REQUEST_HOOKS,
            Site(path=path, start=start, end=end, clause=clause, subject=_name(hook), value=hook.method),
        )
    yield from _tested(project, working)


def _clause(project: Project, hook: Callback) -> str:
    if not project.reach.live(hook.file.path, hook.scope):
        return "unattached"
    if not _works(hook):
        return "idle"
    return "once" if hook.method in _ONCE else "works"


def _name(hook: Callback) -> str:
    return hook.handler.name if hook.handler else hook.receiver


def _works(hook: Callback) -> bool:
    """A hook works when its function calls, assigns or raises something, or further decorators do; one that is imported
    from outside the project does whatever its package does."""
    if hook.handler is None or hook.handler_file is None:
        return True
    file, definition = hook.handler_file, hook.handler
    if len(definition.decorators) > 1:
        return True
    scope = file.scopes.get(definition.qualname, 0)
    if any(c.name not in _IDLE_CALLS for c in file.calls_in(scope)):
        return True
    return any(a.target != "_" for a in file.assigns_in(scope)) or bool(file.raises_in(scope))


def _tested(project: Project, hooks: list[Callback]) -> Observations:
    names = {h.handler.name for h in hooks if h.handler}
    # tests named after a file of views test what its routes answer
    answering = {r.file.path for r in project.web.routes}
    homes = {h.file.path for h in hooks} - answering
    stems = {p.rpartition("/")[2].removesuffix(".py") for p in homes} - {"__init__", "app", "main", "views", "routes"}
    headers = {t for h in hooks for t in _headers_set(h)}
    refused = {code for h in hooks for code in _refused(project, h)}
    asking = {(s.file.path, s.definition.qualname) for s in project.scenarios if s.requests}
    for file in project.tests:
        stem = file.path.rpartition("/")[2].removesuffix(".py").removeprefix("test_").removesuffix("_test")
        if stem in stems:
            yield from (_check(file, d) for d in file.module.definitions if (file.path, d.qualname) in asking)
        for scope, refs in enumerate(file.module.refs):
            definition = file.function_of(scope)
            if definition is not None and definition.asserts and any(r.rpartition(".")[2] in names for r in refs):
                yield _check(file, definition)
    looked_for = headers | refused
    for check in project.assertions if looked_for else ():
        if any(_looks_at(part, looked_for) for part in check.parts):
            path, line = check.file.path, check.line
            yield REQUEST_HOOKS, Site(path=path, start=line, end=line, clause="effect_tested", subject="effect")


def _looks_at(part: Expr, texts: set[str]) -> bool:
    """Whether a part of a check is one of these constants, or the name or key of one."""
    name = part.text.rpartition("[")[2].rstrip("]")
    return name in texts or (part.kind in ("str", "num") and part.text in texts)


def _check(file: PyFile, definition: Definition) -> tuple[Signal, Site]:
    return REQUEST_HOOKS, Site(
        path=file.path, start=definition.start, end=definition.end, clause="tested", subject=definition.name
    )


def _headers_set(hook: Callback) -> set[str]:
    """Names of the response headers that a hook sets."""
    if hook.handler is None or hook.handler_file is None:
        return set()
    scope = hook.handler_file.scopes.get(hook.handler.qualname, 0)
    written = (a.target for a in hook.handler_file.assigns_in(scope) if "headers[" in a.target)
    found = {target.rpartition("[")[2].rstrip("]") for target in written}
    for call in hook.handler_file.calls_in(scope):
        if "headers." in call.name and call.expr.args:
            found.add(call.expr.args[0].text)
    return found - {""}


def _refused(project: Project, hook: Callback) -> set[str]:
    """With which of 401 and 403 a hook that runs before requests answers, itself or in a function it calls, or that
    calls."""
    if not hook.method.startswith("before") or hook.handler is None or hook.handler_file is None:
        return set()
    wave = [(hook.handler_file, hook.handler)]
    for _ in range(_DEPTH):
        if codes := {code for f, d in wave for code in _refusals_in(f, d)}:
            return codes
        calls = ((f, c) for f, d in wave for c in f.calls_in(f.scopes.get(d.qualname, 0)))
        wave = [found for f, c in calls if (found := project.defined(f, c.name)) is not None]
    return set()


def _refusals_in(file: PyFile, definition: Definition) -> set[str]:
    """The codes that a function names; both where an exception that it raises says no more than that it refuses."""
    scope = file.scopes.get(definition.qualname, 0)
    values = [e for c in file.calls_in(scope) for e in c.expr.walk()] + [
        e for r in definition.returns for e in r.walk()
    ]
    codes = {e.text for e in values if e.kind == "num" and e.text in _REFUSALS}
    raised = [r.name.lower() for r in file.raises_in(scope)]
    return codes or (set(_REFUSALS) if any("auth" in name or "forbidden" in name for name in raised) else set())
