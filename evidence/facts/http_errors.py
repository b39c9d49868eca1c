"""The project's own HTTP exceptions, where an extension for APIs answers each of them as JSON of one shape."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, between
from evidence.facts.python.records import Definition

if TYPE_CHECKING:
    from evidence.facts.project import Project

_ANSWERING = frozenset({"flask_restful", "flask_restx", "flask_restplus", "flask_smorest", "apiflask"})


def http_errors(project: Project) -> Iterator[Occurrence]:
    """Kinds: ``framework`` (an exception is raised, in code that can run) and ``shape`` (the class that those raised
    come from); nothing where no such extension is used."""
    if not any(i.module.partition(".")[0] in _ANSWERING for f in project.app for i in f.module.imports):
        return
    shapes: dict[tuple[str, int], Occurrence] = {}
    for file in project.app:
        for item in file.module.raises:
            known = project.defined(file, item.name) if project.reach.live(file.path, item.scope) else None
            if (
                known is not None
                and project.class_of(known[0], known[1].qualname).startswith("werkzeug.exceptions.")
                and not _redirects(*known)
            ):
                yield between(file.path, item.line, item.line, "framework", file.path)
                home, shape = _first_of(project, *known)
                shapes[home.path, shape.line] = between(home.path, shape.line, shape.end, "shape", shape.name)
    yield from (shapes[k] for k in sorted(shapes))


def _redirects(file: PyFile, definition: Definition) -> bool:
    """Whether an exception sends elsewhere, as a status of 303 does: that is no error."""
    scope = file.scopes.get(definition.qualname, 0)
    codes = (i.value.text for i in file.module.assigns if i.scope == scope and i.target == "code")
    routes = any(b.text.endswith(("RoutingException", "RequestRedirect")) for b in definition.bases)
    return routes or any(code.isdigit() and code.startswith("3") for code in codes)


def _first_of(project: Project, file: PyFile, definition: Definition, hops: int = 0) -> tuple[PyFile, Definition]:
    """The class of the project that an exception class comes from."""
    for base in definition.bases if hops < 8 else ():
        found = project.defined(file, base.text)
        if found is not None and found[1] is not definition:
            return _first_of(project, *found, hops + 1)
    return file, definition
