"""The digest arranged for reading: domains, rows, cells, and each signal's evidence in exactly one place.

A signal's citations stand once, in the row it belongs to (its home); every cell that rests on it points there. So a
page grows with what was found and not with how many cells ask about it. No text and no markup is made here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from evidence.model import (
    Cell,
    CellStatus,
    Citation,
    Competency,
    Digest,
    Finding,
    Grade,
    LedgerEntry,
    Level,
    Outcome,
    Polarity,
    SignalResult,
)
from evidence.patterns import regex
from evidence.report.ledger_codes import Code, code
from evidence.report.words import LEVELS

STRAYS = "row-elsewhere"
CORE, OUTSIDE = "core", "out_of_scope"
_SPEAKING = (CellStatus.SUPPORTED, CellStatus.PARTLY, CellStatus.BY_OTHERS)
_RESTING = (CellStatus.NOT_APPLICABLE, CellStatus.NOT_OBSERVABLE)
_NOT_A_NAME = regex(r"[^A-Za-z0-9._-]")


@dataclass(frozen=True)
class Evidence:
    """A found signal with its findings (one per repository) and the anchor at which its citations stand. ``untold``
    says that nobody can tell whether any of it is the candidate's."""

    signal: SignalResult
    anchor: str
    findings: tuple[Finding, ...]
    untold: bool = False

    @property
    def sites(self) -> int:
        """How many places were found in all repositories, cited or not."""
        return sum(f.site_count for f in self.findings)

    @property
    def against(self) -> bool:
        """Whether it is counter-evidence."""
        return self.signal.polarity is Polarity.AGAINST

    def best(self, finding: Finding) -> Citation | None:
        """The first citation from the finding's own repository."""
        return next((c for c in self.signal.citations if c.repository == finding.repository), None)


@dataclass(frozen=True)
class Ground:
    """One finding on which a cell rests (or which speaks against it), and where its evidence stands.

    ``told`` is true where an earlier cell of the same row has the statement already.
    """

    finding: Finding
    evidence: Evidence
    told: bool

    @property
    def cited(self) -> Citation | None:
        """The citation to show beside the statement."""
        return self.evidence.best(self.finding)


@dataclass(frozen=True)
class CellEntry:
    """One cell with its anchors: ``anchor`` is its own, ``target`` the nearest place that is never folded away."""

    cell: Cell
    anchor: str
    target: str
    grounds: tuple[Ground, ...]
    against: tuple[Ground, ...]

    @property
    def speaks(self) -> bool:
        """Whether there is something to show: evidence for or against."""
        return self.cell.status in _SPEAKING or self.cell.contradicted or bool(self.against)


@dataclass(frozen=True)
class Row:
    """One competency: its cells in the order of the levels, and the evidence that is at home here."""

    competency: Competency
    anchor: str
    cells: tuple[CellEntry, ...]
    evidence: tuple[Evidence, ...]

    @property
    def core(self) -> bool:
        """Whether the role that was named asks about this row first."""
        return self.competency.scope == CORE

    @property
    def outside(self) -> bool:
        """Whether the role that was named does not ask about this row: it is shown folded, and never hidden."""
        return self.competency.scope == OUTSIDE

    @property
    def speaks(self) -> bool:
        """Whether the row has anything beyond markers and questions."""
        return bool(self.evidence) or any(c.speaks for c in self.cells)

    def at(self, level: Level) -> CellEntry | None:
        """The cell at this level."""
        return next((c for c in self.cells if c.cell.level is level), None)


@dataclass(frozen=True)
class Domain:
    """Rows of one domain: the core of the role first, where a role was named, else in the digest's order.

    ``resting`` are those that only matter to a Flask application, ``outside`` those that the role does not ask about.
    """

    title: str
    anchor: str
    rows: tuple[Row, ...]
    resting: tuple[Row, ...]
    outside: tuple[Row, ...] = ()

    @property
    def active(self) -> tuple[Row, ...]:
        """The rows that are neither resting nor outside."""
        return tuple(r for r in self.rows if r not in self.resting and r not in self.outside)


@dataclass(frozen=True)
class LedgerGroup:
    """All ledger entries of one code."""

    name: str
    words: Code
    entries: tuple[LedgerEntry, ...]

    @property
    def count(self) -> int:
        """How many things in all."""
        return sum(e.count for e in self.entries)


@dataclass(frozen=True)
class Outline:
    """Everything a renderer walks through, in reading order. ``strays`` is evidence without a row of its own."""

    digest: Digest
    domains: tuple[Domain, ...]
    strays: tuple[Evidence, ...]
    ledger: tuple[LedgerGroup, ...]

    @property
    def flask(self) -> bool:
        """Whether any repository has a Flask application, or may have one in files that could not be read."""
        return _may_have_flask(self.digest)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """Every found signal, in the order in which the page shows them."""
        return tuple(e for d in self.domains for r in d.rows for e in r.evidence) + self.strays

    @property
    def statuses(self) -> dict[CellStatus, int]:
        """How many cells have each status, every status named."""
        counts = Counter(c.status for c in self.digest.cells)
        return {status: counts[status] for status in CellStatus}

    def results(self, outcome: Outcome) -> tuple[SignalResult, ...]:
        """The signals with this outcome, in the digest's order."""
        return tuple(s for s in self.digest.signals if s.outcome is outcome)


def many_unread(digest: Digest, repository: str) -> bool:
    """Whether so many files of a repository, by its id, could not be read that nothing is called absent in it."""
    subjects = {entry.subject for entry in digest.ledger if entry.code == "files_unread"}
    return f"{repository}: files" in subjects or (len(digest.repositories) == 1 and "files" in subjects)


def _may_have_flask(digest: Digest) -> bool:
    return any(r.flask or many_unread(digest, r.id) for r in digest.repositories)


def outline(digest: Digest) -> Outline:
    """Arrange ``digest``. Findings that a cell names and the digest lacks are left out."""
    findings = {f.id: f for f in digest.findings}
    untold = {e.subject.rpartition(" ")[2] for e in digest.ledger if e.code == "own_part_untold"}
    evidence = {s.id: _evidence(s, findings, untold) for s in digest.signals if s.outcome is Outcome.FOUND}
    rows = tuple(_row(c, digest, findings, evidence) for c in digest.competencies)
    flask = _may_have_flask(digest)
    homes = {r.competency.id for r in rows}
    return Outline(
        digest=digest,
        domains=tuple(_domain(title, rows, flask) for title in dict.fromkeys(c.domain for c in digest.competencies)),
        strays=tuple(e for e in evidence.values() if e.signal.competency not in homes),
        ledger=_ledger(digest.ledger),
    )


def _evidence(signal: SignalResult, findings: dict[str, Finding], untold: set[str]) -> Evidence:
    own = tuple(findings[i] for i in signal.findings if i in findings and findings[i].outcome is Outcome.FOUND)
    return Evidence(signal, _name("signal", signal.id), own, signal.own_grade is None and signal.id in untold)


def _row(competency: Competency, digest: Digest, findings: dict[str, Finding], evidence: dict[str, Evidence]) -> Row:
    anchor = _name("row", competency.id)
    own = tuple(e for e in evidence.values() if e.signal.competency == competency.id)
    cells = sorted((c for c in digest.cells if c.competency == competency.id), key=lambda c: LEVELS.index(c.level))
    told: set[str] = set()
    entries = [_cell(c, findings, evidence, told) for c in cells]
    if competency.scope != OUTSIDE and (own or any(e.speaks for e in entries)):
        return Row(competency, anchor, tuple(entries), own)
    folded = (CellEntry(e.cell, e.anchor, anchor, e.grounds, e.against) for e in entries)
    return Row(competency, anchor, tuple(folded), own)


def _cell(cell: Cell, findings: dict[str, Finding], evidence: dict[str, Evidence], told: set[str]) -> CellEntry:
    """``told`` holds the findings that the row has stated so far, and grows."""

    def grounds(ids: Iterable[str]) -> tuple[Ground, ...]:
        known = [findings[i] for i in ids if i in findings and findings[i].signal in evidence]
        stated = tuple(Ground(f, evidence[f.signal], f.id in told) for f in known)
        told.update(f.id for f in known)
        return stated

    anchor = _name("cell", f"{cell.competency}-{cell.level.value.lower()}")
    return CellEntry(cell, anchor, anchor, grounds(cell.findings), grounds(cell.against))


def _domain(title: str, rows: tuple[Row, ...], flask: bool) -> Domain:
    own = tuple(sorted((r for r in rows if r.competency.domain == title), key=lambda r: r.competency.scope != CORE))
    resting = () if flask else tuple(r for r in own if not r.speaks and _needs_flask(r))
    outside = tuple(r for r in own if r.outside and r not in resting)
    return Domain(title, _name("domain", title.lower()), own, resting, outside)


def _needs_flask(row: Row) -> bool:
    """A row that is silent for want of a Flask application: it does not apply, or it is about Flask by name."""
    return "Flask" in row.competency.domain or all(c.cell.status in _RESTING for c in row.cells)


def _ledger(entries: tuple[LedgerEntry, ...]) -> tuple[LedgerGroup, ...]:
    names = sorted({e.code for e in entries})
    return tuple(LedgerGroup(n, code(n), tuple(sorted(e for e in entries if e.code == n))) for n in names)


def _name(kind: str, identifier: str) -> str:
    """An anchor that is valid in HTML and in an address whatever a plugin calls its signal."""
    return f"{kind}-{_NOT_A_NAME.sub('-', identifier)}"


def grade_of(signal: SignalResult, candidate: bool) -> Grade | None:
    """The grade the summary speaks of: the candidate's own where one was asked about, else the repository's."""
    return signal.own_grade if candidate else signal.grade
