"""Changes land through pull or merge requests: the main line grows by requests and not by direct pushes.

**What it sees.** The last 200 changes of people on the chain of first parents: whether a merge commit, a squashed
subject ("... (#12)") or a trailer names the request that brought each, and whether somebody else than its author merged
it or is named as its reviewer. Whoever has fewer than five changes among these, as they left long ago, is told by their
own newest 20 before.

**Why it matters.** A request is the one place where work can be seen, tested and questioned before it counts. A team
whose small fixes take that way too has made it the easy way.

**What it cannot tell.** Requests whose commits were put on the main line one by one ("rebase and merge") leave no mark.
Nor do reviewers of squashed requests: git alone shows who merged, and only where a merge commit says so. An author
who merges under a second name and address would look like two people; equal names and branches from the merger's own
fork are taken for one person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from msgspec.structs import replace

from evidence.api import Landing, Observations, Past, Project, Signal, Site, Sites, plural

# The catalogue's own window. Where bots fill it, the newest twenty changes of people are looked at all the same.
_WINDOW, _LEAST = 200, 20
# Fewer than five changes through requests are an accident and not yet a way of working.
_FEWEST = 5
# Who is told by changes before the window, and by how many: as many people and changes as keep a digest readable.
_MOST_PEOPLE, _MOST_EARLIER = 40, 20
_REQUESTS = ("merged_by_other", "merged_change")
_WAYS = (*_REQUESTS, "direct_change")
_EARLIER = {way: f"earlier_{way}" for way in _WAYS}


def _count(sites: Sites, *ways: str) -> int:
    """How many changes of the window came in one of these ways; where it has too few, those before it count too."""
    ways = ways if sites.count(*_WAYS) >= _FEWEST else (*ways, *(_EARLIER[way] for way in ways))
    return sites.count(*ways)


def _through(sites: Sites) -> int:
    return _count(sites, *_REQUESTS)


def _mostly(sites: Sites) -> bool:
    return _through(sites) >= _FEWEST and 2 * _through(sites) >= _changes(sites)


def _once(sites: Sites) -> bool:
    return sites.count(*(_EARLIER[way] for way in _REQUESTS)) > 0


def _by_others(sites: Sites) -> int:
    return _count(sites, "merged_by_other")


def _changes(sites: Sites) -> int:
    return _count(sites, *_WAYS)


def _statement(sites: Sites) -> str:
    text = f"{_through(sites):,} of the last {plural(_changes(sites), 'change')} on the main line came through requests"
    if not _through(sites) and _once(sites):
        return f"{text}; earlier ones did."
    others = _by_others(sites)
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
    clauses=("merge", *_WAYS, *_EARLIER.values()),
    defining=(*_WAYS, *_EARLIER.values()),
    uncited=("direct_change", _EARLIER["direct_change"]),
    needs=("history", "authorship"),
    where="history",
    practised=_mostly,
    sustained=lambda sites: 2 * _by_others(sites) >= _through(sites),
    trace=lambda sites: _through(sites) > 0 or _once(sites),
    measures=lambda sites: {
        "requests": _through(sites),
        "by_others": _by_others(sites),
        "percent": 100 * _through(sites) // max(1, _changes(sites)),
    },
    statement=_statement,
)
SIGNALS = (PR_FLOW,)
ALONE = True


def detect(project: Project) -> Observations:
    """Each of the last changes of the main line, by the way it came. A change is its author's, so it is told by a
    commit of theirs; the merge that brought it is somebody's deed too, and is told beside it."""
    past = project.past
    changes = list(past.landings())
    last = _last(changes)
    for change in last:
        site = _site(past, change)
        if site.clause in _REQUESTS and site.commit != change.row.sha:
            merge = Site(
                path="", commit=change.row.sha, clause="merge", subject=change.row.author, value=change.request
            )
            yield PR_FLOW, merge
        yield PR_FLOW, site
    for change in _earlier(changes, last):
        site = _site(past, change)
        yield PR_FLOW, replace(site, clause=_EARLIER[site.clause])


def _site(past: Past, change: Landing) -> Site:
    """The newest commit of a change that is its author's, by the way the change came."""
    own = next((row for row in change.brought if row.author == change.author), change.row)
    way = "direct_change" if not change.request else "merged_by_other" if past.by_other(change) else "merged_change"
    return Site(path="", commit=own.sha, clause=way, subject=change.author, value=change.request)


def _last(changes: Iterable[Landing]) -> list[Landing]:
    """The changes of people in the window."""
    found: list[Landing] = []
    for position, change in enumerate(changes):
        if position >= _WINDOW and len(found) >= _LEAST:
            break
        if not change.bot:
            found.append(change)
    return found


def _earlier(changes: Iterable[Landing], last: list[Landing]) -> Iterator[Landing]:
    """The newest changes before the window of those who have too few in it, of whoever made most of them."""
    taken = {change.row.sha for change in last}
    present = Counter(change.author for change in last)
    before = [c for c in changes if not c.bot and present[c.author] < _FEWEST and c.row.sha not in taken]
    made = Counter(change.author for change in before)
    people = sorted(made, key=lambda author: (-made[author], author))[:_MOST_PEOPLE]
    left = dict.fromkeys(people, _MOST_EARLIER)
    for change in before:
        if left.get(change.author):
            left[change.author] -= 1
            yield change
