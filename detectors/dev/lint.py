"""Linting and formatting configured: the style of the code is a machine's business.

**What it sees.** Settings of Python linters and formatters in any file they may stand in, pre-commit hooks, and the
commands of Makefiles, tasks, tox, scripts and CI that run them.

**Why it matters.** A reviewer who does not talk about white space talks about the design. A linter finds the unused
name and the mutable default before anyone reads the code.

**What it cannot tell.** Whether the code passes, and how many findings are silenced line by line.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Node, Observations, Project, Signal, Site, Sites, ToolConfig

#: Linters and formatters of Python code, by the name of their program.
_TOOLS = frozenset({
    "ruff", "flake8", "pylint", "black", "isort", "yapf", "autopep8", "pycodestyle", "pydocstyle", "pyflakes", "pylama",
    "prospector", "pep8", "pep257", "autoflake", "docformatter", "flakeheaven", "flakehell", "blue", "usort", "ufmt",
    "wemake-python-styleguide", "fixit", "vulture", "darglint", "interrogate", "pyupgrade", "xenon", "mccabe", "refurb",
    "dlint", "slotscheck",
})  # fmt: skip
_KINDS = frozenset({"lint", "format", "format-write"})
# The letters of all rules that flake8 brings along.
_ALL_OF_FLAKE8 = frozenset("EFWC")
_SHOWN = 20
_EVERYTHING = frozenset({"*", ".", "**", "**/*", "*.py", "/"})
_RULES = (
    "select",
    "extend-select",
    "extend-ignore",
    "ignore",
    "disable",
    "enable",
    "max-line-length",
    "line-length",
    "profile",
)


def _statement(sites: Sites) -> str:
    tools = sorted(sites.subjects("config", "hook", "ci", "task"))
    if not tools:
        named = sorted(sites.subjects("off", "dependency"))
        return f"Depended on or switched off, and run by nothing here: {', '.join(named[:4])}."
    ways = (("config", "configured"), ("hook", "run by pre-commit"), ("task", "run by a task"), ("ci", "run by CI"))
    places = ", ".join(words for clause, words in ways if sites.has(clause))
    return f"{places[0].upper()}{places[1:]}: {', '.join(tools[:6])}."


LINT = Signal(
    id="dev.lint",
    title="Linting and formatting configured",
    competency="ci-cd",
    seeds=("S8.2", "C6.2"),
    counts="A linter or formatter of Python code is configured, hooked into pre-commit, or run by a task or CI.",
    strong="pre-commit hooks and CI both run one.",
    not_credited=(
        "An editorconfig; a linter that is only installed; settings that exclude everything or select nothing."
    ),
    how_to_show="Configure ruff in pyproject.toml, run it from pre-commit, and run the same hooks in CI.",
    clauses=("config", "hook", "ci", "task", "off", "dependency"),
    defining=("config", "hook", "ci", "task", "off"),
    practised=lambda sites: sites.kinds("config", "hook", "ci", "task") > 0,
    sustained=lambda sites: sites.has("hook", "ci"),
    measures=lambda sites: {"tools": len(sites.subjects("config", "hook", "ci", "task"))},
    statement=_statement,
)
SIGNALS = (LINT,)


def detect(project: Project) -> Observations:
    """Settings, hooks, tasks and CI steps; where there are none, the bare dependency."""
    found = sorted({*_configured(project), *_run(project)}, key=Site.order)
    if any(s.clause == "config" for s in found) and any(s.clause in ("hook", "ci") for s in found):
        # a script that developers may run shows nothing beside the rules and what holds the code to them
        found = [s for s in found if s.clause != "task"]
    yield from ((LINT, s) for s in found)
    if not found:
        yield from ((LINT, s) for s in _dependencies(project))


def _configured(project: Project) -> Iterator[Site]:
    for config in project.tool_configs:
        if config.tool in _TOOLS and config.node.items and project.in_flask_part(config.path):
            start, end = _lines(config)
            clause = "off" if _switched_off(config) else "config"
            yield Site(path=config.path, start=start, end=end, clause=clause, subject=config.tool)


def _lines(config: ToolConfig) -> tuple[int, int]:
    """The whole table where it is short, else its rules."""
    if config.end - config.start <= 2 * _SHOWN:
        return config.start, config.end
    rules = next((n for key in _RULES for n in config.values(key)), config.node)
    return rules.start, min(rules.end, rules.start + _SHOWN - 1)


def _switched_off(config: ToolConfig) -> bool:
    """Whether the settings exclude everything or select no rule."""
    excluded = [
        t for n in config.values("exclude", "extend-exclude", "ignore-paths", "force-exclude") for t in _words(n)
    ]
    if not _EVERYTHING.isdisjoint(excluded):
        return True
    ignored = {w.upper() for n in config.values("ignore", "extend-ignore", "disable") for w in _words(n)}
    kept = [*config.values("enable"), *(config.values("select", "extend-select") if config.tool == "flake8" else ())]
    if not any(map(_words, kept)) and (ignored & {"ALL"} or (config.tool == "flake8" and ignored >= _ALL_OF_FLAKE8)):
        return True
    if config.tool != "ruff":
        return False
    chosen = config.values("select", "extend-select")
    return bool(chosen) and not any(n.texts() for n in chosen)


def _words(node: Node) -> list[str]:
    return [w for text in node.texts() for w in text.replace(",", " ").split()]


def _run(project: Project) -> Iterator[Site]:
    """Hooks and tasks by their own lines; steps of CI by the lines they come down to."""
    for use in project.tool_uses:
        if use.tool in _TOOLS and _KINDS & set(use.kinds) and not use.muted and project.in_flask_part(use.path):
            yield Site(
                path=use.path,
                start=use.start,
                end=use.end,
                clause="hook" if use.section == "hook" else "task",
                subject=use.tool,
            )
    for run in project.ci_runs:
        if run.tool in _TOOLS and _KINDS & set(run.kinds) and run.effective and not run.job.checks_out_other:
            place = run.chain[-1]
            yield Site(path=place.path, start=place.start, end=place.end, clause="ci", subject=run.tool)


def _dependencies(project: Project) -> Iterator[Site]:
    for path, listed in project.dependencies.items():
        for item in listed.items if not (listed.lock or listed.compiled) else ():
            if item.name in _TOOLS and project.in_flask_part(path):
                yield Site(path=path, start=item.line, end=item.line, clause="dependency", subject=item.name)
