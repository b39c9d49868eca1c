"""One repository after detection: its record, its findings, and the citations of their best sites."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

import msgspec
from msgspec import Struct, field

from evidence.api import Project, Site, Sites
from evidence.attribution import Own, Seen
from evidence.choosing import choose
from evidence.citations import Citable, cite
from evidence.detect import signals
from evidence.facts.people import Candidate
from evidence.matrix.load import load_matrix
from evidence.model import Citation, Finding, Outcome, Repository
from evidence.subject import subject_of

if TYPE_CHECKING:
    from evidence.attribution import Attribution


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


class Scanned(Struct, frozen=True):
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
        processes: int = 1,
    ) -> Scanned:
        """Cite the best sites of every finding, reading each cited file once.

        ``upstream`` is a fork's parent and its commit, "" where none was read; ``processes`` above 1 allows a fork and
        changes nothing else."""
        found = {
            s.id: Seen(s, sites, choose(s, sites, aside=project.comes_late))
            for s in signals()
            if s.id in results and results[s.id][0].outcome is Outcome.FOUND
            for sites in [results[s.id][1]]
        }
        chosen = _chosen(found, attribution, project)
        told: dict[str, Any] = {}
        baseline = attribution.baseline if attribution is not None else ""

        def meanwhile() -> None:
            told["record"] = _record(opened, project)
            told["subject"] = subject_of(project.people, candidate, baseline, upstream)
            load_matrix()

        sites = [s for sites in chosen.values() for s in sites]
        commits = {c.sha: c for c in project.history.commits} if any(s.commit for s in sites) else {}
        cited = cite(sites, opened, opened.id, commits, project.items, processes=processes, meanwhile=meanwhile)
        if attribution is not None:
            cited = {s: msgspec.structs.replace(c, share=attribution.share(s)) for s, c in cited.items()}
        return cls(
            told["record"],
            {k: f for k, (f, _) in results.items()},
            {k: tuple(cited[s] for s in sites if s in cited) for k, sites in chosen.items()},
            forge,
            {k: attribution.own(s.signal, s.sites) for k, s in found.items()} if attribution is not None else None,
            {**told["subject"], **({"change": dict(change)} if change is not None else {})},
        )


def _chosen(
    found: Mapping[str, Seen], attribution: Attribution | None, project: Project
) -> dict[str, tuple[Site, ...]]:
    """The sites of each signal that are cited: the candidate's own first, where one was asked about."""
    if attribution is None:
        return {k: seen.cited for k, seen in found.items()}
    attribution.consider(found.values())
    turn, aside = attribution.turn, project.comes_late
    chosen = {k: choose(seen.signal, seen.sites, turn=turn, aside=aside) for k, seen in found.items()}
    attribution.settle(s for sites in chosen.values() for s in sites)
    return chosen


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
