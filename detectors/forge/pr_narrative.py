"""Pull requests with context, options and rollback: descriptions that let a reader decide without asking.

**What it sees.** The descriptions of people's changes, without what the project's template says in all of them: why
the change is made, which other ways or which risks there are, how it was tested, how it is rolled out and undone. A
part counts where a section that asks for it has own words, or where a sentence answers it.

**Why it matters.** The reason for a change is known best on the day it is written. A year later the description is what
is left of it, and a rollback that was thought of in advance takes minutes.

**What it cannot tell.** Whether the reasons are good, or were written by a machine. The text is judged by word patterns
in English (docs/conversations.md says how well).
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural

# The catalogue's list: why; alternatives or risks; how it was tested; rollout or rollback. Beside why, two of the other
# three, for not every change can be rolled out in steps; in three descriptions, so that one careful day is no habit.
_GROUPS = (("why",), ("alternatives", "risk"), ("test",), ("rollout",))
_OTHERS, _DESCRIPTIONS = 2, 3
_PARTS = ("rollout", "alternatives", "risk", "test", "why")


def _groups(sites: Sites) -> dict[str, int]:
    """Per change that says why: how many other groups its description has."""
    by_change: dict[str, set[str]] = {}
    for site in sites:
        by_change.setdefault(site.item, set()).add(site.clause)
    return {
        item: sum(not told.isdisjoint(group) for group in _GROUPS[1:])
        for item, told in by_change.items()
        if "why" in told
    }


def _full(sites: Sites) -> int:
    return sum(count >= _OTHERS for count in _groups(sites).values())


def _most(sites: Sites) -> int:
    """The largest number of full descriptions by one person."""
    return max((_full(each) for each in sites.by_subject().values()), default=0)


def _statement(sites: Sites) -> str:
    full, told = _full(sites), len({site.item for site in sites})
    authors = sum(_full(each) >= _DESCRIPTIONS for each in sites.by_subject().values())
    text = f"{plural(told, 'description')} tell why or how"
    more = f"{full:,} of them why, and two of risk or alternatives, tests, and rollout"
    return f"{text}, {more}; {plural(authors, 'person', 'people')} did so three times or more."


PR_NARRATIVE = Signal(
    id="forge.pr_narrative",
    title="Pull requests with context, options and rollback",
    competency="decisions",
    seeds=("S3.1", "C8.2"),
    counts=(
        "Three or more descriptions by one person say why, and two of these: alternatives or risks, how it was tested, "
        "rollout or rollback."
    ),
    strong="The scale ends at practised.",
    not_credited="A template left as it was, boxes nobody ticked, a list of what changed, changes of machines.",
    how_to_show=(
        "Write each description for somebody who was not there: why, what else you tried, how you know that it works."
    ),
    clauses=_PARTS,
    defining=_PARTS,
    needs=("changes",),
    where="forge",
    practised=lambda sites: _most(sites) >= _DESCRIPTIONS,
    sustained=never,
    trace=lambda sites: any(count >= 1 for count in _groups(sites).values()),
    measures=lambda sites: {"descriptions": _most(sites), "rollouts": sites.count("rollout")},
    statement=_statement,
)
SIGNALS = (PR_NARRATIVE,)


def detect(project: Project) -> Observations:
    """Each part that the description of a person's change tells."""
    for told in project.told:
        for part in told.narrative.parts:
            yield PR_NARRATIVE, Site(path="", clause=part, subject=told.author, item=f"change/{told.change.number}")
