"""Runbooks and postmortems: what to do when the service is in trouble, and what was learned when it was.

**What it sees.** Documents that are runbooks, incident and rollback guides or postmortems by name, title or opening;
guides for operators with sections on rolling back or restoring and the commands for it; alerts that name a runbook;
whether the documents were revised after they were written.

**Why it matters.** At night nobody invents a good procedure.

**What it cannot tell.** Whether the steps still work, and what is kept in a wiki.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, plural

# Catalogue: "several"; two guides are a pair, three a habit.
_SEVERAL = 3
# Written, and gone back to at least twice, not all on one day.
_REVISIONS = 3
_DAY = 86_400


def _documents(sites: Sites) -> int:
    return len({s.path for s in sites.of("runbook")})


def _statement(sites: Sites) -> str:
    count = _documents(sites)
    if not count:
        return "Runbooks are named or linked, but none is written here."
    more = [
        text
        for clause, text in (("alerted", "alerts name a runbook"), ("revised", "revised after they were written"))
        if sites.has(clause)
    ]
    what = plural(count, "runbook or incident guide", "runbooks or incident guides")
    return f"{'; '.join([f'{what} in the repository', *more])}."


RUNBOOKS = Signal(
    id="ops.runbooks",
    title="Runbooks and postmortems",
    competency="incidents",
    seeds=("S1.1", "S3.3"),
    counts="A runbook, an incident or rollback guide, or a postmortem is written in the repository.",
    strong="There are several, alerts name one, or they were revised after they were written.",
    not_credited="An install guide; one line on how to deploy; an empty template; a link to a wiki.",
    how_to_show=(
        "Write down one procedure you had to follow under pressure, with its commands and how to undo them, and "
        "name it in the alert."
    ),
    clauses=("runbook", "section", "alerted", "revised", "stub", "linked"),
    leads=("stub",),
    defining=("runbook", "section", "stub"),
    uncited=("revised",),
    practised=lambda sites: sites.has("runbook"),
    sustained=lambda sites: _documents(sites) >= _SEVERAL or sites.count("alerted", "revised") > 0,
    measures=lambda sites: {"runbooks": _documents(sites)},
    statement=_statement,
)
SIGNALS = (RUNBOOKS,)


def detect(project: Project) -> Observations:
    """The documents; where there are any, the alerts that name one and the revisions."""
    found = project.runbooks
    written = {r.path for r in found if r.kind == "runbook"}
    for item in found:
        yield RUNBOOKS, Site(path=item.path, start=item.start, end=item.end, clause=item.kind, subject=item.path)
    for monitor in project.monitors if written else ():
        if monitor.runbook:
            yield (
                RUNBOOKS,
                Site(path=monitor.path, start=monitor.start, end=monitor.end, clause="alerted", subject=monitor.name),
            )
    # a file of many sections changes for many reasons
    whole = sorted({r.path for r in found if r.kind == "runbook" and r.start == 1})
    for path, times in sorted(project.history.dates(whole).items()):
        if len(times) >= _REVISIONS and len({t // _DAY for t in times}) > 1:
            yield RUNBOOKS, Site(path=path, clause="revised", subject=path)
