"""GitHub's two APIs for one repository: conditional REST requests, and GraphQL posts of our own."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from requests.models import Response

from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.http import ForgeSession, decoded
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.wording import child, children

_HEADERS = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
# How a mark begins that we make of an answer that comes without one.
_OURS = "sha256:"
# What GitHub answers where a query takes too long or gathers too much: a smaller page may pass.
_TOO_MUCH = (200, 502, 504, 0)
_TOO_MUCH_WORDS = ("something went wrong", "timeout", "timedout", "max_node_limit", "resource_limits")


class TooMuch(Unavailable):
    """A query that a smaller page may get through."""


class GitHubClient:
    """One repository (``owner/name``) on one GitHub; its session counts and bounds what is asked."""

    def __init__(self, endpoint: Endpoint, path: str, patience: Patience) -> None:
        headers = endpoint.credential.headers() if endpoint.credential else {}
        self.session = ForgeSession(endpoint.origin, headers, patience)
        self.path = path
        self.endpoint = endpoint
        self._layouts = list(endpoint.layouts)
        self._graphql_path = ""

    @property
    def base(self) -> str:
        """Where REST lives, once a first answer has told."""
        return self.endpoint.origin + self._layouts[0][0]

    def ask(self, what: str, etag: str = "") -> tuple[Any, str]:
        """The JSON of ``/repos/owner/name`` + ``what``, None where nothing changed since ``etag``; and the ETag now."""
        return self.get(f"/repos/{self.path}{what}", etag)

    def get(self, what: str, etag: str = "") -> tuple[Any, str]:
        """As :meth:`ask`, of any path below REST's."""
        for layout in self._layouts[:-1]:
            try:
                return self._ask(layout, what, etag)
            except Unavailable as error:
                if error.status != 404:
                    raise
        return self._ask(self._layouts[-1], what, etag)

    def _ask(self, layout: tuple[str, str], what: str, etag: str) -> tuple[Any, str]:
        asked_for = {"If-None-Match": etag} if etag and not etag.startswith(_OURS) else {}
        answer = self.session.get(f"{self.endpoint.origin}{layout[0]}{what}", headers={**_HEADERS, **asked_for})
        self._layouts = [layout]
        if answer.status_code == 304:
            if not asked_for:
                raise Unavailable("the forge says that nothing changed, and was not asked that", 304)
            return None, etag
        now = answer.headers.get("ETag", "") or _OURS + hashlib.sha256(answer.content).hexdigest()
        # a recording answers in full each time, under the same mark
        return (None, etag) if etag and now.removeprefix("W/") == etag.removeprefix("W/") else (decoded(answer), now)

    def graphql(
        self, query: str, variables: Mapping[str, Any], *, last_try: bool, root: str = "repository"
    ) -> dict[str, Any]:
        """What GraphQL's answer has under ``root``. Raises TooMuch where a smaller page may help (after all tries when
        it is the ``last_try``), Unavailable for everything else."""
        tries, self.session.tries = self.session.tries, self.session.tries if last_try else 1
        try:
            while True:
                answer = self._post({"query": query, "variables": dict(variables)})
                body = decoded(answer)
                kinds, said = _errors(body)
                if "RATE_LIMITED" not in kinds or not self._wait_for_reset(answer.headers.get("x-ratelimit-reset", "")):
                    return _found(child(body, "data", root), kinds, said)
        except Unavailable as error:
            if error.status in _TOO_MUCH and not self.session.patience.over:
                raise TooMuch(str(error), error.status) from None
            raise
        finally:
            self.session.tries = tries

    def _post(self, question: Mapping[str, Any]) -> Response:
        """GraphQL's answer. A recording may have it where the other one of GitHub's layouts does."""
        layouts = [self._layouts[0], *(each for each in self.endpoint.layouts if each != self._layouts[0])]
        paths = [self._graphql_path] if self._graphql_path else [graphql for _rest, graphql in layouts]
        for path in paths[:-1]:
            try:
                answer = self.session.post(self.endpoint.origin + path, json=question, headers=_HEADERS)
            except Unavailable as error:
                if error.status not in (404, 405):
                    raise
            else:
                self._graphql_path = path
                return answer
        answer = self.session.post(self.endpoint.origin + paths[-1], json=question, headers=_HEADERS)
        self._graphql_path = paths[-1]
        return answer

    def _wait_for_reset(self, reset: str) -> bool:
        patience = self.session.patience
        return reset.isdigit() and len(reset) < 12 and patience.wait(max(1.0, float(reset) - patience.clock()))


def _errors(body: Any) -> tuple[set[str], str]:
    found = children(body, "errors")
    kinds = {str(child(e, "type") or child(e, "extensions", "code") or "") for e in found}
    return kinds, " ".join(str(child(e, "message"))[:200].lower() for e in found[:5])


def _found(value: Any, kinds: set[str], said: str) -> dict[str, Any]:
    if isinstance(value, dict):
        return value
    if "RATE_LIMITED" in kinds:
        raise Unavailable("the forge's rate limit is used up", 429)
    if "NOT_FOUND" in kinds:
        raise Unavailable("the forge knows no such repository, or keeps it private", 404)
    if kinds & {"FORBIDDEN", "INSUFFICIENT_SCOPES"}:
        raise Unavailable("the forge refuses it: the token may lack a permission", 403)
    if any(word in said or word in " ".join(kinds).lower() for word in _TOO_MUCH_WORDS):
        raise TooMuch("the forge gives up on the query", 0)
    raise Unavailable("the forge does not answer our GraphQL query", 400)
