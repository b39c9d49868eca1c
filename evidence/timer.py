"""Seconds spent per detector: the only clock of the stages after the source, and never in a digest."""

from __future__ import annotations


class Timer:
    """Seconds by the name of a detector, each process of a scan counted; ``wall`` are those that all took together."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self.wall = 0.0

    def add(self, name: str, seconds: float) -> None:
        """So many seconds more for ``name``."""
        self.seconds[name] = self.seconds.get(name, 0.0) + seconds
