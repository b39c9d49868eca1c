"""The digest and its parts: the one complete form of everything that a scan found."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from evidence.model.citations import Citation
from evidence.model.pictures import RepositoryHistory
from evidence.model.signals import Finding
from evidence.model.vocabulary import CellStatus, Grade, Level, Outcome, Polarity

# A digest with one of these in its ledger is not complete: something that should have been done was stopped.
INCOMPLETE = frozenset(
    {"parser_timeout", "detector_failed", "files_unread", "forge_unavailable", "fork_unread", "source_failed"}
)


class LedgerEntry(Struct, frozen=True, kw_only=True, order=True):
    """One thing that was read, sampled, skipped or not available, and why. ``count`` is how many (files, lines,
    objects)."""

    code: str
    subject: str
    reason: str
    count: int = 1


class SignalResult(Struct, frozen=True, kw_only=True):
    """A signal over all repositories of the digest: its best finding, and up to five citations, best first."""

    id: str
    title: str
    competency: str
    outcome: Outcome
    grade: Grade | None
    own_grade: Grade | None
    polarity: Polarity
    reason: str | None
    statement: str
    findings: tuple[str, ...]
    citations: tuple[Citation, ...]


class Probes(Struct, frozen=True):
    """Two interview questions for when evidence is there (``seen``) and two for when it is not (``unseen``)."""

    seen: tuple[str, ...]
    unseen: tuple[str, ...]


class Cell(Struct, frozen=True, kw_only=True):
    """Competency x level. ``findings`` support it, ``against`` speak against it; ``probes`` fit the status."""

    competency: str
    level: Level
    status: CellStatus
    contradicted: bool
    marker: str
    rule: str | None
    reason: str | None
    findings: tuple[str, ...]
    against: tuple[str, ...]
    probes: tuple[str, ...]


class Competency(Struct, frozen=True):
    """One row of the matrix, as the digest carries it. ``scope`` is what the role profile makes of it: core, relevant,
    out_of_scope, or "" without a profile."""

    id: str
    domain: str
    title: str
    scope: str = ""


class Repository(Struct, frozen=True, kw_only=True):
    """One scanned repository. ``url`` is empty for a local path without a public remote; ``flask`` tells whether it has
    a Flask application. ``committed`` is the ISO time of the scanned commit: the digest's only "now". ``history`` is
    what pictures of it show, None where it cannot be told."""

    id: str
    url: str
    host: str
    name: str
    commit: str
    default_branch: str
    committed: str
    flask: bool
    files: int
    commits: int
    history: RepositoryHistory | None = None


class Digest(Struct, frozen=True, kw_only=True):
    """The one complete form; every renderer reads this and adds nothing."""

    schema_version: str
    tool: dict[str, str]
    complete: bool
    inputs: dict[str, Any]
    subject: dict[str, Any]
    repositories: tuple[Repository, ...]
    competencies: tuple[Competency, ...]
    signals: tuple[SignalResult, ...]
    findings: tuple[Finding, ...]
    cells: tuple[Cell, ...]
    ledger: tuple[LedgerEntry, ...] = field(default=())


class Ledger:
    """Collects ledger entries; equal (code, subject, reason) are counted together."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str, str], int] = {}

    def note(self, code: str, subject: str, reason: str, count: int = 1) -> None:
        """Record ``count`` more of this."""
        key = (code, subject, reason)
        self._counts[key] = self._counts.get(key, 0) + count

    def add(self, other: Ledger, prefix: str = "") -> None:
        """Record all of another ledger, with ``prefix`` before each subject."""
        for entry in other.entries():
            self.note(entry.code, f"{prefix}{entry.subject}", entry.reason, entry.count)

    def entries(self) -> tuple[LedgerEntry, ...]:
        """All of it, in a fixed order."""
        return tuple(sorted(LedgerEntry(code=c, subject=s, reason=r, count=n) for (c, s, r), n in self._counts.items()))
