"""GitHub's GraphQL answers as records. Nothing in an answer is trusted: what is odd is left out, never a failure."""

from __future__ import annotations

from typing import Any

from evidence.model import Account, ChangeRequest, Comment, Issue, Review, Thread
from evidence.source.forges.gathered import StoredChange, StoredIssue
from evidence.source.forges.wording import (
    account,
    child,
    children,
    item_id,
    kind_of,
    link,
    number,
    oid,
    seconds,
    text,
    title,
)

_STATES = {"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"}


class Answers:
    """Reads answers about the repository whose page is ``page`` (``https://github.com/owner/name``)."""

    def __init__(self, page: str, web: str) -> None:
        self.page, self._web = page, web

    def change(self, node: Any) -> StoredChange | None:
        """A pull request; None for a node without a number."""
        if not (at := number(child(node, "number"))):
            return None
        page = f"{self.page}/pull/{at}"
        commits = [(oid(child(n, "commit", "oid")), child(n, "commit", "author", "user", "login"))
                   for n in children(node, "commits", "nodes")]  # fmt: skip
        threads = children(node, "reviewThreads", "nodes")
        request = ChangeRequest(
            number=at,
            title=title(child(node, "title")),
            body=text(child(node, "body")),
            state=_state(child(node, "state")),
            url=link(child(node, "url"), self._web, page),
            author=_actor(child(node, "author")),
            created=seconds(child(node, "createdAt")),
            updated=seconds(child(node, "updatedAt")),
            draft=child(node, "isDraft") is True,
            merged=seconds(child(node, "mergedAt")),
            closed=seconds(child(node, "closedAt")),
            merged_by=_actor(child(node, "mergedBy")),
            base=title(child(node, "baseRefName")),
            head_commit=oid(child(node, "headRefOid")),
            merge_commit=oid(child(node, "mergeCommit", "oid")),
            commits=tuple(sha for sha, _login in commits if sha),
            additions=number(child(node, "additions")),
            deletions=number(child(node, "deletions")),
            changed_files=number(child(node, "changedFiles")),
            labels=_labels(node),
            closes=tuple(number(child(n, "number")) for n in children(node, "closingIssuesReferences", "nodes")),
            reviews=tuple(r for n in children(node, "reviews", "nodes") if (r := self._review(n, page))),
            threads=tuple(t for n in threads if (t := self._thread(n, page)).comments),
            comments=tuple(self.comment(n, page) for n in children(node, "comments", "nodes")),
        )
        return StoredChange(request, _accounts(commits), _cut(node, threads))

    def _review(self, node: Any, page: str) -> Review | None:
        """A review that was handed in: a pending one is nobody's but its author's."""
        state = child(node, "state")
        if state not in _STATES:
            return None
        known = item_id(child(node, "url"), child(node, "id"))
        return Review(
            id=known,
            author=_actor(child(node, "author")),
            state=state.lower(),
            body=text(child(node, "body")),
            submitted=seconds(child(node, "submittedAt")),
            url=link(child(node, "url"), self._web, f"{page}#pullrequestreview-{known}"),
            commit=oid(child(node, "commit", "oid")),
        )

    def _thread(self, node: Any, page: str) -> Thread:
        shown = [n for n in children(node, "comments", "nodes") if child(n, "state") != "PENDING"]
        resolved, outdated = child(node, "isResolved"), child(node, "isOutdated")
        removed = child(node, "diffSide") == "LEFT"
        return Thread(
            comments=tuple(self.comment(n, page, removed=removed) for n in shown),
            resolved=resolved if isinstance(resolved, bool) else None,
            outdated=outdated if isinstance(outdated, bool) else None,
        )

    def comment(self, node: Any, page: str, *, removed: bool = False) -> Comment:
        """A comment of the conversation or of a review thread, whose side of the comparison the thread has."""
        known = item_id(child(node, "url"), child(node, "id"))
        anchor = "discussion_r" if "path" in node else "issuecomment-"
        return Comment(
            id=known,
            author=_actor(child(node, "author")),
            body=text(child(node, "body")),
            created=seconds(child(node, "createdAt")),
            updated=seconds(child(node, "updatedAt")),
            url=link(child(node, "url"), self._web, f"{page}#{anchor}{known}"),
            path=title(child(node, "path")),
            line=number(child(node, "originalLine")) or number(child(node, "line")),
            removed=removed,
            commit=oid(child(node, "originalCommit", "oid")),
            reply_to=item_id(child(node, "replyTo", "url"), child(node, "replyTo", "id") or ""),
        )

    def issue(self, node: Any) -> StoredIssue | None:
        """An issue; None for a node without a number."""
        if not (at := number(child(node, "number"))):
            return None
        page = f"{self.page}/issues/{at}"
        closed = next(iter(children(node, "timelineItems", "nodes")), None)
        closer = child(closed, "closer")
        ours = str(child(closer, "repository", "nameWithOwner")).lower() == self._name
        issue = Issue(
            number=at,
            title=title(child(node, "title")),
            body=text(child(node, "body")),
            state="open" if child(node, "state") == "OPEN" else "closed",
            url=link(child(node, "url"), self._web, page),
            author=_actor(child(node, "author")),
            created=seconds(child(node, "createdAt")),
            updated=seconds(child(node, "updatedAt")),
            closed=seconds(child(node, "closedAt")),
            closed_by=_actor(child(closed, "actor")),
            assignees=tuple(a for n in children(node, "assignees", "nodes") if (a := _actor(n))),
            labels=_labels(node),
            comments=tuple(self.comment(n, page) for n in children(node, "comments", "nodes")),
            changes=(number(child(closer, "number")),) if ours and number(child(closer, "number")) else (),
        )
        beyond = number(child(node, "comments", "totalCount")) - len(children(node, "comments", "nodes"))
        return StoredIssue(issue, {"comments": beyond} if beyond > 0 else {})

    @property
    def _name(self) -> str:
        return "/".join(self.page.lower().split("/")[-2:])


def _state(value: object) -> str:
    return {"OPEN": "open", "MERGED": "merged"}.get(str(value), "closed")


def _actor(node: Any) -> Account | None:
    return account(child(node, "login"), child(node, "__typename") or kind_of(child(node, "login")))


def _labels(node: Any) -> tuple[str, ...]:
    return tuple(title(child(n, "name")) for n in children(node, "labels", "nodes"))


def _accounts(commits: list[tuple[str, Any]]) -> dict[str, Account]:
    return {sha: found for sha, login in commits if sha and (found := account(login))}


def history(nodes: list[Any]) -> dict[str, Account]:
    """The accounts behind a page of commits, by commit."""
    return _accounts([(oid(child(n, "oid")), child(n, "author", "user", "login")) for n in nodes])


def _cut(node: Any, threads: list[Any]) -> dict[str, int]:
    """How much of each list lies beyond what one answer holds."""
    lists = {"commits": "commits", "reviews": "reviews", "reviewThreads": "threads", "comments": "comments"}
    cut = {}
    for field, name in lists.items():
        beyond = number(child(node, field, "totalCount")) - len(children(node, field, "nodes"))
        if beyond > 0:
            cut[name] = beyond
    replies = sum(
        max(0, number(child(t, "comments", "totalCount")) - len(children(t, "comments", "nodes"))) for t in threads
    )
    return {**cut, "replies": replies} if replies else cut
