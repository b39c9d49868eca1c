"""The repositories of a person or group, and those elsewhere that took their changes: names alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from github import GithubException
from gitlab import Gitlab
from gitlab.exceptions import GitlabError
from msgspec import Struct

from evidence.patterns import regex
from evidence.source.forges.app import signed_in
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.http import USER_AGENT, ForgeSession
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.pygithub import PER_PAGE, Listing, client

_MOST_PAGES = 5
_PATH = regex(r"https?://[^/\s]{1,255}/([A-Za-z0-9._-]{1,255}/[A-Za-z0-9._-]{1,255})/pull/[0-9]{1,9}")
_REFERENCE = regex(r"([A-Za-z0-9._/-]{3,512})![0-9]{1,9}")


class Listed(Struct, frozen=True):
    """One repository; ``own`` tells it from one elsewhere, ``accepted`` counts the changes that were merged there."""

    path: str
    own: bool
    accepted: int = 0


class Portfolio(Struct):
    """What was found, and why where something was not."""

    listed: list[Listed]
    is_group: bool
    lacking: str = ""


def portfolio_of(endpoint: Endpoint, name: str, group: bool | None, patience: Patience) -> Portfolio:
    """Own repositories that are no forks, by the last push, then those elsewhere, by how many changes were accepted.

    Raises Unavailable where the forge does not tell the own ones.
    """
    endpoint = signed_in(endpoint, patience)
    headers = endpoint.credential.headers() if endpoint.credential else {}
    with ForgeSession(endpoint.origin, headers, patience) as session:
        reader = _GitLab(session, name) if endpoint.kind == "gitlab" else _GitHub(session, endpoint, name)
        try:
            own, is_group = reader.own(group)
        except (GithubException, GitlabError, TypeError, AttributeError, ValueError, LookupError, AssertionError):
            raise Unavailable("the forge's answer is not what it says it is", 200) from None
        found = Portfolio([Listed(path, True) for path in dict.fromkeys(own)], is_group, reader.lacking)
        if not is_group:
            try:
                taken = list(reader.elsewhere())
            except Unavailable as error:
                taken, found.lacking = [], str(error)
            except (GithubException, GitlabError, TypeError, AttributeError, ValueError, LookupError, AssertionError):
                taken, found.lacking = [], "the forge's answer is not what it says it is"
            counts = {path: taken.count(path) for path in taken if path not in own}
            ordered = sorted(counts, key=lambda path: (-counts[path], path))
            found.listed += [Listed(path, False, counts[path]) for path in ordered]
        return found


class _GitHub:
    lacking = ""

    def __init__(self, session: ForgeSession, endpoint: Endpoint, name: str) -> None:
        self._session, self._endpoint, self._name = session, endpoint, name
        self._layouts = list(endpoint.layouts)

    def own(self, group: bool | None) -> tuple[list[str], bool]:
        """Paths of the own repositories, and whether this is an organisation."""
        while True:
            github = client(self._session, self._endpoint.origin + self._layouts[0][0])
            try:
                group = group or github.get_user(self._name).type == "Organization"
                # by its name: the address in an answer may be that of the forge that was recorded
                owner = github.get_organization(self._name) if group else github.get_user(self._name, lazy=True)
                found = self._walk(owner.get_repos(sort="pushed", direction="desc"))
                return [it.full_name for it in found if it.fork is not True], group
            except Unavailable as error:
                if error.status != 404 or len(self._layouts) == 1:
                    raise
                self._layouts.pop(0)

    def elsewhere(self) -> Iterator[str]:
        """The path of each repository elsewhere, once for every change that was merged there."""
        github = client(self._session, self._endpoint.origin + self._layouts[0][0])
        query = f"author:{self._name} type:pr is:merged -user:{self._name}"
        for it in self._walk(github.search_issues(query, sort="updated", order="desc"), 2):
            if found := _PATH.fullmatch(str(it.html_url)):
                yield found[1]

    def _walk(self, items: Any, most: int = _MOST_PAGES) -> list[Any]:
        listing = Listing(self._session, items, lends_links=self._endpoint.lends_links)
        found = list(listing.walk(most))
        self.lacking = self.lacking or listing.broken
        return found


class _GitLab:
    lacking = ""

    def __init__(self, session: ForgeSession, name: str) -> None:
        self._session, self._name = session, name
        self._client = Gitlab(
            session.origin, session=session, keep_base_url=True, user_agent=USER_AGENT, per_page=PER_PAGE
        )

    def own(self, group: bool | None) -> tuple[list[str], bool]:
        """Paths of the own projects, and whether this is a group."""
        users = [] if group else self._client.users.list(username=self._name, get_all=False)
        options = {"order_by": "last_activity_at", "sort": "desc"}
        projects: Any = users[0].projects if users else self._client.groups.get(self._name, lazy=True).projects
        found = self._walk(projects, **options, **({} if users else {"include_subgroups": True}))
        return [str(it["path_with_namespace"]) for it in found if not it.get("forked_from_project")], not users

    def elsewhere(self) -> Iterator[str]:
        """The path of each project elsewhere, once for every merge request that was merged there."""
        if not self._session.has_token:
            raise Unavailable("GitLab lists merge requests elsewhere only to those with a token", 401)
        options = {"author_username": self._name, "state": "merged", "scope": "all"}
        for it in self._walk(self._client.mergerequests, **options):
            if found := _REFERENCE.fullmatch(str(dict(it.get("references") or {}).get("full"))):
                yield found[1]

    def _walk(self, listed: Any, **options: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for at in range(1, _MOST_PAGES + 1):
            page = [it.asdict() for it in listed.list(page=at, per_page=PER_PAGE, get_all=False, **options)]
            found += page
            if len(page) < PER_PAGE:
                break
        return found
