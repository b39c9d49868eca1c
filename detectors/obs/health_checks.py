"""Health and readiness endpoints: an address that says whether the service can do its work.

**What it sees.** Routes called health, ready, live, ping, status and the like, or that a health check of a container
or cluster in the repository requests, of the application and of extensions that bring one; what they ask on the way
(database, cache, queue, another service); containers, clusters, load balancers, platforms and CI that request exactly
that address; tests that do.

**Why it matters.** A deployment is told good from broken by this answer; one that is always "ok" keeps broken instances
in service.

**What it cannot tell.** Whether a probe outside the repository asks, and what happens when the answer is no.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.api import Expr, Observations, Project, PyFile, Role, Route, Signal, Site, Sites, plural, quoted, regex

# Last segments of such rules, without punctuation and endings. The second set has other meanings too, below other
# words.
_SURE = frozenset({
    "health", "healthz", "healthcheck", "healthchecks", "healthy", "healthstatus", "heartbeat", "lbheartbeat",
    "liveness", "livez", "livecheck", "readiness", "readyz", "readycheck", "isalive", "alive", "elbstatus", "lbstatus",
    "lbcheck", "selfcheck", "ping", "pong", "statuscheck", "isready", "apistatus", "serverstatus", "ishealthy",
    "apihealth", "systemhealth", "healthprobe", "gtg", "salud", "saude", "sante", "gesundheit",
})  # fmt: skip
_UNSURE = frozenset({"status", "ready", "live", "up", "isup", "uptime"})
_GENERAL = regex(
    r"v?\d{1,3}(?:\.\d{1,3})?|_{0,2}|api|rest|internal|system|app|service|server|monitor(?:ing)?|admin|ops|meta"
    r"|management|actuator|infra"
    r"|probes?|wellknown|public|private|common|core|main|site|web|backend|status|health|healthcheck|diagnostics?|_ah|k8s"
    r"|kubernetes|default|root|index"
)
_CALLED = regex(
    r"(?:get_|api_|app_|server_)?(?:health_?checks?|healthz|liveness|readiness|livez|readyz)(?:_check|_probe)?"
)
_UP = frozenset({"up", "healthy", "alive"})
_VARIABLE = regex(r"[<{]")
_LOGGED_IN = regex(r"(?:jwt|login|auth|token|role)s?_required|requires?_(?:auth|login|role|token)")
_DEEPER = regex(
    r"health\w{0,8}/(?:cascade|deep|checks?|probes?|components?|services?|dependenc\w{1,4})/[<{][^/]{1,60}[>}]/?$"
)
_FEW = 3
# Endpoints whose answers are followed: a service has few, and each costs a walk over its files.
_ENDPOINTS, _LONGEST = 40, 40


class _Endpoint(Struct, frozen=True):
    """One such address: its full ``paths`` (none where a prefix is not constant) and the function that answers."""

    file: PyFile
    start: int
    end: int
    rule: str
    paths: frozenset[str]
    handler: tuple[PyFile, int] | None
    reached: bool


def _statement(sites: Sites) -> str:
    if not sites.has("endpoint"):
        return "A health endpoint is written, but belongs to nothing that serves it."
    names = ", ".join(quoted(n) for n in sorted(sites.subjects("endpoint"))[:3])
    asked = (
        f"; {plural(sites.count('dependency'), 'call')} to what it depends on"
        if sites.has("dependency")
        else "; no dependency is asked"
    )
    probed = f"; requested by {plural(sites.count('probed'), 'probe')} in the repository" if sites.has("probed") else ""
    return f"{plural(sites.count('endpoint'), 'health endpoint')}: {names}{asked}{probed}."


HEALTH_CHECKS = Signal(
    id="obs.health_checks",
    title="Health and readiness endpoints",
    competency="observability",
    seeds=("S2.2", "C6.1"),
    counts="The application answers at a health, ready, status or ping address.",
    strong=(
        "The answer asks the database or another dependency, or a probe in the repository requests exactly this "
        "address."
    ),
    not_credited=(
        "A check of the container's process without such an address; probes of an address that does not exist."
    ),
    how_to_show=(
        "Let /health run SELECT 1 and answer 503 when it fails, and point the container's or cluster's probe at it."
    ),
    clauses=("endpoint", "dependency", "probed", "tested", "unreached"),
    leads=("unreached",),
    defining=("endpoint", "dependency", "unreached"),
    applies="python",
    practised=lambda sites: sites.has("endpoint"),
    sustained=lambda sites: sites.count("dependency", "probed") > 0,
    measures=lambda sites: {
        "endpoints": sites.count("endpoint"),
        "dependencies": sites.count("dependency"),
        "probes": sites.count("probed"),
    },
    statement=_statement,
)
SIGNALS = (HEALTH_CHECKS,)


def detect(project: Project) -> Observations:
    """The endpoints, what each asks, what requests them."""
    found = [*_routes(project), *_extensions(project), *_described(project)]
    if any(item.reached and any(_is_health(p) for p in item.paths) for item in found):
        # a page that is asked for health is taken for the endpoint only where there is no better one
        found = [item for item in found if not item.paths or any(_is_health(p) for p in item.paths)]
    if any(item.reached and any(_last_word(p) in _SURE for p in item.paths) for item in found):
        found = [item for item in found if not _is_of_members(item)]
    for number, item in enumerate(found):
        clause = "endpoint" if item.reached else "unreached"
        yield (
            HEALTH_CHECKS,
            _site(item.file.path, item.start, min(item.end, item.start + _LONGEST - 1), clause, item.rule),
        )
        if item.reached and item.handler is not None and number < _ENDPOINTS:
            for path, line in sorted({(f.path, c.start) for f, c in project.asked_by(*item.handler)}):
                yield HEALTH_CHECKS, _site(path, line, line, "dependency", item.rule)
    if any(item.reached for item in found):
        yield from ((HEALTH_CHECKS, site) for site in _checks(project))
    paths = {p for item in found if item.reached for p in item.paths}
    probes = project.probes_of(paths)
    pipelines = {p.path for p in project.ci}
    # what asks in production tells more than a pipeline that asks once
    for probe in [p for p in probes if p.path not in pipelines] or probes:
        yield HEALTH_CHECKS, _site(probe.path, probe.start, probe.end, "probed", probe.path)
    yield from ((HEALTH_CHECKS, site) for site in _tested(project, [item for item in found if item.reached]))


def _site(path: str, start: int, end: int, clause: str, subject: str) -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=subject)


def _tested(project: Project, endpoints: list[_Endpoint]) -> Iterator[Site]:
    """Requests of tests that are about such an address: many tests ask for /ping only to get any answer."""
    known = {(e.file.path, e.start): e for e in endpoints} | {(e.file.path, e.rule): e for e in endpoints}
    for request, route in project.web.exercised:
        item = known.get((route.file.path, route.start)) or known.get((route.file.path, route.rule))
        if item is not None and request.checked:
            around = request.file.definition(request.call.scope)
            name = _plain((around.qualname if around else "").lower().replace(".", "")) + _plain(
                request.file.path.lower().rpartition("/")[2]
            )
            if any(w and w in name for w in (_plain(item.rule.lower().rpartition("/")[2]), "health", "status")):
                yield _site(request.file.path, request.call.start, request.call.end, "tested", item.rule)


# ------------------------------------------------------------------------------------------------------ endpoints


def _routes(project: Project) -> Iterator[_Endpoint]:
    """Routes, joined where one function answers several addresses of the kind."""
    owners = {b.key: b for b in project.web.blueprints}
    # where most blueprints seem to hang on nothing, the project registers them in a way of its own
    registers_unseen = len(project.web.registered) * 2 < len(owners) and len(owners) > _FEW
    seen: set[tuple[str, int]] = set()
    for route in project.web.routes:
        owner = owners.get(route.owner)
        prefixes = (project.web.prefixes(owner) or {owner.prefix or ""}) if owner is not None else {""}
        called = _is_called_health(route)
        paths = {
            p
            for prefix in sorted(prefixes)
            if _is_health(p := "/" + f"{prefix}/{route.rule}".replace("//", "/").removeprefix("/{}/").strip("/"))
            or p in project.probed_addresses
            or (called and not _VARIABLE.search(p))
        }
        key = (route.handler_file.path, route.handler.line) if route.handler else (route.file.path, route.start)
        if not paths or key in seen or (route.methods and not {"GET", "HEAD"} & {m.upper() for m in route.methods}):
            continue
        if all(_last_word(p) in _UNSURE for p in paths) and not paths & project.probed_addresses and _is_page(route):
            continue
        seen.add(key)
        hung = owner is None or owner.key in project.web.registered or registers_unseen
        reached = project.reach.live(route.file.path) and hung
        # a prefix that only settings know may be empty: a probe of the very rule tells
        told = (p.removeprefix("/?") for p in paths)
        yield _endpoint(route, frozenset(p for p in told if "?" not in p), reached)


def _is_called_health(route: Route) -> bool:
    """Whether the function that answers is called a health check, or tells that the service is up, and is asked
    nothing, wherever it answers."""
    handler = route.handler
    if handler is None or handler.params:
        return False
    return bool(_CALLED.fullmatch(handler.name)) or any(map(_tells_it_is_up, handler.returns))


def _tells_it_is_up(answer: Expr) -> bool:
    """``{"status": "up"}``, or the same handed to ``jsonify``."""
    told = (part.kwarg("status") for part in answer.walk() if part.kind in ("call", "dict"))
    return any(status is not None and status.kind == "str" and status.text.lower() in _UP for status in told)


def _endpoint(route: Route, paths: frozenset[str], reached: bool) -> _Endpoint:
    file, handler = route.handler_file, route.handler
    together = handler is not None and file is route.file and handler.start <= route.start <= handler.end
    start = handler.start if together and handler is not None else route.start
    end = handler.end if together and handler is not None else route.end
    answer = (file, file.scopes.get(handler.qualname, 0)) if handler is not None else None
    rule = route.rule if route.rule.strip("/") else min(paths, default=route.rule)
    return _Endpoint(route.file, start, end, rule, paths, answer, reached)


def _is_of_members(item: _Endpoint) -> bool:
    """Whether a ``/status`` is kept for those who logged in: beside an address for probes it is the state of work."""
    file, scope = item.handler or (item.file, 0)
    around = file.function_of(scope) if scope else None
    if around is None or not item.paths or not all(_last_word(p) in _UNSURE for p in item.paths):
        return False
    return any(_LOGGED_IN.search(decorator.expr.text) for decorator in around.decorators)


def _is_page(route: Route) -> bool:
    """Whether people read the answer: a page that is rendered for them, often of something else's state."""
    handler = route.handler
    scope = route.handler_file.scopes.get(handler.qualname, 0) if handler is not None else 0
    return any(c.last == "render_template" for c in route.handler_file.calls_in(scope)) if scope else False


def _last_word(path: str) -> str:
    return _plain(path.lower().rstrip("/").rpartition("/")[2])


def _is_health(path: str) -> bool:
    """Whether a path is an address of the kind: ``/health``, ``/api/v1/_status``, ``/health/db``; not
    ``/orders/status``."""
    aside = [s for s in path.lower().split("/") if s.startswith((".", "_")) and _plain(s) in _SURE]
    if aside:
        return True  # a folder of its own for operators, whatever is asked below it
    if _VARIABLE.search(path):
        return _DEEPER.search(path.lower()) is not None
    words = [_plain(s) for s in path.lower().split("/") if s and s != "?"]
    if not words:
        return False
    if words[-1] in _SURE:
        return True
    if len(words) > 1 and words[-2] in _SURE and all(_GENERAL.fullmatch(w) for w in words[:-2]):
        return True
    return words[-1] in _UNSURE and all(_GENERAL.fullmatch(w) for w in words[:-1])


def _plain(segment: str) -> str:
    return segment.lstrip(".").partition(".")[0].replace("_", "").replace("-", "")


def _extensions(project: Project) -> Iterator[_Endpoint]:
    for item in project.health_extensions:
        file, call = item.file, item.call
        live = project.reach.live(file.path, call.scope)
        yield _Endpoint(file, call.start, call.end, item.rule or item.name, frozenset({item.rule} - {""}), None, live)


def _checks(project: Project) -> Iterator[Site]:
    """What extensions are told to ask: a check that is named for a dependency, or the calls that it makes."""
    for check in project.health_checks[:_ENDPOINTS]:
        if check.asks:
            yield _site(check.file.path, check.start, check.end, "dependency", "extension")
        elif check.scope:
            for path, line in sorted({(f.path, c.start) for f, c in project.asked_by(check.file, check.scope)}):
                yield _site(path, line, line, "dependency", "extension")


def _described(project: Project) -> Iterator[_Endpoint]:
    """Addresses of an OpenAPI description whose operation is a function of the project (connexion routes by it)."""
    if not any(i.module.partition(".")[0] == "connexion" for f in project.app for i in f.module.imports):
        return
    for path, data in project.data.items():
        paths = data.root.get("paths") if project.role(path) is Role.APP else None
        for rule, operations in paths.pairs() if paths is not None else ():
            named = operations.get("get", "operationId")
            module, _, function = named.text.rpartition(".") if named is not None and _is_health(rule) else ("", "", "")
            found = project.names.module("", module) if module else ""
            if found and function in project.python[found].scopes:
                file = project.python[found]
                definition = file.definition(scope := file.scopes[function])
                if definition is not None:
                    yield _Endpoint(
                        file, definition.start, definition.end, rule, frozenset({rule}), (file, scope), True
                    )
