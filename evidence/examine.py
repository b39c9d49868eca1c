"""The second half of the straight line: from the facts of one source to its findings and citations.

It stands apart from the first half because importing it takes half a second, which a scan spends while its workers
parse: see :mod:`evidence.pipeline`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from evidence import attribution, detect
from evidence.candidate import attribution_of, candidate_of
from evidence.collect import collect, unread
from evidence.facts.people import sure_logins
from evidence.facts.project import Project
from evidence.facts.workers.pool import ExtractionPool
from evidence.forge import ask_elsewhere, ask_forge, ask_parent, fetch_changes, with_lines
from evidence.model import Ledger
from evidence.proposed import Results, base_of, judged, request_of
from evidence.request import Progress, ScanRequest
from evidence.scanned import Scanned
from evidence.source import OpenRepository
from evidence.store import FactsCache

if TYPE_CHECKING:
    from evidence.attribution import Seed


def examine(
    request: ScanRequest,
    repository: OpenRepository,
    facts: Mapping[str, Any],
    pool: ExtractionPool,
    ledger: Ledger,
    progress: Progress,
    *,
    seed: Seed | None,
    last: bool,
) -> Scanned:
    """What the files' ``facts``, by path, the history and the forge show: findings, and the citations of their best
    sites. ``seed`` is the baseline; the ``last`` source's facts may be kept, as the request says."""
    progress.stage("Reading history", None)
    history = repository.history()

    progress.stage("Asking the forge", None)
    told = first = ask_forge(request, repository, progress.warn)
    upstream = ask_parent(request, repository, told, wanted=request.about_somebody)

    missing = {**_lacking(repository, facts, ledger), **told.missing}
    project = Project(repository.snapshot.blobs, facts, history, changes=told.changes, missing=missing)
    fetch = partial(fetch_changes, request, repository, attribution.limits().change_heads)
    candidate = candidate_of(request, project, repository, progress.warn, upstream, fetch)
    if candidate and request.candidates:
        told = ask_elsewhere(request, repository, progress.warn, told, sure_logins(project.people, candidate))
        fetch(attribution.changes_that_matter(candidate, project, upstream.commits if upstream is not None else ()))
    told = with_lines(told, repository)
    if told is not first:
        project = project.with_changes(told.changes, {**missing, **told.missing})

    detectors = detect.discover()
    progress.stage("Looking for signals", len(detectors))
    if request.about_somebody:
        repository.blame.ready()  # a process that is still watched would keep the detectors from forking
    findings = detect.run(detectors, project, repository.id, ledger, request.timer, request.workers)
    progress.advance(len(detectors))  # all at once: a fork cannot tell how far it is

    change = _judged(request, repository, project, pool, findings, progress) if repository.change_number else None

    progress.stage("Writing citations", None)
    theirs = attribution_of(candidate, project, repository, seed, upstream, ledger)
    if last and request.keep is not None:
        request.keep.extend((project, findings))
    return Scanned.of(
        repository,
        project,
        findings,
        forge=told.sha256,
        attribution=theirs,
        candidate=candidate,
        change=change,
        upstream=str(upstream or ""),
        processes=request.workers,
    )


def _lacking(repository: OpenRepository, facts: Mapping[str, Any], ledger: Ledger) -> dict[str, str]:
    """Inputs that the copy of the repository lacks, with the reason: history, and so many files that nothing is absent
    for not being found in the others."""
    lacking = {"history": repository.history().lacking}
    without, wanted = unread(repository.snapshot.blobs, facts)
    if without:
        lacking["files"] = f"{without} of {wanted} files that rules read could not be read"
        ledger.note("files_unread", "files", lacking["files"], without)
    return {name: reason for name, reason in lacking.items() if reason}


def _judged(
    request: ScanRequest,
    repository: OpenRepository,
    project: Project,
    pool: ExtractionPool,
    findings: Results,
    progress: Progress,
) -> dict[str, Any]:
    """What the change that the address names adds: the files it started from are read and looked through too."""
    progress.stage("Reading what the change started from", None)
    number = repository.change_number
    asked = request_of(project.changes, number)
    base = base_of(repository, asked)
    before: Results = {}
    if base:
        snapshot = repository.snapshot_of(base)
        with FactsCache.open(request.cache, warn=progress.warn) as cache:
            facts = collect(snapshot, cache, pool, Ledger(), lambda _count: None)
        started = Project(snapshot.blobs, facts, project.history, missing=project.missing)
        before = detect.run(detect.discover(), started, repository.id, Ledger(), request.timer, request.workers)
    return judged(number, repository.commit, base, asked, before, findings)
