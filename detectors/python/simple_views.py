"""Slim view functions: views that hand on the work instead of deciding everything themselves.

**What it sees.** The cyclomatic complexity, by radon's count, of every function that answers a request in a module that
something loads, and complexity gates in the lint configuration.

**Why it matters.** A view with few branches is easy to test through HTTP; rules belong where they can be tested
without it.

**What it cannot tell.** Whether the rules moved to a good place, or only out of sight.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import Observations, Project, Signal, Site, Sites, never

# radon's rank A ends at 5; nine in ten views at or below it, over at least eight views (the catalogue's bars).
_SIMPLE = 5
_SHARE = 0.9
_VIEWS = 8
_SHOWN = 4
# Tools that fail where a function is too complex, and the options by which a linter does.
_GATES = ("xenon", "lizard", "complexipy")
_LIMITS = ("--max-complexity", "--select=C90", "--extend-select=C90")


def _views(sites: Sites) -> int:
    return sites.count("simple", "complex")


def _share(sites: Sites) -> float:
    return round(sites.count("simple") / max(1, _views(sites)), 3)


def _worst(sites: Sites) -> int:
    return max((int(s.value or 0) for s in sites.of("simple", "complex")), default=0)


def _statement(sites: Sites) -> str:
    gate = "; a complexity gate is configured" if sites.of("gate") else ""
    return (
        f"{sites.count('simple')} of {_views(sites)} view functions have a cyclomatic complexity of {_SIMPLE} or less "
        f"(the highest is {_worst(sites)}){gate}."
    )


SIMPLE_VIEWS = Signal(
    id="python.simple_views",
    title="Slim view functions",
    competency="domain-design",
    seeds=("S5.1",),
    counts="Nine in ten view functions have a cyclomatic complexity of 5 or less, over at least 8 views.",
    strong="A complexity gate runs in the lint configuration or in CI.",
    not_credited="Fewer than 8 views; views in modules that nothing imports.",
    how_to_show=(
        "Let views parse, call one function and answer; add a complexity rule (C901) to the lint configuration."
    ),
    clauses=("gate", "shown", "simple", "complex"),
    defining=("simple", "complex"),
    uncited=("simple", "complex"),
    applies="flask",
    trace=never,
    practised=lambda sites: _views(sites) >= _VIEWS and _share(sites) >= _SHARE,
    sustained=lambda sites: bool(sites.of("gate")),
    measures=lambda sites: {"views": _views(sites), "simple_share": _share(sites), "worst": _worst(sites)},
    statement=_statement,
)
SIGNALS = (SIMPLE_VIEWS,)


def detect(project: Project) -> Observations:
    """Every view that can run with its complexity, and gates."""
    views = [(file, view) for file, view in project.web.views if project.reach.live(file.path)]
    # a reader is shown the modules that hold most views
    held = Counter(file.path for file, _ in views)
    most = sorted(held, key=lambda path: (-held[path], path))[:_SHOWN]
    for file, view in views:
        if not view.complexity:
            continue
        clause = "simple" if view.complexity <= _SIMPLE else "complex"
        for each in (clause, "shown") if file.path in most and clause == "simple" else (clause,):
            yield (
                SIMPLE_VIEWS,
                Site(
                    path=file.path,
                    start=view.start,
                    end=view.end,
                    clause=each,
                    subject=f"{file.path}:{view.qualname}",
                    value=view.complexity,
                ),
            )
    for run in project.ci_runs:
        if run.effective and (run.tool in _GATES or any(w.startswith(_LIMITS) for w in run.words)):
            place = run.place
            yield SIMPLE_VIEWS, Site(path=place.path, start=place.start, end=place.end, clause="gate", subject=run.tool)
    for path, line in project.complexity_gates():
        yield SIMPLE_VIEWS, Site(path=path, start=line, end=line, clause="gate", subject=path)
