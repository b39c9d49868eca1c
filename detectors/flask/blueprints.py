"""Blueprints: the application divided into parts that are registered on it, and how the parts map to domains.

**What it sees.** Blueprints and their kin (namespaces of flask-restx, blueprints of flask-smorest and APIFlask,
connexion APIs), where each is registered (directly, in loops, nested, by packages that register what they find),
under which URL prefix, which carry hooks or error handlers of their own, and which tests call their routes.

**Why it matters.** Parts that are registered in one visible place, each with a module and a URL space of its own, let a
team change one domain without reading the others.

**What it cannot tell.** Whether the borders between the parts are the right ones for the business.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import Blueprint, Call, Observations, Project, Registration, Signal, Site, Sites, plural

# The catalogue's bar of a topology: three parts, so that two halves of a small application do not pass for domains.
_DOMAINS = 3
# What a part may have of its own, beside routes.
_OWN = ("errorhandler", "register_error_handler", "before_request", "after_request")
_VERSION_PARTS = frozenset(f"v{n}" for n in range(1, 10))


def _registered(sites: Sites) -> set[str]:
    return sites.subjects("defined") & sites.subjects("registered")


def _blueprints_statement(sites: Sites) -> str:
    made, wired = len(sites.subjects("defined")), len(_registered(sites))
    tested = len(sites.subjects("tested"))
    tail = f"; tests call routes of {tested}" if tested else ""
    return f"{plural(made, 'blueprint')} defined, {wired} of them registered on the application{tail}."


BLUEPRINTS = Signal(
    id="flask.blueprints",
    title="Blueprints",
    competency="app-structure",
    seeds=("S2.1", "C1.2"),
    counts="Two or more blueprints, or their kin, are defined and registered on the application.",
    strong="Tests call routes of the registered blueprints.",
    not_credited="A single blueprint; blueprints that nothing registers.",
    how_to_show=(
        "Give each part of the application a Blueprint in its own module, register them in create_app(), and "
        "test their routes."
    ),
    clauses=("registered", "defined", "tested"),
    defining=("defined",),
    applies="flask",
    practised=lambda sites: len(_registered(sites)) >= 2,
    sustained=lambda sites: bool(_registered(sites) & sites.subjects("tested")),
    measures=lambda sites: {
        "defined": len(sites.subjects("defined")),
        "registered": len(_registered(sites)),
        "tested": len(sites.subjects("tested")),
    },
    statement=_blueprints_statement,
)


def _modules(sites: Sites) -> int:
    return len({s.path for s in sites.of("domain")})


def _mostly_prefixed(sites: Sites) -> bool:
    carrying = sites.subjects("domain")
    return bool(carrying) and 2 * len(sites.subjects("prefixed") & carrying) > len(carrying)


def _in_one_place(sites: Sites) -> bool:
    places = Counter(s.path for s in sites.of("registered"))
    return bool(places) and 2 * max(places.values()) >= sum(places.values())


def _topology_statement(sites: Sites) -> str:
    prefixed = len(sites.subjects("prefixed") & sites.subjects("domain"))
    extra = []
    if sites.of("own_handlers"):
        extra.append("hooks or error handlers of their own")
    if sites.of("nested"):
        extra.append("nested or versioned ones")
    tail = f", with {' and '.join(extra)}" if extra else ""
    modules = plural(_modules(sites), "module")
    enough = _modules(sites) >= _DOMAINS and _mostly_prefixed(sites)
    apart = (
        ". They are registered in many places, none of which shows most of them"
        if enough and not _in_one_place(sites)
        else ""
    )
    return f"{modules} each hold a registered blueprint with routes; {prefixed} have a URL prefix{tail}{apart}."


TOPOLOGY = Signal(
    id="flask.blueprint_topology",
    title="Blueprints mapped to domains",
    competency="app-structure",
    seeds=("S2.1", "S5.1"),
    counts=(
        "Three or more blueprints in modules of their own, most under a URL prefix, registered in one visible place."
    ),
    strong="Some also carry error handlers or hooks of their own, or are nested or versioned.",
    not_credited="Several blueprints in one module; prefixes typed into every route instead of the blueprint.",
    how_to_show=(
        "Put each domain's blueprint in its own package with a url_prefix, and register all of them in one function."
    ),
    clauses=("registered", "domain", "prefixed", "own_handlers", "nested"),
    defining=("domain",),
    applies="flask",
    trace=lambda sites: _modules(sites) >= 2,
    practised=lambda sites: _modules(sites) >= _DOMAINS and _mostly_prefixed(sites) and _in_one_place(sites),
    sustained=lambda sites: bool(sites.of("own_handlers", "nested")),
    measures=lambda sites: {
        "modules": _modules(sites),
        "prefixed": len(sites.subjects("prefixed") & sites.subjects("domain")),
        "nested": len(sites.subjects("nested")),
    },
    statement=_topology_statement,
)
SIGNALS = (BLUEPRINTS, TOPOLOGY)


def detect(project: Project) -> Observations:
    """Definitions, registrations and tested routes of blueprints, and what makes a topology of them."""
    web = project.web
    known = {b.key for b in web.blueprints}
    wired = [r for r in web.registrations if r.blueprint.key in web.registered and _runs(project, r)]
    for blueprint in web.blueprints:
        yield BLUEPRINTS, _at(blueprint, "defined")
    for item in wired:
        yield BLUEPRINTS, _wiring(item)
    yield from _listed(project)
    for request, route in web.exercised:
        if request.checked and route.owner in known:
            for owner in web.within(route.owner) & known:
                yield BLUEPRINTS, _site(request.file.path, request.call, "tested", owner)
    yield from _topology(project, wired)


def _runs(project: Project, item: Registration) -> bool:
    return project.reach.live(item.file.path, item.call.scope)


def _listed(project: Project) -> Observations:
    """Specifications that FOCA's configuration lists: connexion makes a part of each."""
    for config in project.served_specs.foca:
        specs = config.root.get("api", "specs")
        for node in specs.each() if specs is not None else ():
            key = f"{config.path}:{node.start}"
            yield BLUEPRINTS, Site(path=config.path, start=node.start, end=node.end, clause="defined", subject=key)
            yield BLUEPRINTS, _site(config.file.path, config.call, "registered", key)


def _topology(project: Project, wired: list[Registration]) -> Observations:
    web = project.web
    hung = {r.blueprint.key for r in wired}
    carrying = {r.owner for r in web.routes}
    parents = {r.parent for r in wired if r.parent}
    own = {c.owner for c in web.callbacks(*_OWN)}
    nested = {r.blueprint.key for r in wired if r.parent}
    for blueprint in web.blueprints:
        key = blueprint.key
        if key not in hung or blueprint.kind == "api" or not (key in carrying or key in parents):
            continue
        yield TOPOLOGY, _at(blueprint, "domain")
        prefixes = web.prefixes(blueprint)
        if any(p.strip("/") for p in prefixes):
            yield TOPOLOGY, _at(blueprint, "prefixed")
        if key in own:
            yield TOPOLOGY, _at(blueprint, "own_handlers")
        if key in nested or any(_VERSION_PARTS & set(p.split("/")) for p in prefixes):
            yield TOPOLOGY, _at(blueprint, "nested")
    for item in wired:
        if item.blueprint.kind != "api":
            yield TOPOLOGY, _wiring(item)


def _wiring(item: Registration) -> Site:
    return _site(item.file.path, item.call, "registered", item.blueprint.key)


def _at(blueprint: Blueprint, clause: str) -> Site:
    return _site(blueprint.file.path, blueprint.call, clause, blueprint.key)


def _site(path: str, call: Call, clause: str, subject: str) -> Site:
    return Site(path=path, start=call.start, end=call.end, clause=clause, subject=subject)
