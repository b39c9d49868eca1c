"""Merged public changes of an account on GitHub: by GraphQL's search, or REST's where that does not answer."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from evidence.model import ChangeRequest
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.github_client import GitHubClient
from evidence.source.forges.github_queries import ACCEPTED
from evidence.source.forges.memo import Memo
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.wording import account, child, children, link, number, seconds, text, title

_NO_SEARCH = "the forge answers no search for changes elsewhere"
# Statuses of a GraphQL post after which REST's search is tried.
_NO_GRAPHQL = frozenset({0, 200, 400, 401, 403, 404, 405, 410, 500, 501, 502, 503, 504})


class GitHubElsewhere:
    """Asks one GitHub about accounts."""

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self._endpoint, self._patience = endpoint, patience
        self.sampled: dict[str, str] = {}

    def listed(self, login: str, memo: Memo) -> tuple[list[ChangeRequest], int]:
        """The newest hundred, and how many the forge says there are. Raises Unavailable."""
        wanted = f"author:{login} -user:{login} is:pr is:merged is:public sort:updated-desc"
        client = GitHubClient(self._endpoint, "", self._patience)
        with client.session:
            if client.session.has_token:
                try:
                    found = client.graphql(ACCEPTED, {"wanted": wanted}, last_try=True, root="search")
                    return self._changes(children(found, "nodes")), number(child(found, "issueCount"))
                except Unavailable as error:
                    if error.status not in _NO_GRAPHQL:
                        raise
            client.session.memo = memo
            return self._by_rest(client, wanted.removesuffix(" sort:updated-desc"))

    def _by_rest(self, client: GitHubClient, wanted: str) -> tuple[list[ChangeRequest], int]:
        try:
            found, _etag = client.get(f"/search/issues?q={quote(wanted)}&sort=updated&order=desc&per_page=100")
        except Unavailable as error:
            if error.status in (404, 410, 422):
                raise Unavailable(_NO_SEARCH, error.status) from None
            raise
        if not isinstance(child(found, "items"), list):
            raise Unavailable(_NO_SEARCH, 200)
        return self._changes(children(found, "items")), number(child(found, "total_count"))

    def one(self, path: str, at: int) -> ChangeRequest | None:
        """One change by REST; None where it is gone. Raises Unavailable."""
        client = GitHubClient(self._endpoint, path, self._patience)
        with client.session:
            try:
                return self._change(client.ask(f"/pulls/{at}")[0])
            except Unavailable as error:
                if error.status in (404, 410):
                    return None
                raise

    def _changes(self, nodes: list[Any]) -> list[ChangeRequest]:
        return [change for node in nodes if (change := self._change(node)) is not None]

    def _change(self, node: Any) -> ChangeRequest | None:
        """A pull request in either shape; None for one without a number or a page on this forge."""
        page = link(child(node, "html_url") or child(node, "url"), self._endpoint.web, "")
        if not page or not number(child(node, "number")):
            return None
        merged = child(node, "mergedAt") or child(node, "merged_at") or child(node, "pull_request", "merged_at")
        return ChangeRequest(
            number=number(child(node, "number")),
            title=title(child(node, "title")),
            body=text(child(node, "body")),
            state="merged" if seconds(merged) else "closed",
            url=page,
            author=_author(node),
            created=seconds(child(node, "createdAt") or child(node, "created_at")),
            updated=seconds(child(node, "updatedAt") or child(node, "updated_at")),
            merged=seconds(merged),
        )


def _author(node: Any) -> Any:
    who = child(node, "author") or child(node, "user")
    return account(child(who, "login"), child(who, "__typename") or child(who, "type") or "User")
