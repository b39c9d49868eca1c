"""Merged merge requests of an account on GitLab, in public projects, through python-gitlab."""

from __future__ import annotations

from typing import Any

from gitlab import Gitlab
from gitlab.exceptions import GitlabError

from evidence.model import ChangeRequest
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.gitlab_records import GitLabRecords
from evidence.source.forges.http import USER_AGENT, ForgeSession
from evidence.source.forges.memo import Memo
from evidence.source.forges.patience import NotAsked, Patience, Unavailable
from evidence.source.forges.wording import child, number

_PER_PAGE = 100
# Projects that are asked whether they are public.
_MOST_PROJECTS = 20
_NO_LIST = "GitLab lists merge requests elsewhere only to those with a token (GITLAB_TOKEN)"


class GitLabElsewhere:
    """Asks one GitLab about accounts."""

    def __init__(self, endpoint: Endpoint, patience: Patience) -> None:
        self._endpoint, self._patience = endpoint, patience
        self._records = GitLabRecords("", endpoint.web)
        self.sampled: dict[str, str] = {}

    def _session(self) -> ForgeSession:
        headers = self._endpoint.credential.headers() if self._endpoint.credential else {}
        return ForgeSession(self._endpoint.origin, headers, self._patience)

    def listed(self, login: str, memo: Memo) -> tuple[list[ChangeRequest], int]:
        """The newest hundred, without those of projects that are not public, and how many the forge says there are.
        Raises Unavailable."""
        with self._session() as session:
            if not session.has_token:
                raise NotAsked(_NO_LIST, 401)
            session.memo = memo
            client = _client(session)
            try:
                nodes = [each.asdict() for each in client.mergerequests.list(
                    author_username=login, state="merged", scope="all", order_by="updated_at", sort="desc",
                    page=1, per_page=_PER_PAGE, get_all=False,
                )]  # fmt: skip
                told = session.last.headers.get("X-Total", "") if session.last is not None else ""
                public = self._public(client, nodes)
            except (GitlabError, TypeError, AttributeError, ValueError, LookupError):
                raise Unavailable("the forge's answer is not what GitLab says it is", 200) from None
        changes = [self._records.change(node) for node in nodes if number(node.get("project_id")) in public]
        return [each for each in changes if each is not None], int(told) if told.isdigit() and len(told) < 12 else 0

    def _public(self, client: Gitlab, nodes: list[dict[str, Any]]) -> set[int]:
        """Ids of those projects that everybody can see."""
        projects = list(dict.fromkeys(number(node.get("project_id")) for node in nodes))
        if len(projects) > _MOST_PROJECTS:
            self.sampled["elsewhere"] = f"changes in {_MOST_PROJECTS} of {len(projects)} projects were read"
        return {each for each in projects[:_MOST_PROJECTS] if each and self._is_public(client, each)}

    def _is_public(self, client: Gitlab, project: int) -> bool:
        try:
            return bool(client.projects.get(project).asdict().get("visibility") == "public")
        except Unavailable as error:
            if error.status in (403, 404, 410):
                return False
            raise

    def one(self, path: str, at: int) -> ChangeRequest | None:
        """One merge request; None where it is gone. Raises Unavailable."""
        with self._session() as session:
            try:
                node = _client(session).projects.get(path, lazy=True).mergerequests.get(at).asdict()
            except Unavailable as error:
                if error.status in (404, 410):
                    return None
                raise
            except (GitlabError, TypeError, AttributeError, ValueError, LookupError):
                raise Unavailable("the forge's answer is not what GitLab says it is", 200) from None
        return self._records.change(node) if child(node, "iid") else None


def _client(session: ForgeSession) -> Gitlab:
    return Gitlab(session.origin, session=session, keep_base_url=True, user_agent=USER_AGENT, per_page=_PER_PAGE)
