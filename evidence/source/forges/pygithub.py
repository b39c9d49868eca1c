"""PyGithub over our own session: its requests, typed objects and paging, and our bounds on all of them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from github import Auth, Github, GithubException, GithubIntegration
from github.GithubObject import CompletableGithubObject, GithubObject
from github.PaginatedList import PaginatedList
from github.Requester import Requester, RequestsResponse
from jwt import PyJWTError

from evidence.source.forges.endpoint import origin_of
from evidence.source.forges.http import USER_AGENT, ForgeSession
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.tokens import AppKey

PER_PAGE = 100
_RECORDED = "https://api.github.com"
_making = threading.Lock()
Item = TypeVar("Item", bound=GithubObject)


def client(session: ForgeSession, base: str) -> Github:
    """A PyGithub client whose every request goes through ``session``; ``base`` is where REST lives."""
    with _connected_by(session):
        return Github(
            base_url=base or session.origin,
            retry=None,
            per_page=PER_PAGE,
            user_agent=USER_AGENT,
            lazy=True,
            seconds_between_requests=None,
        )


def installation_token(session: ForgeSession, base: str, app: AppKey) -> str:
    """A token that a GitHub App gets for its installation. Raises Unavailable."""
    try:
        auth = Auth.AppAuth(app.app, app.key)
        with _connected_by(session):
            integration = GithubIntegration(auth=auth, base_url=base or session.origin, user_agent=USER_AGENT)
            return integration.get_access_token(app.installation).token
    except Unavailable as error:
        raise Unavailable(f"the GitHub App gets no token: {error}", error.status) from None
    except (GithubException, ValueError, TypeError, PyJWTError):
        raise Unavailable("the GitHub App gets no token: its key or the forge's answer is not usable", -1) from None


@contextmanager
def _connected_by(session: ForgeSession) -> Iterator[None]:
    """PyGithub takes its connections from the class, so ours are put there only while a client is made."""

    class Connection:
        """What PyGithub calls a connection."""

        host = ""

        def __init__(self, *_args: object, **_options: object) -> None:
            self._answer: Any = None

        def request(self, verb: str, url: str, body: Any, headers: dict[str, str], stream: bool = False) -> None:
            ours = {k: v for k, v in headers.items() if k.lower() not in ("authorization", "user-agent")}
            if not session.has_token and "Authorization" in headers:
                ours["Authorization"] = headers["Authorization"]  # of a GitHub App, which signs for itself
            self._answer = session.request(verb, session.origin + url, data=body, headers=ours)

        def getresponse(self) -> RequestsResponse:
            return RequestsResponse(self._answer)

        def close(self) -> None:
            """Nothing is held."""

    with _making:
        Requester.injectConnectionClasses(Connection, Connection)  # type: ignore[arg-type]
        try:
            yield
        finally:
            Requester.resetConnectionClasses()


def settled(item: Any) -> Any:
    """The same object, taken as it is: else each attribute that an answer leaves out costs a request of its own."""
    if isinstance(item, CompletableGithubObject):
        item._set_complete()
    return item


class Listing:
    """One of PyGithub's lists, read by page number, so that no link leads us anywhere.

    ``pages`` is how many there are, as far as the first one told; ``broken`` why a later one could not be read, which
    ends the list with what came before. Raises Unavailable where there is no first page.
    """

    def __init__(self, session: ForgeSession, items: PaginatedList[Any], *, lends_links: bool) -> None:
        self._session, self._items = session, items
        self._allowed = {session.origin, *([_RECORDED] if lends_links else [])}
        self._seen: set[object] = set()
        self.broken = ""
        self.more = True
        self.first = self._page(0)
        self.pages = self._last() if self.more else 1

    def spread(self, most: int) -> tuple[list[Any], int]:
        """Items of at most ``most`` pages spread evenly over all, first and last among them; and how many there are.

        Where all pages are read, or their number is not told, they are read one after the other.
        """
        if self.pages <= most:
            found = list(self.walk(most))
            return found, len(found) + (PER_PAGE if self.more else 0)
        chosen = sorted({at * (self.pages - 1) // max(1, most - 1) for at in range(1, most)})
        pages = [self.first, *(self._further(at) for at in chosen if at)]
        return [item for page in pages for item in page], (self.pages - 1) * len(self.first) + len(pages[-1])

    def walk(self, most: int) -> Iterator[Any]:
        """Items of the first ``most`` pages."""
        yield from self.first
        for at in range(1, most):
            if not self.more:
                return
            yield from self._further(at)

    def _further(self, at: int) -> list[Any]:
        """A page after the first; none where it cannot be read, or where the one before could not."""
        if self.broken:
            return []
        try:
            return self._page(at)
        except Unavailable as error:
            self.broken, self.more = str(error), False
            return []

    def _page(self, at: int) -> list[Any]:
        page = self._items.get_page(at)
        self.more = self._more()
        for item in page:
            settled(item)
        new = [item for item in page if self._key(item) not in self._seen]
        if page and not new:
            raise Unavailable("the forge's pages go round in circles")
        self._seen.update(map(self._key, new))
        return new

    @staticmethod
    def _key(item: Any) -> object:
        named = item.sha if hasattr(item, "sha") else item.id
        return named or item.raw_data.get("url") or id(item)

    def _more(self) -> bool:
        link = self._link("next")
        if link and origin_of(link) not in self._allowed:
            self.broken = "the forge's next page is on another host"
            return False
        return bool(link)

    def _last(self) -> int:
        found = Requester.get_parameters_of_url(self._link("last")).get("page", ["2"])[0]
        return min(int(found), 10_000) if found.isdigit() and len(found) < 7 else 2

    def _link(self, relation: str) -> str:
        answer = self._session.last
        return "" if answer is None else str(answer.links.get(relation, {}).get("url", ""))
