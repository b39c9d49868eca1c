"""Seconds spent per detector: the only clock of the stages after the source, and never in a digest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter


class Timer:
    """Seconds by the name of a detector, each process of a scan counted; ``wall`` are those by the clock that all took
    together, and ``joined`` those that joining the facts of single files took before them."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.wall = 0.0
        self.joined = 0.0

    def add(self, name: str, seconds: float) -> None:
        """So many seconds more for ``name``."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds

    @contextmanager
    def joining(self) -> Iterator[None]:
        """The block joins facts."""
        start = perf_counter()
        try:
            yield
        finally:
            self.joined += perf_counter() - start

    @contextmanager
    def looking(self) -> Iterator[None]:
        """The block asks all detectors, and joins facts for them within :meth:`joining`."""
        start, joined = perf_counter(), self.joined
        try:
            yield
        finally:
            self.wall += perf_counter() - start - (self.joined - joined)
