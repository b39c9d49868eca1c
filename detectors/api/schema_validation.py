"""Request data checked against schemas: bodies, queries and forms are refused unless they fit.

**What it sees.** Checks by marshmallow, pydantic, jsonschema, webargs, WTForms, reqparse, connexion and others of
their kind in functions that answer requests, as decorators, calls, or through wrappers of the project's own; the
schemas and forms themselves; tests that send what does not fit and expect the refusal.

**Why it matters.** A schema states once what is accepted; what is checked field by field in each view is forgotten in
one of them.

**What it cannot tell.** Whether the schemas are strict enough, and checks written by hand.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.api import (
    Expr,
    Observations,
    Project,
    Route,
    Scenario,
    SchemaCheck,
    Signal,
    Site,
    Sites,
    plural,
    regex,
    says,
)

# "In several endpoints": one form is not yet a habit.
_SEVERAL = 2
_REFUSALS = (400, 422)
_ERRORS = ("ValidationError", "SchemaError", "BadRequest", "UnprocessableEntity", "ValueError")
# Refusals for another reason than the shape of the data.
_OTHER_REASON = regex(
    r"already|duplicat|exists|taken|twice|conflict|unique|expired|token|permission|forbidden", re.IGNORECASE
)
# What forms say of a field that does not fit.
_INVALID = regex(
    r"\binvalid\b|is required|this field|must (?:be|match|contain|have)|not a valid|too (?:short|long)|at least \d"
    r"|characters long|cannot be (?:blank|empty)|ung\S{1,3}ltig|obligatori|inv\S{1,2}lid[oa]|champ .{0,20}requis",
    re.IGNORECASE,
)
_LOGIN = regex(r"password\.?$|credential|log ?in", re.IGNORECASE)
_VALIDATES = frozenset({"validate", "validate_on_submit", "is_valid"})
_MAX_LINES = 39


def _endpoints(sites: Sites) -> int:
    return len(sites.subjects("checked"))


def _practised(sites: Sites) -> bool:
    return _endpoints(sites) >= _SEVERAL or bool(sites.of("framework"))


def _statement(sites: Sites) -> str:
    schemas = plural(sites.count("schema", "other_schema"), "schema or form", "schemas or forms")
    endpoints = plural(_endpoints(sites), "endpoint")
    kept = f", with {schemas}" if sites.count("schema", "other_schema") else ""
    if not _practised(sites):
        if not _endpoints(sites):
            return f"No endpoint was seen to check its input with the {schemas} in the code."
        return f"Input is checked in {endpoints}, with {schemas} in the code: too few for a practice."
    how = "by the framework against its specification" if sites.of("framework") else f"in {endpoints}{kept}"
    tail = "; tests send invalid input and expect the refusal" if sites.of("tested") else ""
    return f"Input is checked {how}{tail}."


SCHEMA_VALIDATION = Signal(
    id="api.schema_validation",
    title="Request data validated against schemas",
    competency="input-validation",
    seeds=("C5.2", "C7.1"),
    counts="Several endpoints check bodies, queries or forms with schemas or forms of a library.",
    strong="Tests send invalid input and assert the refusal.",
    not_credited=(
        "Single fields taken from the request and compared by hand; schemas that only shape responses; a form "
        "library used for CSRF only."
    ),
    how_to_show=(
        "Declare a schema or form per endpoint, check the whole input with it before using any field, and test one "
        "refusal per rule."
    ),
    clauses=("checked", "schema", "central", "tested", "framework", "other_schema"),
    leads=("other_schema",),
    defining=("checked", "central", "framework"),
    applies="python",
    trace=lambda sites: bool(sites.of("checked", "schema", "other_schema")),
    practised=_practised,
    sustained=lambda sites: bool(sites.of("tested")),
    measures=lambda sites: {"endpoints": _endpoints(sites), "schemas": sites.count("schema")},
    statement=_statement,
)
SIGNALS = (SCHEMA_VALIDATION,)


def detect(project: Project) -> Observations:
    """Checks of requests, the schemas of the kinds that are used, and tests of refusals."""
    checks = project.schema_checks.of_requests
    for check in checks:
        yield SCHEMA_VALIDATION, _check_site(check, "checked")
    for check in project.schema_checks.central if checks else ():
        yield SCHEMA_VALIDATION, _check_site(check, "central")
    frameworks = list(_frameworks(project))
    yield from ((SCHEMA_VALIDATION, s) for s in frameworks)
    inputs = project.schema_checks.inputs
    for file, definition, _kind in project.schema_checks.definitions:
        end = min(definition.end, definition.line + _MAX_LINES)
        clause = (
            "schema" if (file.path, definition.qualname) in inputs else "" if checks or frameworks else "other_schema"
        )
        if clause:
            yield (
                SCHEMA_VALIDATION,
                Site(path=file.path, start=definition.line, end=end, clause=clause, subject=definition.qualname),
            )
    if checks or frameworks:
        yield from ((SCHEMA_VALIDATION, s) for s in _tested(project))


def _check_site(check: SchemaCheck, clause: str) -> Site:
    definition = check.file.function_of(check.scope)
    subject = f"{check.file.path}:{definition.qualname if definition else ''}"
    return Site(
        path=check.file.path,
        start=check.start,
        end=min(check.end, check.start + _MAX_LINES),
        clause=clause,
        subject=subject,
    )


def _frameworks(project: Project) -> Iterator[Site]:
    """connexion checks every request against the specification that it serves, as FOCA does that is built on it."""
    for config in project.served_specs.foca:
        specs = config.root.get("api", "specs")
        if specs is not None:
            yield Site(path=config.path, start=specs.start, end=specs.end, clause="framework", subject="FOCA")
    made = (
        call.name.endswith(("App", "FlaskApp", "AsyncApp")) and project.reach.live(file.path, call.scope)
        for file, call, _name in project.calls(project.app, "connexion")
    )
    if any(made):
        # a specification is what is checked against, and strictness is asked for where it is added
        for file, call, _path in project.served_specs.added:
            if project.reach.live(file.path, call.scope):
                yield Site(path=file.path, start=call.start, end=call.end, clause="framework", subject="connexion")


def _tested(project: Project) -> Iterator[Site]:
    """Tests that expect a refusal of what they sent: by status, or by the library's exception. Those that name a
    schema or check, or call a route that checks, come before others."""
    schemas = {d.name for _, d, _ in project.schema_checks.definitions}
    checked = {(c.file.path, c.start) for c in project.schema_checks.in_tests}
    functions = {
        (c.file.path, d.qualname)
        for c in project.schema_checks.of_requests
        if (d := c.file.function_of(c.scope)) is not None
    }
    asked = {
        (r.file.path, r.call.start)
        for r, route in project.web.exercised
        if route.handler and _answers(route, functions)
    }
    found: dict[bool, list[Site]] = {}
    for scenario in project.scenarios:
        line = _refused(scenario, checked, schemas)
        if line:
            loose = not any((scenario.file.path, c.start) in checked | asked for c in scenario.calls)
            start = scenario.definition.line if line - scenario.definition.line < _MAX_LINES else line
            found.setdefault(loose, []).append(
                Site(path=scenario.file.path, start=start, end=line, clause="tested", subject=scenario.name)
            )
    yield from found.get(min(found, default=False), ())


def _answers(route: Route, functions: set[tuple[str, str]]) -> bool:
    """Whether a route's function, or a method of its class, is one of these."""
    if route.handler is None:
        return False
    name = route.handler.qualname
    return any(path == route.handler_file.path and (q == name or q.startswith(name + ".")) for path, q in functions)


def _refused(scenario: Scenario, checked: set[tuple[str, int]], schemas: set[str]) -> int:
    if scenario.requests and not _OTHER_REASON.search(scenario.name):
        line = next((scenario.statuses[c] for c in _REFUSALS if c in scenario.statuses), 0)
        line = line or next((at for expr, at in scenario.checks if _says_invalid(expr)), 0)
        if line and not _about_something_else(scenario):
            return line
    direct = any((scenario.file.path, c.start) in checked for c in scenario.calls) or bool(
        schemas & {c.last for c in scenario.calls}
    )
    for expr, line in scenario.checks if direct else ():
        if _is_refused(expr):
            return line
        if expr.text.endswith(("raises", "assertRaises")) and any(
            e.text.rpartition(".")[2] in _ERRORS for e in expr.args
        ):
            return line
    return 0


def _says_invalid(expr: Expr) -> bool:
    """A page or message that says what is wrong with a field (``b"This field is required" in response.data``)."""
    return any(_INVALID.search(t[:200]) and not _LOGIN.search(t[:200]) for t in says(expr))


def _is_refused(expr: Expr) -> bool:
    """``assert not form.validate()``, ``form.validate() is False``, ``assertFalse(form.validate())``."""
    last = expr.text.rpartition(".")[2]
    off = expr.kind == "op" and (
        expr.text == "not" or (expr.text in ("is", "==") and any(i.text == "False" for i in expr.items))
    )
    if not (off or (expr.kind == "call" and last == "assertFalse")):
        return False
    return any(e.kind == "call" and e.text.rpartition(".")[2] in _VALIDATES for i in expr.items for e in i.walk())


def _about_something_else(scenario: Scenario) -> bool:
    return any(
        _OTHER_REASON.search(e.text[:300])
        for expr, _ in scenario.checks
        for e in expr.walk()
        if e.kind in ("str", "name")
    )
