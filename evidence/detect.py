"""Finds the detectors by entry point, and turns what they see into findings."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import cast

from evidence.api import Detector, Project, Signal, Sites
from evidence.model import EvidenceError, Finding, Ledger, Outcome
from evidence.observe import Seen, observe
from evidence.timer import Timer as Timer

GROUP = "evidence.detectors"
# A finding keeps at most this many sites; the true number stays in ``site_count``.
MAX_SITES = 200
# What was installed when the detectors were loaded: to find it, Python opens a file of every installed distribution.
_found: list[EntryPoint] = []


@cache
def discover() -> tuple[Detector, ...]:
    """Every installed detector, ordered by entry-point name. Raises EvidenceError for one that breaks the contract."""
    _found[:] = sorted(entry_points(group=GROUP), key=lambda e: e.name)
    return tuple(_load(e) for e in _found)


@cache
def versions() -> dict[str, str]:
    """The version of the distribution that each detector's module came with, by module name."""
    entries = _found or entry_points(group=GROUP)
    # a distribution reads its version from a file each time, and one of ours has nearly all detectors
    known = {id(e.dist): e.dist.version if e.dist else "" for e in {id(e.dist): e for e in entries}.values()}
    return {e.module: known[id(e.dist)] for e in entries}


def _load(entry: EntryPoint) -> Detector:
    try:
        loaded = entry.load()
    except Exception as error:
        raise EvidenceError(f"The detector {entry.name!r} ({entry.value}) cannot be loaded: {error}.") from error
    if not isinstance(getattr(loaded, "SIGNALS", None), tuple) or not callable(getattr(loaded, "detect", None)):
        raise EvidenceError(f"The detector {entry.name!r} ({entry.value}) has no SIGNALS tuple or no detect function.")
    return cast(Detector, loaded)


def signals(detectors: Iterable[Detector] | None = None) -> tuple[Signal, ...]:
    """The signals that the detectors answer, ordered by id. Raises EvidenceError when two claim the same id."""
    found: dict[str, Signal] = {}
    for detector in discover() if detectors is None else detectors:
        for signal in detector.SIGNALS:
            if signal.id in found:
                raise EvidenceError(f"Two installed detectors answer the signal {signal.id}; remove one of them.")
            found[signal.id] = signal
    return tuple(found[k] for k in sorted(found))


def run(
    detectors: Iterable[Detector],
    project: Project,
    repository: str,
    ledger: Ledger,
    timer: Timer | None = None,
    processes: int = 1,
) -> dict[str, tuple[Finding, Sites]]:
    """One finding per signal, with all its sites (the finding itself keeps the first :data:`MAX_SITES`).

    A detector that raises, or whose bars do, costs its own signals alone: their outcome is ``error``, and the ledger
    has ``detector_failed``. ``processes`` above 1 allows a second one and changes no finding.
    """
    timer = timer or Timer()
    asked = list(detectors)
    results: dict[str, tuple[Finding, Sites]] = {}

    def join() -> None:
        project.past.begin()
        if processes > 1:  # a single process joins what is asked for, when it is
            with timer.joining():
                project.join()

    project.past.choose()  # before anything is forked, since all will ask for the rows of the history
    with timer.looking():
        observed = observe(asked, project, processes, join)
    for detector, seen in zip(asked, observed, strict=True):
        timer.add(detector.__name__, seen.seconds)
        found, failure = _findings(detector, seen, repository, project)
        if failure:
            ledger.note("detector_failed", detector.__name__, failure)
        results.update(found)
        for signal, (_, sites) in found.items():
            if len(sites) > MAX_SITES:
                ledger.note("sites_capped", signal, f"{MAX_SITES} of {len(sites)} sites are listed")
    return results


def _findings(
    detector: Detector, seen: Seen, repository: str, project: Project
) -> tuple[dict[str, tuple[Finding, Sites]], str]:
    """The findings of a detector, and why there are none of their own: "" where nothing went wrong."""
    name, failure = detector.__name__, seen.failure
    try:
        if not failure:
            sites = {s: Sites(seen.sites.get(s.id, ())) for s in detector.SIGNALS}
            return {s.id: (_finding(s, found, name, repository, project), found) for s, found in sites.items()}, ""
    except Exception as error:  # whatever a plugin's bars do wrong, the scan goes on
        failure = f"stopped with {type(error).__name__}"
    return {s.id: (_failed(s, name, repository, failure), Sites()) for s in detector.SIGNALS}, failure


def applies(signal: Signal, project: Project) -> bool:
    """Whether looking for this signal makes sense in this repository."""
    conditions: Mapping[str, Callable[[], bool]] = {
        "any": lambda: True,
        "python": lambda: project.has_python,
        "flask": lambda: project.web.is_flask,
    }
    return conditions[signal.applies]()


def _finding(signal: Signal, sites: Sites, detector: str, repository: str, project: Project) -> Finding:
    lacking = next((project.missing[need] for need in signal.needs if need in project.missing), None)
    if lacking is not None:
        return _without(signal, detector, repository, Outcome.UNAVAILABLE, lacking)
    grade = signal.grade(sites)
    if grade is not None:
        return Finding(
            id=_id(repository, signal),
            signal=signal.id,
            repository=repository,
            detector=detector,
            outcome=Outcome.FOUND,
            grade=grade,
            polarity=signal.polarity,
            measures=dict(sorted(signal.measures(sites).items())),
            statement=signal.statement(sites),
            reason=None,
            site_count=len(sites),
            sites=tuple(sites[:MAX_SITES]),
        )
    if signal.where == "tree" and "files" in project.missing:
        return _without(signal, detector, repository, Outcome.UNAVAILABLE, project.missing["files"])
    if applies(signal, project):
        return _without(signal, detector, repository, Outcome.ABSENT, None)
    return _without(signal, detector, repository, Outcome.NOT_APPLICABLE, _NOT_APPLICABLE[signal.applies])


def _failed(signal: Signal, detector: str, repository: str, reason: str) -> Finding:
    return _without(signal, detector, repository, Outcome.ERROR, f"the detector {reason}")


def _without(signal: Signal, detector: str, repository: str, outcome: Outcome, reason: str | None) -> Finding:
    """A finding that has no sites, and so no grade."""
    return Finding(
        id=_id(repository, signal),
        signal=signal.id,
        repository=repository,
        detector=detector,
        outcome=outcome,
        grade=None,
        polarity=signal.polarity,
        measures={},
        statement=f"{signal.title}: {_TOLD.get(outcome, 'nothing of it was found in what was read')}.",
        reason=reason,
        site_count=0,
        sites=(),
    )


def _id(repository: str, signal: Signal) -> str:
    return hashlib.sha256(f"{repository}\0{signal.id}".encode()).hexdigest()[:12]


_TOLD = {Outcome.UNAVAILABLE: "could not be looked for", Outcome.ERROR: "could not be looked for"}
_NOT_APPLICABLE = {
    "flask": "the repository has no Flask application",
    "python": "the repository has no Python code of its own",
    "any": "",
}
