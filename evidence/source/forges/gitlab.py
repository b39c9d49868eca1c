"""A project on GitLab, through python-gitlab: one GraphQL question whether anything changed, then REST.

Discussions and approvals are asked for of those merge requests alone that were updated since they were last read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import gitlab
import msgspec
from gitlab.exceptions import GitlabError
from msgspec import Struct, field

from evidence.model import ChangeRequest
from evidence.source.forges.asking import Asking, Subject
from evidence.source.forges.cache import AnswerCache, Marks, items_of
from evidence.source.forges.endpoint import Endpoint, origin_of
from evidence.source.forges.gathered import PARTS, Gathered, StoredChange, StoredIssue
from evidence.source.forges.gitlab_commits import A_PAGE, Commits, commits_of
from evidence.source.forges.gitlab_records import GitLabRecords
from evidence.source.forges.http import USER_AGENT, ForgeSession, decoded
from evidence.source.forges.memo import Memo
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.sampling import spread
from evidence.source.forges.wording import child, number, parent_of

PER_PAGE = 100
MOST_PAGES = 10
MOST_ASKED = 700
MOST_ANONYMOUS = 300
# One question for all that a scan reads: what was updated last, and how much there is.
PULSE = """
query pulse($path: ID!) {
  project(fullPath: $path) {
    fullPath
    mergeRequests(first: 1, sort: UPDATED_DESC) { count nodes { iid updatedAt } }
    issues(first: 1, sort: UPDATED_DESC) { count nodes { iid updatedAt } }
    releases(first: 5) { nodes { tagName releasedAt name } }
  }
}
"""


def read(endpoint: Endpoint, subject: Subject, asking: Asking) -> Gathered:
    """All that GitLab tells of a project. Never raises: what could not be had is in ``missing``."""
    headers = endpoint.credential.headers() if endpoint.credential else {}
    session = ForgeSession(endpoint.origin, headers, asking.patience)
    records = GitLabRecords(subject.page or f"{endpoint.web}/{subject.path}", endpoint.web)
    with session, closing(asking.open_cache()) as cache:
        return _Reading(session, endpoint, subject.path, records, cache, asking.resume, subject.number).run()


class _Reading(Struct):
    session: ForgeSession
    endpoint: Endpoint
    path: str
    records: GitLabRecords
    cache: AnswerCache
    resume: bool
    number: int
    found: Gathered = field(default_factory=Gathered)
    approvals_refused: bool = False

    def run(self) -> Gathered:
        """What is known, where nothing changed; else everything, as far as the bound on requests goes."""
        token = "token" if self.session.has_token else "anonymous"
        scope = f"{self.endpoint.origin} {self.path.lower()} gitlab {token}"
        known = self.cache.latest(scope, complete=True)
        pulse = self._pulse()
        if known and pulse and known[1].since == pulse:
            return known[2]
        begun = self.cache.latest(scope, complete=False) if self.resume else None
        crawl = begun[0] if begun else self.cache.begin(scope)
        marks = Marks(since=pulse)
        self.session.most_asked = MOST_ASKED if self.session.has_token else MOST_ANONYMOUS
        self.session.memo = Memo(self.cache, crawl, marks)
        self._read(known[2] if known else Gathered())
        marks.totals, marks.sampled, whole = self.found.totals, self.found.sampled, not self.found.missing
        marks.fork_of = self.found.fork_of
        self.cache.store(crawl, marks, items_of(self.found), complete=whole, anew=whole)
        return self.found

    def _pulse(self) -> str:
        """What was updated last, as text to compare; "" where GraphQL does not tell."""
        try:
            answer = self.session.post(
                self.endpoint.origin + self.endpoint.layouts[0][1],
                json={"query": PULSE, "variables": {"path": self.path}},
            )
            project = child(decoded(answer), "data", "project")
        except Unavailable:
            return ""
        return msgspec.json.encode(project, order="sorted").decode() if project else ""

    def _read(self, known: Gathered) -> None:
        url = self.endpoint.origin
        self.session.tries = 5
        client = gitlab.Gitlab(url, session=self.session, keep_base_url=True, user_agent=USER_AGENT, per_page=PER_PAGE)
        project = client.projects.get(self.path, lazy=True)
        self._part(("parent",), lambda: self._read_parent(client))
        self._part(("releases",), lambda: self._read_releases(project))
        self._part(("changes", "reviews", "comments"), lambda: self._read_changes(project, known))
        self._part(("issues",), lambda: self._read_issues(project, known))
        if {"releases", "changes", "issues"} <= set(self.found.missing):
            self.found.missing = {part: self.found.missing["changes"] for part in PARTS}

    def _read_parent(self, client: gitlab.Gitlab) -> None:
        try:
            project = client.projects.get(self.path).asdict()
        except Unavailable as error:
            if error.status != 404:  # the lists tell of a project that is gone
                raise
            return
        parent = project.get("forked_from_project")
        self.found.fork_of = parent_of(isinstance(parent, dict), child(parent, "path_with_namespace"))

    def _part(self, names: tuple[str, ...], work: Callable[[], object]) -> None:
        try:
            work()
        except Unavailable as error:
            self.found.missing |= dict.fromkeys(names, str(error))
        except (GitlabError, TypeError, AttributeError, ValueError, LookupError):
            self.found.missing |= dict.fromkeys(names, "the forge's answer is not what GitLab says it is")

    def _pages(self, listed: Any, most: int = MOST_PAGES, **options: Any) -> Iterator[dict[str, Any]]:
        """The items of python-gitlab's list, page number by page number, as plain data."""
        seen: set[object] = set()
        for at in range(1, most + 1):
            page = [each.asdict() for each in listed.list(page=at, per_page=PER_PAGE, get_all=False, **options)]
            new = [each for each in page if (key := str(each.get("id") or each.get("tag_name"))) not in seen
                   and not seen.add(key)]  # type: ignore[func-returns-value]  # fmt: skip
            if page and not new:
                raise Unavailable("the forge's pages go round in circles")
            yield from new
            if not self._more():
                return

    def _more(self) -> bool:
        last = self.session.last
        headers = last.headers if last is not None else {}
        following = str(last.links.get("next", {}).get("url", "")) if last is not None else ""
        if following and origin_of(following) != self.session.origin:
            raise Unavailable("the forge's next page is on another host")
        return bool(following or headers.get("X-Next-Page", "").strip())

    def _total(self, read: int) -> int:
        last = self.session.last
        told = last.headers.get("X-Total", "") if last is not None else ""
        return max(read, int(told)) if told.isdigit() and len(told) < 12 else read

    def _read_releases(self, project: Any) -> None:
        for node in self._pages(project.releases, 3):
            if release := self.records.release(node):
                self.found.releases[release.tag] = release

    def _read_changes(self, project: Any, known: Gathered) -> None:
        nodes = list(self._pages(project.mergerequests, state="all", scope="all", order_by="created_at", sort="desc"))
        total = self.found.totals["changes"] = self._total(len(nodes))
        changes = [change for node in nodes if (change := self.records.change(node))]
        for change in changes:
            stored = known.changes.get(change.number)
            if stored is not None and stored.request.updated == change.updated:
                self.found.changes[change.number] = stored
        unread = [change for change in changes if change.number not in self.found.changes]
        # Of what is left, a third is for issues; a merge request takes two (discussions, approvals) and a share in one.
        left = (self.session.most_asked - self.session.asked) * 2 // 3
        chosen = spread(unread, max(1, left * A_PAGE // (2 * A_PAGE + 1)), self.number)
        commits = self._commits([change.number for change in chosen])
        for change in chosen:
            self._read_change(project, change, commits.get(change.number, {}))
        if len(self.found.changes) < total:
            advice = "" if self.session.has_token else ": with a token (GITLAB_TOKEN) more would be"
            self.found.sampled["changes"] = (
                f"{len(self.found.changes)} of {total:,} were read, spread evenly over time{advice}"
            )

    def _commits(self, numbers: list[int]) -> dict[int, Commits]:
        try:
            return commits_of(self.session, self.endpoint, self.path, numbers)
        except Unavailable as error:
            if error.status in (-1, 0):
                raise
            self.found.sampled["accounts behind commits"] = str(error)
            return {}

    def _read_change(self, project: Any, change: ChangeRequest, commits: Commits) -> None:
        request = project.mergerequests.get(change.number, lazy=True)
        discussions = list(self._pages(request.discussions, 2))
        cut = {"threads": PER_PAGE} if self._more() else {}
        threads, comments = self.records.discussions(discussions, change.url)
        reviews = self.records.reviews(discussions, self._approvals(request), change.url)
        full = msgspec.structs.replace(
            change, threads=threads, comments=comments, reviews=reviews, commits=tuple(commits)
        )
        accounts = {sha: account for sha, account in commits.items() if account is not None}
        self.found.changes[change.number] = StoredChange(full, accounts, cut)

    def _approvals(self, request: Any) -> dict[str, Any] | None:
        """The list of approvals; system notes tell of them too, so a forge that refuses it is asked no more."""
        if self.approvals_refused:
            return None
        try:
            return dict(request.approvals.get().asdict())
        except Unavailable as error:
            if error.status not in (401, 403, 404):
                raise
            self.approvals_refused = True
            return None

    def _read_issues(self, project: Any, known: Gathered) -> None:
        nodes = list(self._pages(project.issues, scope="all", order_by="created_at", sort="desc"))
        self.found.totals["issues"] = self._total(len(nodes))
        for node in nodes:
            issue = self.records.issue(node, ())
            if issue is None:
                continue
            stored = known.issues.get(issue.number)
            if stored is not None and stored.issue.updated == issue.updated:
                self.found.issues[issue.number] = stored
                continue
            said, spoken = number(node.get("user_notes_count")), []
            if said and self.session.most_asked - self.session.asked > 0:
                spoken = list(self._pages(project.issues.get(issue.number, lazy=True).notes, 1))
            full = self.records.issue(node, spoken) or issue
            beyond = said - len(full.comments)
            self.found.issues[issue.number] = StoredIssue(full, {"comments": beyond} if beyond > 0 else {})
