"""What has been gathered of one repository: the records as they are stored, and what is cut or missing of them."""

from __future__ import annotations

from msgspec import Struct, field

from evidence.model import Account, ChangeRequest, Issue, Release

PARTS = ("changes", "reviews", "comments", "issues", "releases")


class StoredChange(Struct, frozen=True):
    """A change with the accounts behind its commits. ``cut`` counts what lies beyond the first page, by part."""

    request: ChangeRequest
    accounts: dict[str, Account] = {}
    cut: dict[str, int] = {}


class StoredIssue(Struct, frozen=True):
    """An issue; ``cut`` as above."""

    issue: Issue
    cut: dict[str, int] = {}


class Gathered(Struct):
    """Everything known of a repository, or of an account its changes ``elsewhere``, by address. ``totals`` is how many
    the forge says there are, by part, where it says so; ``name`` the repository's present name there, "" where it is
    the one asked for; ``fork_of`` what it was forked from, as :class:`evidence.model.Changes` has it."""

    changes: dict[int, StoredChange] = field(default_factory=dict)
    issues: dict[int, StoredIssue] = field(default_factory=dict)
    releases: dict[str, Release] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    elsewhere: dict[str, ChangeRequest] = field(default_factory=dict)
    totals: dict[str, int] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    sampled: dict[str, str] = field(default_factory=dict)
    name: str = ""
    fork_of: str | None = None
