"""Sites made openable: the five kinds of citation, and whose work each one is."""

from __future__ import annotations

from msgspec import Struct


class Share(Struct, frozen=True):
    """How much of a cited site the candidate wrote: line fractions from 0 to 1, what they rest on, and the role.

    ``low`` counts lines by identities that the forge links, ``high`` adds merely claimed ones. ``role`` is author,
    co-author, reviewer, merger or none. ``unknown`` is the part whose history could not be read; ``left_out`` says what
    keeps lines from counting that the candidate's commits brought: ``template``, ``vendored``, ``generated`` or
    ``baseline`` or ``upstream``, and ``own_change`` that a remark is on a change by another account of theirs.
    """

    low: float
    high: float
    basis: str
    role: str
    unknown: float = 0.0
    left_out: str = ""


class FileCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="file"):
    """Lines of a file at a commit. ``sha256`` is of the raw cited lines; empty where a secret in them is masked."""

    repository: str
    path: str
    start_line: int
    end_line: int
    clause: str
    commit: str
    blob: str
    sha256: str
    url: str
    excerpt: str
    masked: bool = False
    share: Share | None = None


class CommitCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="commit"):
    """One commit. ``authored`` is an ISO date, UTC."""

    repository: str
    commit: str
    clause: str
    subject: str
    authored: str
    url: str
    share: Share | None = None


class PullRequestCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="pull_request"):
    """One pull or merge request; ``excerpt`` is quoted text of its description, which ``sha256`` is of."""

    repository: str
    number: int
    clause: str
    title: str
    url: str
    created: str
    updated: str
    sha256: str
    excerpt: str = ""
    share: Share | None = None


class ReviewCommentCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="review_comment"):
    """One comment or review of a change; ``comment`` is its id, ``excerpt`` quoted text of its author. ``removed`` says
    that ``line`` is one that the change took away, so that it stands in the state before."""

    repository: str
    number: int
    comment: str
    clause: str
    path: str
    line: int
    excerpt: str
    url: str
    created: str
    updated: str
    sha256: str
    removed: bool = False
    share: Share | None = None


class IssueCitation(Struct, frozen=True, kw_only=True, tag_field="kind", tag="issue"):
    """One issue, or the comment of it whose id is ``note``; ``excerpt`` is quoted text of its author."""

    repository: str
    number: int
    clause: str
    title: str
    url: str
    created: str
    updated: str
    sha256: str
    excerpt: str = ""
    note: str = ""
    share: Share | None = None


Citation = FileCitation | CommitCitation | PullRequestCitation | ReviewCommentCitation | IssueCitation
