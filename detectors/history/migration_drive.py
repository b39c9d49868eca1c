"""Migrations and upgrades driven to the end: one person carries a large change through the code until the old way is
gone.

**What it sees.** Series of commits by one person whose subjects name the same kind of work on the same thing ("migrate
... sqlalchemy"), over fifteen files or more; and whether the last of them remove the old, or say that it is done.

**Why it matters.** Many can begin a migration. Two ways of doing the same thing, left side by side, cost more than
either; the value lies in the last tenth.

**What it cannot tell.** Series whose subjects do not share a word, and changes that one squashed commit brought whole.
"""

from __future__ import annotations

from collections import Counter

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural, quoted

_FEWEST = 4
_LISTED = 60
_STEPS = ("completed", "step")


def _series(sites: Sites) -> Counter[str]:
    """The steps of each series."""
    return Counter(str(site.value) for site in sites)


def _complete(sites: Sites) -> list[str]:
    """The series that came to their end, the longest first."""
    ended = {str(site.value) for site in sites.of("completed")}
    series = _series(sites)
    return sorted((s for s in ended if series[s] >= _FEWEST), key=lambda s: (-series[s], s))


def _statement(sites: Sites) -> str:
    complete = _complete(sites)
    text = f"{plural(len(_series(sites)), 'series', 'series')} of commits carry one change through the code"
    if not complete:
        return f"{text}; none of them shows its end."
    longest = complete[0]
    return (
        f"{text}; {plural(len(complete), 'comes', 'come')} to an end, the longest in "
        f"{plural(_series(sites)[longest], 'step')} ({quoted(longest.rpartition(', ')[0])})."
    )


MIGRATION_DRIVE = Signal(
    id="history.migration_drive",
    title="Migrations and upgrades driven to the end",
    competency="ownership",
    seeds=("C8.1", "S2.2"),
    counts=(
        "Four or more commits of one person carry a migration, upgrade, removal or refactoring across fifteen or "
        "more files, and the last of them remove the old or say that it is done."
    ),
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="Version bumps by bots; a series that stops half-way or was reverted; one sweeping commit.",
    how_to_show=(
        "Name the migration in the subject of each step, go on until the old way is gone, and let the last commit "
        "remove it."
    ),
    clauses=_STEPS,
    defining=_STEPS,
    needs=("history", "authorship"),
    where="history",
    practised=lambda sites: bool(_complete(sites)),
    sustained=never,
    measures=lambda sites: {"series": len(_complete(sites)), "steps": max(_series(sites).values(), default=0)},
    statement=_statement,
)
SIGNALS = (MIGRATION_DRIVE,)
ALONE = True


def detect(project: Project) -> Observations:
    """The steps of each series; the value names it, with its person so that no two are taken for one."""
    for drive in project.past.drives():
        name = f"{drive.topic}, {drive.author}"
        steps = drive.steps[-_LISTED:]
        for row in steps:
            clause = "completed" if drive.complete and row is steps[-1] else "step"
            yield MIGRATION_DRIVE, Site(path="", commit=row.sha, clause=clause, subject=drive.author, value=name)
