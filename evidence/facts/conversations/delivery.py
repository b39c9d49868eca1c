"""Merged changes as a table: how long each took, how large it was, whether it was undone, when it was released."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct, convert

from evidence.facts.conversations.items import change_item
from evidence.facts.conversations.reviews import person_of
from evidence.model import ChangeRequest, Changes
from evidence.patterns import regex

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("number", "item", "author", "merged", "lead_hours", "lines", "reverted", "release_hours")
_HOUR = 3_600
_REVERTS = regex(r'^revert(?:s|ed)?:? ["\u201c\u201d\'`](.{1,300})["\u201c\u201d\'`]', re.IGNORECASE)
_NAMED = regex(r"\breverts? (?:[\w.-]{1,60}/[\w.-]{1,60}(?:/[\w.-]{1,60})?)?[#!](\d{1,7})\b", re.IGNORECASE)
_COMMIT = regex(r"\bthis reverts commit ([0-9a-f]{7,40})\b", re.IGNORECASE)


class Delivered(Struct, frozen=True, kw_only=True):
    """One row of the table; figures that are not known are None."""

    number: int
    item: str
    author: str
    merged: int
    lead_hours: float
    lines: float | None
    reverted: bool
    release_hours: float | None


def delivered(frame: pd.DataFrame) -> tuple[Delivered, ...]:
    """The rows of the table as records."""
    import pandas

    rows = frame.to_dict("records")
    known = [{str(key): None if pandas.isna(value) else value for key, value in row.items()} for row in rows]
    return convert(known, tuple[Delivered, ...])


def delivery_frame(changes: Changes) -> pd.DataFrame:
    """One row per merged change of a person, by number; what undoes another change is counted with that one.

    ``lead_hours`` run from opening to merge, ``release_hours`` from merge to the next release that is no pre-release
    (missing where none followed); ``lines`` are added and deleted lines (missing where the forge told none).
    """
    import pandas

    undone = _undone(changes)
    reverting = {change.number for change in changes.requests if _REVERTS.match(change.title)}
    releases = sorted(release.created for release in changes.releases if not release.prerelease)
    rows = [
        _row(change, change.number in undone, releases)
        for change in sorted(changes.requests, key=lambda each: each.number)
        if change.merged and person_of(change.author) and change.number not in reverting
    ]
    frame = pandas.DataFrame(rows, columns=list(COLUMNS))
    return frame.astype({"lead_hours": "float64", "lines": "Float64", "release_hours": "Float64"})


def _row(change: ChangeRequest, undone: bool, releases: list[int]) -> tuple[object, ...]:
    lines = change.additions + change.deletions
    following = next((when for when in releases if when >= change.merged), None)
    return (
        change.number,
        change_item(change),
        person_of(change.author),
        change.merged,
        max(change.merged - change.created, 0) / _HOUR,
        lines or None,
        undone,
        None if following is None else (following - change.merged) / _HOUR,
    )


def _undone(changes: Changes) -> frozenset[int]:
    """Changes that a later merged one reverts, by its title, or as its description names number or commit, unless it
    was reverted itself."""
    merged = [change for change in changes.requests if change.merged]
    by_title = {change.title: change.number for change in merged}
    by_commit = {change.merge_commit: change.number for change in merged if change.merge_commit}
    found: set[int] = set()
    for change in sorted(merged, key=lambda each: (-each.merged, -each.number)):
        title = _REVERTS.match(change.title)
        if title is None or change.number in found:
            continue
        body = change.body[:2_000]
        found.update(int(number) for number in _NAMED.findall(body))
        found.update(n for sha, n in by_commit.items() if any(sha.startswith(c) for c in _COMMIT.findall(body)))
        found.update([by_title[title[1]]] if title[1] in by_title else [])
    return frozenset(found)
