"""Security static analysis: tools that read the source for weaknesses before it ships.

**What it sees.** bandit, semgrep, CodeQL, SonarQube and SonarCloud and their like, and linters with bandit's rules
switched on (ruff's S rules, flake8-bandit), run by a pipeline or by pre-commit; analysers of workflows and
infrastructure code. Make targets, tox environments and scripts are followed to the tool.

**Why it matters.** Injection, weak hashes and debug switches follow patterns that a machine finds on every change.

**What it cannot tell.** What was found, whether it was fixed or silenced, and analyses that a service runs on its own.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Scan, Signal, Site, Sites, plural, quoted

_RUN = ("gate", "run", "hook")


def _statement(sites: Sites) -> str:
    tools = sorted({s.subject for s in sites.of(*_RUN)})
    if not tools:
        reason = min((str(s.value) for s in sites if s.value), default="nothing runs it")
        return f"A security analyser is set up, but {reason}."
    names = ", ".join(quoted(t, 40) for t in tools[:5])
    gated = " and fails the build" if sites.of("gate") else ""
    where = "CI" if sites.of("gate", "run") else "pre-commit"
    return f"{plural(len(tools), 'security analyser')} in {where}{gated}: {names}."


STATIC_ANALYSIS = Signal(
    id="security.static_analysis",
    title="Security static analysis",
    competency="ci-cd",
    seeds=("S8.2", "C6.2"),
    counts="bandit or its rules in ruff or flake8, CodeQL, semgrep or SonarCloud runs in CI or as a pre-commit hook.",
    strong="It runs on changes and fails the build on what it finds.",
    not_credited="Settings that nothing runs; a step that cannot fail; an analyser that is only a dependency.",
    how_to_show='Select ruff\'s "S" rules (or add bandit) and let the workflow that runs your tests fail on them.',
    clauses=("gate", "run", "hook", "muted", "unused"),
    leads=("muted", "unused"),
    defining=_RUN,
    practised=lambda sites: sites.kinds(*_RUN) >= 1,
    sustained=lambda sites: bool(sites.of("gate")),
    measures=lambda sites: {"analysers": len(sites.subjects(*_RUN))},
    statement=_statement,
)
SIGNALS = (STATIC_ANALYSIS,)


def detect(project: Project) -> Observations:
    """Every place that sets an analyser of code up; those of infrastructure code never count as a gate."""
    for scan in project.scans:
        if scan.kind in ("code", "infra"):
            site = Site(
                path=scan.path, start=scan.start, end=scan.end, clause=_clause(scan), subject=scan.tool, value=scan.off
            )
            yield STATIC_ANALYSIS, site


def _clause(scan: Scan) -> str:
    if scan.where == "lead":
        return "unused"
    if scan.off:
        return "muted"
    if scan.gates and scan.kind == "code":
        return "gate"
    return "hook" if scan.where == "hook" else "run"
