"""Where pages are looked for: files that answer requests, without what a worker does in the background."""

from __future__ import annotations

from typing import TYPE_CHECKING

from evidence.facts.names import PyFile

if TYPE_CHECKING:
    from evidence.facts.project import Project

_TASKS = frozenset({"task", "shared_task", "periodic_task", "job", "actor", "huey"})


def answering(project: Project) -> list[PyFile]:
    """Application files that answer requests or are imported by those: jobs page through data that nobody asked for."""
    roots = {p for r in project.web.routes for p in (r.file.path, r.handler_file.path)}
    reached = project.imports.reachable(roots | {f.path for f, _ in project.web.views})
    return [f for f in project.app if f.path in reached]


def background_of(project: Project, file: PyFile) -> frozenset[int]:
    """The functions of a file that are tasks of a worker, or that no other file calls where it holds such tasks: what
    they read in pages, no request asked for."""
    functions = {n: d for n, d in enumerate(file.module.definitions, 1) if d.kind == "function"}
    tasks = {n for n, d in functions.items() if any(e.expr.text.rpartition(".")[2] in _TASKS for e in d.decorators)}
    if not tasks:
        return frozenset()
    asked = {n for n, d in functions.items() if _called_elsewhere(project, file, d.name)}
    return frozenset(tasks | (set(functions) - asked))


def _called_elsewhere(project: Project, file: PyFile, name: str) -> bool:
    """Whether another file calls this function, by what it imports or as a method that cannot be followed."""
    for other, call in project.called.get(name, ()):
        found = project.defined(other, call.name) if other is not file else None
        method = other is not file and found is None and "." in call.name and not name.startswith("_")
        if method or (found is not None and found[0] is file):
            return True
    return False


def inside(file: PyFile, scope: int, outer: frozenset[int]) -> bool:
    """Whether a scope is one of these or nested in one."""
    return any(file.inside(scope, n) for n in outer)
