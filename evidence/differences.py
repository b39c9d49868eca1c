"""What differs between a digest and the one that scanning again gives, each thing by its place."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from evidence.model import INCOMPLETE, Digest, LedgerEntry
from evidence.seal import SEAL
from evidence.source.choosing import LACKING

_SHOWN_CHARACTERS = 100
# What identifies a record of each list of the digest, so that a difference can be named.
_KEYS = {
    "repositories": ("id",),
    "competencies": ("id",),
    "signals": ("id",),
    "findings": ("id",),
    "cells": ("competency", "level"),
    "ledger": ("code", "subject", "reason"),
}
# The checksum differs with anything else, the options are those that the digest itself asked for, and the default
# branch is a setting of the repository's that no commit holds.
_NOT_COMPARED = (SEAL, "options", "default_branch")
_NAMELESS = "without a public address a repository goes by its folder's name, so give both the same."
# Ledger lines about the choice of sources, which scanning the chosen ones again does not write.
_CHOOSING = frozenset({"portfolio_chosen", "source_failed"})
# Where these differ, scanning again answers another question: no difference of the digest, and no proof of it.
_OTHER_QUESTION = ("tool", "inputs")


class Problem(Struct, frozen=True):
    """One thing that does not hold. ``unread`` marks what could not be looked at: it is no difference, and no proof."""

    place: str
    sentence: str
    unread: bool = False

    def __str__(self) -> str:
        return f"{self.place}: {self.sentence}"


def difference(place: str, field: str, said: object, found: object, source: str) -> Problem:
    """A field of the digest that ``source`` ("the repository gives") has otherwise."""
    return Problem(place, f"{field}: the digest says {_short(said)}, {source} {_short(found)}.")


def _short(value: object) -> str:
    text = "nothing" if value is None else msgspec.json.encode(value).decode()
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def compare(digest: Digest, again: Digest) -> tuple[Problem, ...]:
    """Every difference between a digest and the one that the same scan gives now.

    Where the tool, its plugins or Python have another version, that is said, and it proves nothing either way. Which
    repositories were chosen or could not be read is no question of what they hold, and is left out.
    """
    named, now = ([each.id for each in one.repositories] for one in (digest, again))
    if named != now:
        sentence = f"the digest is of {_short(named)}, and here that is {_short(now)}: {_NAMELESS}"
        return (Problem("repositories", sentence, unread=True),)
    said, found = _records(digest), _records(again)
    problems = []
    for place, field in sorted(said.keys() | found.keys()):
        theirs, ours = said.get((place, field)), found.get((place, field))
        if theirs != ours:
            problem = difference(place, field, theirs, ours, "scanning again gives")
            problems.append(replace(problem, unread=place in _OTHER_QUESTION))
    return tuple(problems)


def _records(digest: Digest) -> dict[tuple[str, str], Any]:
    """The digest as (place, field) -> value: one place for each record of each list, one for each open map."""
    digest = _of_what_was_read(digest)
    flat: dict[tuple[str, str], Any] = {}
    for section, value in msgspec.to_builtins(digest).items():
        if section in _KEYS:
            for record in value:
                place = " ".join([section, *(str(record[key]) for key in _KEYS[section])])
                flat.update({(place, field): each for field, each in record.items()})
        elif isinstance(value, dict):
            flat.update({(section, field): each for field, each in value.items()})
        else:
            flat["digest", section] = value
    return {(place, field): value for (place, field), value in flat.items() if field not in _NOT_COMPARED}


def _of_what_was_read(digest: Digest) -> Digest:
    """The digest without what tells how its sources were chosen; of a single repository, subjects go without its id."""
    prefix = f"{digest.repositories[0].id}: " if len(digest.repositories) == 1 else ""
    entries = [entry for entry in digest.ledger if not _is_of_choosing(entry)]
    ledger = [msgspec.structs.replace(entry, subject=entry.subject.removeprefix(prefix)) for entry in entries]
    lost = any(entry.code in INCOMPLETE for entry in digest.ledger if _is_of_choosing(entry))
    complete = digest.complete or (lost and all(entry.code not in INCOMPLETE for entry in entries))
    return msgspec.structs.replace(digest, ledger=tuple(ledger), complete=complete)


def _is_of_choosing(entry: LedgerEntry) -> bool:
    return entry.code in _CHOOSING or entry.subject.startswith(LACKING)
