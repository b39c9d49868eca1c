"""The matrix as frozen records, read from the data files of this package."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from msgspec import Struct

from evidence.matrix.rules import Rule, RuleError, conjoin, parse_rule
from evidence.model import Level, Polarity


class MatrixError(ValueError):
    """The data of the matrix is malformed; the message names the row and the level."""


class CellSpec(Struct, frozen=True):
    """What one competency looks like at one level.

    ``rule`` is what this level adds; ``effective`` is that together with all that the lower levels of the row ask. Both
    are None where ``not_observable`` says why no repository can show the behaviour; such a cell has no example and no
    ``seen``.
    """

    level: Level
    marker: str
    rule: Rule | None
    effective: Rule | None
    not_observable: str | None
    example: str | None
    seen: tuple[str, ...]
    unseen: tuple[str, ...]


class Row(Struct, frozen=True):
    """One competency. ``against`` are the counter-evidence signals that contradict its cells."""

    id: str
    domain: str
    title: str
    seeds: tuple[str, ...]
    against: tuple[str, ...]
    cells: tuple[CellSpec, ...]


class Matrix(Struct, frozen=True):
    """All rows, in the order they are shown."""

    rows: tuple[Row, ...]


class PendingSignal(Struct, frozen=True):
    """A signal of the catalogue that no detector answers yet."""

    id: str
    title: str
    competency: str
    seeds: tuple[str, ...]
    where: str
    polarity: Polarity


class Askable(Struct, frozen=True):
    """What a rule may ask of one signal. ``measures`` maps a measure to its wording, ``{n}`` being the number asked."""

    id: str
    competency: str
    polarity: Polarity
    can_be_sustained: bool
    measures: Mapping[str, str]


class Feature(Struct, frozen=True):
    """A part of the product that answers seed items which are no competencies; ``since`` is a version, or "planned"."""

    id: str
    title: str
    seeds: tuple[str, ...]
    what: str
    since: str


class Profile(Struct, frozen=True):
    """What one kind of role asks about: which rows to read first. There are no weights, and nothing is added up."""

    id: str
    title: str
    summary: str
    core: tuple[str, ...]
    relevant: tuple[str, ...]
    out_of_scope: tuple[str, ...]


def _data(*path: str) -> dict[str, Any]:
    return tomllib.loads(files("evidence.matrix").joinpath(*path).read_text(encoding="utf-8"))


@cache
def load_matrix() -> Matrix:
    """The product's matrix. Raises :class:`MatrixError` when a data file is malformed."""
    names = sorted(
        entry.name for entry in files("evidence.matrix").joinpath("rows").iterdir() if entry.name.endswith(".toml")
    )
    return Matrix(tuple(row for name in names for row in read_rows(_data("rows", name))))


def read_rows(data: Mapping[str, Any]) -> tuple[Row, ...]:
    """The rows of one parsed data file. Raises :class:`MatrixError`."""
    return tuple(
        Row(
            id=row["id"],
            domain=data["domain"],
            title=row["title"],
            seeds=tuple(row["seeds"]),
            against=tuple(row.get("against", ())),
            cells=_cells(row),
        )
        for row in data["row"]
    )


def _cells(row: Mapping[str, Any]) -> tuple[CellSpec, ...]:
    """The four cells, lowest level first; each level's effective rule carries those below it."""
    below: tuple[Rule, ...] = ()
    cells = []
    for level in Level:
        try:
            cells.append(_cell(level, row[level.value.lower()], below))
        except (KeyError, RuleError) as error:
            raise MatrixError(f"{row.get('id')}, {level}: {error}") from error
        effective = cells[-1].effective
        below = below if effective is None else (effective,)
    return tuple(cells)


def _cell(level: Level, cell: Mapping[str, Any], below: tuple[Rule, ...]) -> CellSpec:
    rule = None if "not_observable" in cell else parse_rule(cell["rule"])
    return CellSpec(
        level=level,
        marker=cell["marker"],
        rule=rule,
        effective=None if rule is None else conjoin(*below, rule),
        not_observable=cell.get("not_observable"),
        example=cell.get("example"),
        seen=tuple(cell.get("seen", ())),
        unseen=tuple(cell["unseen"]),
    )


@cache
def load_pending() -> tuple[PendingSignal, ...]:
    """Every signal of the catalogue whose detector is not there yet, by id."""
    return tuple(
        PendingSignal(
            id=signal,
            title=entry["title"],
            competency=entry["competency"],
            seeds=tuple(entry["seeds"]),
            where=entry["where"],
            polarity=Polarity(entry.get("polarity", "for")),
        )
        for signal, entry in sorted(_data("pending.toml").items())
    )


@cache
def load_vocabulary() -> Mapping[str, Askable]:
    """Every signal that rules may name, answered by a detector or pending, and what may be asked of it."""
    entries = {**_data("signals.toml"), **_data("pending.toml")}
    return {
        signal: Askable(
            id=signal,
            competency=entry["competency"],
            polarity=Polarity(entry.get("polarity", "for")),
            can_be_sustained=entry.get("can_be_sustained", True),
            measures=dict(entry.get("measures", {})),
        )
        for signal, entry in sorted(entries.items())
    }


@cache
def load_features() -> tuple[Feature, ...]:
    """The product's features that answer seed items, in the order of the file."""
    return tuple(Feature(**{**entry, "seeds": tuple(entry["seeds"])}) for entry in _data("features.toml")["feature"])


SCOPES = ("core", "relevant", "out_of_scope")
"""What a profile makes of a row, in the order in which rows are read."""


@cache
def load_profiles() -> tuple[Profile, ...]:
    """The role profiles, in the order of the file."""
    return tuple(
        Profile(**{**entry, **{name: tuple(entry[name]) for name in SCOPES}})
        for entry in _data("profiles.toml")["profile"]
    )


def scope_of(row: str, profile: str | None) -> str:
    """What a role profile makes of a row: ``core``, ``relevant`` or ``out_of_scope``; "" without a (known) profile."""
    chosen = next((p for p in load_profiles() if p.id == profile), None)
    if chosen is None:
        return ""
    return next((name for name in SCOPES if row in getattr(chosen, name)), "")
