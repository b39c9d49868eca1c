"""What a pull or merge request adds: who wrote it, how it was reviewed, and the signals of its head against its base's.

The base is the commit that the change started from. Signals that files alone show are compared, place by place; lines
may move, so a place is a path, what is proved there, and of what.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from evidence.api import Site, Sites
from evidence.detect import signals
from evidence.model import ChangeRequest, Changes, Finding

Results = Mapping[str, tuple[Finding, Sites]]
_PLACES = 5


class Ancestry(Protocol):
    """What finding the base asks of a repository: a commit id for git's own words, "" where there is none."""

    @property
    def commit(self) -> str: ...
    def merge_base(self, one: str, other: str) -> str: ...
    def parent(self, commit: str) -> str: ...
    @property
    def tip(self) -> str: ...


def request_of(changes: Changes | None, number: int) -> ChangeRequest | None:
    """The change of this number, where its forge told of it."""
    return next((each for each in changes.requests if each.number == number), None) if changes else None


def base_of(repository: Ancestry, request: ChangeRequest | None) -> str:
    """The commit that the change started from, "" where it cannot be told.

    That is where it left the default branch; of one that was merged there, the parent of its first commit.
    """
    found = repository.merge_base(repository.commit, repository.tip)
    if found and found != repository.commit:
        return found
    return repository.parent(request.commits[0]) if request is not None and request.commits else ""


def judged(
    number: int, head: str, base: str, request: ChangeRequest | None, before: Results, after: Results
) -> dict[str, Any]:
    """What the digest tells of the change; ``adds`` is None where there is no base to compare with."""
    return {
        "number": number,
        "head": head,
        "base": base or None,
        **(_said_of(request) if request is not None else {"reviews": None}),
        "adds": _added(before, after) if base else None,
    }


def _said_of(request: ChangeRequest) -> dict[str, Any]:
    reviews = [
        {"login": each.author.login if each.author else None, "state": each.state, "submitted": _iso(each.submitted),
         "url": each.url}
        for each in request.reviews
    ]  # fmt: skip
    return {
        "title": request.title,
        "url": request.url,
        "login": request.author.login if request.author else None,
        "state": request.state,
        "draft": request.draft,
        "created": _iso(request.created),
        "merged": _iso(request.merged),
        "reviews": reviews,
        "threads": len(request.threads),
        "comments": len(request.comments) + sum(len(thread.comments) for thread in request.threads),
    }


def _iso(moment: int) -> str | None:
    return datetime.fromtimestamp(moment, UTC).isoformat().replace("+00:00", "Z") if moment else None


def _added(before: Results, after: Results) -> list[dict[str, Any]]:
    found = []
    for signal in signals():
        if signal.where != "tree" or signal.id not in after or signal.id not in before:
            continue
        (was, old), (now, new) = before[signal.id], after[signal.id]
        known = {_place(site) for site in old}
        places = sorted({f"{s.path}:{s.start}" for s in new if s.path and _place(s) not in known})
        if places or was.grade != now.grade:
            grades = [finding.grade.value if finding.grade else None for finding in (was, now)]
            found.append(
                {"signal": signal.id, "polarity": signal.polarity.value, "before": grades[0], "after": grades[1],
                 "count": len(places), "places": places[:_PLACES]}
            )  # fmt: skip
    return found


def _place(site: Site) -> tuple[object, ...]:
    return site.path, site.clause, site.subject, repr(site.value)
