"""Consistent error model: errors of the API have one machine-readable shape that is made in one place.

**What it sees.** Error handlers that answer JSON, the exception classes and helper functions that give errors their
shape, problem details (RFC 9457), the error schemas and ``abort`` of API frameworks; tests that assert the body of an
error, and documents that describe it.

**Why it matters.** Clients can treat every failure alike, and no view invents a shape of its own.

**What it cannot tell.** Whether some views still answer errors of another shape.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from evidence.api import (
    Callback,
    ErrorHandler,
    ErrorHelper,
    Expr,
    Observations,
    Project,
    Scenario,
    Signal,
    Site,
    Sites,
    plural,
    regex,
    site_of,
)

# Handlers of these catch whatever is raised.
_ALL = frozenset({"Exception", "HTTPException", "default"})
_FRAMEWORKS = {
    "apiflask.abort": "APIFlask", "apiflask.HTTPError": "APIFlask", "flask_smorest.abort": "flask-smorest",
    "flask_restful.abort": "Flask-RESTful", "flask_restx.abort": "Flask-RESTX",
    "flask_restplus.abort": "Flask-RESTPlus", "connexion.problem": "connexion",
    "connexion.exceptions.ProblemException": "connexion", "connexion.ProblemException": "connexion",
    "flask_rest_api.abort": "flask-rest-api", "apiflask.exceptions.HTTPError": "APIFlask",
    "apiflask.exceptions.abort": "APIFlask", "flask_rebar.errors": "flask-rebar", "flask_restful.utils": "",
    "werkzeug.exceptions": "",
}  # fmt: skip
# RFC 9457, and the draft that services took it from before.
_PROBLEM = ("application/problem+json", "application/api-problem+json")
_PROBLEM_KEYS = frozenset({"type", "title", "status", "detail"})
_CODES = 3
_ABORTS = 3
_MAX_LINES = 39
_DOCUMENTED = regex(r"\berrors?\b|fehler|erro", re.IGNORECASE)
# What is planned or was decided describes no interface to those who call it.
_PLANNED = regex(r"(?:^|/)(?:plans?|specs?|proposals?|tickets?|adrs?|decisions?|\.[\w-]{1,30})/", re.IGNORECASE)
# A section on errors of builds or tests speaks of none of these.
_ANSWERED = regex(r"\b(?:responses?|requests?|api|clients?|json|object|body|endpoints?|respostas?)\b|\{", re.IGNORECASE)


def _central(sites: Sites) -> bool:
    shaped = bool(sites.of("catch_all", "own_exception", "problem"))
    in_one_place = max(Counter(s.path for s in sites.of("status")).values(), default=0)
    return shaped or in_one_place >= _CODES or bool(sites.of("helper"))


def _practised(sites: Sites) -> bool:
    return _central(sites) or bool(sites.of("framework"))


def _statement(sites: Sites) -> str:
    if not _practised(sites):
        return "Single handlers answer JSON, but errors share no shape that is made in one place."
    parts = []
    handlers = sites.count("catch_all", "own_exception", "status", "code")
    if handlers:
        parts.append(f"JSON from {plural(handlers, 'error handler')}")
    if sites.of("helper"):
        parts.append(f"one shape from {plural(sites.count('helper'), 'helper function')}")
    if sites.of("framework"):
        parts.append(f"{plural(sites.count('framework'), 'use')} of the framework's errors")
    if sites.of("problem"):
        parts.append("problem details")
    tail = "; a document describes it" if sites.of("documented") else ""
    tail = "; tests assert the body of errors" if sites.of("tested") else tail
    return f"Errors share a shape: {', '.join(parts)}{tail}."


_CLAUSES = (
    "own_exception", "shape", "tested", "catch_all", "helper", "status", "problem", "framework", "documented", "single",
    "code",
)  # fmt: skip
ERROR_MODEL = Signal(
    id="api.error_model",
    title="Consistent error model",
    competency="api-contracts",
    seeds=("S2.3", "C7.1"),
    counts=(
        "API errors share one machine-readable shape made in one place: an exception class with its handler, a "
        "helper, problem details, or the errors of a framework."
    ),
    strong="The shape is documented, or tests assert it.",
    not_credited="Dictionaries made by hand in each view; error pages in HTML.",
    how_to_show=(
        "Raise one exception class for API errors, turn it and HTTPException into one JSON shape in a handler, and "
        "assert the body in a test."
    ),
    clauses=_CLAUSES,
    leads=("single",),
    defining=("own_exception", "catch_all", "helper", "status", "problem", "framework", "shape"),
    uncited=("code",),
    applies="flask",
    practised=_practised,
    sustained=lambda sites: _central(sites) and bool(sites.of("tested", "documented")),
    measures=lambda sites: {"handlers": sites.count("catch_all", "own_exception", "status", "code")},
    statement=_statement,
)
SIGNALS = (ERROR_MODEL,)


def detect(project: Project) -> Observations:
    """JSON handlers and what gives them their shape, frameworks, and the tests and documents of the shape."""
    handlers = list(project.error_handlers)
    helpers = project.error_helpers
    sites = [
        *_handler_sites(project, handlers),
        *_helper_sites(helpers),
        *_problems(project),
        *_framework_sites(project),
        *(_site(f.path, i.start, i.end, "catch_all", "exceptions") for f, i in project.served_specs.exceptions),
    ]
    yield from ((ERROR_MODEL, s) for s in sites)
    problems = any(s.clause == "problem" for s in sites)
    if sites and (handlers or helpers or problems):
        shapes = [*(h.keys for h in handlers), *(h.keys for h in helpers), *([_PROBLEM_KEYS] if problems else [])]
        keys = frozenset(k for shape in shapes for k in shape)
        names = (
            {h.definition.name for h in handlers}
            | {_what(h.callback) for h in handlers}
            | {h.definition.name for h in helpers}
        )
        yield from (
            (ERROR_MODEL, s)
            for s in _tested(project, keys, {n for n in names if n and not n.isdigit() and n not in _ALL})
        )
        yield from ((ERROR_MODEL, s) for s in _documented(project, keys))


def _site(path: str, start: int, end: int, clause: str, subject: str = "") -> Site:
    return Site(path=path, start=start, end=min(end, start + _MAX_LINES), clause=clause, subject=subject)


# -------------------------------------------------------------------------------------------------- handlers


def _handler_sites(project: Project, handlers: list[ErrorHandler]) -> Iterator[Site]:
    shared = Counter((h.file.path, k) for h in handlers for k in h.keys)
    sites = [s for h in handlers for s in _sites_of(project, h, shared)]
    shaped = any(s.clause in ("catch_all", "own_exception") for s in sites)
    for site in sites:
        # handlers of single codes prove the shape only where nothing more general does
        yield (
            _site(site.path, site.start, site.end, "code", site.subject)
            if shaped and site.clause in ("status", "single")
            else site
        )


def _sites_of(project: Project, handler: ErrorHandler, shared: Counter[tuple[str, str]]) -> Iterator[Site]:
    what = _what(handler.callback)
    yield from _made_by(project, handler)
    clause, method = "single", handler.callback.method
    if what in _ALL or method == "error_processor" or (not what and method != "error_handler"):
        clause = "catch_all"
    elif what and not what.isdecimal() and _is_own(project, handler.callback):
        clause = "own_exception"
        yield from _class_site(project, handler.callback)
    elif handler.keys and max(shared[handler.file.path, k] for k in handler.keys) > 1:
        clause = "status"
    yield _site(handler.file.path, handler.definition.start, handler.definition.end, clause, what)


def _made_by(project: Project, handler: ErrorHandler) -> Iterator[Site]:
    """The project's own exceptions that a handler answers with."""
    for value in handler.definition.returns:
        found = project.defined(handler.file, value.text.partition("()")[0]) if value.kind == "call" else None
        if found is not None and found[1].kind == "class":
            yield _site(found[0].path, found[1].line, found[1].end, "shape", found[1].name)


def _what(callback: Callback) -> str:
    first = callback.args[0] if callback.args else None
    return first.text.rpartition(".")[2] if first is not None and first.kind in ("num", "name") else ""


def _is_own(project: Project, callback: Callback) -> bool:
    """Whether the exception is the project's: one of a library says nothing of the rest."""
    return project.defined(callback.file, callback.args[0].text) is not None


def _class_site(project: Project, callback: Callback) -> Iterator[Site]:
    found = project.defined(callback.file, callback.args[0].text)
    if found is not None:
        yield _site(found[0].path, found[1].line, found[1].end, "shape", found[1].name)


# --------------------------------------------------------------------------------------------------- helpers


def _helper_sites(helpers: tuple[ErrorHelper, ...]) -> Iterator[Site]:
    for helper in helpers:
        path, definition = helper.file.path, helper.definition
        # a status that the caller passes makes any response; only an error shape has an error's keys
        if any(_DOCUMENTED.search(k) or k in ("message", "detail", "title", "code", "msg") for k in helper.keys):
            yield _site(path, definition.line, definition.end, "helper", definition.name)


# ------------------------------------------------------------------------------------ problem details, frameworks


def _problems(project: Project) -> Iterator[Site]:
    for file in project.app:
        for call in file.module.calls:
            if any(v.kind == "str" and v.text.startswith(_PROBLEM) for v in call.expr.items) and project.reach.live(
                file.path, call.scope
            ):
                yield _site(file.path, call.start, call.end, "problem")
        for item in file.module.assigns:
            if (
                item.value.kind == "str"
                and item.value.text.startswith(_PROBLEM)
                and project.reach.live(file.path, item.scope)
            ):
                yield _site(file.path, item.start, item.end, "problem")


def _framework_sites(project: Project) -> Iterator[Site]:
    """Errors of API frameworks: their ``abort``, from a few uses on, with the error schema that the project gives
    them."""
    found = []
    packages = sorted({f.rpartition(".")[0] for f, name in _FRAMEWORKS.items() if name})
    for file, call, name in project.calls(project.app, *packages):
        if _FRAMEWORKS.get(name) and project.reach.live(file.path, call.scope):
            clause = "problem" if _FRAMEWORKS[name] == "connexion" else "framework"
            found.append(_site(file.path, call.start, call.end, clause, file.path))
    raised = [site_of(o) for o in project.http_errors]
    if len(found) + len([s for s in raised if s.clause == "framework"]) >= _ABORTS:
        yield from (*found, *raised)


# ------------------------------------------------------------------------------------------ tests and documents


def _tested(project: Project, keys: frozenset[str], names: set[str]) -> Iterator[Site]:
    """Tests that make a request, expect an error status and look into the body: those of the files that import most
    of what makes the shape."""
    found: dict[int, list[Site]] = {}
    for scenario in project.scenarios:
        line = _looks_into_body(scenario, keys)
        if line:
            loose = -len(names & set(scenario.file.imports))
            start = scenario.definition.line if line - scenario.definition.line < _MAX_LINES else line
            found.setdefault(loose, []).append(_site(scenario.file.path, start, line, "tested", scenario.name))
    yield from found.get(min(found, default=0), ())


def _looks_into_body(scenario: Scenario, keys: frozenset[str]) -> int:
    asked = bool(scenario.requests) or any(c.last in ("get", "post", "put", "patch", "delete") for c in scenario.calls)
    for expr, line in scenario.checks if asked else ():
        parts = list(expr.walk())
        dicts = [e for e in parts if e.kind == "dict"]
        if keys and any(set(d.keys) and set(d.keys) <= keys | {"**"} for d in dicts):
            return line
        if scenario.statuses and _reads_json(parts, keys):
            return line
        if scenario.statuses and keys and any(e.kind == "index" and e.items and e.items[0].text in keys for e in parts):
            return line
    return 0


def _reads_json(parts: list[Expr], keys: frozenset[str]) -> bool:
    """Whether a check looks into JSON, and for no key that only the answer of a request that went well has."""
    read = [e for e in parts if e.kind in ("name", "call", "index") and _is_json(e.text)]
    asked = [e.items[0] for e in read if e.kind == "index" and e.items]
    return bool(read) and not (keys and any(k.kind == "str" and k.text not in keys for k in asked))


def _is_json(text: str) -> bool:
    return bool(re.search(r"(?:^|[._])(?:json|get_json|json_body|json_response|loads)(?:$|[.(\[_])", text))


def _documented(project: Project, keys: frozenset[str]) -> Iterator[Site]:
    """A section about errors that names the keys of the shape."""
    wanted = sorted(k for k in keys if len(k) > 2)
    for path, document in project.documents.items():
        if _PLANNED.search(path):
            continue
        for section in document.sections:
            if section.level and wanted and _DOCUMENTED.search(section.title) and section.words >= 10:
                text = section.text
                if _ANSWERED.search(text) and all(re.search(rf"\b{re.escape(k)}\b", text) for k in wanted[:2]):
                    yield _site(path, section.start, section.end, "documented", path)
