"""Two digests of the same person or the same repositories, at two times: what changed, in the order of the matrix.

It says what differs and never whether that is better; digests of different people are not compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from evidence.model import Cell, CellStatus, Digest, Level, SignalResult, UsageError


@dataclass(frozen=True)
class CellChange:
    """One cell whose status differs. None where a digest has no such cell."""

    domain: str
    title: str
    level: Level
    before: CellStatus | None
    after: CellStatus | None


@dataclass(frozen=True)
class SignalChange:
    """One signal whose outcome or grade differs, each as words: ``found, practised`` or ``absent``."""

    title: str
    before: str
    after: str


@dataclass(frozen=True)
class Comparison:
    """What differs between two digests, and how many cells are the same."""

    cells: tuple[CellChange, ...]
    signals: tuple[SignalChange, ...]
    same_cells: int
    same_tool: bool


def comparable(before: Digest, after: Digest) -> bool:
    """Whether both are about the same candidate or, without one, about the same repositories."""
    one, other = before.subject.get("candidate"), after.subject.get("candidate")
    if one or other:
        return bool(one == other)
    return {repository.id for repository in before.repositories} == {repository.id for repository in after.repositories}


def compare(before: Digest, after: Digest) -> Comparison:
    """What differs. UsageError where the digests are not about the same."""
    if not comparable(before, after):
        raise UsageError("These digests are about different people or repositories: only one's own past is compared.")
    cells = list(_cells(before, after))
    return Comparison(
        cells=tuple(change for change in cells if change.before is not change.after),
        signals=tuple(_signals(before, after)),
        same_cells=sum(change.before is change.after for change in cells),
        same_tool=before.tool == after.tool and before.inputs.get("plugins") == after.inputs.get("plugins"),
    )


def _cells(before: Digest, after: Digest) -> Iterable[CellChange]:
    rows = {row.id: row for row in (*after.competencies, *before.competencies)}
    old, new = _by_place(before.cells), _by_place(after.cells)
    for row in rows.values():
        for level in Level:
            was, now = old.get((row.id, level)), new.get((row.id, level))
            if was or now:
                yield CellChange(row.domain, row.title, level, was.status if was else None, now.status if now else None)


def _by_place(cells: Iterable[Cell]) -> dict[tuple[str, Level], Cell]:
    return {(cell.competency, cell.level): cell for cell in cells}


def _signals(before: Digest, after: Digest) -> Iterable[SignalChange]:
    old, new = ({signal.id: signal for signal in digest.signals} for digest in (before, after))
    for name in sorted(old.keys() | new.keys()):
        was, now = _words(old.get(name)), _words(new.get(name))
        if was != now:
            yield SignalChange((new.get(name) or old[name]).title, was, now)


def _words(signal: SignalResult | None) -> str:
    if signal is None:
        return "not asked about"
    outcome = signal.outcome.value.replace("_", " ")
    return f"{outcome}, {signal.grade.value}" if signal.grade else outcome
