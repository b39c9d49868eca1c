"""The straight line: source -> facts -> detectors -> citations -> matrix -> digest. Read this first.

source      a bare repository of ours, never a checkout      evidence/source/
            and what its forge tells of changes and reviews  evidence/forge.py, evidence/source/forges/
facts       what each file says, read and parsed once        evidence/collect.py, evidence/facts/
detectors   plugins: from facts to sites of signals          evidence/detect.py, detectors/
attribution who stands behind each site, for one candidate   evidence/attribution/
citations   the best five sites of each, made openable       evidence/choosing.py, evidence/citations.py
matrix      findings -> cells of competency x level          evidence/matrix/
digest      all of it, sealed; renderers add nothing         evidence/digest.py, evidence/report/

The second half, from the history on, is evidence/examine.py: importing it takes half a second, which a scan spends
while its workers parse. The command line comes here through evidence/rescan.py, which gives the digest of an unchanged
repository again.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING

from msgspec.structs import replace

from evidence.collect import collect
from evidence.facts import registry
from evidence.facts.workers.pool import ExtractionPool
from evidence.forge import places_in
from evidence.model import Digest, EvidenceError, Ledger
from evidence.request import Progress as Progress
from evidence.request import ScanRequest as ScanRequest
from evidence.source import OpenRepository, SourceOptions, latest_commit, open_source
from evidence.source.choosing import Chooser
from evidence.source.forges.patience import Patience
from evidence.source.quoting import visible
from evidence.store import FactsCache

if TYPE_CHECKING:
    from evidence.attribution import Seed
    from evidence.facts.history import Past
    from evidence.scanned import Scanned


def open_repository(request: ScanRequest, ledger: Ledger) -> AbstractContextManager[OpenRepository]:
    """The repository that the request names, at its revision: what a scan reads, what a digest is checked against."""
    return open_source(request.source, revision=request.revision, ledger=ledger, options=_options(request))


def commits_of(request: ScanRequest, progress: Progress) -> tuple[str, ...]:
    """The commits that a scan of these addresses would read now, asked without fetching; "" for one that only fetching
    tells."""
    request = expanded(request, Ledger(), progress)
    return tuple(
        latest_commit(source, _options(request)) if request.revision is None else "" for source in _sources(request)
    )


def _sources(request: ScanRequest) -> list[str]:
    return list(dict.fromkeys((request.source, *request.further)))


def _options(request: ScanRequest) -> SourceOptions:
    return SourceOptions(places=places_in(request), clones=request.keep_clone, identity=request.identity)


def _of(request: ScanRequest, source: str, revision: str | None) -> ScanRequest:
    """The same request for another source or revision, under no other name than its own."""
    return replace(request, source=source, revision=revision, identity=None)


def scan(request: ScanRequest, progress: Progress) -> Digest:
    """Scan the sources into one digest; of several, one that cannot be read is in the ledger.

    Raises EvidenceError (one sentence, with its exit code) when there is nothing to digest."""
    with _no_collection():
        return _scan(request, progress)


def expanded(request: ScanRequest, ledger: Ledger, progress: Progress) -> ScanRequest:
    """The request with each page of a person or group replaced by the repositories chosen from it, which are told."""
    chooser = Chooser(request.limit, request.include, request.exclude, Patience(request.forge_wait))
    places = places_in(request)
    sources: list[str] = []
    person = ""
    for source in (request.source, *request.further):
        chosen = chooser.choose(source, places, ledger)
        sources += [source] if chosen is None else chosen.sources
        if chosen is not None:
            progress.warn(chosen.sentence)
            person = person or chosen.person
    candidates = request.candidates or ((person,) if person else ())
    return replace(request, source=sources[0], further=tuple(sources[1:]), candidates=candidates)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Facts are many small records without cycles: collecting while they are decoded costs a tenth of a scan."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


@contextmanager
def open_past(request: ScanRequest, progress: Progress) -> Iterator[Past]:
    """The history of one source as a scan sees it, without reading files: valid within the block. The forge is not
    asked, so people are joined by addresses alone."""
    from evidence.facts.project import Project

    ledger = Ledger()
    progress.stage("Fetching the repository", None)
    with open_repository(request, ledger) as repository:
        progress.stage("Reading history", None)
        history = repository.history()
        if history.lacking:
            progress.warn(f"The history is not all here: {history.lacking}.")
        yield Project(repository.snapshot.blobs, {}, history).past


def scan_each(requests: Sequence[ScanRequest], progress: Progress) -> Digest:
    """Several sources into one digest, each at a revision of its own: how a digest of several is derived again."""
    with _no_collection():
        return _digest(requests, replace(requests[0], identity=None), Ledger(), progress)


def _scan(request: ScanRequest, progress: Progress) -> Digest:
    ledger = Ledger()
    request = expanded(request, ledger, progress)
    sources = [replace(request, source=source, further=()) for source in _sources(request)]
    return _digest(sources, request, ledger, progress)


def _digest(sources: Sequence[ScanRequest], request: ScanRequest, ledger: Ledger, progress: Progress) -> Digest:
    """The digest of these sources, each a request of its own; ``request`` is what they have in common."""
    scanned: dict[str, Scanned] = {}
    failed: list[EvidenceError] = []
    registry.prepare()
    # the workers come first: they are forked cheaply only while this process has a single thread
    with ExtractionPool(registry.extract, request.workers) as pool:
        for number, source in enumerate(sources, 1):
            own, last = Ledger(), number == len(sources)
            if len(sources) > 1:
                progress.source(number, len(sources), visible(source.source))
            try:
                found = _scanned(source, pool, own, progress, last=last)
            except EvidenceError as error:
                failed.append(error)
                ledger.note("source_failed", visible(source.source), str(error))
                continue
            scanned.setdefault(found.repository.id, found)
            ledger.add(own, f"{found.repository.id}: " if len(sources) > 1 else "")
            if not last:
                gc.collect()  # the facts of one source make room for the next one's
    if not scanned:
        raise failed[0]
    from evidence import detect
    from evidence.digest import assemble

    return assemble(scanned.values(), detect.discover(), ledger, request)


def _scanned(request: ScanRequest, pool: ExtractionPool, ledger: Ledger, progress: Progress, *, last: bool) -> Scanned:
    """The straight line for one source; the ``last`` one lets the workers go as soon as its files are read."""
    progress.stage("Fetching the repository", None)
    with open_repository(request, ledger) as repository:
        for sentence in repository.warnings:
            progress.warn(sentence)
        repository.start_history()
        seed = _seed(request, repository)
        if request.about_somebody:
            repository.blame.start()

        def meanwhile() -> None:
            load()
            repository.read_history_if_ready()

        progress.stage("Reading files", len(repository.snapshot.blobs))
        with FactsCache.open(request.cache, warn=progress.warn) as cache:
            facts = collect(repository.snapshot, cache, pool, ledger, progress.advance, meanwhile)
        if last and not repository.change_number:
            pool.close()
        from evidence.examine import examine

        return examine(request, repository, facts, pool, ledger, progress, seed=seed, last=last)


def _seed(request: ScanRequest, repository: OpenRepository) -> Seed | None:
    if request.baseline is None:
        return None
    from evidence.candidate import seed_of

    return seed_of(request, repository, lambda source, at: open_repository(_of(request, source, at), Ledger()))


def load() -> None:
    """Import the second half with its detectors, and what facts are joined with: 0.5 s, which a scan with files to
    parse spends while its workers do, and a server of many scans once."""
    import networkx  # noqa: F401

    from evidence import detect, examine  # noqa: F401

    detect.discover()
