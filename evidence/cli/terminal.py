"""What is said on standard error: warnings and complaints always, progress only to a person who watches a terminal."""

from __future__ import annotations

import os
import sys
import time

_REFRESH_SECONDS = 0.1
_ERASE_LINE = "\r\x1b[K"


def complain(sentence: str) -> None:
    """Say on standard error why a command did not do what was asked."""
    _say(f"evidence: {_shown(sentence)}\n")


def say(sentence: str) -> None:
    """Say on standard error what the user should know while a command runs."""
    _say(f"{_shown(sentence)}\n")


def _shown(text: str) -> str:
    from evidence.report.visible import visible

    return visible(" ".join(text.split()))


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody can be told that nobody can be told.
        return


class Warnings:
    """Progress for a log or a pipe: only what went wrong."""

    def source(self, number: int, total: int, name: str) -> None:
        """Say nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Say nothing."""

    def advance(self, count: int = 1) -> None:
        """Say nothing."""

    def warn(self, sentence: str) -> None:
        """Write one warning line."""
        _say(f"evidence: warning: {_shown(sentence)}\n")

    def done(self) -> None:
        """Say nothing."""


class Watched(Warnings):
    """Progress for a terminal: one line for each stage with its count and the seconds it took."""

    def __init__(self) -> None:
        self._name = ""
        self._total: int | None = None
        self._count = 0
        self._began = self._painted = 0.0

    def source(self, number: int, total: int, name: str) -> None:
        """Begin one of several sources with a line of its own."""
        self.done()
        _say(f"{_shown(name)} ({number} of {total})\n")

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of ``total`` steps (None where nobody knows), and end the one before."""
        self.done()
        self._name, self._total, self._count = name, total, 0
        self._began = time.monotonic()
        self._paint()

    def advance(self, count: int = 1) -> None:
        """So many more steps of this stage are done."""
        self._count += count
        if time.monotonic() - self._painted >= _REFRESH_SECONDS:
            self._paint()

    def warn(self, sentence: str) -> None:
        """Write one warning line above the running one."""
        _say(_ERASE_LINE)
        super().warn(sentence)
        if self._name:
            self._paint()

    def done(self) -> None:
        """End the running stage, leaving its line to be read."""
        if self._name:
            self._paint()
            _say("\n")
            self._name = ""

    def _paint(self) -> None:
        self._painted = time.monotonic()
        count = f" {self._count}/{self._total}" if self._total is not None else f" {self._count}" * bool(self._count)
        _say(f"{_ERASE_LINE}{_shown(self._name)}{count}  {self._painted - self._began:.1f} s")


def progress() -> Warnings:
    """The kind of progress that suits where standard error goes."""
    watched = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
    return Watched() if watched else Warnings()
