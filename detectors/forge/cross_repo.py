"""Cross-repository influence: changes that were accepted in repositories of others.

**What it sees.** Merged changes of the candidate's accounts in repositories that are neither the one at hand nor their
own, as the forge lists them.

**Why it matters.** A change in somebody else's repository is accepted by people who owe its author nothing. Repairing
a fault where it arises, and not around it, serves everybody who meets it later.

**What it cannot tell.** Private repositories, changes that were put in by hand or by mail, and reviews elsewhere: only
merged changes are asked for. Without a named candidate nobody's changes are looked up.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from evidence.api import Observations, Project, Signal, Site, Sites, elsewhere_item, never, person_of, plural

# One change may be a corrected typo, and one repository a friend's.
_CHANGES, _REPOSITORIES = 3, 2


def _repositories(sites: Sites) -> set[object]:
    return {site.value for site in sites}


def _statement(sites: Sites) -> str:
    places = plural(len(_repositories(sites)), "repository", "repositories")
    return f"{plural(len(sites), 'change')} accepted in {places} of others."


CROSS_REPO = Signal(
    id="forge.cross_repo",
    title="Cross-repository influence",
    competency="review-mentorship",
    seeds=("C8.3", "S9.1"),
    counts="Three or more changes of one person were accepted in two or more repositories other than their own.",
    strong="The scale ends at practised.",
    not_credited="Changes in forks and in one's own repositories, changes that were not accepted, changes of machines.",
    how_to_show="Send the fix to the library that needs it, and link the change from the work-around you remove.",
    clauses=("accepted",),
    defining=("accepted",),
    needs=("elsewhere",),
    where="forge",
    practised=lambda sites: len(sites) >= _CHANGES and len(_repositories(sites)) >= _REPOSITORIES,
    sustained=never,
    measures=lambda sites: {"changes": len(sites), "repositories": len(_repositories(sites))},
    statement=_statement,
)
SIGNALS = (CROSS_REPO,)


def detect(project: Project) -> Observations:
    """Each accepted change in a repository of others."""
    changes = project.changes.elsewhere if project.changes is not None else None
    for change in changes or ():
        person = person_of(change.author)
        if person and change.merged:
            repository = _repository(change.url)
            yield (
                CROSS_REPO,
                Site(path="", clause="accepted", subject=person, value=repository, item=elsewhere_item(change)),
            )


def _repository(url: str) -> str:
    """Host and path of the repository that a change's address names."""
    parts = urlsplit(url)
    path = parts.path.partition("/-/")[0].partition("/pull/")[0]
    return f"{parts.netloc}{path}"
