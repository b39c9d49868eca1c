"""Assembles the digest: repositories, signals with citations, findings, cells and ledger, in one fixed order."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from importlib.metadata import version
from typing import Any, Protocol

from msgspec.structs import replace

from evidence.api import Detector, Signal
from evidence.attribution import Own
from evidence.detect import signals, versions
from evidence.matrix.aggregate import aggregate
from evidence.matrix.inputs import SignalEvidence
from evidence.matrix.load import PendingSignal, load_matrix, load_pending, scope_of
from evidence.model import (
    INCOMPLETE,
    Cell,
    Citation,
    Competency,
    Digest,
    Finding,
    Ledger,
    Outcome,
    SignalResult,
)
from evidence.scanned import Scanned
from evidence.seal import seal
from evidence.subject import together

SCHEMA_VERSION = "1"
NO_DETECTOR = "no detector yet"
WHOSE = "whose work it is could not be told"
_OUTCOME_ORDER = (Outcome.FOUND, Outcome.ERROR, Outcome.UNAVAILABLE, Outcome.ABSENT, Outcome.NOT_APPLICABLE)


class Request(Protocol):
    """The options that change a digest, and so are part of its inputs."""

    @property
    def profile(self) -> str | None: ...
    @property
    def identity(self) -> str | None: ...


def assemble(scanned: Iterable[Scanned], detectors: Iterable[Detector], ledger: Ledger, request: Request) -> Digest:
    """The whole digest, sealed with its own checksum."""
    repositories = list(scanned)
    declared = signals(detectors)
    pending = load_pending()
    results = tuple(
        sorted([*(_result(s, repositories) for s in declared), *(_pending(p) for p in pending)], key=lambda r: r.id)
    )
    for signal in pending:
        ledger.note("no_detector", signal.id, NO_DETECTOR)
    matrix = load_matrix()
    entries = ledger.entries()
    return seal(
        Digest(
            schema_version=SCHEMA_VERSION,
            tool={"name": "evidence", "version": version("portfolio-evidence")},
            complete=not any(e.code in INCOMPLETE for e in entries),
            inputs=_inputs(repositories, detectors, request),
            subject={**together({r.repository.id: r.subject for r in repositories}), "profile": request.profile},
            repositories=tuple(r.repository for r in repositories),
            competencies=tuple(
                Competency(r.id, r.domain, r.title, scope_of(r.id, request.profile)) for r in matrix.rows
            ),
            signals=results,
            findings=tuple(r.findings[k] for r in repositories for k in sorted(r.findings)),
            cells=_cells(results, repositories),
            ledger=entries,
        )
    )


def _inputs(repositories: list[Scanned], detectors: Iterable[Detector], request: Request) -> dict[str, Any]:
    return {
        "commits": {r.repository.id: r.repository.commit for r in repositories},
        "options": {
            "profile": request.profile,
            "identity": request.identity,
            "candidates": sorted({value for r in repositories for value in r.subject.get("asked", ())}),
            "baseline": next((r.subject["baseline"] for r in repositories if r.subject.get("baseline")), None),
        },
        "plugins": {d.__name__: versions().get(d.__name__, "") for d in detectors},
        "python": f"{sys.version_info.major}.{sys.version_info.minor}",
        "forge": {r.repository.id: r.forge for r in repositories if r.forge} or None,
        "upstream": {r.repository.id: r.subject["upstream"] for r in repositories if r.subject.get("upstream")} or None,
    }


def _best(findings: list[Finding]) -> Finding:
    """Of a signal's findings over several repositories, the one that reaches furthest."""
    return min(
        findings, key=lambda f: (_OUTCOME_ORDER.index(f.outcome), -(f.grade.rank if f.grade else 0), f.repository)
    )


def _own(signal: str, repositories: list[Scanned]) -> Own | None:
    """What of a signal is the candidate's, where it reaches furthest; open where it is open anywhere. None where nobody
    was asked about."""
    told = [r.own.get(signal, Own()) for r in repositories if r.own is not None]
    if not told:
        return None
    best = max(told, key=lambda own: own.grade.rank if own.grade else 0)
    return replace(best, open=any(own.open for own in told))


def _result(signal: Signal, repositories: list[Scanned]) -> SignalResult:
    findings = [r.findings[signal.id] for r in repositories]
    best = _best(findings)
    own = _own(signal.id, repositories)
    return SignalResult(
        id=signal.id,
        title=signal.title,
        competency=signal.competency,
        outcome=best.outcome,
        grade=best.grade,
        own_grade=own.grade if own is not None else None,
        polarity=signal.polarity,
        reason=best.reason,
        statement=best.statement,
        findings=tuple(f.id for f in findings),
        citations=_citations(signal.id, best.repository, repositories),
    )


def _citations(signal: str, best: str, repositories: list[Scanned]) -> tuple[Citation, ...]:
    """Those of each repository in turn, the one that reaches furthest first."""
    ordered = sorted(repositories, key=lambda r: (r.repository.id != best, r.repository.id))
    return tuple(citation for each in ordered for citation in each.citations.get(signal, ()))


def _pending(signal: PendingSignal) -> SignalResult:
    return SignalResult(
        id=signal.id,
        title=signal.title,
        competency=signal.competency,
        outcome=Outcome.UNAVAILABLE,
        grade=None,
        own_grade=None,
        polarity=signal.polarity,
        reason=NO_DETECTOR,
        statement=f"{signal.title}: not looked for.",
        findings=(),
        citations=(),
    )


def _cells(results: Iterable[SignalResult], repositories: list[Scanned]) -> tuple[Cell, ...]:
    evidence = {}
    titles, reasons = {}, {}
    asked = any(r.own is not None for r in repositories)
    for result in results:
        own = _own(result.id, repositories) or Own()
        findings = [r.findings[result.id] for r in repositories if result.id in r.findings]
        evidence[result.id] = SignalEvidence(
            signal=result.id,
            outcome=result.outcome,
            grade=result.grade,
            measures=_best(findings).measures if findings else {},
            own_grade=own.grade,
            own_measures=own.measures,
            own_open=own.open,
            polarity=result.polarity,
            finding_ids=tuple(f.id for f in findings if f.outcome is Outcome.FOUND),
        )
        titles[result.id] = result.title
        if result.reason or own.open:
            reasons[result.id] = result.reason or WHOSE
    return aggregate(load_matrix(), evidence, candidate=asked, titles=titles, reasons=reasons)
