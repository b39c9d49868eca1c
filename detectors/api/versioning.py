"""API versions: routes whose address or headers say which version of the API they belong to.

**What it sees.** Version segments (``/v1``, ``/api/v2``) in the prefixes of registered blueprints, namespaces and
APIs, in single routes and in the base path of a specification that connexion serves, constants followed to their
value; versions in media types and request headers that code reads or answers; tests that call versioned addresses.

**Why it matters.** A version in the contract lets an API change without breaking clients that nobody can update at
once.

**What it cannot tell.** Whether old versions still behave as they did, and versions that a gateway in front adds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Assign,
    Blueprint,
    Expr,
    Observations,
    Project,
    PyFile,
    Registration,
    Role,
    Signal,
    Site,
    Sites,
    plural,
    quoted,
    regex,
)

_SEGMENT = regex(r"v(\d{1,3})(?:[._]\d{1,3}){0,2}(?:(?:alpha|beta|rc)\d{0,3})?", re.IGNORECASE)
# A variable segment of the address, and ``"/v" + version`` where the number comes from elsewhere.
_VARIABLE = regex(r"<(?:[^<>:]{1,40}:)?(?:api_)?version>|v\{\}", re.IGNORECASE)
_MEDIA = regex(
    r"application/(?:vnd\.[\w.\-]{1,80}?[.\-]v(\d{1,3})(?:\.\d{1,3})?(?:\+\w{1,20})?"
    r"|[\w.\-+]{1,80};[ ]?(?:api-)?version=(\d{1,3}))$"
)
_HEADERS = regex(r"(?:x-)?(?:api|accept|service)-version", re.IGNORECASE)
_SPEC_KEYS = ("basePath",)
_BASED_ON = ("prefix", "url_prefix", "path", "base_path")
_MAX_TEXT = 300
# The version stands in front (``/rest/api/v2/...``): behind more segments, or behind a variable one, it is a resource.
_FRONT = 3
# ``/api/2``: no more digits than a version has.
_DIGITS = 2


def _versions(sites: Sites) -> set[str]:
    return {str(s.value) for s in sites.of("prefix", "route", "media_type", "header")}


def _side_by_side(sites: Sites) -> bool:
    return len({v for v in _versions(sites) if v.isdecimal()}) >= 2


def _statement(sites: Sites) -> str:
    if not _versions(sites):
        return "A version is named, but no registered route carries it."
    named = ", ".join(quoted("v" + v if v.isdecimal() else v) for v in sorted(_versions(sites))[:6])
    places = []
    if routes := sites.count("prefix", "route"):
        places.append(plural(routes, "prefix or route", "prefixes or routes"))
    if sites.of("media_type", "header"):
        places.append("media types or headers")
    tail = "; tests call versioned addresses" if sites.of("tested") else ""
    return f"The API carries versions ({named}) in {' and '.join(places)}{tail}."


VERSIONING = Signal(
    id="api.versioning",
    title="API versioning",
    competency="api-contracts",
    seeds=("S2.3", "C7.1", "C3.3"),
    counts="Real routes carry a version: in their URL prefix (/v1, /api/v2), in a media type or in a request header.",
    strong="Two numbered versions are served side by side.",
    not_credited=(
        "A version that only documents mention, that no registered route carries, or that belongs to another "
        "service's API."
    ),
    how_to_show=(
        "Give the blueprints of the API a url_prefix with the version, keep the old version registered while "
        "clients move, "
        "and test both."
    ),
    clauses=("prefix", "registered", "route", "media_type", "header", "tested", "unused"),
    leads=("unused",),
    defining=("prefix", "route", "media_type", "header"),
    uncited=("tested",),
    practised=lambda sites: bool(_versions(sites)),
    sustained=_side_by_side,
    measures=lambda sites: {"versions": len({v for v in _versions(sites) if v.isdecimal()})},
    statement=_statement,
)
SIGNALS = (VERSIONING,)


def detect(project: Project) -> Observations:
    """Versioned prefixes and routes that are reachable, and the tests that call them."""
    web = project.web
    by_key = {b.key: b for b in web.blueprints}
    for blueprint in web.blueprints:
        version = _version(_prefix(project, blueprint))
        if version:
            used = blueprint.key in web.registered or (
                project.reach.live(blueprint.file.path, blueprint.call.scope) and blueprint.kind == "api"
            )
            yield VERSIONING, _call_site(blueprint, "prefix" if used else "unused", version)
    for item in web.registrations:
        version = _version(_given_prefix(project, item))
        own = _version(_prefix(project, item.blueprint))
        if (version or own) and item.blueprint.key in web.registered:
            yield (
                VERSIONING,
                _registration_site(item, "prefix" if version and not own else "registered", version or own),
            )
    for route in web.routes:
        version = _version(route.rule)
        if version and (
            route.owner in web.registered or (route.owner not in by_key and project.reach.live(route.file.path))
        ):
            yield VERSIONING, _site(route.file.path, route.start, route.end, "route", version)
    yield from _looped(project)
    yield from _objects(project)
    yield from _specifications(project)
    yield from _negotiated(project)
    for request, _route in web.exercised:
        version = _version(request.target.partition("?")[0])
        if version:
            yield VERSIONING, _site(request.file.path, request.call.start, request.call.end, "tested", version)


def _version(address: str) -> str:
    """The version in an address: ``/api/v2/users`` gives ``2``; "any" where it is a variable; "" for none."""
    segments = address[:_MAX_TEXT].strip("/").split("/")
    for before, segment in zip(["", *segments], segments[:_FRONT], strict=False):
        match = _SEGMENT.fullmatch(segment)
        if match:
            return match[1]
        if before == "api" and segment.isdecimal() and len(segment) <= _DIGITS:
            return segment
        if _VARIABLE.fullmatch(segment):
            return "any"
        if "<" in segment:
            return ""
    return ""


def _prefix(project: Project, blueprint: Blueprint) -> str:
    if blueprint.prefix is not None and blueprint.prefix != "?":
        return blueprint.prefix
    return _resolved(project, blueprint.file, blueprint.call.scope, blueprint.call.expr)


def _given_prefix(project: Project, item: Registration) -> str:
    if item.prefix is not None and item.prefix != "?":
        return item.prefix
    return _resolved(project, item.file, item.call.scope, item.call.expr)


def _resolved(project: Project, file: PyFile, scope: int, call: Expr) -> str:
    value = next((v for k in _BASED_ON if (v := call.kwarg(k)) is not None), None)
    return project.constants.text(file, scope, value) if value is not None else ""


def _looped(project: Project) -> Observations:
    """Blueprints that a loop over versions registers under each: ``for v in ("v1", "v2")`` with ``f"/api/{v}"``."""
    for file, call in project.live_calls("register_blueprint"):
        prefix = call.expr.kwarg("url_prefix")
        if prefix is None or prefix.kind != "fstring" or len(prefix.items) != 1:
            continue
        for text in _gone_through(project, file, call.scope, prefix.items[0]):
            version = _version(prefix.text.replace("{}", text))
            if version:
                yield VERSIONING, _site(file.path, call.start, call.end, "prefix", version)


def _gone_through(project: Project, file: PyFile, scope: int, name: Expr) -> list[str]:
    """The texts that a loop gives to a variable, where they are written down."""
    loops = [i.value for i in file.assigned.get((scope, name.text), ()) if isinstance(i, Assign)]
    over = next((v.items[0] for v in loops if v.kind == "op" and v.text == "for"), None)
    if over is not None and over.kind == "name":
        ref = project.resolve(file, over.text)
        home = project.python[ref.path] if not ref.external else None
        given = home.assigned.get((0, ref.name), ()) if home is not None else ()
        over = next((i.value for i in given if isinstance(i, Assign) and i.value.kind == "list"), None)
    return [e.text for e in over.items if e.kind == "str"] if over is not None and over.kind == "list" else []


def _objects(project: Project) -> Observations:
    """API objects of extensions that put a prefix before all their resources."""
    for file, call, name in project.calls(
        project.app, "flask_restful", "flask_restx", "flask_restplus", "flask_rest_jsonapi", "flask_smorest"
    ):
        if name.endswith(".Api") and project.reach.live(file.path, call.scope):
            version = _version(_resolved(project, file, call.scope, call.expr))
            if version:
                yield VERSIONING, _site(file.path, call.start, call.end, "prefix", version)


def _specifications(project: Project) -> Observations:
    """Base paths of specifications, where connexion serves them."""
    served = [
        (file, call)
        for file in project.app
        for call in file.module.calls
        if call.name.endswith(".add_api") and project.reach.live(file.path, call.scope)
    ]
    listed = set(project.served_specs.documents)
    if not served and not listed:
        return
    wanted = {v.text.rpartition("/")[2] for _, c in served for v in c.expr.args[:1] if v.kind in ("str", "fstring")}
    for path, data in project.data.items():
        if project.role(path) is Role.APP and (path in listed or path.rpartition("/")[2] in wanted):
            root = data.root
            paths = root.get("paths")
            addresses = [(n.text, n.start) for k in _SPEC_KEYS if (n := root.get(k)) is not None]
            addresses += [
                (u.text, u.start) for s in (root.get("servers") or root).each() if (u := s.get("url")) is not None
            ]
            addresses += [(k, paths.line_of(k)) for k in paths.keys[:1]] if paths is not None else []
            found = [(v, line) for text, line in addresses if (v := _version(_path_of(text)))]
            yield from ((VERSIONING, _site(path, line, line, "route", v)) for v, line in found[:1])


def _path_of(address: str) -> str:
    """An address without scheme and host."""
    return address.partition("://")[2].partition("/")[2] if "://" in address else address


def _negotiated(project: Project) -> Observations:
    """Versions in media types that the code compares or answers, and in request headers that it reads."""
    for file in project.app:
        for call in file.module.calls:
            for value in call.expr.items:
                if value.kind == "str" and len(value.text) < _MAX_TEXT:
                    yield from _in_text(project, file, call.name, call.start, call.scope, value.text)
        for item in file.module.assigns:
            if item.value.kind == "index" and item.value.text.endswith("request.headers"):
                for value in item.value.items:
                    yield from _in_text(project, file, "request.headers.get", item.start, item.scope, value.text)


def _in_text(
    project: Project, file: PyFile, name: str, line: int, scope: int, text: str
) -> Iterator[tuple[Signal, Site]]:
    if name.endswith("request.headers.get") and _HEADERS.fullmatch(text) and project.reach.live(file.path, scope):
        yield VERSIONING, _site(file.path, line, line, "header", "any")
    elif text.startswith("application/") and (match := _MEDIA.fullmatch(text)):
        # what the code sends to other services is not its own contract
        own = not any(
            i.module.partition(".")[0] in ("requests", "httpx", "aiohttp", "urllib3") for i in file.module.imports
        )
        if own and project.reach.live(file.path, scope):
            yield VERSIONING, _site(file.path, line, line, "media_type", match[1] or match[2])


def _site(path: str, start: int, end: int, clause: str, version: str) -> Site:
    return Site(path=path, start=start, end=end, clause=clause, subject=version, value=version)


def _call_site(item: Blueprint, clause: str, version: str) -> Site:
    return _site(item.file.path, item.call.start, item.call.end, clause, version)


def _registration_site(item: Registration, clause: str, version: str) -> Site:
    return _site(item.file.path, item.call.start, item.call.end, clause, version)
