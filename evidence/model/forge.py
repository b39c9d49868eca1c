"""What a forge tells of a repository: changes, reviews, discussions, issues, releases, and who stands behind commits.

All text is hostile text of its author. Times are seconds since the epoch, UTC; 0 where something never happened. The
records hold no e-mail addresses.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field


class Account(Struct, frozen=True):
    """One account of the forge. ``kind`` is user or bot; a deleted account has no record (None stands for it)."""

    login: str
    kind: str = "user"


class Comment(Struct, frozen=True, kw_only=True):
    """One comment. In a review thread ``path`` and ``line`` (1-based, 0 unknown) say where, ``commit`` at which state,
    and ``reply_to`` is the id of the comment that it answers. ``removed`` says that the change had taken the line
    away by then: ``path`` and ``line`` are of the state before the change."""

    id: str
    author: Account | None
    body: str
    created: int
    updated: int
    url: str
    path: str = ""
    line: int = 0
    removed: bool = False
    commit: str = ""
    reply_to: str = ""


class Thread(Struct, frozen=True, kw_only=True):
    """Comments of one place in a change, oldest first. ``resolved`` and ``outdated`` are None where not known, and so
    is ``touched``: whether, by the change's own commits, a later one of them changed the line that was spoken of."""

    comments: tuple[Comment, ...]
    resolved: bool | None = None
    outdated: bool | None = None
    touched: bool | None = None


class Review(Struct, frozen=True, kw_only=True):
    """One review as a whole. ``state`` is approved, changes_requested, commented or dismissed; GitLab's approvals are
    reviews without text."""

    id: str
    author: Account | None
    state: str
    body: str
    submitted: int
    url: str
    commit: str = ""


class ChangeRequest(Struct, frozen=True, kw_only=True):
    """One pull or merge request. ``state`` is open, merged or closed; ``commits`` are full ids, oldest first, as far as
    known; ``merge_commit`` is what the base branch got ("" where none)."""

    number: int
    title: str
    body: str
    state: str
    url: str
    author: Account | None
    created: int
    updated: int
    draft: bool = False
    merged: int = 0
    closed: int = 0
    merged_by: Account | None = None
    base: str = ""
    head_commit: str = ""
    merge_commit: str = ""
    commits: tuple[str, ...] = ()
    additions: int = 0
    deletions: int = 0
    changed_files: int = 0
    labels: tuple[str, ...] = ()
    closes: tuple[int, ...] = ()
    reviews: tuple[Review, ...] = ()
    threads: tuple[Thread, ...] = ()
    comments: tuple[Comment, ...] = ()


class Issue(Struct, frozen=True, kw_only=True):
    """One issue. ``state`` is open or closed; ``changes`` are the numbers of changes linked to it."""

    number: int
    title: str
    body: str
    state: str
    url: str
    author: Account | None
    created: int
    updated: int
    closed: int = 0
    closed_by: Account | None = None
    assignees: tuple[Account, ...] = ()
    labels: tuple[str, ...] = ()
    comments: tuple[Comment, ...] = ()
    changes: tuple[int, ...] = ()


class Release(Struct, frozen=True, kw_only=True):
    """One published release (drafts are left out)."""

    tag: str
    name: str
    body: str
    url: str
    author: Account | None
    created: int
    prerelease: bool = False


class Changes(Struct, frozen=True, kw_only=True):
    """All that a forge told of one repository, in order of number (releases: of time).

    ``fork_of`` is the path (``owner/name``) of the repository on the same host that this one was forked from, "" where
    the forge does not show it, None where this is no fork as far as is known.
    ``committers`` maps full commit ids to the account that the forge links their author to. ``elsewhere`` are merged
    changes of the candidate's in repositories that are neither this one nor their own (``url`` says which); None where
    they were not asked for. ``missing`` names each part (``changes``, ``reviews``, ``comments``, ``issues``,
    ``releases``, ``elsewhere``) that could not be had, with the reason.
    """

    host: str
    requests: tuple[ChangeRequest, ...] = ()
    issues: tuple[Issue, ...] = ()
    releases: tuple[Release, ...] = ()
    fork_of: str | None = None
    elsewhere: tuple[ChangeRequest, ...] | None = None
    committers: Mapping[str, Account] = field(default_factory=dict)
    missing: Mapping[str, str] = field(default_factory=dict)
