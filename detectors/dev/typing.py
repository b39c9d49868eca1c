"""Type hints and a type checker: signatures say what goes in and out, and a tool holds the code to them.

**What it sees.** Settings of mypy, pyright, pytype and kin, commands and CI steps that run them, strict settings, and
the share of the application's functions with an annotation.

**Why it matters.** Hints without a checker rot into wrong comments; a checker without hints checks nothing.

**What it cannot tell.** Whether the checker passes, and how much of the code hides behind ``Any`` or ``type: ignore``.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Observations, Project, PyFile, Signal, Site, Sites, ToolConfig

_TOOLS = frozenset({"mypy", "dmypy", "pyright", "basedpyright", "pytype", "pyre", "pyrefly", "ty"})
# Catalogue: "at least a quarter of functions annotated".
_SHARE = 0.25
# Fewer than one function in twenty is no habit worth a lead.
_SCATTERED = 0.05
_STRICT = ("strict", "disallow_untyped_defs")
_SHOWN = 40


def _annotated(sites: Sites) -> int:
    return sum(int(s.value or 0) for s in sites.of("hints", "annotated"))


def _share(sites: Sites) -> float:
    functions = sum(int(s.value or 0) for s in sites.of("functions"))
    return _annotated(sites) / functions if functions else 0.0


def _checked(sites: Sites) -> bool:
    return sites.kinds("config", "ci", "task") > 0


def _statement(sites: Sites) -> str:
    tools = " and ".join(sorted(sites.subjects("config", "ci", "task")))
    share = f"{_share(sites):.0%} of the application's functions carry annotations"
    if tools:
        run = ", run by CI" if sites.has("ci") else ""
        strict = ", with strict settings" if sites.has("strict") else ""
        return f"{share}; a type checker is set up ({tools}{run}{strict})."
    return f"{share}; " + ("the type checker ignores all errors." if sites.has("off") else "no type checker is set up.")


TYPING = Signal(
    id="dev.typing",
    title="Type hints and a type checker",
    competency="testing",
    seeds=("S3.2",),
    counts=(
        "A type checker is configured or run, and at least a quarter of the application's functions carry annotations."
    ),
    strong="Strict settings, or CI fails on its errors.",
    not_credited="Scattered hints without a checker; a checker told to ignore all errors; annotations of tests only.",
    how_to_show="Set up mypy or pyright for the application's package, annotate new code, and run the checker in CI.",
    clauses=("config", "ci", "strict", "task", "hints", "off", "annotated", "functions"),
    defining=("config", "ci", "strict", "task", "hints", "annotated"),
    uncited=("annotated", "functions"),
    applies="python",
    trace=lambda sites: _checked(sites) or sites.has("off") or _share(sites) >= _SCATTERED,
    practised=lambda sites: _checked(sites) and _share(sites) >= _SHARE,
    sustained=lambda sites: bool(sites.of("strict", "ci")),
    measures=lambda sites: {"annotated": _annotated(sites), "percent": round(100 * _share(sites))},
    statement=_statement,
)
SIGNALS = (TYPING,)


def detect(project: Project) -> Observations:
    """The checker's settings and runs, and per file how many functions there are and how many are annotated."""
    settings, runs = list(_configured(project)), list(_run(project))
    if settings and any(s.clause == "ci" for s in runs):
        # a script that developers may run shows nothing beside the settings and what holds the code to them
        runs = [s for s in runs if s.clause == "ci"]
    checker = sorted({*settings, *runs}, key=Site.order)
    yield from ((TYPING, s) for s in checker)
    set_up = any(s.clause in ("config", "ci", "task") for s in checker)
    for file in project.app:
        if project.in_flask_part(file.path):
            yield from ((TYPING, s) for s in _functions(file, "annotated" if set_up else "hints"))


def _configured(project: Project) -> Iterator[Site]:
    for config in project.tool_configs:
        if config.tool not in _TOOLS or "-" in config.section or not project.in_flask_part(config.path):
            continue  # ``mypy-requests.*`` says how to treat one module
        end = min(config.end, config.start + _SHOWN - 1)
        clause = "off" if _ignores_all(config, project) else "config"
        yield Site(path=config.path, start=config.start, end=end, clause=clause, subject=config.tool)
        if clause == "config" and (line := _strict(config)):
            yield Site(path=config.path, start=line, end=line, clause="strict", subject=config.tool)


def _ignores_all(config: ToolConfig, project: Project) -> bool:
    """Whether the settings for the whole project ignore every error and no module is taken out of that, or exclude
    every file."""
    ignored, excluded = config.node.get("ignore_errors"), config.node.get("exclude")
    if ignored is not None and ignored.text.lower() == "true":
        parts = [c.node for c in project.tool_configs if c.path == config.path and c.tool == config.tool]
        kept = (n.get("ignore_errors") for part in parts for n in part.walk())
        return not any(n is not None and n.text.lower() == "false" for n in kept)
    return excluded is not None and excluded.text in (".*", ".", "*")


def _strict(config: ToolConfig) -> int:
    """The line of a strict setting; 0 for none."""
    for key in _STRICT:
        node = config.node.get(key)
        if node is not None and (node.text.lower() == "true" or node.kind == "list"):
            return node.start
    mode = config.node.get("typeCheckingMode")
    return mode.start if mode is not None and mode.text == "strict" else 0


def _run(project: Project) -> Iterator[Site]:
    whole = [c for c in project.tool_configs if c.tool in _TOOLS and "-" not in c.section]
    off = {c.tool for c in whole if _ignores_all(c, project)}
    for use in project.tool_uses:
        if use.tool in _TOOLS - off and "type" in use.kinds and not use.muted and project.in_flask_part(use.path):
            yield Site(path=use.path, start=use.start, end=use.end, clause="task", subject=use.tool)
            if "--strict" in use.words:
                yield Site(path=use.path, start=use.start, end=use.end, clause="strict", subject=use.tool)
    for run in project.ci_runs:
        if run.tool in _TOOLS - off and "type" in run.kinds and run.effective and not run.job.checks_out_other:
            place = run.chain[-1]
            yield Site(path=place.path, start=place.start, end=place.end, clause="ci", subject=run.tool)


def _functions(file: PyFile, clause: str) -> Iterator[Site]:
    functions = [d for d in file.module.definitions if d.kind == "function"]
    annotated = [d for d in functions if d.annotated]
    if functions:
        first = annotated[0] if annotated else functions[0]
        end = min(first.end, first.line + _SHOWN - 1)
        yield Site(
            path=file.path, start=first.line, end=end, clause="functions", subject=file.path, value=len(functions)
        )
        if annotated:
            yield Site(
                path=file.path, start=first.line, end=end, clause=clause, subject=file.path, value=len(annotated)
            )
