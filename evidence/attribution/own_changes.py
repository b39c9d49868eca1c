"""Which changes' own commits tell more of a candidate than the history does."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from evidence.attribution.squashes import squash_numbers
from evidence.facts.people import Candidate
from evidence.facts.project import Project
from evidence.model import Account, ChangeRequest


def changes_that_matter(candidate: Candidate, project: Project, upstream: Collection[str] = ()) -> dict[int, str]:
    """Their numbers, each with its last own commit as far as the forge tells it, "" elsewhere: squashes that the
    candidate made or had a part in, and changes of which they or their reviewers spoke of lines.

    ``upstream`` are the commits that a fork has from its parent."""
    people = project.people
    known = {commit.sha: commit for commit in people.commits}
    squashes = squash_numbers(people.commits, upstream)
    named = {
        sha: {people.author(known[sha]).key, *(one.key for one in people.coauthors(known[sha]))} for sha in squashes
    }
    found = {number: "" for sha, number in squashes.items() if candidate.keys & named[sha]}
    changes = project.changes
    for change in changes.requests if changes is not None else ():
        behind = (changes.committers.get(sha) for sha in change.commits) if changes is not None else ()
        part = candidate.accounts & _logins(behind) if change.merge_commit in squashes else frozenset()
        spoken = candidate.accounts & _logins(_on_lines(change))
        if change.head_commit not in known and (part or spoken or change.number in found):
            found[change.number] = change.head_commit
    return found


def _on_lines(change: ChangeRequest) -> Iterable[Account | None]:
    """Who spoke of lines of a change, and whose lines these were."""
    spoke = [comment.author for thread in change.threads for comment in thread.comments]
    return [*spoke, change.author] if spoke else ()


def _logins(accounts: Iterable[Account | None]) -> frozenset[str]:
    return frozenset(account.login.casefold() for account in accounts if account is not None)
