"""Extensions that answer at a health address themselves, and the checks that a project hands them.

Sources: the documents of py-healthcheck, Mozilla's dockerflow, flask-healthz, oslo.middleware and Canonical's
flask-base; an organisation's own package counts where its name, and the class that is handed the application, say
health check.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_EXTENSIONS = (
    "healthcheck.HealthCheck",
    "dockerflow.flask.Dockerflow",
    "dockerflow.flask.app.Dockerflow",
    "flask_healthz.Healthz",
    "flask_healthz.healthz",
    "flask_health",
    "flask_healthcheck",
    "flask_healthchecks",
    "oslo_middleware.healthcheck",
    "oslo_middleware.Healthcheck",
    "canonicalwebteam.flask_base.app.FlaskBase",
)
# The address of those that answer at one of their own whatever they are told, by their documents.
_FIXED = {"canonicalwebteam.flask_base.app.FlaskBase": "/_status/check"}
_ORGANISATION = regex(r"health_?checks?\.(?:\w{1,40}\.){0,2}Health_?[cC]hecks?$")
_APPLICATION = regex(r"(?:^|[._])app(?:lication)?$")
# What a check is called that asks a database, cache, queue or another service.
_ASKS = regex(
    r"(?:^|[^a-z])(?:db|database|sql\w{0,12}|postgres\w{0,8}|redis|cache|mongo\w{0,6}|queue|broker|celery)",
    re.IGNORECASE,
)
_ADDRESS = regex(r"/(?:[\w/-]{0,40}[/_-])?(?:health|ready|readi|live|alive|status|ping|check|heartbeat)", re.IGNORECASE)
_SPLIT = regex(r"(?<=[a-z])(?=[A-Z])")
_GIVEN = ("db", "redis", "migrate")


class HealthExtension(Struct, frozen=True):
    """One extension bound to the application: the call that does it, and the ``rule`` it is given ("" for its own)."""

    file: PyFile
    call: Call
    name: str
    rule: str


class HealthCheck(Struct, frozen=True):
    """A check handed to such an extension. ``asks`` tells that its name says so; else ``scope`` is the function to
    look into (0 for none)."""

    file: PyFile
    start: int
    end: int
    asks: bool
    scope: int = 0


def health_extensions(project: Project) -> tuple[HealthExtension, ...]:
    """Every such extension of the application, in path and line order."""
    found = {(f.path, c.start, n): HealthExtension(f, c, n, _FIXED.get(n) or _rule(c)) for f, c, n in _bound(project)}
    return tuple(found[key] for key in sorted(found))


def _rule(call: Call) -> str:
    """The address among the arguments: by its place, or by its name where it speaks of health."""
    given = [p.text for p in call.expr.args if p.kind == "str" and p.text.startswith("/")]
    named = [p.text for p in call.expr.walk() if p.kind == "str" and _ADDRESS.match(p.text)]
    return next(iter((*given, *named)), "")


def _bound(project: Project) -> Iterator[tuple[PyFile, Call, str]]:
    yield from (e for e in project.calls(project.app, *_EXTENSIONS) if e[2].startswith(_EXTENSIONS))
    for last, places in project.called.items():
        for file, call in places if last == "register_blueprint" or "ealth" in last else ():
            first = call.expr.args[0].text if call.expr.args else ""
            if call.last == "register_blueprint" and first:
                name = project.external(file, first)
                if name.startswith(_EXTENSIONS):
                    yield file, call, name
            elif call.name and "ealth" in call.last and _APPLICATION.search(first):
                name = project.external(file, call.name)
                if _ORGANISATION.search(name):
                    yield file, call, name


def health_checks(project: Project) -> tuple[HealthCheck, ...]:
    """The checks that the project hands to its extensions; () where it has none."""
    extensions = health_extensions(project)
    found = {(c.file.path, c.start, c.scope): c for e in extensions for c in _given(project, e)}
    return tuple(found[key] for key in sorted(found))


def _given(project: Project, extension: HealthExtension) -> Iterator[HealthCheck]:
    top = extension.name.partition(".")[0]
    if top == "dockerflow":
        if any(extension.call.expr.kwarg(name) is not None for name in _GIVEN):
            yield HealthCheck(extension.file, extension.call.start, extension.call.end, True)
        yield from _registered(project)
    elif top == "flask_healthz":
        yield from _configured(project)
    elif top == "healthcheck":
        yield from _listed(project, extension)
    for file in (extension.file,):
        for call in file.module.calls:
            if call.last == "add_check" and call.expr.args:
                told = call.expr.args[0]
                found = project.defined(file, told.text) if told.kind == "name" else None
                scope = found[0].scopes.get(found[1].qualname, 0) if found is not None else 0
                where = found[0] if found is not None else file
                words = " ".join(_SPLIT.sub(" ", p.text) for p in told.walk() if p.text)
                yield HealthCheck(where, call.start, call.end, _ASKS.search(words) is not None, scope)


def _listed(project: Project, extension: HealthExtension) -> Iterator[HealthCheck]:
    """Functions in the list that py-healthcheck is handed as ``checkers``, itself or by a name."""
    value, file = extension.call.expr.kwarg("checkers"), extension.file
    if value is not None and value.kind == "name":
        ref = project.names.resolve(file.path, value.text)
        file = project.python.get(ref.path) or file
        held = [i for i in file.assigned.get((0, ref.name or value.text), ()) if isinstance(i, Assign)]
        value = held[-1].value if held else None
    for item in value.items if value is not None else ():
        found = project.defined(file, item.text) if item.kind == "name" else None
        if found is not None:
            scope = found[0].scopes.get(found[1].qualname, 0)
            asks = _ASKS.search(_SPLIT.sub(" ", item.text)) is not None
            yield HealthCheck(found[0], found[1].start, found[1].end, asks, scope)


def _registered(project: Project) -> Iterator[HealthCheck]:
    """Functions that dockerflow is told to run: ``@checks.register``, ``@dockerflow.check``."""
    for file in project.app:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                text = decorator.expr.text.partition("(")[0]
                if text.endswith(("checks.register", "dockerflow.check")):
                    scope = file.scopes.get(definition.qualname, 0)
                    yield HealthCheck(file, definition.start, definition.end, bool(file.calls_in(scope)), scope)


def _configured(project: Project) -> Iterator[HealthCheck]:
    """Functions that the settings of flask-healthz name."""
    for file in project.app:
        for item in file.module.assigns:
            if item.target.rpartition(".")[2].strip("[]'\"").endswith("HEALTHZ"):
                for part in item.value.walk():
                    module, _, name = part.text.rpartition(".") if part.kind == "str" else ("", "", "")
                    path = project.names.module("", module) if module else ""
                    other = project.python[path] if path else None
                    if other is not None and name in other.scopes:
                        definition = other.definition(other.scopes[name])
                        if definition is not None:
                            yield HealthCheck(other, definition.start, definition.end, False, other.scopes[name])
