"""GitLab's REST answers as records.

GitLab has no reviews as such: an approval is one (told by a system note, or by the list of approvals), and so is a
request for changes. Whether a merge request counts as approved says nothing: without rules, every one does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from evidence.model import Account, ChangeRequest, Comment, Issue, Release, Review, Thread
from evidence.patterns import regex
from evidence.source.forges.wording import account, child, children, link, number, oid, seconds, text, title

_CLOSES = regex(
    r"\b(?:clos(?:e[sd]?|ing)|fix(?:e[sd]|ing)?|resolv(?:e[sd]?|ing)|implement(?:s|ed|ing)?):? {0,4}#([0-9]{1,9})\b",
    re.IGNORECASE,
)
_VERDICTS = {"approved this merge request": "approved", "requested changes": "changes_requested"}
_TAKEN_BACK = "unapproved this merge request"
Node = Mapping[str, Any]


class GitLabRecords:
    """Reads answers about the project whose page is ``page``; ``web`` is the forge's own origin."""

    def __init__(self, page: str, web: str) -> None:
        self._page, self._web = page, web

    def change(self, node: Node) -> ChangeRequest | None:
        """A merge request of a list, without what was said of it; None for one without a number."""
        if not (at := number(node.get("iid"))):
            return None
        state = {"opened": "open", "merged": "merged"}.get(str(node.get("state")), "closed")
        body = text(node.get("description"))
        return ChangeRequest(
            number=at,
            title=title(node.get("title")),
            body=body,
            state=state,
            url=link(node.get("web_url"), self._web, f"{self._page}/-/merge_requests/{at}"),
            author=person(node.get("author")),
            created=seconds(node.get("created_at")),
            updated=seconds(node.get("updated_at")),
            draft=(node.get("draft") or node.get("work_in_progress")) is True,
            merged=seconds(node.get("merged_at")),
            closed=seconds(node.get("closed_at")) or seconds(node.get("merged_at")),
            merged_by=person(node.get("merge_user") or node.get("merged_by")),
            base=title(node.get("target_branch")),
            head_commit=oid(node.get("sha")),
            merge_commit=oid(node.get("merge_commit_sha")) or oid(node.get("squash_commit_sha")),
            labels=labels(node),
            closes=tuple(dict.fromkeys(int(found) for found in _CLOSES.findall(body))),
        )

    def discussions(self, nodes: Sequence[Node], page: str) -> tuple[tuple[Thread, ...], tuple[Comment, ...]]:
        """Threads on lines, and comments of the conversation; system notes are neither."""
        threads: list[Thread] = []
        spoken: list[Comment] = []
        for node in nodes:
            notes = [n for n in children(node, "notes") if n.get("system") is not True]
            comments = self._notes(notes, page)
            if not comments:
                continue
            if isinstance(child(notes[0], "position"), Mapping):
                resolvable = [n.get("resolved") is True for n in notes if n.get("resolvable") is True]
                threads.append(Thread(comments=comments, resolved=all(resolvable) if resolvable else None))
            else:
                spoken += comments
        return tuple(threads), tuple(sorted(spoken, key=lambda c: (c.created, c.id)))

    def _notes(self, notes: Sequence[Node], page: str) -> tuple[Comment, ...]:
        first = str(number(notes[0].get("id"))) if notes else ""
        return tuple(self.comment(n, page, first if at else "") for at, n in enumerate(notes) if number(n.get("id")))

    def comment(self, node: Node, page: str, reply_to: str = "") -> Comment:
        """One note."""
        place, known = child(node, "position"), number(node.get("id"))
        removed = bool(number(child(place, "old_line"))) and not number(child(place, "new_line"))
        return Comment(
            id=str(known),
            author=person(node.get("author")),
            body=text(node.get("body")),
            created=seconds(node.get("created_at")),
            updated=seconds(node.get("updated_at")),
            url=f"{page}#note_{known}",
            path=title((not removed and child(place, "new_path")) or child(place, "old_path")),
            line=number(child(place, "new_line")) or number(child(place, "old_line")),
            removed=removed,
            commit=oid(child(place, "head_sha")),
            reply_to=reply_to,
        )

    def reviews(self, discussions: Sequence[Node], approvals: Node | None, page: str) -> tuple[Review, ...]:
        """Approvals and requests for changes, one taken back as dismissed."""
        found: dict[tuple[str, str], Review] = {}
        notes = [n for d in discussions for n in children(d, "notes") if n.get("system") is True]
        for note in sorted(notes, key=lambda n: (seconds(n.get("created_at")), number(n.get("id")))):
            said, who = str(note.get("body"))[:200].strip().lower(), person(note.get("author"))
            login = who.login if who else ""
            state = next((state for words, state in _VERDICTS.items() if said.startswith(words)), "")
            if said.startswith(_TAKEN_BACK) and (login, "approved") in found:
                found[login, "approved"] = self._review(note, who, "dismissed", page)
            elif state:
                found[login, state] = self._review(note, who, state, page)
        for each in children(approvals, "approved_by"):
            who = person(each.get("user"))
            if who is not None and (who.login, "approved") not in found:
                node = {"id": 0, "created_at": each.get("approved_at")}
                found[who.login, "approved"] = self._review(node, who, "approved", page)
        return tuple(sorted(found.values(), key=lambda r: (r.submitted, r.id)))

    def _review(self, note: Node, who: Account | None, state: str, page: str) -> Review:
        known = number(note.get("id"))
        return Review(
            id=str(known) if known else f"approval-{who.login if who else ''}",
            author=who,
            state=state,
            body="",
            submitted=seconds(note.get("created_at")),
            url=f"{page}#note_{known}" if known else page,
        )

    def issue(self, node: Node, notes: Sequence[Node]) -> Issue | None:
        """An issue; None for one without a number."""
        if not (at := number(node.get("iid"))):
            return None
        page = link(node.get("web_url"), self._web, f"{self._page}/-/issues/{at}")
        said = [self.comment(n, page) for n in notes if n.get("system") is not True and number(n.get("id"))]
        return Issue(
            number=at,
            title=title(node.get("title")),
            body=text(node.get("description")),
            state="open" if node.get("state") == "opened" else "closed",
            url=page,
            author=person(node.get("author")),
            created=seconds(node.get("created_at")),
            updated=seconds(node.get("updated_at")),
            closed=seconds(node.get("closed_at")),
            closed_by=person(node.get("closed_by")),
            assignees=tuple(found for each in children(node, "assignees") if (found := person(each))),
            labels=labels(node),
            comments=tuple(sorted(said, key=lambda c: (c.created, c.id))),
        )

    def release(self, node: Node) -> Release | None:
        """A release that is out; None for one that is to come."""
        tag = title(node.get("tag_name"))
        if not tag or node.get("upcoming_release") is True:
            return None
        return Release(
            tag=tag,
            name=title(node.get("name")),
            body=text(node.get("description")),
            url=link(child(node, "_links", "self"), self._web, f"{self._page}/-/releases"),
            author=person(node.get("author")),
            created=seconds(node.get("released_at")) or seconds(node.get("created_at")),
        )


def person(node: object) -> Account | None:
    """The account of a user, None for a deleted one."""
    kind = "Bot" if child(node, "bot") is True else "User"
    return account(child(node, "username"), kind)


def labels(node: Node) -> tuple[str, ...]:
    """The names of labels."""
    found = node.get("labels")
    return tuple(title(each) for each in found if isinstance(each, str)) if isinstance(found, list) else ()
