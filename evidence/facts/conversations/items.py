"""What a site of the forge stands for: the change, comment, review, issue or release, its author, and its text.

``Site.item`` is a short name (see :class:`evidence.model.Site`); this is the one place that makes and reads them.
"""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from evidence.facts.conversations.comments import SUBSTANCE, read_comment
from evidence.facts.conversations.descriptions import read_description
from evidence.facts.conversations.passages import Passage, passages
from evidence.model import Account, ChangeRequest, Changes, Comment, Issue, Release, Review


class Item(Struct, frozen=True, kw_only=True):
    """One thing on the forge, as a citation needs it. ``kind`` is the first word of its name."""

    name: str
    kind: str
    number: int
    account: Account | None
    title: str
    body: str
    url: str
    created: int
    updated: int
    comment: str = ""
    path: str = ""
    line: int = 0
    removed: bool = False


def change_item(change: ChangeRequest) -> str:
    """The name of a change."""
    return f"change/{change.number}"


def comment_item(change: ChangeRequest, comment: Comment) -> str:
    """The name of a comment of a change."""
    return f"comment/{change.number}/{comment.id}"


def review_item(change: ChangeRequest, review: Review) -> str:
    """The name of a review."""
    return f"review/{change.number}/{review.id}"


def issue_item(issue: Issue) -> str:
    """The name of an issue."""
    return f"issue/{issue.number}"


def note_item(issue: Issue, comment: Comment) -> str:
    """The name of a comment of an issue."""
    return f"note/{issue.number}/{comment.id}"


def release_item(release: Release) -> str:
    """The name of a release."""
    return f"release/{release.tag}"


def elsewhere_item(change: ChangeRequest) -> str:
    """The name of a change in another repository."""
    return f"elsewhere/{change.url}"


class Items:
    """Everything that sites can name, by name."""

    def __init__(self, changes: Changes | None) -> None:
        self._items: dict[str, Item] = {}
        requests = changes.requests if changes is not None else ()
        self._changes = {change.number: change for change in requests}
        if changes is not None:
            for item in _all(changes):
                self._items.setdefault(item.name, item)

    def find(self, name: str) -> Item | None:
        """The item of this name, None where the forge has (or told) none."""
        return self._items.get(name)

    def change(self, number: int) -> ChangeRequest | None:
        """The change of this number."""
        return self._changes.get(number)

    def account(self, name: str) -> Account | None:
        """Whose it is; None for deleted accounts and unknown names."""
        item = self._items.get(name)
        return item.account if item is not None else None


def quoted_passages(item: Item, clause: str) -> tuple[Passage, ...]:
    """The sentences of an item that show a clause: those that set its rule off, else how it begins."""
    if item.kind in ("comment", "review", "note"):
        shown = read_comment(item.body).shown
    elif item.kind in ("change", "elsewhere"):
        shown = read_description(item.body).shown
    else:
        shown = {}
    substance = [passage for kind in SUBSTANCE for passage in shown.get(kind, ())]
    in_order = sorted(dict.fromkeys(substance), key=lambda passage: passage.start)
    return shown.get(clause) or tuple(in_order[:2]) or passages(item.body).passages[:2]


def _all(changes: Changes) -> Iterator[Item]:
    for change in changes.requests:
        yield _of_change(change, change_item(change), "change")
        yield from _of_conversation(change)
    for issue in changes.issues:
        yield Item(
            name=issue_item(issue), kind="issue", number=issue.number, account=issue.author, title=issue.title,
            body=issue.body, url=issue.url, created=issue.created, updated=issue.updated,
        )  # fmt: skip
        for comment in issue.comments:
            yield _of_comment(comment, note_item(issue, comment), "note", issue.number, issue.title)
    for release in changes.releases:
        yield Item(
            name=release_item(release), kind="release", number=0, account=release.author,
            title=release.name or release.tag, body=release.body, url=release.url, created=release.created,
            updated=release.created,
        )  # fmt: skip
    for change in changes.elsewhere or ():
        yield _of_change(change, elsewhere_item(change), "elsewhere")


def _of_change(change: ChangeRequest, name: str, kind: str) -> Item:
    return Item(
        name=name, kind=kind, number=change.number, account=change.author, title=change.title, body=change.body,
        url=change.url, created=change.created, updated=change.updated,
    )  # fmt: skip


def _of_conversation(change: ChangeRequest) -> Iterator[Item]:
    for comment in (*(c for thread in change.threads for c in thread.comments), *change.comments):
        yield _of_comment(comment, comment_item(change, comment), "comment", change.number, change.title)
    for review in change.reviews:
        yield Item(
            name=review_item(change, review), kind="review", number=change.number, account=review.author,
            title=change.title, body=review.body, url=review.url, created=review.submitted, updated=review.submitted,
            comment=review.id,
        )  # fmt: skip


def _of_comment(comment: Comment, name: str, kind: str, number: int, title: str) -> Item:
    return Item(
        name=name, kind=kind, number=number, account=comment.author, title=title, body=comment.body, url=comment.url,
        created=comment.created, updated=comment.updated, comment=comment.id, path=comment.path, line=comment.line,
        removed=comment.removed,
    )  # fmt: skip
