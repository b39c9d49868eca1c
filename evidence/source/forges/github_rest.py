"""GitHub by REST, through PyGithub: where there is no token, or GraphQL does not answer. Bounded in requests.

With room for one request a change, everything is read. Else some changes are, spread evenly over time, each with all
that was said of it; which ones depends on nothing but what the forge lists.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any

import msgspec
from github import GithubException
from requests.models import Response

from evidence.model import ChangeRequest, Comment
from evidence.source.forges.gathered import Gathered, StoredChange, StoredIssue
from evidence.source.forges.github_client import GitHubClient
from evidence.source.forges.github_typed import Typed, each, number_in, person
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.pygithub import PER_PAGE, Listing, client, settled
from evidence.source.forges.sampling import spread
from evidence.source.forges.wording import number, oid, parent_of

MOST_ASKED = 330
MOST_ANONYMOUS = 55
_MOST_PAGES = 10
_FEW_PAGES = 3
# Statuses that are about what was said of one change, and so many of a kind until no more of it are asked.
_OF_ONE_ALONE = frozenset({200, 404, 410, 422, 451, 500, 502, 503, 504})
_MOST_REFUSED = 3
# Requests kept for lists of comments that turn out longer than their first page told.
_RESERVE = 2


class RestReading:
    """Reads one repository into ``found``; what could not be had is in its ``missing``."""

    def __init__(self, github: GitHubClient, typed: Typed, found: Gathered, head: str, number: int = 0) -> None:
        self._wanted = number
        self._session, self._typed, self._found, self._head = github.session, typed, found, head
        self._lends = github.endpoint.lends_links
        self._anonymous = not self._session.has_token
        self._session.most_asked = self._budget()
        self._repo = client(self._session, github.base).get_repo(github.path)
        self._made: list[Listing] = []
        self._refused: Counter[str] = Counter()

    def _budget(self) -> int:
        last = self._session.last
        left = last.headers.get("x-ratelimit-remaining", "") if last is not None and not self._is_past(last) else ""
        most = MOST_ANONYMOUS if self._anonymous else MOST_ASKED
        return min(most, self._session.asked + int(left)) if left.isdigit() and len(left) < 9 else most

    def _is_past(self, answer: Response) -> bool:
        """Whether what an answer says of the limit is of a time that is over: a recording's."""
        reset = answer.headers.get("x-ratelimit-reset", "")
        return reset.isdigit() and len(reset) < 12 and int(reset) < self._session.patience.clock()

    def read(self, *, issues: bool = True) -> None:
        """What was forked, changes with what was said of them, issues, and the accounts behind commits."""
        self._part(("parent",), self._read_parent)
        self._part(("committers",), self._read_commits)
        tickets: list[Any] = []
        if issues:
            self._part(("issues",), lambda: tickets.extend(self._tickets()))
        self._part(("changes", "reviews", "comments"), lambda: self._read_changes(tickets))

    def _part(self, names: tuple[str, ...], work: Callable[[], object]) -> None:
        reasons: list[str] = []
        try:
            work()
        except Unavailable as error:
            reasons.append(str(error))
        except (GithubException, TypeError, AttributeError, ValueError, AssertionError, LookupError):
            reasons.append("the forge's answer is not what GitHub says it is")
        reasons += [listing.broken for listing in self._made if listing.broken]
        self._made.clear()
        if reasons:
            self._found.missing |= dict.fromkeys(names, reasons[0])

    def _listing(self, items: Any) -> Listing:
        self._made.append(Listing(self._session, items, lends_links=self._lends))
        return self._made[-1]

    def _of_one(self, part: str, kind: str, items: Any) -> list[Any]:
        """The first page of what was said of one change; without it the ``part`` is missing, and the scan goes on. A
        ``kind`` that is refused again and again is asked for no more."""
        if self._refused[kind] >= _MOST_REFUSED:
            return []
        try:
            listing = self._listing(items)
        except Unavailable as error:
            if error.status not in _OF_ONE_ALONE:
                raise
            self._found.missing[part] = str(error)
            self._refused[kind] += 1
            return []
        self._beyond = (listing.pages - 1) * PER_PAGE
        return listing.first

    @property
    def _pages(self) -> int:
        return _FEW_PAGES if self._anonymous else _MOST_PAGES

    def _read_parent(self) -> None:
        """The one answer that no list holds. A recording may be without it, and the lists tell of a repository that is
        gone."""
        try:
            parent = self._repo.parent if self._repo.fork is True else None
        except Unavailable as error:
            if error.status != 404:
                raise
            return
        named = settled(parent).full_name if parent is not None else ""
        self._found.fork_of = parent_of(self._repo.fork, named)

    def _read_commits(self) -> None:
        commits = self._repo.get_commits(sha=self._head) if self._head else self._repo.get_commits()
        listing = self._listing(commits)
        for it in listing.walk(self._pages):
            account = person(it.author)
            if account is not None and oid(it.sha):
                self._found.accounts[it.sha] = account
        if listing.more:
            reason = f"those of the newest {self._pages * PER_PAGE:,} were read{self._advice('more')}"
            self._found.sampled["accounts behind commits"] = reason

    def _tickets(self) -> list[Any]:
        listing = self._listing(self._repo.get_issues(state="all", sort="created", direction="desc"))
        listed, total = listing.spread(self._pages)
        found = [it for it in listed if it.pull_request is None]
        if total > len(listed):
            self._found.sampled["issues"] = f"{len(found)} were read, of {total:,} issues and changes{self._advice()}"
        return found

    def _read_changes(self, tickets: list[Any]) -> None:
        listed, total = self._listing(
            self._repo.get_pulls(state="all", sort="created", direction="desc")
        ).spread(self._pages)  # fmt: skip
        changes = each(listed, self._typed.change)
        self._found.totals["changes"] = total
        whole = self._whole(len(changes)) if total == len(changes) else None
        on_lines, spoken = whole if whole is not None else (None, None)
        if on_lines is None:
            left = self._session.most_asked - self._session.asked - _RESERVE
            changes = spread(changes, max(1, left // 3), self._wanted)
            if len(changes) < total:
                reason = f"{len(changes)} of {total:,} were read, spread evenly over time{self._advice()}"
                self._found.sampled["changes"] = reason
        self._keep_issues(tickets, spoken)
        for change in sorted(changes, key=lambda c: c.number):
            self._keep_change(change, on_lines, spoken)

    def _advice(self, what: str = "all") -> str:
        return f": with a token (GH_TOKEN) {what} would be" if self._anonymous else ""

    def _whole(self, changes: int) -> tuple[dict[int, list[Any]], dict[int, list[Any]]] | None:
        """All comments by change or issue, on lines and spoken; None where there are too many requests to make."""
        try:
            lists = (
                self._listing(self._repo.get_pulls_review_comments(sort="created", direction="asc")),
                self._listing(self._repo.get_issues_comments(sort="created", direction="asc")),
            )
        except Unavailable as error:
            if error.status != 404:
                raise
            return None
        needed = changes + sum(listing.pages - 1 for listing in lists) + _RESERVE
        if needed > self._session.most_asked - self._session.asked:
            return None
        found: list[dict[int, list[Any]]] = [defaultdict(list), defaultdict(list)]
        for shelf, listing, address in zip(found, lists, ("pull_request_url", "issue_url"), strict=True):
            for it in listing.walk(listing.pages):
                shelf[number_in(getattr(it, address))].append(it)
        return found[0], found[1]

    def _keep_change(self, change: ChangeRequest, on_lines: Any, spoken: Any) -> None:
        # by its number: the addresses in an answer may be those of the forge that was recorded
        pull, issue = self._repo.get_pull(change.number), self._repo.get_issue(change.number)
        self._beyond = 0
        reviews = self._of_one("reviews", "reviews", pull.get_reviews())
        beyond = self._beyond
        lines = (
            on_lines[change.number]
            if on_lines is not None
            else self._of_one("comments", "on lines", pull.get_review_comments())
        )
        comments = (
            spoken[change.number] if spoken is not None else self._of_one("comments", "spoken", issue.get_comments())
        )
        full = msgspec.structs.replace(
            change,
            reviews=tuple(each(reviews, self._typed.review)),
            threads=self._typed.threads(lines),
            comments=tuple(self._comments(comments)),
        )
        self._found.changes[change.number] = StoredChange(full, {}, {"reviews": beyond} if beyond else {})

    def _comments(self, items: list[Any]) -> list[Comment]:
        return sorted(each(items, self._typed.comment), key=lambda c: (c.created, c.id))

    def _keep_issues(self, tickets: list[Any], spoken: Any) -> None:
        for it in tickets:
            comments = tuple(self._comments(spoken[number(it.number)])) if spoken is not None else ()
            cut = {"comments": number(it.comments)} if spoken is None and number(it.comments) else {}
            for issue in each([it], lambda ticket, said=comments: self._typed.issue(ticket, said)):  # type: ignore[misc]
                self._found.issues[issue.number] = StoredIssue(issue, cut)
