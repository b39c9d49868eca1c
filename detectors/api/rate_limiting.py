"""Rate limiting: requests beyond a limit are refused by the application or by the proxy in front of it.

**What it sees.** Flask-Limiter and its kin where a limiter is bound to the application and given limits; functions of
the project's own that count (in Redis, a cache or the database) and answer 429; limits in configurations of nginx,
HAProxy, Traefik, Envoy, Kong, ingresses, firewalls and API gateways that the repository holds; tests that run into a
limit.

**Why it matters.** A login form without a limit invites guessing, and one greedy client can take a service away from
all others.

**What it cannot tell.** Whether the numbers fit the load, and limits that a platform sets outside the repository.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import (
    Call,
    Observations,
    Project,
    PyFile,
    Scenario,
    Signal,
    Site,
    Sites,
    plural,
)

_TOO_MANY = 429
_LIMITERS = (
    "flask_limiter.Limiter", "flask_limiter.extension.Limiter", "quart_rate_limiter.RateLimiter",
    "flask_simple_limiter.Limiter",
)  # fmt: skip
_LIMITING = frozenset({"limit", "shared_limit"})
# Decorators that need no object: importing and using them is the wiring.
_DECORATORS = ("quart_rate_limiter.rate_limit", "flask_ratelimiter", "flask_rate_limiter", "flask_limits")
# What packages call decorators that hold back requests to the view which they are hung on.
_HOLDING = frozenset({"ratelimit", "rate_limit", "ratelimited", "rate_limited", "ratelimiter", "throttle", "throttled"})
_DEFAULTS = ("default_limits", "application_limits", "global_limits", "default_limits_per_method")
_SETTINGS = frozenset({"RATELIMIT_DEFAULT", "RATELIMIT_APPLICATION", "RATELIMIT_GLOBAL", "RATELIMIT_DEFAULTS"})
# Counting and refusing functions of the project: a decorator for routes is shown before a single view.
_OWN = ("wrapper", "counted")


def _enforced(sites: Sites) -> bool:
    bound = bool(sites.of("bound")) and bool(sites.of("limit", "default"))
    return bound or bool(sites.of(*_OWN, "proxy", "decorated"))


def _statement(sites: Sites) -> str:
    if not _enforced(sites):
        return "A limit on requests is named or begun, but none takes effect."
    ways = []
    if sites.of("bound"):
        routes = plural(sites.count("limit"), "limit") + " on routes" if sites.of("limit") else "limits for every route"
        ways.append(f"a limiter bound to the application with {routes}")
    if sites.of(*_OWN):
        ways.append(f"counters with an answer of 429 in {plural(sites.count(*_OWN), 'function')}")
    if sites.of("decorated"):
        ways.append(f"decorators of {plural(sites.count('decorated'), 'view')}")
    if sites.of("proxy"):
        ways.append(f"{plural(sites.count('proxy'), 'limit')} in the configuration of a proxy")
    tail = "; tests run into a limit" if sites.of("tested") else ""
    return f"Requests are limited by {' and '.join(ways)}{tail}."


RATE_LIMITING = Signal(
    id="api.rate_limiting",
    title="Rate limiting",
    competency="resilience",
    seeds=("C3.3", "S7.1"),
    counts=(
        "Limits are enforced in the application (a bound limiter with limits, counters that answer 429) or by its "
        "configured proxy."
    ),
    strong="Limits per route or per user, with tests that run into them.",
    not_credited="The dependency alone; a limiter never bound to the application; a 429 of a lock or another service.",
    how_to_show=(
        "Bind Flask-Limiter in create_app() with storage that all workers share, put limits on login and costly "
        "routes, and write a test that receives a 429."
    ),
    clauses=(
        "limit",
        "wrapper",
        "counted",
        "tested",
        "proxy",
        "bound",
        "limiter",
        "default",
        "decorated",
        "unbound",
        "zone",
    ),
    leads=("unbound",),
    defining=("limit", *_OWN, "proxy", "default", "decorated", "limiter"),
    practised=_enforced,
    sustained=lambda sites: (
        bool(sites.of("tested")) and (bool(sites.of(*_OWN, "limit", "decorated")) or bool(sites.of("default")))
    ),
    measures=lambda sites: {"limits": sites.count("limit", *_OWN, "proxy", "default", "decorated")},
    statement=_statement,
)
SIGNALS = (RATE_LIMITING,)


def detect(project: Project) -> Observations:
    """Limiters and their limits, functions that count and refuse, limits of proxies, and tests of the first two."""
    names: set[str] = set()
    for clause, file, call in _limiters(project):
        if clause == "limiter":
            names.add(call.target.rpartition(".")[2])
        yield RATE_LIMITING, _site(file.path, call.start, call.end, clause, f"{file.path}:{call.start}")
    yield from ((RATE_LIMITING, _site(p, a, b, "default", p)) for p, a, b in _defaults(project) if names)
    for path, line in _held_back(project):
        yield RATE_LIMITING, _site(path, line, line, "decorated", f"{path}:{line}")
    classes, refusing = project.own_limits
    for own in refusing:
        clause = "wrapper" if own.wraps else "counted"
        yield RATE_LIMITING, _site(own.file.path, own.start, own.end, clause, own.name)
    for limit in project.proxy_limits:
        clause = "proxy" if limit.effective else "zone"
        yield RATE_LIMITING, _site(limit.path, limit.line, limit.line, clause, limit.path)
    if names or refusing:
        names |= {own.name.rpartition(".")[2] for own in refusing}
        yield from _tested(project, names - {""}, {c.rpartition(".")[2] for _, c in classes} | {"TooManyRequests"})


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=subject)


# --------------------------------------------------------------------------------------------- limiter objects


def _limiters(project: Project) -> Iterator[tuple[str, PyFile, Call]]:
    made: dict[tuple[str, str], bool] = {}
    for file, call, name in project.calls(
        project.app, "flask_limiter", "quart_rate_limiter", *(d.partition(".")[0] for d in _DECORATORS)
    ):
        if name.startswith(_DECORATORS) and call.target == "decorator":
            yield "decorated", file, call
        if name not in _LIMITERS or not project.reach.live(file.path, call.scope):
            continue
        enabled = call.expr.kwarg("enabled")
        off = enabled is not None and enabled.text == "False"
        made[file.path, call.target] = not off
        yield "limiter" if not off else "unbound", file, call
        if not off and _given_app(project, file, call):
            yield "bound", file, call
        if any((v := call.expr.kwarg(k)) is not None and v.text != "None" and (v.items or v.text) for k in _DEFAULTS):
            yield "default", file, call
    if made:
        yield from _uses(project, made)


def _held_back(project: Project) -> Iterator[tuple[str, int]]:
    """Views with a decorator of any other package that is called after limiting rates. On a view it can only limit
    requests; elsewhere it holds back the application's own calls of others."""
    for file, view in project.web.views:
        for decorator in view.decorators:
            name = project.external(file, decorator.expr.text)
            if name.rpartition(".")[2].lower() in _HOLDING and not name.startswith(_DECORATORS):
                yield file.path, decorator.line


def _given_app(project: Project, file: PyFile, call: Call) -> bool:
    given = [*call.expr.args, *(v for k in ("app",) if (v := call.expr.kwarg(k)) is not None)]
    return any(
        v.kind == "name" and (i := project.web.instance(file, call.scope, v.text)) is not None and i.kind == "app"
        for v in given
    )


def _uses(project: Project, made: dict[tuple[str, str], bool]) -> Iterator[tuple[str, PyFile, Call]]:
    """What is done with the limiters: bound by ``init_app`` (also in a loop over extensions), put on routes."""
    for file in project.app:
        for call in file.module.calls:
            receiver, _, last = call.name.rpartition(".")
            if last not in _LIMITING and last != "init_app":
                continue
            owners = [receiver] if last != "init_app" else [receiver, *_looped(file, call.scope, receiver)]
            if any(made.get(_owner(project, file, o)) for o in owners) and project.reach.live(file.path, call.scope):
                yield "bound" if last == "init_app" else "limit", file, call


def _owner(project: Project, file: PyFile, name: str) -> tuple[str, str]:
    ref = project.resolve(file, name)
    return (ref.path, ref.name) if not ref.external else (file.path, name)


def _looped(file: PyFile, scope: int, name: str) -> Iterator[str]:
    for item in file.assigned.get((scope, name), ()):
        if not isinstance(item, Call) and item.value.kind == "op" and item.value.text == "for":
            yield from (e.text for e in item.value.walk() if e.kind == "name")


def _defaults(project: Project) -> Iterator[tuple[str, int, int]]:
    """Settings of Flask-Limiter that give every route a limit."""
    for file in project.app:
        for item in file.module.assigns:
            name = item.target.rpartition("[")[2].rstrip("]")
            if name in _SETTINGS and not (item.value.kind == "const" or item.value.text == ""):
                yield file.path, item.start, item.end


def _tested(project: Project, owners: set[str], exceptions: set[str]) -> Observations:
    """Tests that run into a limit: those that name the limiter or limiting function, else those that expect its
    exception, else those that receive a 429 from a route."""
    found: dict[int, list[Site]] = {}
    for scenario in project.scenarios:
        raised = _raised(scenario, exceptions)
        line = scenario.statuses.get(_TOO_MANY, 0) or raised
        if line:
            near = scenario.mentions(*owners) or bool(owners & set(scenario.file.imports))
            rank = 0 if near else 1 if raised else 2 if scenario.requests or _asks_a_client(scenario) else 3
            start = scenario.definition.line if line - scenario.definition.line < 39 else line
            found.setdefault(rank, []).append(_site(scenario.file.path, start, line, "tested", scenario.name))
    best = min(found, default=3)
    yield from ((RATE_LIMITING, site) for site in found.get(best, ()) if best < 3)


def _asks_a_client(scenario: Scenario) -> bool:
    """Whether a test asks a client for addresses that were answered to it before: ``client.get(page["next"])``."""
    return any(c.last in ("get", "post") and "client" in c.name.rpartition(".")[0].lower() for c in scenario.calls)


def _raised(scenario: Scenario, names: set[str]) -> int:
    """The line where a test expects one of these exceptions, 0 for none."""
    for expr, line in scenario.checks:
        if expr.text.endswith(("raises", "assertRaises")) and any(
            e.text.rpartition(".")[2] in names for e in expr.args
        ):
            return line
    return 0
