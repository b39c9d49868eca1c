"""Scope shaping and follow-through: issues that say when they are done, are cut to size, and are brought to an end.

**What it sees.** Issues of people with acceptance criteria or a list of tasks; issues divided into others or part of a
larger one; changes that close issues; and comments that say what became of an issue when it was closed.

**Why it matters.** Most work is too large and too vague when it arrives. Who writes down when it is done, splits it,
and comes back to close it, spares others the guessing.

**What it cannot tell.** Talks with those who asked for the work, boards and trackers elsewhere, and whether the scope
was the right one. Who put a label on an issue is not told by what was read.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import (
    Issue,
    Observations,
    Project,
    Signal,
    Site,
    Sites,
    change_item,
    closing_note,
    issue_item,
    never,
    note_item,
    person_of,
    plural,
    says_when_done,
    splits_work,
)

# Shaping and following through, each more than once, and one end that was written down.
_SHAPED, _LINKED, _CLOSED = 2, 2, 1
_SHAPING = ("criteria", "split")
# A note on the day of the closing, or the day after, belongs to it.
_DAY = 86_400


def _shapes(sites: Sites) -> bool:
    shaped = len({site.item for site in sites.of(*_SHAPING)})
    return shaped >= _SHAPED and sites.count("linked") >= _LINKED and sites.count("closing_note") >= _CLOSED


def _people(sites: Sites) -> list[Sites]:
    return list(sites.by_subject().values())


def _statement(sites: Sites) -> str:
    shaped = len({site.item for site in sites.of(*_SHAPING)})
    linked, closed = plural(sites.count("linked"), "change"), plural(sites.count("closing_note"), "note")
    issues = plural(shaped, "issue")
    return f"{issues} with criteria or parts, {linked} closing an issue, and {closed} on what became of one."


SCOPE_SHAPING = Signal(
    id="forge.scope_shaping",
    title="Scope shaping and follow-through",
    competency="stakeholders",
    seeds=("S9.2", "C8.1"),
    counts=(
        "One person opened two or more issues with acceptance criteria, tasks or parts, linked two or more changes to "
        "issues, and wrote at closing what became of one or more."
    ),
    strong="The scale ends at practised.",
    not_credited="Titles without text, issues of machines, closing without a word, boxes of a template for reports.",
    how_to_show="Open issues with a line on when they are done, let changes name them, say at the end what was left.",
    clauses=("criteria", "split", "closing_note", "linked"),
    defining=("criteria", "split", "closing_note", "linked"),
    needs=("changes", "issues", "comments"),
    where="forge",
    practised=lambda sites: any(_shapes(each) for each in _people(sites)),
    sustained=never,
    trace=lambda sites: sites.count("criteria", "split", "closing_note") > 0,
    measures=lambda sites: {
        "shaped": max((len({s.item for s in each.of(*_SHAPING)}) for each in _people(sites)), default=0),
        "linked": max((each.count("linked") for each in _people(sites)), default=0),
        "closed": max((each.count("closing_note") for each in _people(sites)), default=0),
    },
    statement=_statement,
)
SIGNALS = (SCOPE_SHAPING,)


def detect(project: Project) -> Observations:
    """Shaped issues, changes that close issues, and notes at the end."""
    if project.changes is None:
        return
    for issue in project.changes.issues:
        for site in _of_issue(issue):
            yield SCOPE_SHAPING, site
    for change in project.changes.requests:
        person = person_of(change.author)
        if person and change.merged and change.closes:
            yield SCOPE_SHAPING, Site(path="", clause="linked", subject=person, item=change_item(change))


def _of_issue(issue: Issue) -> Iterator[Site]:
    if person := person_of(issue.author):
        for clause, holds in (("criteria", says_when_done(issue)), ("split", splits_work(issue))):
            if holds:
                yield Site(path="", clause=clause, subject=person, item=issue_item(issue))
    for comment in issue.comments if issue.closed else ():
        writer = person_of(comment.author)
        if writer and abs(comment.created - issue.closed) <= _DAY and closing_note(comment.body):
            yield Site(path="", clause="closing_note", subject=writer, item=note_item(issue, comment))
