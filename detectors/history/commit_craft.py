"""Commits that explain themselves: subjects that say what, and bodies that say why.

**What it sees.** A sample of what people committed, spread evenly over the history: whether a subject is specific
(three words or more, two of them telling) and whether a body holds a dozen words of prose beyond trailers, links and
lists.

**Why it matters.** Years later the message is the only witness of a reason. Whoever looks for it has the line, the
commit, and nothing else.

**What it cannot tell.** Whether an explanation is true, or was written by its author. Words are counted and not
understood; what is explained in a request on the forge does not show here.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural, says_what, says_why

# "Most" is three in five, so that a coin's throw is not most; "a fair share" one in six, since small changes need no
# body.
_FEWEST = 10
_TELLING = ("explained", "specific")


def _practised(sites: Sites) -> bool:
    enough = len(sites) >= _FEWEST
    return enough and 5 * sites.count(*_TELLING) >= 3 * len(sites) and 6 * sites.count("explained") >= len(sites)


def _statement(sites: Sites) -> str:
    return (
        f"Of {plural(len(sites), 'commit')} looked at, {sites.count(*_TELLING):,} have a specific subject and "
        f"{sites.count('explained'):,} of these a body that explains."
    )


COMMIT_CRAFT = Signal(
    id="history.commit_craft",
    title="Commits that explain themselves",
    competency="communication",
    seeds=("S9.1", "S3.1"),
    counts=(
        "Of ten or more sampled commits at least three in five have a specific subject, and one in six also a body "
        "of a dozen words or more that explains."
    ),
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited='"Fix", "wip", "Update README.md"; bodies of trailers, links or squashed subjects; commits of bots.',
    how_to_show=(
        'Say in the subject what changes ("Reject expired invitations at login"), and in the body why, what else you '
        "considered, and what a reader will stumble over."
    ),
    clauses=("explained", "specific", "unspecific"),
    defining=("explained", "specific", "unspecific"),
    uncited=("unspecific",),
    needs=("history", "authorship"),
    where="history",
    practised=_practised,
    sustained=never,
    trace=lambda sites: len(sites) >= _FEWEST and 2 * sites.count(*_TELLING) >= len(sites),
    measures=lambda sites: {
        "explained": sites.count("explained"),
        "specific_percent": 100 * sites.count(*_TELLING) // len(sites),
        "explained_percent": 100 * sites.count("explained") // len(sites),
    },
    statement=_statement,
)
SIGNALS = (COMMIT_CRAFT,)


def detect(project: Project) -> Observations:
    """Each commit of the sample, by how it is worded."""
    for row in project.past.sample:
        specific = says_what(row.commit.subject)
        clause = "unspecific" if not specific else "explained" if says_why(row.commit) else "specific"
        yield COMMIT_CRAFT, Site(path="", commit=row.sha, clause=clause, subject=row.author)
