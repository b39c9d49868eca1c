"""Delivery flow: how long changes take, how large they are, how often they are undone, how soon they are released.

**What it sees.** Every merged change of a person: hours from opening to merge, lines added and deleted, whether a later
change reverts it, and the hours until the next release. Medians are given with the number of changes behind them.

**Why it matters.** Small changes that are merged within days are easier to review, to test and to undo; these four
figures are what the DORA research found to go together with teams that deliver well.

**What it cannot tell.** Work before the change was opened, deployments that leave no release, and faults that were
repaired without a revert. A slow merge may be the reviewers' and not the author's.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, person_of, plural, release_item

# Below ten changes a median says little.
_CHANGES = 10
# DORA, Accelerate State of DevOps 2019 and 2023: high performers need less than a week from change to production, and
# at most 15 in a hundred of their changes fail.
_LEAD_HOURS, _REVERTED = 7 * 24, 0.15
# SmartBear's study of reviews at Cisco (2006): beyond 400 lines reviewers find little.
_LINES = 400
_HOURS_A_DAY = 24


def _median(numbers: list[float]) -> float:
    # importing it takes as long as five detectors do, and few scans ask a forge
    from statistics import median

    return median(numbers)


def _numbers(sites: Sites, clause: str) -> list[float]:
    return [float(s.value) for s in sites.of(clause) if isinstance(s.value, int | float)]


def _flows(sites: Sites) -> bool:
    leads, sizes = _numbers(sites, "merged"), _numbers(sites, "size")
    if len(leads) < _CHANGES or 2 * len(sizes) < len(leads):
        return False
    few_undone = sites.count("reverted") <= _REVERTED * len(leads)
    return _median(leads) <= _LEAD_HOURS and _median(sizes) <= _LINES and few_undone


def _people(sites: Sites) -> list[Sites]:
    return list(sites.by_subject("merged").values())


def _duration(hours: float) -> str:
    return f"{hours:.0f} hours" if hours < 2 * _HOURS_A_DAY else f"{hours / _HOURS_A_DAY:.0f} days"


def _statement(sites: Sites) -> str:
    leads, sizes, waits = (_numbers(sites, clause) for clause in ("merged", "size", "released"))
    parts = [f"{plural(len(leads), 'merged change')}"]
    if leads:
        parts.append(f"{_duration(_median(leads))} from opening to merge in the median")
    if sizes:
        parts.append(f"{_median(sizes):,.0f} lines in the median of {len(sizes):,}")
    parts.append(f"{sites.count('reverted'):,} reverted")
    if waits:
        parts.append(f"{_duration(_median(waits))} to the next release in the median of {len(waits):,}")
    return f"{', '.join(parts)}."


DELIVERY_FLOW = Signal(
    id="forge.delivery_flow",
    title="Delivery flow",
    competency="ownership",
    seeds=("C6.2", "C8.1"),
    counts=(
        "Ten or more merged changes of one person, in the median merged within a week of opening and of 400 lines or "
        "fewer, and at most 15 in a hundred of them reverted."
    ),
    strong="The scale ends at practised.",
    not_credited="Changes of machines, changes that were never merged, reverts counted as work.",
    how_to_show="Open changes early and small, answer reviews the same day, and release often.",
    clauses=("release", "merged", "reverted", "size", "released"),
    defining=("merged", "size", "reverted"),
    uncited=("release", "size", "released"),
    needs=("changes", "releases"),
    where="forge",
    practised=lambda sites: any(_flows(each) for each in _people(sites)),
    sustained=never,
    trace=lambda sites: sites.has("merged"),
    measures=lambda sites: {
        "changes": max((each.count("merged") for each in _people(sites)), default=0),
        "releases": sites.count("release"),
        "lead_hours": round(_median(_numbers(sites, "merged") or [0.0]), 1),
        "lines": round(_median(_numbers(sites, "size") or [0.0])),
        "reverted": sites.count("reverted"),
    },
    statement=_statement,
)
SIGNALS = (DELIVERY_FLOW,)


def detect(project: Project) -> Observations:
    """Each merged change with its figures, and each release."""
    for row in project.delivered:
        figures = (("merged", row.lead_hours), ("size", row.lines), ("released", row.release_hours))
        for clause, value in figures:
            if value is not None:
                figure = round(value, 1)
                yield DELIVERY_FLOW, Site(path="", clause=clause, subject=row.author, value=figure, item=row.item)
        if row.reverted:
            yield DELIVERY_FLOW, Site(path="", clause="reverted", subject=row.author, item=row.item)
    for release in project.changes.releases if project.changes is not None else ():
        if person := person_of(release.author):
            yield DELIVERY_FLOW, Site(path="", clause="release", subject=person, item=release_item(release))
