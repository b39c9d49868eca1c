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

# The catalogue's list: why; alternatives or risks; how it was tested; rollout or rollback. Why and how it was tested
# fit every change and are told apart best (docs/conversations.md); of the other two one is enough, for not every change
# has options or can be rolled out in steps. In three descriptions, so that one careful day is no habit.
_ALWAYS, _BESIDE = {"why", "test"}, {"alternatives", "risk", "rollout"}
_DESCRIPTIONS = 3
_PARTS = ("rollout", "alternatives", "risk", "test", "why")


def _told(sites: Sites) -> list[set[str]]:
    """What each description tells."""
    by_change: dict[str, set[str]] = {}
    for site in sites:
        by_change.setdefault(site.item, set()).add(site.clause)
    return list(by_change.values())


def _full(sites: Sites) -> int:
    return sum(told >= _ALWAYS and not told.isdisjoint(_BESIDE) for told in _told(sites))


def _most(sites: Sites) -> int:
    """The largest number of full descriptions by one person."""
    return max((_full(each) for each in sites.by_subject().values()), default=0)


def _statement(sites: Sites) -> str:
    full, told = _full(sites), len(_told(sites))
    authors = sum(_full(each) >= _DESCRIPTIONS for each in sites.by_subject().values())
    text = f"{plural(told, 'description tells', 'descriptions tell')} why or how"
    more = f"{full:,} of them why, how it was tested, and options, risk or rollout"
    return f"{text}, {more}; {plural(authors, 'person', 'people')} did so three times or more."


PR_NARRATIVE = Signal(
    id="forge.pr_narrative",
    title="Pull requests with context, options and rollback",
    competency="decisions",
    seeds=("S3.1", "C8.2"),
    counts=(
        "Three or more descriptions by one person say why, how it was tested, and one of these: alternatives or risks, "
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
    trace=lambda sites: any("why" in told and len(told) > 1 for told in _told(sites)),
    measures=lambda sites: {"descriptions": _most(sites), "rollouts": sites.count("rollout")},
    statement=_statement,
)
SIGNALS = (PR_NARRATIVE,)


def detect(project: Project) -> Observations:
    """Each part that the description of a person's change tells."""
    for told in project.told:
        for part in told.narrative.parts:
            yield PR_NARRATIVE, Site(path="", clause=part, subject=told.author, item=f"change/{told.change.number}")
