"""Which origins a browser may call the application from, as Flask-CORS is told."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.security.assigned import assigned_settings, is_off
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_SETTINGS = regex(r"\w{0,20}CORS_(?:ORIGINS?|ALLOWED_ORIGINS?|RESOURCES|ALLOW_ORIGINS?)|ALLOWED_ORIGINS?")
_HEADER = "access-control-allow-origin"
_SETTERS = frozenset({"add", "set", "setdefault", "__setitem__"})
_ALL = frozenset({"*", ".*"})


class CrossOrigin(Struct, frozen=True):
    """One place that lets other origins in. ``named`` tells whether it names them; all are let in otherwise."""

    file: PyFile
    start: int
    end: int
    named: bool


def cross_origins(project: Project) -> Iterator[CrossOrigin]:
    """Every use of Flask-CORS in code that can run, and the setting that names origins for one that is given none; and
    hooks that let every origin in by hand. The same header on one answer lets nobody into the rest."""
    settings = [
        (file, item)
        for file in project.app
        for name, value, item in assigned_settings(file)
        if _SETTINGS.fullmatch(name) and not is_off(value)
    ]
    yield from _by_hand(project)
    for file, call in _uses(project):
        given = call.expr.kwarg("origins") or _by_resource(call)
        if given is not None:
            yield CrossOrigin(file, call.start, call.end, not _is_open(file, call.scope, given))
            continue
        yield CrossOrigin(file, call.start, call.end, bool(settings))
        yield from (CrossOrigin(other, item.start, item.end, True) for other, item in settings[:1])


def _by_hand(project: Project) -> Iterator[CrossOrigin]:
    """Hooks that give every answer the header for all origins. One that also names origins asks which it may let in."""
    for hook in project.web.callbacks("after_request", "after_app_request"):
        file, handler = hook.handler_file, hook.handler
        if file is not None and handler is not None and project.reach.live(hook.file.path, hook.scope):
            written = list(_written(file, file.scopes.get(handler.qualname, 0)))
            if all(value == "*" for _, _, value in written):
                yield from (CrossOrigin(file, start, end, False) for start, end, _ in written)


def _written(file: PyFile, scope: int) -> Iterator[tuple[int, int, str]]:
    """(start, end, value) wherever a function writes the header."""
    for item in file.assigns_in(scope):
        if "headers[" in item.target and item.target.rpartition("[")[2].strip("]\"'").lower() == _HEADER:
            yield item.start, item.end, item.value.text
    for call in file.calls_in(scope):
        given = call.expr.args
        sets = ".headers." in f".{call.name}" and call.last in _SETTERS and len(given) > 1
        if call.target.rpartition("[")[2].strip("]\"'").lower() == _HEADER:
            yield call.start, call.end, call.name
        elif sets and given[0].text.lower() == _HEADER:
            yield call.start, call.end, given[1].text


def _by_resource(call: Call) -> Expr | None:
    """Resources that may name origins of their own: a list of paths, or one, says only where all are let in."""
    resources = call.expr.kwarg("resources")
    return resources if resources is not None and resources.kind not in ("list", "str") else None


def _uses(project: Project) -> Iterator[tuple[PyFile, Call]]:
    for file, call, _name in project.calls(project.app, "flask_cors.CORS", "flask_cors.cross_origin"):
        bare = not call.expr.items and call.target not in ("decorator", "")
        if project.reach.live(file.path, call.scope) and not bare:
            yield file, call
    for file in project.app:
        for call in file.module.calls:
            if call.name.endswith(".init_app"):
                receiver = call.name.removesuffix(".init_app")
                if project.variable_class(file, call.scope, receiver) == "flask_cors.CORS":
                    yield file, call


def _is_open(file: PyFile, scope: int, given: Expr) -> bool:
    """Whether origins are ``*``: directly, in a mapping of resources, or in the variable that holds them."""
    if given.kind == "name":
        held = next((i for at in (scope, 0) for i in file.assigned.get((at, given.text), ())), None)
        return held is not None and _holds_all(held)
    if given.kind == "dict":
        inner = [v for e in given.walk() if e.kind == "dict" and (v := e.kwarg("origins")) is not None]
        return not inner or any(e.text in _ALL for v in inner for e in v.walk())
    return any(e.kind == "str" and e.text in _ALL for e in given.walk())


def _holds_all(item: Assign | Call) -> bool:
    """Whether a variable is ``*``, or that when the environment says nothing. A default of a setting that the
    application sets elsewhere (``app.config.get("ORIGINS", "*")``) is not."""
    value = item.expr if isinstance(item, Call) else item.value
    from_environment = value.text.endswith(("environ.get", "getenv")) and len(value.args) > 1
    return value.text in _ALL or (from_environment and value.args[1].text in _ALL)
