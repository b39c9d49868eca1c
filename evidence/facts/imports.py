"""The import graph of the project's own modules, on networkx: cycles, and what entry points reach."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import TYPE_CHECKING

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
            for target, line, deferred in self._edges(file):
                known = graph.get_edge_data(path, target)
                if known is None or (known["deferred"] and not deferred):
                    graph.add_edge(path, target, line=line, deferred=deferred)
        return graph

    def _edges(self, file: PyFile) -> Iterable[tuple[str, int, bool]]:
        for item in file.module.imports:
            if item.typing:
                continue
            deferred = file.function_of(item.scope) is not None
            for target in self._targets(file.path, item.target, item.module):
                if target != file.path:
                    yield target, item.line, deferred

    def _targets(self, path: str, target: str, module: str) -> list[str]:
        """The file this import names: the submodule where there is one, else the module the name is taken from.

        ``from package import submodule`` runs the package's ``__init__`` too, but depends on nothing in it: counting
        that as a dependency would make a cycle of every package that imports its own parts.
        """
        found = self._names.module(path, target) if target != module else ""
        found = found or self._names.module(path, module)
        return [found] if found else []

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
