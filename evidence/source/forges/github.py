"""A repository on GitHub: has anything changed, and if so, what; GraphQL first, REST where that does not answer.

GraphQL's answers carry no ETag. So two conditional REST requests (the issues and changes updated last; the releases)
tell whether anything is new: nothing costs no rate limit, and else only what was updated since is asked for.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

from evidence.source.forges.app import signed_in
from evidence.source.forges.asking import Asking, Subject
from evidence.source.forges.cache import AnswerCache, Marks, Stored, items_of
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.gathered import PARTS, Gathered
from evidence.source.forges.github_answers import Answers
from evidence.source.forges.github_client import GitHubClient
from evidence.source.forges.github_pages import MOST_CHANGES, MOST_ISSUES, Pages
from evidence.source.forges.github_queries import ONE
from evidence.source.forges.github_releases import releases_of
from evidence.source.forges.memo import Memo
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.wording import child

_NEWEST = "/issues?state=all&sort=updated&direction=desc&per_page=100"
_NEWEST_CHANGES = "/pulls?state=all&sort=updated&direction=desc&per_page=100"
# GraphQL's answers that a REST request may do better than.
_NO_GRAPHQL = frozenset({0, 200, 400, 401, 403, 404, 405, 410, 500, 501, 502, 503, 504})
# What a list that could not be read leaves unknown.
_LISTS = {"changes": ("changes", "reviews", "comments"), "issues": ("issues", "comments"), "commits": ("committers",)}


def read(endpoint: Endpoint, subject: Subject, asking: Asking) -> Gathered:
    """All that GitHub tells of a repository, with the accounts behind the commits before the scanned one.

    Never raises: what could not be had is in ``missing``.
    """
    try:
        endpoint = signed_in(endpoint, asking.patience)
    except Unavailable as error:
        return Gathered(missing=dict.fromkeys(PARTS, str(error)))
    client = GitHubClient(endpoint, subject.path, asking.patience)
    answers = Answers(subject.page or f"{endpoint.web}/{subject.path}", endpoint.web)
    with client.session, closing(asking.open_cache()) as cache:
        return _Reading(client, answers, cache, subject.head, asking.resume, subject.number).run()


@dataclass
class _Reading:
    client: GitHubClient
    answers: Answers
    cache: AnswerCache
    head: str
    resume: bool
    number: int
    known: Gathered | None = None
    marks: Marks = field(default_factory=Marks)
    crawl: int = 0
    _graphql_fails: bool = False

    def __post_init__(self) -> None:
        endpoint, path = self.client.endpoint, self.client.path
        self.scope = f"{endpoint.origin} {path.lower()} {'graphql' if endpoint.credential else 'anonymous'}"
        if latest := self.cache.latest(self.scope, complete=True):
            self.crawl, self.marks, self.known = latest

    def run(self) -> Gathered:
        """Ask for what is new, or for everything."""
        missing: dict[str, str] = {}
        head = self.marks.head
        etags = dict(self.marks.etags)
        try:
            newest = self._newest(etags, missing)
        except Unavailable as error:
            return Gathered(missing=dict.fromkeys(PARTS, str(error)))
        times = [each for item in newest or () if isinstance(each := child(item, "updated_at"), str)]
        since = max(times, default="")
        lists = tuple(name for name in _LISTS if name not in missing)
        found = self._refreshed(lists, since, changed=newest is not None) if self.known else None
        if found is None:
            found = self._crawled(lists, since) if self.client.session.has_token else self._by_rest(lists, since)
        if self._graphql_fails:
            found = self._by_rest(lists, since)
        self._add_releases(found, etags)
        found.missing |= missing
        if etags != self.marks.etags or since or self.marks.head != head:
            self._store(found, etags, whole=set(lists) <= set(self.marks.finished))
        if self.number and self.number not in found.changes and self.client.session.has_token:
            self._add_the_one(found)
        return found

    def _add_the_one(self, found: Gathered) -> None:
        """The change that is asked about by name, where it is older than those that are read."""
        owner, _, name = self.client.path.partition("/")
        variables = {"owner": owner, "name": name, "number": self.number}
        try:
            node = self.client.graphql(ONE, variables, last_try=True).get("pullRequest")
        except Unavailable as error:
            found.missing[f"change {self.number}"] = str(error)
            return
        if change := self.answers.change(node):
            found.changes[self.number] = change

    def _store(self, found: Gathered, etags: dict[str, str], *, whole: bool) -> None:
        if whole:
            self.marks.etags = etags
        self.marks.totals, self.marks.name, self.marks.sampled = found.totals, found.name, found.sampled
        self.marks.fork_of = found.fork_of
        self.cache.store(self.crawl, self.marks, items_of(found), complete=whole, anew=whole)

    def _newest(self, etags: dict[str, str], missing: dict[str, str]) -> list[Any] | None:
        """The issues and changes updated last, None where nothing was since the last time; keeps the ETag."""
        try:
            newest, etags["newest"] = self.client.ask(_NEWEST, etags.get("newest", ""))
        except Unavailable as error:
            if error.status not in (404, 410):
                raise
            if error.status == 410:
                missing["issues"] = "issues are switched off for this repository"
            newest = self._newest_changes(etags)
        return newest if isinstance(newest, list) or newest is None else []

    def _newest_changes(self, etags: dict[str, str]) -> list[Any] | None:
        """The same of changes alone; an empty list where the forge knows no such list, and may know others."""
        try:
            newest, etags["newest"] = self.client.ask(_NEWEST_CHANGES, etags.get("newest", ""))
        except Unavailable as error:
            if error.status != 404:
                raise
            return []
        return newest if isinstance(newest, list) or newest is None else []

    def _refreshed(self, lists: tuple[str, ...], since: str, *, changed: bool) -> Gathered | None:
        """What is known, with what was updated since; None where it has to be read anew."""
        assert self.known is not None  # noqa: S101
        found, old = self.known, self.marks
        if not set(lists) <= set(old.finished):
            return None
        marks = Marks(head=self.head)
        if not self.client.session.has_token:
            return None if changed or old.head != self.head else found
        pages = Pages(self.client, self.answers, found, marks, lambda _stored: None)
        try:
            if changed:
                pages.read(tuple(name for name in lists if name != "commits"), since=old.since)
            if old.head != self.head:
                found.accounts.clear()
                pages.read(("commits",))
        except Unavailable:
            return None
        if pages.failed:
            return None
        _trim(found)
        if not _is_complete(found):
            return None
        old.since, old.head = since or old.since, self.head
        return found

    def _crawled(self, lists: tuple[str, ...], since: str) -> Gathered:
        """Everything, from the start or from where the last crawl broke off."""
        begun = self.cache.latest(self.scope, complete=False) if self.resume else None
        if begun and begun[1].head == self.head:
            self.crawl, self.marks, found = begun
        else:
            self.crawl, self.marks, found = self.cache.begin(self.scope), Marks(since=since, head=self.head), Gathered()
        pages, reason = Pages(self.client, self.answers, found, self.marks, self._keep), ""
        try:
            pages.read(lists)
        except Unavailable as error:
            self._graphql_fails = error.status in _NO_GRAPHQL and not found.changes and not found.issues
            reason = str(error)
        for name in lists:
            if name not in self.marks.finished:
                found.missing |= dict.fromkeys(_LISTS[name], pages.failed.get(name, reason))
        return found

    def _by_rest(self, lists: tuple[str, ...], since: str) -> Gathered:
        """Everything, as far as the bound on requests goes; answers of a crawl that broke off are used again."""
        from evidence.source.forges.github_rest import RestReading
        from evidence.source.forges.github_typed import Typed

        begun = self.cache.latest(self.scope, complete=False) if self.resume else None
        if begun and begun[1].head == self.head:
            self.crawl = begun[0]
        else:
            self.crawl = self.cache.begin(self.scope)
        self.marks = Marks(since=since, head=self.head)
        found = Gathered()
        self.client.session.memo = Memo(self.cache, self.crawl, self.marks)
        RestReading(
            self.client, Typed(self.answers.page, self.client.endpoint.web), found, self.head, self.number
        ).read(issues="issues" in lists)
        self.client.session.memo = None
        if not found.missing:
            self.marks.finished = list(lists)
        return found

    def _keep(self, stored: list[Stored]) -> None:
        self.cache.store(self.crawl, self.marks, stored, complete=False)

    def _add_releases(self, found: Gathered, etags: dict[str, str]) -> None:
        try:
            releases = releases_of(self.client, self.answers.page, etags)
        except Unavailable as error:
            found.missing["releases"] = str(error)
            return
        if releases is not None:
            found.releases = releases
        elif self.known is not None:
            found.releases = self.known.releases


def _trim(found: Gathered) -> None:
    """Keep what a crawl from the start would: the newest."""
    found.changes = {at: found.changes[at] for at in sorted(found.changes)[-MOST_CHANGES:]}
    found.issues = {at: found.issues[at] for at in sorted(found.issues)[-MOST_ISSUES:]}


def _is_complete(found: Gathered) -> bool:
    """Whether as many are known as the forge counts: fewer or more tell that some were deleted or moved."""
    counts = {"changes": (len(found.changes), MOST_CHANGES), "issues": (len(found.issues), MOST_ISSUES)}
    return all(have == min(found.totals.get(name, have), most) for name, (have, most) in counts.items())
