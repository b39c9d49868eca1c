"""PyGithub's typed objects as records. Only what GitHub's lists hold is asked of them, so that none fetches itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from github import GithubException

from evidence.model import Account, ChangeRequest, Comment, Issue, Review, Thread
from evidence.patterns import regex
from evidence.source.forges.pygithub import settled
from evidence.source.forges.wording import account, item_id, kind_of, link, number, oid, seconds, text, title

_CLOSES = regex(r"\b(?:close[sd]?|fix(?:e[sd])?|resolve[sd]?):? {0,4}#([0-9]{1,9})\b", re.IGNORECASE)
_STATES = {"APPROVED", "CHANGES_REQUESTED", "COMMENTED", "DISMISSED"}
_NUMBER = regex(r"/(?:issues|pulls|pull)/([0-9]{1,9})(?:[#/?]|\Z)")
Made = TypeVar("Made")


class Typed:
    """Reads objects of the repository whose page is ``page``; ``web`` is the forge's own origin."""

    def __init__(self, page: str, web: str) -> None:
        self._page, self._web = page, web

    def change(self, it: Any) -> ChangeRequest:
        """A pull request of a list, without what was said of it."""
        merged, body = seconds(it.merged_at), text(it.body)
        return ChangeRequest(
            number=number(it.number),
            title=title(it.title),
            body=body,
            state="merged" if merged else "open" if it.state == "open" else "closed",
            url=link(it.html_url, self._web, f"{self._page}/pull/{it.number}"),
            author=person(it.user),
            created=seconds(it.created_at),
            updated=seconds(it.updated_at),
            draft=it.draft is True,
            merged=merged,
            closed=seconds(it.closed_at),
            base=title(it.base.ref if it.base else ""),
            head_commit=oid(it.head.sha if it.head else ""),
            merge_commit=oid(it.merge_commit_sha) if merged else "",
            labels=tuple(title(settled(each).name) for each in it.labels or ()),
            closes=tuple(dict.fromkeys(int(found) for found in _CLOSES.findall(body))),
        )

    def review(self, it: Any) -> Review | None:
        """A review that was handed in."""
        if it.state not in _STATES:
            return None
        return Review(
            id=str(number(it.id)),
            author=person(it.user),
            state=it.state.lower(),
            body=text(it.body),
            submitted=seconds(it.submitted_at),
            url=link(it.html_url, self._web, self._page),
            commit=oid(it.commit_id),
        )

    def threads(self, comments: Iterable[Any]) -> tuple[Thread, ...]:
        """Comments on lines, put together by what they answer."""
        by_root: dict[int, list[Comment]] = {}
        for it in sorted(comments, key=lambda c: number(c.id)):
            root = number(it.in_reply_to_id) or number(it.id)
            place = {
                "path": title(it.path),
                "line": number(it.original_line) or number(it.line),
                "removed": it.side == "LEFT",
            }
            answers = str(root) if number(it.in_reply_to_id) else ""
            made = self.comment(it, **place, commit=oid(it.original_commit_id), reply_to=answers)
            by_root.setdefault(root, []).append(made)
        return tuple(Thread(comments=tuple(found)) for _root, found in sorted(by_root.items()))

    def comment(self, it: Any, **place: Any) -> Comment:
        """A comment; ``place`` is that of one on lines."""
        return Comment(
            id=item_id(it.html_url, it.id),
            author=person(it.user),
            body=text(it.body),
            created=seconds(it.created_at),
            updated=seconds(it.updated_at),
            url=link(it.html_url, self._web, self._page),
            **place,
        )

    def issue(self, it: Any, comments: tuple[Comment, ...]) -> Issue:
        """An issue of a list: who closed it, and by which change, is not told there."""
        return Issue(
            number=number(it.number),
            title=title(it.title),
            body=text(it.body),
            state="open" if it.state == "open" else "closed",
            url=link(it.html_url, self._web, f"{self._page}/issues/{it.number}"),
            author=person(it.user),
            created=seconds(it.created_at),
            updated=seconds(it.updated_at),
            closed=seconds(it.closed_at),
            assignees=tuple(found for each in it.assignees or () if (found := person(each))),
            labels=tuple(title(settled(each).name) for each in it.labels or ()),
            comments=comments,
        )


def person(user: Any) -> Account | None:
    """The account of PyGithub's user, None for a deleted one."""
    return None if user is None else account(settled(user).login, user.type or kind_of(user.login))


def number_in(url: object) -> int:
    """The number of the change or issue that an API address names, 0 for none."""
    found = _NUMBER.search(url) if isinstance(url, str) and len(url) < 1024 else None
    return int(found[1]) if found else 0


def each(items: Iterable[Any], make: Callable[[Any], Made | None]) -> list[Made]:
    """What ``make`` gives for each item; one that is not what GitHub says it is, is left out."""
    found = []
    for item in items:
        try:
            made = make(item)
        except (GithubException, TypeError, AttributeError, ValueError):
            continue
        if made is not None:
            found.append(made)
    return found
