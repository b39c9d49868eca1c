"""What runs when an application starts: functions that make or run it, and those that they hand it to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.facts.callees import callee
from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition

if TYPE_CHECKING:
    from evidence.facts.project import Project

_APPLICATION = frozenset({"app", "application", "flask_app", "config"})
# What serves an application that it is called on, or handed.
_SERVES = frozenset({"run", "serve", "run_simple", "serve_forever"})


def starting(project: Project) -> tuple[tuple[PyFile, int], ...]:
    """The scopes (0 is a module) that run when an application starts: factories, functions that call one or run an
    application, and what those hand the application to; in path order."""
    first = [(f.file, f.file.scopes.get(f.definition.qualname, 0)) for f in project.web.factories]
    first += [(u.file, u.scope) for u in project.web.factory_uses if u.file in project.app]
    first += [(a.file, 0) for a in project.web.apps if not a.call.scope and a.file in project.app]
    first += _running(project)
    found = {(file.path, scope): (file, scope) for file, scope in first}
    names = _APPLICATION.union(a.call.target.rpartition(".")[2] for a in project.web.apps if a.call.target)
    for file, scope in first:
        for call in run_in(file, scope):
            given = any(v.kind == "name" and v.text.rpartition(".")[2] in names for v in call.expr.args)
            called = project.defined(file, call.name) if given and call.name else None
            if called is not None and called[1].kind == "function":
                number = called[0].scopes.get(called[1].qualname, 0)
                found.setdefault((called[0].path, number), (called[0], number))
    return tuple(found[k] for k in sorted(found))


def called_at_start(project: Project) -> tuple[tuple[PyFile, Definition], ...]:
    """Functions and methods of the project that those scopes call, each once, in path and line order."""
    found: dict[tuple[str, int], tuple[PyFile, Definition]] = {}
    for file, scope in project.starting:
        for call in run_in(file, scope):
            known = project.defined(file, call.name) if call.name and call.target != "decorator" else None
            if known is None and call.last == "init_app":
                known = _method(project, file, call)
            if known is not None and known[1].kind == "function":
                found.setdefault((known[0].path, known[1].line), known)
    return tuple(found[k] for k in sorted(found))


def _method(project: Project, file: PyFile, call: Call) -> tuple[PyFile, Definition] | None:
    """The method of the project that is called on an object."""
    ref = callee(project.names, file, call.scope, call.name)
    other = project.python.get(ref.path) if ref is not None else None
    definition = other.definition(other.scopes.get(ref.name, 0)) if ref is not None and other is not None else None
    return (other, definition) if other is not None and definition is not None else None


def run_in(file: PyFile, scope: int) -> list[Call]:
    """The calls of a function; of a module (scope 0) those that importing it runs. What a decorator takes inside (a
    hook, a handler, a view) runs later."""
    return [c for c in file.calls_in(scope) if (scope or not c.scope) and not _later(file, c.scope, scope)]


def _later(file: PyFile, inner: int, outer: int) -> bool:
    while inner != outer and (definition := file.definition(inner)) is not None:
        if definition.decorators:
            return True
        inner = definition.parent
    return False


def _running(project: Project) -> list[tuple[PyFile, int]]:
    """Functions that run an application of the project."""
    made = {(a.file.path, a.call.target) for a in project.web.apps if not a.call.scope and a.call.target}
    found = []
    for last in sorted(_SERVES):
        for file, call in project.called.get(last, ()):
            names = (call.name.rpartition(".")[0], *(v.text for v in call.expr.items if v.kind == "name"))
            refs = [project.resolve(file, n) for n in names if n and call.scope and file in project.app]
            if any((r.path, r.name) in made for r in refs):
                found.append((file, call.scope))
    return found
