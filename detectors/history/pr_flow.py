"""Changes land through pull or merge requests: the main line grows by requests and not by direct pushes.

**What it sees.** The last 200 changes of people on the chain of first parents: whether a merge commit, a squashed
subject ("... (#12)") or a trailer names the request that brought each, and whether somebody else than its author merged
it or is named as its reviewer.

**Why it matters.** A request is the one place where work can be seen, tested and questioned before it counts. A team
whose small fixes take that way too has made it the easy way.

**What it cannot tell.** Requests whose commits were put on the main line one by one ("rebase and merge") leave no mark.
Nor do reviewers of squashed requests: git alone shows who merged, and only where a merge commit says so. An author
who merges under a second name and address would look like two people; equal names and branches from the merger's own
fork are taken for one person.
"""

from __future__ import annotations

from collections.abc import Iterator

from evidence.api import Landing, Observations, Past, Project, Signal, Site, Sites, plural

# The catalogue's own window. Where bots fill it, the newest twenty changes of people are looked at all the same.
_WINDOW, _LEAST = 200, 20
# Fewer than five changes through requests are an accident and not yet a way of working.
_FEWEST = 5
_REQUESTS = ("merged_by_other", "merged_change")


def _through(sites: Sites) -> int:
    return sites.count(*_REQUESTS)


def _mostly(sites: Sites) -> bool:
    return _through(sites) >= _FEWEST and 2 * _through(sites) >= _changes(sites)


def _changes(sites: Sites) -> int:
    return sites.count(*_REQUESTS, "direct_change")


def _statement(sites: Sites) -> str:
    text = f"{_through(sites):,} of the last {plural(_changes(sites), 'change')} on the main line came through requests"
    others = sites.count("merged_by_other")
    return f"{text}, {others:,} of them merged or reviewed by somebody else than the author." if others else f"{text}."


PR_FLOW = Signal(
    id="history.pr_flow",
    title="Changes land through pull or merge requests",
    competency="review-mentorship",
    seeds=("S3.2", "C2.3"),
    counts=(
        "Among the last 200 changes of the main line at least half of those by people, and five or more, came through "
        'pull or merge requests (merge commits, squashed "(#12)", trailers).'
    ),
    strong="Half or more of these were merged by, or name as reviewer, somebody else than their author.",
    not_credited="Merges of plain branches; requests of bots; a main line that mostly grows by direct pushes.",
    how_to_show=(
        "Protect the main branch and let every change, your own small ones too, come through a request that somebody "
        "else merges; keep the forge's default merge or squash message, which names the request."
    ),
    clauses=("merge", *_REQUESTS, "direct_change"),
    defining=(*_REQUESTS, "direct_change"),
    uncited=("direct_change",),
    needs=("history", "authorship"),
    where="history",
    practised=_mostly,
    sustained=lambda sites: 2 * sites.count("merged_by_other") >= _through(sites),
    trace=lambda sites: _through(sites) > 0,
    measures=lambda sites: {
        "requests": _through(sites),
        "by_others": sites.count("merged_by_other"),
        "percent": 100 * _through(sites) // max(1, _changes(sites)),
    },
    statement=_statement,
)
SIGNALS = (PR_FLOW,)


def detect(project: Project) -> Observations:
    """Each of the last changes of the main line, by the way it came. A change is its author's, so it is told by a
    commit of theirs; the merge that brought it is somebody's deed too, and is told beside it."""
    for change in _last(project.past):
        own = next((row for row in change.brought if row.author == change.author), change.row)
        clause, value = "direct_change", change.request
        if value:
            clause = "merged_by_other" if project.past.by_other(change) else "merged_change"
            if own is not change.row:
                merge = Site(path="", commit=change.row.sha, clause="merge", subject=change.row.author, value=value)
                yield PR_FLOW, merge
        yield PR_FLOW, Site(path="", commit=own.sha, clause=clause, subject=change.author, value=value)


def _last(past: Past) -> Iterator[Landing]:
    """The changes of people in the window."""
    people = 0
    for position, change in enumerate(past.landings()):
        if position >= _WINDOW and people >= _LEAST:
            return
        if not change.bot:
            people += 1
            yield change
