"""Cloud runtime configured: how much the application may use, how many of it run, and how its health is told.

**What it sees.** Memory and CPU limits, instance counts, autoscaling rules, liveness and readiness probes in the
manifests that define run-time resources, and limits on the services of compose files.

**Why it matters.** Without limits one bad request starves its neighbours; without probes traffic goes to processes that
cannot answer.

**What it cannot tell.** Whether the numbers were measured or guessed.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural, quoted


def _environments(sites: Sites) -> int:
    return len({s.value for s in sites if s.value})


def _statement(sites: Sites) -> str:
    kinds = sorted({s.subject for s in sites})
    shown = ", ".join(quoted(k) for k in kinds[:5]) + (", ..." if len(kinds) > 5 else "")
    scaled = "; the number of instances follows the load" if sites.of("scaling") else ""
    files = plural(len({s.path for s in sites}), "file")
    return f"{plural(len(sites), 'setting')} of the runtime in {files} ({shown}){scaled}."


RUNTIME_LIMITS = Signal(
    id="iac.runtime_limits",
    title="Cloud runtime configured",
    competency="iac-cloud",
    seeds=("C6.3", "S4.2"),
    counts="Deployment manifests set memory or CPU limits, instance counts, scaling, or liveness and readiness probes.",
    strong="Instances scale by themselves, or values differ per environment.",
    not_credited="The platform's defaults; advice in a README.",
    how_to_show="Set requests, limits and probes in the manifest that deploys the application, with values per "
    "environment.",
    clauses=("scaling", "limit"),
    defining=("limit", "scaling"),
    trace=never,
    practised=lambda sites: bool(sites),
    sustained=lambda sites: bool(sites.of("scaling")) or _environments(sites) >= 2,
    measures=lambda sites: {"settings": len(sites), "environments": _environments(sites)},
    statement=_statement,
)
SIGNALS = (RUNTIME_LIMITS,)
ALONE = True


def detect(project: Project) -> Observations:
    """Every setting of size, number, probe or scaling."""
    for item in project.runtime_limits:
        yield (
            RUNTIME_LIMITS,
            Site(
                path=item.path,
                start=item.start,
                end=min(item.end, item.start + 39),
                clause="scaling" if item.scaling else "limit",
                subject=item.what,
                value=item.environment or None,
            ),
        )
