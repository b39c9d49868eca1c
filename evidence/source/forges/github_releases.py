"""A repository's published releases on GitHub, by REST: one conditional request, and further pages."""

from __future__ import annotations

from typing import Any

from evidence.model import Release
from evidence.source.forges.github_client import GitHubClient
from evidence.source.forges.patience import Unavailable
from evidence.source.forges.wording import account, child, link, seconds, text, title

_PER_PAGE = 100
_MOST_PAGES = 3


def releases_of(client: GitHubClient, page: str, etags: dict[str, str]) -> dict[str, Release] | None:
    """Releases by tag, drafts left out; None where nothing changed since the ETag, which is brought up to date.

    ``page`` is the repository's own. Raises Unavailable.
    """
    first, etag = client.ask(f"/releases?per_page={_PER_PAGE}", etags.get("releases", ""))
    if first is None:
        return None
    nodes = _list(first)
    at = 1
    while len(nodes) == at * _PER_PAGE and at < _MOST_PAGES:
        at += 1
        nodes += _list(client.ask(f"/releases?per_page={_PER_PAGE}&page={at}")[0])
    etags["releases"] = etag
    return {release.tag: release for node in nodes if (release := _release(node, page, client.endpoint.web))}


def _list(answer: Any) -> list[Any]:
    if not isinstance(answer, list):
        raise Unavailable("the forge's answer is no list", 200)
    return answer


def _release(node: Any, page: str, web: str) -> Release | None:
    tag = title(child(node, "tag_name"))
    if not tag or child(node, "draft") is not False:
        return None
    return Release(
        tag=tag,
        name=title(child(node, "name")),
        body=text(child(node, "body")),
        url=link(child(node, "html_url"), web, f"{page}/releases"),
        author=account(child(node, "author", "login"), child(node, "author", "type")),
        created=seconds(child(node, "published_at")) or seconds(child(node, "created_at")),
        prerelease=child(node, "prerelease") is True,
    )
