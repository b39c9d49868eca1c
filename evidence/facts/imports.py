"""The import graph of the project's own modules, on networkx: cycles, and what entry points reach."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING, Any

from evidence.facts.names import Names, PyFile
from evidence.facts.roles import Role

if TYPE_CHECKING:
    import networkx

    Graph = networkx.DiGraph[str]


class ImportGraph:
    """Who imports whom. Nodes are paths; an edge carries ``line``, and ``deferred`` when it stands inside a
    function."""

    def __init__(self, names: Names) -> None:
        self._names = names

    @cached_property
    def graph(self) -> Graph:
        """All imports, those under TYPE_CHECKING left out."""
        import networkx

        graph: Graph = networkx.DiGraph()
        graph.add_nodes_from(sorted(self._names.files))
        for path, file in sorted(self._names.files.items()):
            graph.add_edges_from((path, target, edge) for target, edge in self._edges(file).items())
        return graph

    def _edges(self, file: PyFile) -> dict[str, dict[str, Any]]:
        """The modules that a file imports: by the first import at the top, else by the first in a function."""
        found: dict[str, dict[str, Any]] = {}
        for item in file.module.imports:
            target = self._target(file.path, item.target, item.module) if not item.typing else ""
            if not target or target == file.path:
                continue
            known = found.get(target)
            if known is None or known["deferred"]:
                deferred = file.function_of(item.scope) is not None
                if known is None or not deferred:
                    found[target] = {"line": item.line, "deferred": deferred}
        return found

    def _target(self, path: str, target: str, module: str) -> str:
        """The file this import names: the submodule where there is one, else the module the name is taken from.

        ``from package import submodule`` runs the package's ``__init__`` too, but depends on nothing in it: counting
        that as a dependency would make a cycle of every package that imports its own parts.
        """
        found = self._names.module(path, target) if target != module else ""
        return found or self._names.module(path, module)

    def cycles(self, paths: Iterable[str]) -> list[list[str]]:
        """The strongly connected groups of two or more modules by top-level imports among ``paths``, each sorted."""
        import networkx

        keep = set(paths)
        top: Graph = networkx.DiGraph()
        top.add_nodes_from(sorted(keep))
        edges = self.graph.edges(data=True)
        top.add_edges_from((a, b) for a, b, d in edges if not d["deferred"] and a in keep and b in keep)
        return sorted(sorted(group) for group in networkx.strongly_connected_components(top) if len(group) > 1)

    def deferred_closing_cycles(self, paths: Iterable[str]) -> list[tuple[str, str, int]]:
        """Function-level imports (from, to, line) that would close a cycle were they at the top of their module."""
        import networkx

        keep = set(paths)
        top: Graph = networkx.DiGraph()
        top.add_nodes_from(keep)
        edges = [(a, b, d) for a, b, d in self.graph.edges(data=True) if a in keep and b in keep]
        top.add_edges_from((a, b) for a, b, d in edges if not d["deferred"])
        reach = {n: networkx.descendants(top, n) for n in {b for _, b, d in edges if d["deferred"]}}
        return sorted((a, b, d["line"]) for a, b, d in edges if d["deferred"] and a in reach[b])

    def reachable(self, roots: Iterable[str], known: frozenset[str] = frozenset()) -> frozenset[str]:
        """``roots`` and every module they import, directly or not, packages on the way included; those ``known`` left
        out, with what is reached through them alone."""
        seen: set[str] = set()
        stack = [r for r in roots if r in self._names.files]
        while stack:
            path = stack.pop()
            if path in seen or path in known:
                continue
            seen.add(path)
            stack.extend(t for t in self.graph.successors(path) if t not in seen)
            stack.extend(p for p in self._packages(path) if p not in seen)
        return frozenset(seen)

    def leading_to(self, paths: Iterable[str]) -> frozenset[str]:
        """``paths``, of modules, and every module that imports one of them, directly or not."""
        seen = set(paths)
        stack = list(seen)
        while stack:
            fresh = set(self.graph.predecessors(stack.pop())) - seen
            seen |= fresh
            stack += fresh
        return frozenset(seen)

    def _packages(self, path: str) -> list[str]:
        """The ``__init__`` files that run before a module does."""
        found = []
        folder = path.rpartition("/")[0]
        while folder:
            init = f"{folder}/__init__.py"
            if init in self._names.files and init != path:
                found.append(init)
            folder = folder.rpartition("/")[0]
        return found


def own(files: Iterable[PyFile]) -> list[PyFile]:
    """The files that count as the project's application code."""
    return [f for f in files if f.role is Role.APP]
