"""Dependency updates and vulnerability scanning: someone (or something) watches what the project is built on.

**What it sees.** Dependabot, Renovate, PyUp and Mend where their file is in place and switched on; pip-audit, safety,
Snyk, Trivy, Grype, OSV-Scanner, dependency review and GitLab's templates where a pipeline or hook runs them; scanning
in a container registry; and, in the history, updates that such a bot wrote.

**Why it matters.** Most known weaknesses of a service are not in its own code.

**What it cannot tell.** Alerts that a forge sends on its own, and what came of them.
"""

from __future__ import annotations

import re
from functools import lru_cache

from evidence.api import Observations, Project, Scan, Signal, Site, Sites, plural, quoted, regex

_SET_UP = ("gate", "service", "run", "hook")
_BOT = regex(r"dependabot|renovate|pyup[- ]?bot|pyup\.io|snyk-bot|snyk bot|depfu|whitesource|mend-bolt", re.IGNORECASE)
# One commit of a bot may be a trial; from three on it is how updates arrive.
_UPDATES = 3


def _statement(sites: Sites) -> str:
    tools = sorted({s.subject for s in sites.of(*_SET_UP)})
    if not tools:
        reason = min((str(s.value) for s in sites if s.value), default="nothing runs it")
        return f"A scanner of dependencies is named, but {reason}."
    names = ", ".join(quoted(t, 40) for t in tools[:5])
    updates = sites.count("updated")
    merged = f"; {plural(updates, 'update')} by a bot in the history" if updates else ""
    gated = "; a scan fails the build" if sites.of("gate") else ""
    return f"Dependencies are watched by {names}{merged}{gated}."


DEPENDENCY_SCANNING = Signal(
    id="security.dependency_scanning",
    title="Dependency updates and vulnerability scanning",
    competency="secrets",
    seeds=("S2.2", "C1.4"),
    counts="An update service (Dependabot, Renovate, PyUp) is set up, or a scanner of packages or images runs in CI.",
    strong="The history holds updates that the service wrote, or the scan runs on changes and fails the build.",
    not_credited="A badge; a scanner that is only a dependency; a step that cannot fail; bot commits without set-up.",
    how_to_show="Add .github/dependabot.yml for your package manager, merge its updates, and run pip-audit in CI.",
    clauses=(*_SET_UP, "muted", "unused", "updated"),
    leads=("muted", "unused"),
    defining=_SET_UP,
    trace=lambda sites: bool(sites.of("muted", "unused")),
    practised=lambda sites: sites.kinds(*_SET_UP) >= 1,
    sustained=lambda sites: bool(sites.of("gate")) or sites.count("updated") >= _UPDATES,
    measures=lambda sites: {"tools": len(sites.subjects(*_SET_UP)), "updates": sites.count("updated")},
    statement=_statement,
)
SIGNALS = (DEPENDENCY_SCANNING,)


def detect(project: Project) -> Observations:
    """What watches the dependencies, and the updates it wrote."""
    for scan in project.scans:
        if scan.kind.startswith("dependencies"):
            site = Site(
                path=scan.path, start=scan.start, end=scan.end, clause=_clause(scan), subject=scan.tool, value=scan.off
            )
            yield DEPENDENCY_SCANNING, site
    for commit in project.history.commits:
        if len(commit.parents) < 2 and _is_bot(commit.author.name, commit.author.email):
            yield DEPENDENCY_SCANNING, Site(path="", clause="updated", subject=commit.sha, commit=commit.sha)


@lru_cache(maxsize=20_000)
def _is_bot(name: str, email: str) -> bool:
    """Whether the author of a commit is a service that updates dependencies; authors have many commits each."""
    return bool(_BOT.search(name) or _BOT.search(email))


def _clause(scan: Scan) -> str:
    if scan.where == "lead":
        return "unused"
    if scan.off or scan.kind != "dependencies":
        return "muted"
    if scan.gates:
        return "gate"
    return {"service": "service", "hook": "hook"}.get(scan.where, "run")
