"""Reading a repository's changes, issues and history by GraphQL, page by page: 25 changes each, halved on failure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from evidence.source.forges.cache import Marks, Stored
from evidence.source.forges.gathered import Gathered
from evidence.source.forges.github_answers import Answers, history
from evidence.source.forges.github_client import GitHubClient, TooMuch
from evidence.source.forges.github_queries import HISTORY, PAGE
from evidence.source.forges.wording import child, children, number, parent_of

CHANGES_A_PAGE = 25
ISSUES_A_PAGE = 50
MOST_CHANGES = 1_000
MOST_ISSUES = 1_000
MOST_COMMITS = 1_000
_LISTS = ("changes", "issues", "commits")
_FIELDS = {"changes": "pullRequests", "issues": "issues"}
_BOUNDS = {"changes": MOST_CHANGES, "issues": MOST_ISSUES, "commits": MOST_COMMITS}

Keep = Callable[[list[Stored]], None]


class Pages:
    """Crawls into ``gathered``; ``keep`` gets every finished page, with ``marks`` moved on to the next one. ``failed``
    says of lists why they ended before their end."""

    def __init__(self, client: GitHubClient, answers: Answers, gathered: Gathered, marks: Marks, keep: Keep) -> None:
        self._client, self._answers, self._gathered = client, answers, gathered
        self._marks, self._keep = marks, keep
        self._size = CHANGES_A_PAGE
        self._read = dict.fromkeys(_LISTS, 0)
        self.failed: dict[str, str] = {}

    def read(self, lists: tuple[str, ...], *, since: str = "") -> None:
        """Read these lists (changes, issues, commits), in lockstep: newest first, or, with ``since`` (an ISO time), all
        that was updated since then. Raises Unavailable; what was kept until then stays."""
        self._read |= (
            {"changes": len(self._gathered.changes), "issues": len(self._gathered.issues)} if not since else {}
        )
        self._read["commits"] = HISTORY * self._pages_of_commits()
        while wanted := [name for name in lists if name not in self._marks.finished and name not in self.failed]:
            found = self._page(wanted, since)
            stored = [item for name in wanted for item in self._take(name, found, since)]
            self._gathered.name = str(child(found, "nameWithOwner") or "")
            self._gathered.fork_of = parent_of(child(found, "isFork"), child(found, "parent", "nameWithOwner"))
            self._marks.fork_of = self._gathered.fork_of
            self._keep(stored)

    def _pages_of_commits(self) -> int:
        """GitHub's cursors of a history end in the number of commits before them."""
        tail = self._marks.cursors.get("commits", "").rpartition(" ")[2]
        return (int(tail) + 1) // HISTORY if tail.isdigit() and len(tail) < 9 else 0

    def _page(self, wanted: list[str], since: str) -> dict[str, Any]:
        owner, _, name = self._client.path.partition("/")
        while True:
            variables = {
                "owner": owner,
                "name": name,
                "order": {"field": "UPDATED_AT" if since else "CREATED_AT", "direction": "DESC"},
                "head": self._marks.head or "HEAD",
                "changes": self._size,
                "issues": max(1, ISSUES_A_PAGE * self._size // CHANGES_A_PAGE),
                **{f"{each}After": self._marks.cursors.get(each) for each in _LISTS},
                **{f"with{each.title()}": each in wanted for each in _LISTS},
            }
            try:
                return self._client.graphql(PAGE, variables, last_try=self._size == 1)
            except TooMuch:
                if self._size == 1:
                    raise
                self._size //= 2

    def _take(self, name: str, found: dict[str, Any], since: str) -> Iterator[Stored]:
        """The records of one list's page; moves its cursor on, or marks the list finished."""
        connection = child(found, "object", "history") if name == "commits" else child(found, _FIELDS[name])
        if connection is None and name != "commits":
            self.failed[name] = f"the forge gives no {name}"
            return
        nodes = children(connection, "nodes")
        if name != "commits":
            self._gathered.totals[name] = number(child(connection, "totalCount"))
        yield from self._records(name, nodes)
        self._read[name] += len(nodes)
        cursor = child(connection, "pageInfo", "endCursor")
        more = child(connection, "pageInfo", "hasNextPage") is True
        if more and self._read[name] >= _BOUNDS[name]:
            more = False
            if name == "commits":  # of the others, the forge's count tells
                self._gathered.sampled["accounts behind commits"] = f"those of the newest {MOST_COMMITS:,} were read"
        if since and name != "commits":
            more = more and bool(nodes) and str(child(nodes[-1], "updatedAt") or "") >= since
        if more and (not isinstance(cursor, str) or cursor == self._marks.cursors.get(name) or not nodes):
            self.failed[name] = f"the forge's pages of {name} go round in circles"
        elif more:
            self._marks.cursors[name] = cursor
        else:
            self._marks.finished.append(name)

    def _records(self, name: str, nodes: list[Any]) -> Iterator[Stored]:
        if name == "commits":
            for sha, account in history(nodes).items():
                self._gathered.accounts[sha] = account
                yield "account", sha, account
        for node in nodes if name == "changes" else ():
            if change := self._answers.change(node):
                self._gathered.changes[change.request.number] = change
                yield "change", str(change.request.number), change
        for node in nodes if name == "issues" else ():
            if issue := self._answers.issue(node):
                self._gathered.issues[issue.issue.number] = issue
                yield "issue", str(issue.issue.number), issue
