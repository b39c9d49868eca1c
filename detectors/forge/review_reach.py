"""Review and mentoring reach: one person reviews several different authors, and many changes pass by them.

**What it sees.** The review graph: an edge from each reviewer to each author on whose change they wrote more than
approval. A hub is a reviewer whose edges reach a good part of all who write changes; the folders of the reviewed lines
say how wide that is.

**Why it matters.** What one person knows spreads along these edges. A reviewer who sees everybody's changes keeps a
code base of one style, and is often the one that newcomers learn from.

**What it cannot tell.** Reviews in a chat or at one desk; whether a person reviews because others ask, or because a
rule assigns them. In a team of two nobody can be a hub.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural

# "Several different authors": three. A hub in proportion to the team: a quarter of the others who write changes; in a
# large project ten authors are as many as one person can know (Dunbar's inner circles hold five and fifteen).
_AUTHORS = 3
_QUARTER, _MANY = 4, 10


def _statement(sites: Sites) -> str:
    hubs = sites.of("hub")
    reviewers, pairs = len(sites.subjects("reviewed")), len({(s.subject, s.value) for s in sites.of("reviewed")})
    text = f"{plural(reviewers, 'reviewer')} and {plural(pairs, 'pair')} of reviewer and author"
    if not hubs:
        return f"{text}; nobody reviews several of the authors."
    reached = {person: _authors(each) for person, each in sites.by_subject("hub").items()}
    best = max(hubs, key=lambda site: (reached[site.subject], site.subject))
    return f"{text}; {plural(len(hubs), 'hub')}, the widest reviewing {best.value} other authors."


def _authors(of_one: Sites) -> int:
    return len({site.value for site in of_one.of("reviewed")})


REVIEW_REACH = Signal(
    id="forge.review_reach",
    title="Review and mentoring reach",
    competency="review-mentorship",
    seeds=("S3.2", "C8.3"),
    counts=(
        "One person reviews, with more than approval, changes of three or more different authors, and these are a "
        "quarter of all others who write changes, or ten."
    ),
    strong="The scale ends at practised.",
    not_credited="Approvals without text; reviews of machines' changes; many reviews of one author.",
    how_to_show="Review changes of people you do not work with every day, and of newcomers first.",
    clauses=("hub", "reviewed", "area"),
    defining=("hub", "reviewed"),
    uncited=("area",),
    needs=("changes", "reviews", "comments"),
    where="forge",
    practised=lambda sites: sites.has("hub"),
    sustained=never,
    measures=lambda sites: {
        "authors": max(map(_authors, sites.by_subject("reviewed").values()), default=0),
        "areas": max(
            (len({s.value for s in each.of("area")}) for each in sites.by_subject("reviewed").values()), default=0
        ),
        "hubs": sites.count("hub"),
    },
    statement=_statement,
)
SIGNALS = (REVIEW_REACH,)


def detect(project: Project) -> Observations:
    """Each change that a person reviewed, the folders reviewed, and who is a hub."""
    seen: set[tuple[str, int]] = set()
    first: dict[str, str] = {}
    for each in project.review_remarks:
        if not each.says_more or (each.reviewer, each.change) in seen:
            continue
        seen.add((each.reviewer, each.change))
        first.setdefault(each.reviewer, each.item)
        yield REVIEW_REACH, Site(path="", clause="reviewed", subject=each.reviewer, value=each.author, item=each.item)
    for person, reach in project.review_reach.items():
        for area in reach.areas:
            yield REVIEW_REACH, Site(path="", clause="area", subject=person, value=area, item=first[person])
        wide = _QUARTER * reach.authors >= reach.others or reach.authors >= _MANY
        if reach.authors >= _AUTHORS and wide:
            value = f"{reach.authors} of {reach.others}"
            yield REVIEW_REACH, Site(path="", clause="hub", subject=person, value=value, item=first[person])
