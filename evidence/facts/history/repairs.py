"""Troubles in a history (reverts, hotfixes, incidents), and the later commit that mends each for good.

What follows is taken for the mending where, within thirty days, it touches the same application code and says that it
fixes, or brings back what was reverted, and is not itself reverted. A hotfix that carries a test is its own mending.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence

from msgspec import Struct

from evidence.facts.history.path_kinds import Kinds, PathKind
from evidence.facts.history.rows import Row
from evidence.facts.history.undoing import Undoings
from evidence.patterns import regex

DAYS = 30
_DAY = 86_400
# The newest troubles, and how many commits after each are looked through.
_MOST_TROUBLES, _MOST_AFTER = 200, 400
_SWEEP = 300
# One of these is in the subject of every trouble. Looking for them first costs a tenth of the patterns.
_HINTS = (
    "revert", "backout", "back out", "undo", "hotfix", "hot-fix", "mortem", "outage", "incident", "downtime",
    "regression", "inc", "sev", "pir",
)  # fmt: skip
_REVERT = regex(r"^(?:Revert|Back ?out|Undo)\b[:\s]", re.IGNORECASE)
_REVERTED_SUBJECT = regex(r"^Revert:? [\"'“](.{1,300}?)[\"'”]")
_HOTFIX = regex(
    r"\bhot-?fix|\bpost-?mortem|\b(?:INC|SEV|PIR)-?\d+\b"
    r"|\b(?:fix|fixes|fixed|after|during|caused?|prevent|mitigate)\b.{0,60}\b(?:outage|incident|downtime|regression)",
    re.IGNORECASE,
)
_FIXES = regex(
    r"\b(?:fix|fixe[sd]|fixing|repair|correct|prevent|handle|guard|ensure|avoid|re-?land|re-?apply|restore|re-?introduce"
    r"|properly|second attempt|take two)\b",
    re.IGNORECASE,
)
_NUMBER = regex(r"\s*\([#!]\d{1,9}\)\s*$")


class Repair(Struct, frozen=True):
    """A trouble, the commit that mends it (None where nothing does), and whether a test came with the mending."""

    trouble: Row
    mended_by: Row | None = None
    tested: bool = False


def repairs(rows: Sequence[Row], undoings: Undoings, undone: Collection[str], kinds: Kinds) -> Iterator[Repair]:
    """The troubles among these rows (newest first), the newest first; ``undone`` are ids of reverted commits."""
    found, fixes = 0, _Fixes(kinds)
    for position, row in enumerate(rows):
        low = row.commit.subject.lower()
        if not any(map(low.__contains__, _HINTS)) and "This reverts" not in row.commit.body:
            continue
        is_revert = bool(_REVERT.match(row.commit.subject)) or bool(undoings.of(row.commit))
        if not is_revert and not _HOTFIX.search(row.commit.subject):
            continue
        found += 1
        if found > _MOST_TROUBLES:
            return
        yield _repair(row, rows[max(0, position - _MOST_AFTER) : position], is_revert, fixes, undone)


class _Fixes:
    """Which commits say that they fix something, and the application code that each touches; looked at once each."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._said: dict[str, bool] = {}

    def said(self, row: Row) -> bool:
        """Whether a commit says so."""
        found = self._said.get(row.sha)
        if found is None:
            found = self._said[row.sha] = bool(_FIXES.search(row.commit.subject))
        return found

    def code(self, row: Row) -> set[str]:
        """The application code that a commit touches; nothing of a sweep through everything, which mends no trouble."""
        if len(row.commit.changes) > _SWEEP:
            return set()
        return {change.path for change in row.commit.changes if self._kinds[change.path] == PathKind.APP}


def _repair(row: Row, later: Sequence[Row], is_revert: bool, fixes: _Fixes, undone: Collection[str]) -> Repair:
    if not is_revert and row.touches(PathKind.APP) and row.touches(PathKind.TEST) and row.sha not in undone:
        return Repair(row, row, True)
    code = fixes.code(row)
    again = _REVERTED_SUBJECT.match(row.commit.subject)
    wanted = _NUMBER.sub("", again[1]).casefold() if again else ""
    for other in reversed(later if code else ()):  # the oldest first
        if other.commit.committed - row.commit.committed > DAYS * _DAY:
            break
        if other.sha in undone or not other.touches(PathKind.APP):
            continue
        mends = fixes.said(other) or (wanted and wanted in other.commit.subject.casefold())
        if mends and not _REVERT.match(other.commit.subject) and not code.isdisjoint(fixes.code(other)):
            return Repair(row, other, other.touches(PathKind.TEST))
    return Repair(row)
