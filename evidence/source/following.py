"""Following a place of a file through the commits of a change, as ``git log -p -U0`` and ``git diff -U0`` write it."""

from __future__ import annotations

from typing import NamedTuple

from evidence.patterns import regex

_HUNK = regex(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_GONE = (b"+++ /dev/null", b"Binary files ")


class _Hunk(NamedTuple):
    """``old`` lines from line ``at`` on became ``new`` ones, which begin at ``after``; where ``old`` is 0, the new ones
    were added before line ``at``."""

    at: int
    old: int
    after: int
    new: int

    @property
    def end(self) -> int:
        """The first line below."""
        return self.at + self.old


class Place(NamedTuple):
    """Lines ``start`` to before ``end`` (1-based). A ``gap`` is where removed lines were: what stands in their place,
    or nothing, where both are equal; lines that are added at its edges are in it too."""

    start: int
    end: int
    gap: bool = False

    def is_touched(self, hunk: _Hunk) -> bool:
        """Whether a hunk changes something here."""
        if not hunk.old:
            return self.start <= hunk.at <= self.end if self.gap else self.start < hunk.at < self.end
        if self.start < self.end:
            return hunk.at < self.end and self.start < hunk.end
        # beside an empty gap a line may be edited alone; with more lines than before, some came into the gap
        beside = self.start in (hunk.at, hunk.end) and hunk.new > hunk.old
        return beside or hunk.at < self.start < hunk.end

    def moved(self, lines: int) -> Place:
        """The same place so many lines further down."""
        return self._replace(start=self.start + lines, end=self.end + lines)


def _hunk(row: bytes) -> _Hunk | None:
    found = _HUNK.match(row)
    if found is None:
        return None
    at, old, after, new = (int(each) if each is not None else 1 for each in found.groups())
    # git names the line above where there are no lines
    return _Hunk(at if old else at + 1, old, after if new else after + 1, new)


def gap_of(diff: bytes, line: int) -> Place | None:
    """Where a removed line stood: the lines that a difference has in its place. None where it did not remove it, or
    took the whole file away."""
    for row in diff.split(b"\n"):
        if row.startswith(_GONE):
            return None
        hunk = _hunk(row)
        if hunk is not None and hunk.at <= line < hunk.end:
            return Place(hunk.after, hunk.after + hunk.new, gap=True)
    return None


def is_touched(log: bytes, place: Place) -> bool | None:
    """Whether one of a log's commits, oldest first, touched a place, which others move; None where it cannot be
    followed."""
    merge, moved = False, 0
    for row in log.split(b"\n"):
        if row.startswith(b"commit "):
            place, moved = place.moved(moved), 0
            merge = len(row.split()) > 3
        elif row.startswith(_GONE):
            return None
        elif hunk := _hunk(row):
            if place.is_touched(hunk):
                return None if merge else True
            if hunk.end <= place.start:
                moved += hunk.new - hunk.old
    return False
