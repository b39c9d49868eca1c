"""OpenAPI and Swagger documents in the repository, and whether they describe this project's routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.records import Data, Node
from evidence.facts.roles import Role

if TYPE_CHECKING:
    from evidence.facts.project import Project

_FOREIGN_FOLDERS = frozenset(
    {"example", "examples", "sample", "samples", "demo", "demos", "node_modules", "mocks", "mock", "fixtures"}
)
_OWN = (Role.APP, Role.EXAMPLE, Role.GENERATED)


class ApiDocument(Struct, frozen=True):
    """An OpenAPI or Swagger document with paths. ``own`` is false where no path is a route of the project: it describes
    something else."""

    path: str
    root: Node
    start: int
    end: int
    own: bool


def api_documents(project: Project) -> Iterator[ApiDocument]:
    """Every document of the repository, examples, mocks and vendored folders left out, in path order."""
    rules = {_tail(r.rule) for r in project.web.routes} - {()}
    for path, data in project.data.items():
        if project.role(path) not in _OWN or _FOREIGN_FOLDERS & set(path.lower().split("/")[:-1]):
            continue
        version = _version_node(data)
        paths = data.root.get("paths")
        if version is None or paths is None or paths.kind != "map" or not paths.keys:
            continue
        own = not rules or any(_tail(k) in rules for k in paths.keys) or _served(project, path)
        line = data.root.line_of("openapi" if data.root.get("openapi") is not None else "swagger")
        end = max(line, min(paths.start, line + 20))
        yield ApiDocument(path, data.root, line, end, own and project.web.is_flask)


def _version_node(data: Data) -> str | None:
    node = data.root.get("openapi") or data.root.get("swagger")
    return node.text if node is not None and node.text[:2] in ("2.", "3.", "2", "3") else None


def _tail(rule: str) -> tuple[str, ...]:
    """The last two segments of a path, variables replaced: enough to know a route by, whatever prefix it has."""
    parts = ["*" if p[:1] in ("<", "{", ":") else p.lower() for p in rule.strip("/").split("/") if p]
    return tuple(parts[-2:]) if any(p != "*" for p in parts[-2:]) else tuple(parts[-3:])


def _served(project: Project, path: str) -> bool:
    """Whether it is served: connexion and UI blueprints name the file in code, FOCA in its configuration."""
    if path in project.served_specs.documents:
        return True
    name = path.rpartition("/")[2]
    return any(
        e.kind == "str" and e.text.endswith(name)
        for f in project.app
        for c in f.module.calls
        for e in c.expr.items
        if len(e.text) < 200
    )
