"""A GitLab on loopback: REST answers shaped as GitLab documents them, and the one GraphQL question."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from tests.forges.data import Pull, Reviewed, Said, Taken, Ticket, moment
from tests.forges.fake_github import Answer, FakeGitHub, Request

_STATES = {"MERGED": "merged", "OPEN": "opened", "CLOSED": "closed"}
_VERDICTS = {"APPROVED": "approved this merge request", "CHANGES_REQUESTED": "requested changes"}


class FakeGitLab(FakeGitHub):
    """Serves one project; ``unruled`` is a GitLab without approval rules, which calls everything approved."""

    approvals: bool = True
    notes_approvals: bool = True
    has_graphql: bool = True

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        self.asked.append(request)
        for fault in self.faults:
            if (broken := fault(request)) is not None:
                return broken
        if request.path == "/api/graphql":
            asked = request.body["variables"]
            found = self._commits(asked["iids"]) if "iids" in asked else self._pulse()
            return Answer({"data": {"project": found}}) if self.has_graphql else Answer({}, 404)
        if (elsewhere := self._elsewhere(request)) is not None:
            return elsewhere
        start, path = "/api/v4/projects/", request.path
        name, _, rest = path.removeprefix(start).partition("/")
        if not path.startswith(start) or unquote(name) != self.repo.name:
            return Answer({"message": "404 Project Not Found"}, 404)
        found = self._found(rest.split("/")) if rest else self._project()
        if found is None:
            return Answer({"message": "404 Not found"}, 404)
        return self._page_of(request, found) if isinstance(found, list) else Answer(found)

    def _elsewhere(self, request: Request) -> Answer | None:
        """What tells of merge requests in other projects; projects are numbered as they come, private ones odd."""
        paths = list(dict.fromkeys(it.path for it in self.repo.taken))
        if request.path == "/api/v4/merge_requests":
            found = [it for it in self.repo.taken if it.author == request.query["author_username"]]
            return self._page_of(request, [self._taken(it, paths.index(it.path)) for it in found])
        for at, path in enumerate(paths):
            if request.path == f"/api/v4/projects/{at + 50}":
                return Answer({"id": at + 50, "path_with_namespace": path,
                               "visibility": "private" if "private" in path else "public"})  # fmt: skip
            for it in self.repo.taken:
                if unquote(request.path) == f"/api/v4/projects/{path}/merge_requests/{it.number}" and it.path == path:
                    return Answer(self._taken(it, at))
        return None

    def _taken(self, it: Taken, project: int) -> dict[str, Any]:
        page = f"{self.origin}/{it.path}/-/merge_requests/{it.number}"
        return {"id": it.number, "iid": it.number, "project_id": project + 50, "title": it.title, "state": "merged",
                "description": it.body, "web_url": page, "author": user(it.author), "created_at": moment(it.at),
                "updated_at": moment(it.at + 1), "merged_at": moment(it.at + 1), "target_branch": "main",
                "references": {"full": f"{it.path}!{it.number}"}}  # fmt: skip

    def _page_of(self, request: Request, found: list[Any]) -> Answer:
        answer = self._paged(request, found)
        page, more = int(request.query.get("page", 1)), "Link" in answer.headers
        answer.headers |= {"X-Total": str(len(found)), "X-Next-Page": str(page + 1) if more else ""}
        return answer

    def _commits(self, iids: list[str]) -> dict[str, Any]:
        def nodes(it: Pull) -> list[dict[str, Any]]:
            named = [(sha, {"username": login} if login else None) for sha, login in reversed(it.commits)]
            return [{"sha": sha, "author": author} for sha, author in named]

        chosen = [it for it in self.repo.pulls if str(it.number) in iids]
        return {
            "mergeRequests": {
                "nodes": [{"iid": str(it.number), "commitsWithoutMergeCommits": {"nodes": nodes(it)}} for it in chosen]
            }
        }

    def _pulse(self) -> dict[str, Any]:
        def newest(items: list[Any]) -> dict[str, Any]:
            last = max(items, key=lambda item: (item.updated, item.number), default=None)
            nodes = [{"iid": str(last.number), "updatedAt": moment(last.updated)}] if last else []
            return {"count": len(items), "nodes": nodes}

        releases = [{"tagName": r.tag, "releasedAt": moment(r.at), "name": r.tag} for r in self.repo.releases]
        return {"fullPath": self.repo.name, "mergeRequests": newest(self.repo.pulls),
                "issues": newest(self.repo.issues), "releases": {"nodes": releases}}  # fmt: skip

    def _project(self) -> dict[str, Any]:
        parent = {"forked_from_project": {"id": 7, "path_with_namespace": self.repo.fork_of}}
        return {"id": 8, "path_with_namespace": self.repo.name} | (parent if self.repo.fork_of else {})

    def _found(self, parts: list[str]) -> Any:
        match parts:
            case ["merge_requests"]:
                return [self._merge_request(it) for it in reversed(self.repo.pulls)]
            case ["issues"]:
                return [self._issue(it) for it in reversed(self.repo.issues)]
            case ["releases"]:
                return [self._release(it.tag, it.at) for it in self.repo.releases if not it.draft]
            case ["merge_requests", at, "discussions"]:
                return self._discussions(self.repo.pulls[int(at) - 1])
            case ["merge_requests", at, "approvals"] if self.approvals:
                return self._approvals(self.repo.pulls[int(at) - 1])
            case ["issues", at, "notes"]:
                issue = next(it for it in self.repo.issues if it.number == int(at))
                return [self._note(c) for c in issue.comments]
        return None

    def _merge_request(self, it: Pull) -> dict[str, Any]:
        merged = it.state == "MERGED"
        return {
            "id": it.number + 10**6, "iid": it.number, "title": it.title, "description": it.body,
            "state": _STATES[it.state], "created_at": moment(it.at), "updated_at": moment(it.updated),
            "merged_at": moment(it.at + 0.45) if merged else None, "closed_at": None, "author": user(it.author),
            "merge_user": user("bob") if merged else None, "target_branch": "main", "source_branch": "topic",
            "draft": it.draft, "sha": it.head, "merge_commit_sha": None, "squash_commit_sha": None,
            "labels": it.labels, "web_url": f"{self.origin}/{self.repo.name}/-/merge_requests/{it.number}",
            "user_notes_count": len(it.comments),
        }  # fmt: skip

    def _discussions(self, it: Pull) -> list[dict[str, Any]]:
        on_lines = [[self._note(c) for c in thread] for thread in it.threads]
        spoken = [[self._note(c)] for c in it.comments]
        verdicts = [[self._verdict(r)] for r in it.reviews if self.notes_approvals and r.state in _VERDICTS]
        return [{"id": f"{at:040x}", "individual_note": len(notes) == 1, "notes": notes}
                for at, notes in enumerate([*on_lines, *spoken, *verdicts])]  # fmt: skip

    def _approvals(self, it: Pull) -> dict[str, Any]:
        by = [r.author for r in it.reviews if r.state == "APPROVED"]
        return {"iid": it.number, "approvals_required": 0, "approvals_left": 0,
                "approved_by": [{"user": user(login)} for login in by]}  # fmt: skip

    def _note(self, it: Said) -> dict[str, Any]:
        note: dict[str, Any] = {
            "id": it.id, "type": "DiffNote" if it.path else None, "body": it.body, "author": user(it.author),
            "created_at": moment(it.at), "updated_at": moment(it.edited or it.at), "system": False,
            "resolvable": bool(it.path), "resolved": bool(it.path),
        }  # fmt: skip
        here, before = (None, it.line) if it.removed else (it.line, None)
        place = {"new_path": it.path, "old_path": it.path, "new_line": here, "old_line": before, "head_sha": it.commit}
        return note | ({"position": place} if it.path else {})

    def _verdict(self, it: Reviewed) -> dict[str, Any]:
        return {"id": it.id, "type": None, "body": _VERDICTS[it.state], "author": user(it.author), "system": True,
                "created_at": moment(it.at), "updated_at": moment(it.at), "resolvable": False}  # fmt: skip

    def _issue(self, it: Ticket) -> dict[str, Any]:
        return {
            "id": it.number + 10**7, "iid": it.number, "title": it.title, "description": it.body, "labels": ["bug"],
            "state": "closed" if it.state == "CLOSED" else "opened", "author": user(it.author),
            "created_at": moment(it.at), "updated_at": moment(it.updated), "closed_at": moment(it.at + 0.15),
            "closed_by": user(it.closed_by), "assignees": [user("ada")], "user_notes_count": len(it.comments),
            "web_url": f"{self.origin}/{self.repo.name}/-/issues/{it.number}",
        }  # fmt: skip

    def _release(self, tag: str, at: float) -> dict[str, Any]:
        return {"tag_name": tag, "name": tag, "description": "Notes.", "created_at": moment(at),
                "released_at": moment(at), "author": user("ada"), "upcoming_release": False,
                "_links": {"self": f"{self.origin}/{self.repo.name}/-/releases/{tag}"}}  # fmt: skip


def user(login: str | None) -> dict[str, Any]:
    """A user in GitLab's answers; a deleted one is called ghost."""
    name = login or "ghost"
    return {"id": len(name), "username": name, "name": name.title(), "state": "active"}
