"""Reviews that teach: comments on others' changes that discuss design, invariants, risk or tests, and say why.

**What it sees.** Every comment and review by one person on another's change, as the forge tells it: the sentences that
propose or weigh another design, state what must hold, name a risk or ask for a test; those that give a reason or a
reference; and whether a change of the reviewed lines followed: git tells where it has the state that was reviewed and
the change's own commits, else the forge's outdated mark does, and where there is none a later commit to the file. The
statement says how many rest on which. Bars ask for one person's comments, so that a hundred people with one remark each
are not one who teaches.

**Why it matters.** A review is where a team hands on what it knows. "Looks good" protects a colleague's feelings and
nothing else; a comment that says what would break, and why, is remembered at the next change.

**What it cannot tell.** Whether the comment was right or kindly meant, and what was said aloud. The text is judged by
word patterns in English (docs/conversations.md says how well); reviews in other languages are missed. Commits of a
change that was squashed or pushed over are seldom here: whether they followed a remark is then known from the forge
alone. A line may be changed for another reason than the remark.
"""

from __future__ import annotations

from evidence.api import SUBSTANCE, Observations, Project, Signal, Site, Sites, never, plural

# Catalogue: "discuss design, invariants, risk or tests, with reasons or references". Several, so that neither one long
# afternoon nor one lucky word is a habit: five comments on three changes, of two kinds, two of them with a reason, a
# reference, or a change of the lines that followed.
_COMMENTS, _CHANGES, _KINDS, _EXPLAINED = 5, 3, 2, 2
_SUPPORT = ("reason", "followed_by_change")
# What shows that a change followed, as the statement says it.
_SHOWN_BY = {
    "lines": "by the lines in git",
    "mark": "by the forge's outdated mark",
    "file": "by a later commit to the file",
}


def _people(sites: Sites) -> list[Sites]:
    return list(sites.by_subject().values())


def _comments(sites: Sites) -> set[str]:
    """The distinct comments with substance."""
    return {site.item for site in sites.of(*SUBSTANCE)}


def _changes(sites: Sites) -> set[str]:
    return {site.item.split("/")[1] for site in sites.of(*SUBSTANCE)}


def _explained(sites: Sites) -> set[str]:
    return {site.item for site in sites.of(*_SUPPORT)} & _comments(sites)


def _teaches(sites: Sites) -> bool:
    return (
        len(_comments(sites)) >= _COMMENTS
        and len(_changes(sites)) >= _CHANGES
        and sites.kinds(*SUBSTANCE) >= _KINDS
        and len(_explained(sites)) >= _EXPLAINED
    )


def _statement(sites: Sites) -> str:
    people = _people(sites)
    comments, changes = len(_comments(sites)), len(_changes(sites))
    followed = {site.item: str(site.value) for site in sites.of("followed_by_change")}
    counts = {basis: sum(each == basis for each in followed.values()) for basis in _SHOWN_BY}
    shown = ", ".join(f"{count:,} {_SHOWN_BY[basis]}" for basis, count in counts.items() if count)
    teaching = sum(_teaches(each) for each in people)
    text = f"{plural(comments, 'review comment')} with substance on {plural(changes, 'change')} of others"
    more = f", {len(followed):,} of them followed by a change ({shown})" if followed else ""
    return f"{text}{more}; {plural(teaching, 'person', 'people')} of {len(people):,} made a habit of it."


REVIEW_DEPTH = Signal(
    id="forge.review_depth",
    title="Reviews that teach",
    competency="review-mentorship",
    seeds=("S3.2", "C8.3"),
    counts=(
        "One person's review comments on others' changes discuss design, invariants, risk or tests: five or more, on "
        "three changes or more, of two kinds or more, and two of them with a reason, a reference, or a later change of "
        "the reviewed lines."
    ),
    strong="The scale ends at practised.",
    not_credited=(
        "Approval without text; thanks; nits on names and format; comments on one's own change, by machines, or within "
        "a minute of the change's opening; quotes and code."
    ),
    how_to_show=(
        "When you review, write what would break or what else you would do, and why, with a link; the author decides."
    ),
    clauses=("followed_by_change", *SUBSTANCE, "reason"),
    defining=SUBSTANCE,
    uncited=("reason",),
    needs=("changes", "reviews", "comments"),
    where="forge",
    practised=lambda sites: any(_teaches(each) for each in _people(sites)),
    sustained=never,
    trace=lambda sites: bool(_comments(sites)),
    measures=lambda sites: {
        "comments": max((len(_comments(each)) for each in _people(sites)), default=0),
        "changes": max((len(_changes(each)) for each in _people(sites)), default=0),
        "followed": max((len(_explained(each.of(*SUBSTANCE, _SUPPORT[1]))) for each in _people(sites)), default=0),
        "reviewers": sum(_teaches(each) for each in _people(sites)),
    },
    statement=_statement,
)
SIGNALS = (REVIEW_DEPTH,)


def detect(project: Project) -> Observations:
    """Each kind of substance of each remark, and what supports it."""
    for each in project.review_remarks:
        if not each.remark.substance:
            continue
        for clause in (*each.remark.substance, *(c for c in _SUPPORT[:1] if c in each.remark.kinds)):
            yield REVIEW_DEPTH, Site(path="", clause=clause, subject=each.reviewer, item=each.item)
        if each.followed_by:
            yield (
                REVIEW_DEPTH,
                Site(path="", clause=_SUPPORT[1], subject=each.reviewer, item=each.item, value=each.followed_by),
            )
