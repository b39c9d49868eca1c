"""Assembles the digest: repositories, signals with citations, findings, cells and ledger, in one fixed order."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Protocol

import msgspec

from evidence.api import Detector, Project, Signal, Site, Sites
from evidence.attribution import Attribution, Own, Seen
from evidence.choosing import choose
from evidence.citations import Citable, cite
from evidence.detect import signals, versions
from evidence.facts.people import Candidate
from evidence.matrix.aggregate import aggregate
from evidence.matrix.inputs import SignalEvidence
from evidence.matrix.load import PendingSignal, load_matrix, load_pending, scope_of
from evidence.model import (
    INCOMPLETE,
    Cell,
    Citation,
    Commit,
    Competency,
    Digest,
    Finding,
    Ledger,
    Outcome,
    Repository,
    SignalResult,
)
from evidence.seal import seal
from evidence.subject import subject_of, together

SCHEMA_VERSION = "1"
NO_DETECTOR = "no detector yet"
WHOSE = "whose work it is could not be told"
_OUTCOME_ORDER = (Outcome.FOUND, Outcome.ERROR, Outcome.UNAVAILABLE, Outcome.ABSENT, Outcome.NOT_APPLICABLE)


class Opened(Citable, Protocol):
    """What the digest tells of an opened repository."""

    @property
    def id(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def host(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def commit(self) -> str: ...
    @property
    def default_branch(self) -> str: ...
    @property
    def committed(self) -> int: ...


class Request(Protocol):
    """The options that change a digest, and so are part of its inputs."""

    @property
    def profile(self) -> str | None: ...
    @property
    def identity(self) -> str | None: ...


@dataclass(frozen=True)
class Scanned:
    """One repository after detection: its record, findings and the citations of their best sites. ``forge`` is the hash
    of what its forge told, None where it was not asked; ``own`` what of each signal is the candidate's; ``subject`` who
    was asked about, and who worked here."""

    repository: Repository
    findings: Mapping[str, Finding]
    citations: Mapping[str, tuple[Citation, ...]]
    forge: str | None = None
    own: Mapping[str, Own] | None = None
    subject: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        opened: Opened,
        project: Project,
        results: Mapping[str, tuple[Finding, Sites]],
        forge: str | None = None,
        attribution: Attribution | None = None,
        candidate: Candidate | None = None,
        change: Mapping[str, Any] | None = None,
        upstream: str = "",
    ) -> Scanned:
        """Cite the best sites of every finding, reading each cited file once; the candidate's own first, where one was
        asked about. ``upstream`` is a fork's parent and its commit, "" where none was read."""
        found = {
            s.id: Seen(s, sites, choose(s, sites, aside=project.comes_late))
            for s in signals()
            if s.id in results and results[s.id][0].outcome is Outcome.FOUND
            for sites in [results[s.id][1]]
        }
        chosen = {k: seen.cited for k, seen in found.items()}
        if attribution is not None:
            attribution.consider(found.values())
            turn = attribution.turn
            chosen = {k: choose(v.signal, v.sites, turn=turn, aside=project.comes_late) for k, v in found.items()}
            attribution.settle(s for sites in chosen.values() for s in sites)
        commits: dict[str, Commit] = {c.sha: c for c in project.history.commits} if _cites_commits(chosen) else {}
        cited = cite([s for sites in chosen.values() for s in sites], opened, opened.id, commits, project.items)
        if attribution is not None:
            cited = {s: msgspec.structs.replace(c, share=attribution.share(s)) for s, c in cited.items()}
        return cls(
            _record(opened, project),
            {k: f for k, (f, _) in results.items()},
            {k: tuple(cited[s] for s in sites if s in cited) for k, sites in chosen.items()},
            forge,
            {k: attribution.own(s.signal, s.sites) for k, s in found.items()} if attribution is not None else None,
            {
                **subject_of(
                    project.people, candidate, attribution.baseline if attribution is not None else "", upstream
                ),
                **({"change": dict(change)} if change is not None else {}),
            },
        )


def _cites_commits(chosen: Mapping[str, tuple[Site, ...]]) -> bool:
    return any(s.commit for sites in chosen.values() for s in sites)


def _record(opened: Opened, project: Project) -> Repository:
    return Repository(
        id=opened.id,
        url=opened.url,
        host=opened.host,
        name=opened.name,
        commit=opened.commit,
        default_branch=opened.default_branch,
        committed=datetime.fromtimestamp(opened.committed, UTC).isoformat().replace("+00:00", "Z"),
        flask=project.web.is_flask,
        files=len(project.blobs),
        commits=len(project.history.commits),
        history=None if project.missing.keys() & {"history", "authorship"} else project.past.pictured(),
    )


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
