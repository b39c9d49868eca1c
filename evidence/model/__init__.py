"""The vocabulary of evidence as frozen records; imports nothing of ours.

Everything that passes from one stage to the next is one of these, a ``msgspec.Struct``: of those that reach the
digest's JSON the order of fields is the order in the file.

vocabulary  outcomes, grades, levels, errors         git         paths, people, commits
signals     sites, signals, findings                 citations   sites made openable
forge       changes, reviews, issues, releases       digest      the digest, its parts and its ledger
"""

from __future__ import annotations

from evidence.model.citations import (
    Citation,
    CommitCitation,
    FileCitation,
    IssueCitation,
    PullRequestCitation,
    ReviewCommentCitation,
    Share,
)
from evidence.model.digest import (
    INCOMPLETE,
    Cell,
    Competency,
    Digest,
    Ledger,
    LedgerEntry,
    Probes,
    Repository,
    SignalResult,
)
from evidence.model.forge import Account, ChangeRequest, Changes, Comment, Issue, Release, Review, Thread
from evidence.model.git import (
    Blame,
    Blob,
    Change,
    Commit,
    History,
    Inquiry,
    LineCount,
    Origin,
    Person,
    Snapshot,
    Upstream,
)
from evidence.model.pictures import AreaHistory, Owner, RepositoryHistory, Together
from evidence.model.signals import Bar, Finding, Signal, Site, Sites, any_site, never, no_measures
from evidence.model.vocabulary import CellStatus, EvidenceError, Grade, Level, Outcome, Polarity, Scalar, UsageError

__all__ = [
    "INCOMPLETE",
    "Account",
    "AreaHistory",
    "Bar",
    "Blame",
    "Blob",
    "Cell",
    "CellStatus",
    "Change",
    "ChangeRequest",
    "Changes",
    "Citation",
    "Comment",
    "Commit",
    "CommitCitation",
    "Competency",
    "Digest",
    "EvidenceError",
    "FileCitation",
    "Finding",
    "Grade",
    "History",
    "Inquiry",
    "Issue",
    "IssueCitation",
    "Ledger",
    "LedgerEntry",
    "Level",
    "LineCount",
    "Origin",
    "Outcome",
    "Owner",
    "Person",
    "Polarity",
    "Probes",
    "PullRequestCitation",
    "Release",
    "Repository",
    "RepositoryHistory",
    "Review",
    "ReviewCommentCitation",
    "Scalar",
    "Share",
    "Signal",
    "SignalResult",
    "Site",
    "Sites",
    "Snapshot",
    "Thread",
    "Together",
    "Upstream",
    "UsageError",
    "any_site",
    "never",
    "no_measures",
]
