"""The plainest fact there is: something of a kind occurs at these lines."""

from __future__ import annotations

from typing import NamedTuple

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Definition

# More lines than this are no place to point at: of longer definitions the first lines stand for the whole.
LINES = 40


class Occurrence(NamedTuple):
    """One occurrence: lines are 1-based and inclusive, at most :data:`LINES` of them. ``subject`` names the thing it is
    about, ``value`` is a number that goes with it."""

    path: str
    start: int
    end: int
    kind: str
    subject: str = ""
    value: int | None = None


def at(file: PyFile, lines: Call | Definition, kind: str, subject: str = "", value: int | None = None) -> Occurrence:
    """The occurrence of a call or definition."""
    return between(file.path, lines.start, lines.end, kind, subject, value)


def between(path: str, start: int, end: int, kind: str, subject: str = "", value: int | None = None) -> Occurrence:
    """The occurrence at these lines, cut to its first ones where there are too many."""
    return Occurrence(path, start, min(end, start + LINES - 1), kind, subject, value)
