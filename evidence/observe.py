"""Asks the detectors what they see: in this process, and where that is safe in a fork of it beside.

Both take families of detectors, the modules of one package, which ask for the same facts. Those that ask for nothing
joined across files come first, while this process joins them. What each saw depends on the facts alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import msgspec

from evidence.api import Detector, Project, Site
from evidence.twofold import in_two


class Seen(msgspec.Struct, frozen=True):
    """What one detector saw: its sites by signal, each once and in order, or why it stopped; and its seconds."""

    sites: dict[str, list[Site]]
    failure: str
    seconds: float


def observe(
    detectors: Sequence[Detector], project: Project, processes: int = 1, join: Callable[[], object] = lambda: None
) -> list[Seen]:
    """What each detector saw, in their order. ``processes`` above 1 allows a fork and changes nothing else.

    ``join`` makes ready what most detectors ask for; those that do not are looked at by the fork meanwhile. It must
    also end the threads that this process has begun for them, since with a second one nothing is forked."""
    seen: dict[int, Seen] = {}

    def look(families: list[list[int]], meanwhile: Callable[[], object] = lambda: None) -> None:
        def of_family(number: int) -> list[Seen]:
            return [_look(detectors[n], project) for n in families[number]]

        told = in_two(of_family, len(families), list[Seen], processes=processes, meanwhile=meanwhile)
        for numbers, found in zip(families, told, strict=True):
            seen.update(zip(numbers, found, strict=True))

    alone = [n for n, detector in enumerate(detectors) if getattr(detector, "ALONE", False)]
    look([[n] for n in alone], join)
    look(_families(detectors, [n for n in range(len(detectors)) if n not in alone]))
    return [seen[number] for number in range(len(detectors))]


def _families(detectors: Sequence[Detector], numbers: Sequence[int]) -> list[list[int]]:
    """These detectors' numbers by package, large families first: so the two processes end at about the same time."""
    packages: dict[str, list[int]] = {}
    for number in numbers:
        packages.setdefault(detectors[number].__name__.rpartition(".")[0], []).append(number)
    return sorted(packages.values(), key=lambda family: (-len(family), family))


def _look(detector: Detector, project: Project) -> Seen:
    start = time.perf_counter()
    sites: dict[str, list[Site]] = {}
    failure = ""
    try:
        sites = _sites(detector, project)
    except Exception as error:  # whatever a plugin does wrong, the scan goes on
        failure = f"stopped with {type(error).__name__}"
    return Seen(sites, failure, time.perf_counter() - start)


def _sites(detector: Detector, project: Project) -> dict[str, list[Site]]:
    found: dict[str, set[Site]] = {}
    declared = {s.id for s in detector.SIGNALS}
    for answered, site in detector.detect(project):
        if answered.id not in declared or site.clause not in answered.clauses:
            raise ValueError(f"undeclared signal or clause: {answered.id} {site.clause}")
        found.setdefault(answered.id, set()).add(site)
    return {name: sorted(sites, key=Site.order) for name, sites in found.items()}
