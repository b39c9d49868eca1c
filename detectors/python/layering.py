"""Import graph without cycles: modules that can be read, tested and moved one at a time.

**What it sees.** Which of the project's modules import which at the top level, the cycles among them, imports put
inside functions to hide a cycle, and contracts (import-linter, tach) that CI enforces.

**Why it matters.** In a cycle nothing can be understood alone, and the order of imports becomes part of the behaviour.

**What it cannot tell.** Whether the layers are the right ones.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Observations, Project, PyFile, Signal, Site, Sites, never, plural

# The catalogue's bars: ten modules, and hidden cycles in no more than 5 % of them.
_MODULES = 10
_HIDDEN_SHARE = 0.05
_HUBS = 5
_CONTRACTS = ("lint-imports", "import-linter", "tach", "pydeps", "pytestarch", "deply")


def _modules(sites: Sites) -> int:
    return len(sites.subjects("module"))


def _acyclic(sites: Sites) -> bool:
    hidden = len({s.path for s in sites.of("deferred")})
    return _modules(sites) >= _MODULES and not sites.of("cycle") and hidden <= _HIDDEN_SHARE * _modules(sites)


def _statement(sites: Sites) -> str:
    hidden = len({s.path for s in sites.of("deferred")})
    tail = f"; {plural(hidden, 'module')} would close one but for an import inside a function" if hidden else ""
    contract = "; an import contract guards it" if sites.of("contract") else ""
    return f"{_modules(sites)} modules import each other without a cycle at the top level{tail}{contract}."


LAYERING = Signal(
    id="python.layering",
    title="Import graph without cycles",
    competency="app-structure",
    seeds=("S2.1",),
    counts="Ten or more modules of the project's own form no import cycle at the top level.",
    strong="A contract (import-linter, tach or the like) enforces it in CI.",
    not_credited="Cycles hidden by imports inside functions in more than about one module in twenty.",
    how_to_show="Let imports point one way (views to services to models), and add an import-linter contract to CI.",
    clauses=("contract", "imports", "module", "cycle", "deferred"),
    defining=("module",),
    uncited=("module", "cycle", "deferred"),
    applies="python",
    trace=never,
    practised=_acyclic,
    sustained=lambda sites: bool(sites.of("contract")),
    measures=lambda sites: {
        "modules": _modules(sites),
        "cycles": len(sites.subjects("cycle")),
        "deferred_imports": sites.count("deferred"),
    },
    statement=_statement,
)
SIGNALS = (LAYERING,)


def detect(project: Project) -> Observations:
    """Every module, the cycles, the hidden ones, the modules that import most, and contracts."""
    paths = [f.path for f in project.app if not f.path.endswith("setup.py")]
    for path in paths:
        yield LAYERING, Site(path=path, clause="module", subject=path)
    for number, group in enumerate(project.imports.cycles(paths)):
        for path in group:
            yield LAYERING, Site(path=path, clause="cycle", subject=f"cycle {number}")
    for source, target, line in project.imports.deferred_closing_cycles(paths):
        if not _assembling(project.python[source], line):
            yield LAYERING, Site(path=source, start=line, end=line, clause="deferred", subject=target)
    yield from _hubs(project, paths)
    for run in project.ci_runs:
        if run.tool in _CONTRACTS and run.effective:
            yield (
                LAYERING,
                Site(
                    path=run.place.path, start=run.place.start, end=run.place.end, clause="contract", subject=run.tool
                ),
            )


def _assembling(file: PyFile, line: int) -> bool:
    """Whether an import stands in a function that puts the application together: there the whole point is to import
    late."""
    around = [d for d in file.module.definitions if d.kind == "function" and d.start <= line <= d.end]
    return any(
        {"app", "application"} & set(d.params)
        or d.name.startswith(("create_", "register_", "init_", "make_", "configure_"))
        for d in around
    )


def _hubs(project: Project, paths: list[str]) -> Iterator[tuple[Signal, Site]]:
    """The modules that import most of the project: where a reader sees which way imports point."""
    keep = set(paths)
    graph = project.imports.graph
    counted = {p: sum(t in keep and not d["deferred"] for _, t, d in graph.out_edges(p, data=True)) for p in paths}
    for path in sorted(paths, key=lambda p: (-counted[p], p))[:_HUBS]:
        lines = [d["line"] for _, t, d in graph.out_edges(path, data=True) if t in keep and not d["deferred"]]
        if lines:
            yield LAYERING, Site(path=path, start=min(lines), end=max(lines), clause="imports", subject=path)
