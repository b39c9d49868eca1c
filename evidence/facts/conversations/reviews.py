"""Reviews of others' changes: who wrote what on whose change, and what became of it.

Left out: remarks on one's own change, accounts of machines and deleted ones, and what came within a minute of the
change's opening (HOSTILE: nobody reads a change in that time). What one person writes word for word again raises
nothing anew where no change followed: a ready-made answer under every change is one remark.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

from msgspec import Struct

from evidence.facts.conversations.comments import Remark, read_comment
from evidence.facts.conversations.items import comment_item, review_item
from evidence.facts.people import automated
from evidence.model import Account, ChangeRequest, Changes, Comment, Commit, Person, Thread
from evidence.patterns import regex

SECONDS_TO_READ = 60
_NAMED = regex(r"@[\w-]{1,40}")


class ReviewRemark(Struct, frozen=True, kw_only=True):
    """One comment or review by somebody else than the change's author. ``followed_by`` is what shows that a change
    followed: "lines" (git: a later commit of the change touched the line), "mark" (the forge calls the lines
    outdated), "file" (a later commit touched the file, and nothing is known of the line) or "" for nothing;
    ``area`` is the folder of the file, "" for the change as a whole; ``says_more`` that there is text beyond approval
    and thanks."""

    change: int
    item: str
    reviewer: str
    author: str
    written: int
    remark: Remark
    says_more: bool
    followed_by: str = ""
    area: str = ""


def person_of(account: Account | None) -> str:
    """The login of a person, lower-case; "" for machines and deleted accounts."""
    if account is None or account.kind == "bot" or _is_tool(account.login):
        return ""
    return account.login.lower()


@lru_cache(maxsize=10_000)
def _is_tool(login: str) -> bool:
    return bool(automated(Person(login, "")))


def review_remarks(changes: Changes, commits: Iterable[Commit]) -> tuple[ReviewRemark, ...]:
    """Every remark of one person on another's change, by change and then by time."""
    known = {commit.sha: commit for commit in commits}
    said: set[tuple[str, str]] = set()
    ordered = sorted(changes.requests, key=lambda change: change.number)
    found = [each for change in ordered for each in _on(change, known, said)]
    return tuple(sorted(found, key=lambda each: (each.change, each.written, each.item)))


def _on(change: ChangeRequest, known: Mapping[str, Commit], said: set[tuple[str, str]]) -> Iterator[ReviewRemark]:
    author = person_of(change.author)
    if not author:
        return
    for review in change.reviews:
        if _counts(review.author, author, review.submitted, change):
            yield ReviewRemark(
                change=change.number, item=review_item(change, review), reviewer=person_of(review.author),
                author=author, written=review.submitted, **_read(review.body, review.author, said),
            )  # fmt: skip
    threads = (*change.threads, *(Thread(comments=(comment,)) for comment in change.comments))
    for thread in threads:
        for comment in thread.comments:
            if _counts(comment.author, author, comment.created, change):
                followed = _followed_by(change, comment, thread, known) if comment.path else ""
                yield _commented(change, comment, author, followed, said)


def _counts(account: Account | None, author: str, written: int, change: ChangeRequest) -> bool:
    reviewer = person_of(account)
    return bool(reviewer) and reviewer != author and written - change.created >= SECONDS_TO_READ


def _commented(
    change: ChangeRequest, comment: Comment, author: str, followed: str, said: set[tuple[str, str]]
) -> ReviewRemark:
    return ReviewRemark(
        change=change.number,
        item=comment_item(change, comment),
        reviewer=person_of(comment.author),
        author=author,
        written=comment.created,
        **_read(comment.body, comment.author, said, anew=bool(followed)),
        followed_by=followed,
        area="/".join(comment.path.split("/")[:-1][:2]),
    )


def _read(body: str, account: Account | None, said: set[tuple[str, str]], *, anew: bool = False) -> dict[str, Any]:
    remark = read_comment(body)
    says_more = bool(body.strip()) and not (remark.approval or remark.machine)
    words = (person_of(account), " ".join(_NAMED.sub("", body).lower().split()))
    if words in said and not anew:
        remark = Remark(approval=remark.approval, machine=remark.machine)
    said.add(words)
    return {"remark": remark, "says_more": says_more}


def _followed_by(change: ChangeRequest, comment: Comment, thread: Thread, known: Mapping[str, Commit]) -> str:
    """What is known of the line itself goes before what is known of the file."""
    if thread.touched is not None:
        return "lines" if thread.touched else ""
    if thread.outdated is not None:
        return "mark" if thread.outdated else ""
    return "file" if _touched_later(change, comment, known) else ""


def _touched_later(change: ChangeRequest, comment: Comment, known: Mapping[str, Commit]) -> bool:
    later = (known[sha] for sha in change.commits if sha in known)
    return any(
        commit.committed > comment.created and any(comment.path == touched.path for touched in commit.changes)
        for commit in later
    )
