"""Incident ownership: issues on incidents that somebody opened, led or closed, with what is to be done about them.

**What it sees.** Issues whose title or label speaks of an incident, an outage or a postmortem and whose text tells the
course of it (times, impact, cause, what stopped it); who opened them, and who was assigned or closed them and wrote in
them; and lists of actions so that it does not happen again.

**Why it matters.** After an incident the difference is made by whoever stays with it: until it is over, until the cause
is known, and until the two or three actions are done.

**What it cannot tell.** Incidents that are kept in another tool or not written down, who was on call, and whether the
actions were the right ones.
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
    action_items,
    is_incident,
    issue_item,
    never,
    note_item,
    person_of,
    plural,
)

_ROLES = ("led", "opened", "closed")


def _issues(sites: Sites, *clauses: str) -> set[str]:
    return {site.item.split("/")[1] for site in sites.of(*clauses)}


def _owned(sites: Sites) -> set[str]:
    """Incidents in which somebody had a part, and which list actions."""
    return _issues(sites, *_ROLES) & _issues(sites, "action_items")


def _statement(sites: Sites) -> str:
    told, owned, people = len(_issues(sites, *_ROLES)), len(_owned(sites)), len(sites.subjects(*_ROLES))
    parts = f"{plural(people, 'person', 'people')} opened, led or closed them"
    return f"{plural(told, 'incident')} told in issues, {owned:,} of them with actions; {parts}."


INCIDENT_ROLE = Signal(
    id="forge.incident_role",
    title="Incident ownership",
    competency="incidents",
    seeds=("S1.1", "S3.3"),
    counts="An issue on an incident or a postmortem was opened, led or closed, and lists what is to be done about it.",
    strong="The scale ends at practised.",
    not_credited=(
        "Features that are named for incidents; ordinary bug reports; a label without the course of events; who was "
        "assigned or closed it without a word."
    ),
    how_to_show="Write a short review after each incident: times, cause, effect, and the actions with their owners.",
    clauses=(*_ROLES, "action_items"),
    defining=_ROLES,
    needs=("issues", "comments"),
    where="forge",
    practised=lambda sites: bool(_owned(sites)),
    sustained=never,
    trace=lambda sites: bool(_issues(sites, *_ROLES)),
    measures=lambda sites: {
        "incidents": len(_issues(sites, *_ROLES)),
        "with_actions": len(_owned(sites)),
        "led": len(_issues(sites, "led")),
    },
    statement=_statement,
)
SIGNALS = (INCIDENT_ROLE,)


def detect(project: Project) -> Observations:
    """Who had which part in each incident, and where its actions are listed."""
    for issue in project.changes.issues if project.changes is not None else ():
        if is_incident(issue):
            for site in _parts(issue):
                yield INCIDENT_ROLE, site


def _parts(issue: Issue) -> Iterator[Site]:
    """Each part is shown by what the person themselves wrote: the issue, or their first comment on it."""
    writings = [(issue_item(issue), person_of(issue.author), issue.body)]
    writings += [(note_item(issue, comment), person_of(comment.author), comment.body) for comment in issue.comments]
    first = {person: item for item, person, _ in reversed(writings) if person}
    people = [("opened", person_of(issue.author)), *(("led", person_of(account)) for account in issue.assignees)]
    people += [("closed", person_of(issue.closed_by))] if issue.closed else []
    for clause, person in people:
        if person in first:
            yield Site(path="", clause=clause, subject=person, item=first[person])
    for item, person, body in writings:
        if person and action_items(body):
            yield Site(path="", clause="action_items", subject=person, item=item)
