"""Plain data in the shapes of GitHub's answers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from tests.forges.data import Published, Pull, Repo, Reviewed, Said, Taken, Ticket, moment, sha


def data(repo: Repo, origin: str, body: Any) -> dict[str, Any]:
    """What a GraphQL query of ours gets."""
    asked = body["variables"]
    if "wanted" in asked:
        taken = searched(repo, asked["wanted"])
        return {"search": {"issueCount": len(taken), "nodes": [_taken(origin, each) for each in taken[:100]]}}
    if f"{asked['owner']}/{asked['name']}".lower() != repo.name.lower():
        return {"repository": None}
    if "number" in asked:
        found = next((p for p in repo.pulls if p.number == asked["number"]), None)
        return {"repository": {"nameWithOwner": repo.name, "pullRequest": found and pull(repo, origin, found)}}
    by = "updated" if asked["order"]["field"] == "UPDATED_AT" else "at"
    parent = {"nameWithOwner": repo.fork_of} if repo.fork_of else None
    answer: dict[str, Any] = {"nameWithOwner": repo.name, "isFork": repo.fork_of is not None, "parent": parent}
    for name, items, write in (("pullRequests", repo.pulls, pull), ("issues", repo.issues, ticket)):
        word = "changes" if name == "pullRequests" else "issues"
        if asked[f"with{word.title()}"]:
            ordered = sorted(items, key=lambda item: (getattr(item, by), item.number), reverse=True)
            page = _page(ordered, asked[word], asked[f"{word}After"])
            answer[name] = page | {"nodes": [write(repo, origin, item) for item in page["nodes"]]}
    if asked["withCommits"]:
        page = _page(repo.history, 100, asked["commitsAfter"])
        nodes = [{"oid": oid, "author": {"user": login and {"login": login}}} for oid, login in page["nodes"]]
        answer["object"] = {"__typename": "Commit", "history": page | {"nodes": nodes}}
    return {"repository": answer}


def searched(repo: Repo, wanted: str) -> list[Taken]:
    """What a search for merged changes of an author finds, updated last first."""
    words = dict(word.partition(":")[::2] for word in wanted.split())
    found = [each for each in repo.taken if each.author == words["author"]]
    others = [each for each in found if each.path.partition("/")[0] != words["-user"]]
    return sorted(others, key=lambda each: (-each.at, each.path, each.number))


def _taken(origin: str, it: Taken) -> dict[str, Any]:
    return {
        "__typename": "PullRequest", "number": it.number, "title": it.title, "body": it.body,
        "url": f"{origin}/{it.path}/pull/{it.number}", "createdAt": moment(it.at), "updatedAt": moment(it.at + 1),
        "mergedAt": moment(it.at + 1), "author": _actor(it.author),
    }  # fmt: skip


def rest_search(repo: Repo, origin: str, query: dict[str, str]) -> dict[str, Any]:
    """What REST's search gives."""
    found = searched(repo, query["q"])
    return {"total_count": len(found), "incomplete_results": False, "items": [rest_taken(origin, t) for t in found]}


def rest_taken(origin: str, it: Taken) -> dict[str, Any]:
    """A change elsewhere as REST's search has it; as one change it has ``merged_at`` itself."""
    page = f"{origin}/{it.path}/pull/{it.number}"
    return {
        "id": it.number, "number": it.number, "title": it.title, "body": it.body, "html_url": page,
        "url": f"{origin}/repos/{it.path}/issues/{it.number}", "user": _user(it.author), "state": "closed",
        "created_at": moment(it.at), "updated_at": moment(it.at + 1), "closed_at": moment(it.at + 1),
        "pull_request": {"merged_at": moment(it.at + 1), "html_url": page, "url": page, "diff_url": page,
                         "patch_url": page},
    }  # fmt: skip


def _page(items: Sequence[Any], size: int, after: str | None) -> dict[str, Any]:
    start = int(after.partition(" ")[2]) + 1 if after else 0
    end = start + size
    info = {"hasNextPage": end < len(items), "endCursor": f"cursor {min(end, len(items)) - 1}" if items else None}
    return {"totalCount": len(items), "pageInfo": info, "nodes": list(items[start:end])}


def _nodes(items: list[Any]) -> dict[str, Any]:
    return {"totalCount": len(items), "nodes": items}


def _actor(login: str | None) -> dict[str, str] | None:
    if login is None:
        return None
    bot = login.endswith("[bot]")
    return {"__typename": "Bot" if bot else "User", "login": login.removesuffix("[bot]")}


def pull(repo: Repo, origin: str, it: Pull) -> dict[str, Any]:
    """A pull request in GraphQL."""
    page = f"{origin}/{repo.name}/pull/{it.number}"
    merged = it.state == "MERGED"
    return {
        "number": it.number, "title": it.title, "body": it.body, "state": it.state, "url": page, "isDraft": it.draft,
        "createdAt": moment(it.at), "updatedAt": moment(it.updated), "author": _actor(it.author),
        "mergedAt": moment(it.at + 0.45) if merged else None, "mergedBy": _actor("bob") if merged else None,
        "closedAt": moment(it.at + 0.45) if it.state != "OPEN" else None, "baseRefName": "main", "headRefOid": it.head,
        "mergeCommit": {"oid": sha(f"merge {it.number}")} if merged else None,
        "additions": 10, "deletions": 2, "changedFiles": 1,
        "labels": {"nodes": [{"name": name} for name in it.labels]},
        "closingIssuesReferences": {"nodes": [{"number": number} for number in it.closes]},
        "commits": _nodes([{"commit": {"oid": oid, "author": {"user": login and {"login": login}}}}
                           for oid, login in it.commits[:100]]) | {"totalCount": len(it.commits)},
        "reviews": _nodes([_review(page, r) for r in it.reviews[:100]]) | {"totalCount": len(it.reviews)},
        "reviewThreads": _nodes([_thread(page, t) for t in it.threads[:100]]) | {"totalCount": len(it.threads)},
        "comments": _nodes([_comment(page, c) for c in it.comments[:100]]) | {"totalCount": len(it.comments)},
    }  # fmt: skip


def _review(page: str, it: Reviewed) -> dict[str, Any]:
    return {
        "id": f"R_{it.id}", "url": f"{page}#pullrequestreview-{it.id}", "state": it.state, "body": it.body,
        "submittedAt": moment(it.at), "author": _actor(it.author), "commit": {"oid": it.commit} if it.commit else None,
    }  # fmt: skip


def _thread(page: str, thread: list[Said]) -> dict[str, Any]:
    shown = [_comment(page, c) for c in thread[:30]]
    side = "LEFT" if thread[0].removed else "RIGHT"
    return {
        "isResolved": True,
        "isOutdated": False,
        "diffSide": side,
        "comments": {"totalCount": len(thread), "nodes": shown},
    }


def _comment(page: str, it: Said) -> dict[str, Any]:
    url = f"{page}#{'discussion_r' if it.path else 'issuecomment-'}{it.id}"
    plain = {
        "id": f"C_{it.id}", "url": url, "body": it.body, "createdAt": moment(it.at),
        "updatedAt": moment(it.edited or it.at), "author": _actor(it.author),
    }  # fmt: skip
    if not it.path:
        return plain
    reply = {"id": f"C_{it.reply_to}", "url": f"{page}#discussion_r{it.reply_to}"} if it.reply_to else None
    place = {"path": it.path, "line": it.line, "originalLine": it.line, "originalCommit": {"oid": it.commit}}
    return plain | place | {"state": "SUBMITTED", "replyTo": reply}


def ticket(repo: Repo, origin: str, it: Ticket) -> dict[str, Any]:
    """An issue in GraphQL."""
    page = f"{origin}/{repo.name}/issues/{it.number}"
    closer = (
        {"__typename": "PullRequest", "number": it.fixed_by, "repository": {"nameWithOwner": repo.name}}
        if it.fixed_by
        else None
    )
    event = {"__typename": "ClosedEvent", "actor": _actor(it.closed_by), "closer": closer}
    return {
        "number": it.number, "title": it.title, "body": it.body, "state": it.state, "url": page,
        "createdAt": moment(it.at), "updatedAt": moment(it.updated), "author": _actor(it.author),
        "closedAt": moment(it.at + 0.15) if it.state == "CLOSED" else None,
        "assignees": {"nodes": [_actor("ada")]}, "labels": {"nodes": [{"name": "incident"}]},
        "comments": _nodes([_comment(page, c) for c in it.comments[:30]]) | {"totalCount": len(it.comments)},
        "timelineItems": {"nodes": [event] if it.state == "CLOSED" else []},
    }  # fmt: skip


def rest_repository(repo: Repo) -> dict[str, Any]:
    """The repository itself by REST."""
    parent = {"parent": {"full_name": repo.fork_of}} if repo.fork_of else {}
    return {"full_name": repo.name, "fork": repo.fork_of is not None} | parent


def rest(repo: Repo, origin: str, path: str, query: dict[str, str]) -> Any:
    """What REST gives below ``/repos/owner/name``; None for what it does not know."""
    if path == "/releases":
        return [_rest_release(repo, origin, r) for r in repo.releases]
    if path == "/issues":
        both: list[Pull | Ticket] = [*repo.pulls, *repo.issues]
        return [_rest_issue(repo, origin, item) for item in _sorted(both, query)]
    if path == "/pulls":
        return [_rest_pull(repo, origin, item) for item in _sorted(repo.pulls, query)]
    if path == "/commits":
        return [{"sha": oid, "author": _user(login), "commit": {}} for oid, login in repo.history]
    if path in ("/pulls/comments", "/issues/comments"):
        items: list[Pull | Ticket] = [*repo.pulls, *([] if path == "/pulls/comments" else repo.issues)]
        return [c for item in items for c in _rest_comments(repo, origin, item, path.split("/")[1])]
    return _rest_of_one(repo, origin, path)


def _rest_of_one(repo: Repo, origin: str, path: str) -> Any:
    found = re.fullmatch(r"/(pulls|issues)/([0-9]+)/(reviews|comments)", path)
    everything: list[Pull | Ticket] = [*repo.pulls, *repo.issues]
    item = next((each for each in everything if found and each.number == int(found[2])), None)
    if found is None or item is None:
        return None
    if found[3] == "comments":
        return _rest_comments(repo, origin, item, found[1])
    return [_rest_review(repo, origin, item, r) for r in item.reviews] if isinstance(item, Pull) else None


def _sorted(items: Sequence[Any], query: dict[str, str]) -> list[Any]:
    by = "updated" if query.get("sort") == "updated" else "at"
    newest = query.get("direction", "desc") == "desc"
    return sorted(items, key=lambda item: (getattr(item, by), item.number), reverse=newest)


def _rest_pull(repo: Repo, origin: str, it: Pull) -> dict[str, Any]:
    api = f"{origin}/repos/{repo.name}/pulls/{it.number}"
    merged = it.state == "MERGED"
    return {
        "id": it.number + 10**9, "url": api, "html_url": f"{origin}/{repo.name}/pull/{it.number}",
        "issue_url": f"{origin}/repos/{repo.name}/issues/{it.number}", "number": it.number, "title": it.title,
        "body": it.body, "state": "open" if it.state == "OPEN" else "closed", "user": _user(it.author),
        "created_at": moment(it.at), "updated_at": moment(it.updated), "draft": it.draft,
        "merged_at": moment(it.at + 0.45) if merged else None, "closed_at": moment(it.at + 0.45) if merged else None,
        "merge_commit_sha": sha(f"merge {it.number}"), "labels": [{"name": name} for name in it.labels],
        "base": {"ref": "main", "sha": sha("base")}, "head": {"ref": "topic", "sha": it.head},
    }  # fmt: skip


def _rest_review(repo: Repo, origin: str, it: Pull, review: Reviewed) -> dict[str, Any]:
    page = f"{origin}/{repo.name}/pull/{it.number}"
    return {
        "id": review.id, "user": _user(review.author), "body": review.body, "state": review.state,
        "html_url": f"{page}#pullrequestreview-{review.id}", "submitted_at": moment(review.at),
        "commit_id": review.commit or None, "pull_request_url": f"{origin}/repos/{repo.name}/pulls/{it.number}",
    }  # fmt: skip


def _rest_comments(repo: Repo, origin: str, it: Pull | Ticket, kind: str) -> list[dict[str, Any]]:
    """Comments on lines (``pulls``), or of the conversation (``issues``)."""
    page = f"{origin}/{repo.name}/{'pull' if isinstance(it, Pull) else 'issues'}/{it.number}"
    on_lines = [c for thread in it.threads for c in thread] if isinstance(it, Pull) else []
    return [_rest_comment(repo, origin, it.number, page, c) for c in (on_lines if kind == "pulls" else it.comments)]


def _rest_comment(repo: Repo, origin: str, number: int, page: str, it: Said) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "id": it.id, "user": _user(it.author), "body": it.body, "created_at": moment(it.at),
        "updated_at": moment(it.edited or it.at),
    }  # fmt: skip
    api = f"{origin}/repos/{repo.name}"
    if not it.path:
        return plain | {"html_url": f"{page}#issuecomment-{it.id}", "issue_url": f"{api}/issues/{number}"}
    place = {"path": it.path, "line": it.line, "original_line": it.line, "original_commit_id": it.commit,
             "side": "LEFT" if it.removed else "RIGHT"}  # fmt: skip
    urls = {"html_url": f"{page}#discussion_r{it.id}", "pull_request_url": f"{api}/pulls/{number}"}
    return plain | place | urls | ({"in_reply_to_id": it.reply_to} if it.reply_to else {})


def _user(login: str | None) -> dict[str, Any] | None:
    return None if login is None else {"login": login, "type": "Bot" if login.endswith("[bot]") else "User"}


def _rest_release(repo: Repo, origin: str, it: Published) -> dict[str, Any]:
    return {
        "tag_name": it.tag, "name": it.tag, "body": it.body, "draft": it.draft, "prerelease": False,
        "html_url": f"{origin}/{repo.name}/releases/tag/{it.tag}", "author": _user("ada"),
        "created_at": moment(it.at), "published_at": None if it.draft else moment(it.at),
    }  # fmt: skip


def _rest_issue(repo: Repo, origin: str, it: Pull | Ticket) -> dict[str, Any]:
    kind = "pull" if isinstance(it, Pull) else "issues"
    found: dict[str, Any] = {
        "id": it.number + 10**8,
        "number": it.number, "title": it.title, "body": it.body, "state": "open" if it.state == "OPEN" else "closed",
        "html_url": f"{origin}/{repo.name}/{kind}/{it.number}", "user": _user(it.author), "comments": len(it.comments),
        "created_at": moment(it.at), "updated_at": moment(it.updated),
        "closed_at": None if it.state == "OPEN" else moment(it.at + 0.15),
        "labels": [], "assignees": [_user("ada")],
    }  # fmt: skip
    return found | ({"pull_request": {"merged_at": None}} if isinstance(it, Pull) else {})
