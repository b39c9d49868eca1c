"""All that a detector may import: the contract between the core and its plugins.

A detector module has a docstring (its documentation page: what it sees, why it matters, what it cannot tell), a tuple
``SIGNALS`` of the :class:`Signal` it answers, and a function ``detect(project)`` that yields ``(signal, site)`` pairs:
one pair per occurrence, in any order. It never grades: the core sorts the sites and applies the signal's bars to them.
It is registered under the entry-point group ``evidence.detectors``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from evidence.facts.project import Project
from evidence.model import (
    Grade,
    Polarity,
    Scalar,
    Signal,
    Site,
    Sites,
    any_site,
    never,
)

Observation = tuple[Signal, Site]
Observations = Iterator[Observation]


class Detector(Protocol):
    """What an entry point of ``evidence.detectors`` must load to: usually a module."""

    __name__: str
    SIGNALS: tuple[Signal, ...]

    def detect(self, project: Project) -> Iterable[Observation]:
        """Yield every occurrence that bears on one of ``SIGNALS``."""
        ...


__all__ = [
    "Detector",
    "Grade",
    "Observation",
    "Observations",
    "Polarity",
    "Project",
    "Scalar",
    "Signal",
    "Site",
    "Sites",
    "any_site",
    "never",
]
