"""From findings to cells: the status of each competency at each level, and one factual sentence that says why.

How a status is reached is written in docs/decisions/matrix-rules.md; nothing here adds cells up.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from msgspec import Struct

from evidence.matrix.inputs import SignalEvidence, atom_truth
from evidence.matrix.load import CellSpec, Matrix, Row
from evidence.matrix.rules import Atom, Rule, Truth, evaluate, positive_atoms, rule_text
from evidence.matrix.words import account
from evidence.model import Cell, CellStatus, Grade, Outcome

CREDITED = frozenset({CellStatus.SUPPORTED, CellStatus.PARTLY, CellStatus.BY_OTHERS})
"""The statuses that show evidence; only these can be contradicted."""


class _Scan(Struct, frozen=True):
    """What all cells are judged on."""

    findings: Mapping[str, SignalEvidence]
    candidate: bool
    titles: Mapping[str, str]
    reasons: Mapping[str, str]

    def truth(self, atom: Atom, *, own: bool) -> Truth:
        return atom_truth(self.findings.get(atom.signal), atom, own=own)

    def applies(self, rule: Rule) -> bool:
        """Whether any supporting signal of the rule makes sense for these repositories."""
        found = (self.findings.get(atom.signal) for atom in positive_atoms(rule))
        return any(evidence is None or evidence.outcome is not Outcome.NOT_APPLICABLE for evidence in found)


def aggregate(
    matrix: Matrix,
    findings: Mapping[str, SignalEvidence],
    *,
    candidate: bool = False,
    titles: Mapping[str, str] | None = None,
    reasons: Mapping[str, str] | None = None,
) -> tuple[Cell, ...]:
    """Every cell of the matrix, row by row, lowest level first.

    ``findings`` maps signal ids to their evidence; a signal that is missing counts as not looked for. With a
    ``candidate``, a cell is credited on the candidate's own grades, and is ``by_others`` where only the repository as a
    whole meets its rule.
    ``titles`` names signals in the sentences; ``reasons`` says, per signal, why it could not be looked for.
    """
    scan = _Scan(findings, candidate, titles or {}, reasons or {})
    return tuple(_cell(row, index, scan) for row in matrix.rows for index in range(len(row.cells)))


def _cell(row: Row, index: int, scan: _Scan) -> Cell:
    spec = row.cells[index]
    status = _status(row.cells[: index + 1], scan)
    own = scan.candidate and status is not CellStatus.BY_OTHERS
    truth = partial(scan.truth, own=own)
    against = _counter_findings(row, scan) if status in CREDITED else ()
    return Cell(
        competency=row.id,
        level=spec.level,
        status=status,
        contradicted=bool(against),
        marker=spec.marker,
        rule=None if spec.effective is None else rule_text(spec.effective),
        reason=_reason(spec, status, truth, scan),
        findings=_credited(spec, truth, scan) if status in CREDITED else (),
        against=against,
        probes=_probes(spec, status),
    )


def _status(cells: tuple[CellSpec, ...], scan: _Scan) -> CellStatus:
    """The status of the last of these cells; the others are the lower levels of its row."""
    spec = cells[-1]
    if spec.rule is None or spec.effective is None:
        return CellStatus.NOT_OBSERVABLE
    if not all(scan.applies(cell.rule) for cell in cells if cell.rule is not None):
        return CellStatus.NOT_APPLICABLE
    truth = partial(scan.truth, own=scan.candidate)
    holds = evaluate(spec.effective, truth)
    if holds:
        return CellStatus.SUPPORTED
    if scan.candidate and holds is False and evaluate(spec.effective, partial(scan.truth, own=False)):
        return CellStatus.BY_OTHERS
    if any(truth(atom) for atom in positive_atoms(spec.rule)) and _begun(cells, truth):
        return CellStatus.PARTLY
    return CellStatus.NOT_LOOKED if holds is None else CellStatus.NOT_SEEN


def _begun(cells: tuple[CellSpec, ...], truth: partial[Truth]) -> bool:
    """Whether the row's lowest rule may hold.

    Without it, what a level adds says little of this competency: a tuned server is no sign of async work.
    """
    lowest = next(cell.rule for cell in cells if cell.rule is not None)
    return evaluate(lowest, truth) is not False


def _counter_findings(row: Row, scan: _Scan) -> tuple[str, ...]:
    """Findings of the row's counter-evidence that are more than a trace, whoever wrote them: the page shows who did."""
    found = (scan.findings.get(signal) for signal in row.against)
    return tuple(i for e in found if e and e.grade and e.grade >= Grade.PRACTISED for i in e.finding_ids)


def _credited(spec: CellSpec, truth: partial[Truth], scan: _Scan) -> tuple[str, ...]:
    """Ids of the findings whose conditions hold, in the order of the rule."""
    atoms = positive_atoms(spec.effective) if spec.effective else ()
    signals = dict.fromkeys(atom.signal for atom in atoms if truth(atom))
    return tuple(dict.fromkeys(i for signal in signals for i in scan.findings[signal].finding_ids))


def _probes(spec: CellSpec, status: CellStatus) -> tuple[str, ...]:
    """Questions on what was seen where the cell is met, on both sides where it is partly met, else on what was not."""
    if status in (CellStatus.SUPPORTED, CellStatus.BY_OTHERS):
        return spec.seen
    return (*spec.seen[:1], *spec.unseen[:1]) if status is CellStatus.PARTLY else spec.unseen


def _reason(spec: CellSpec, status: CellStatus, truth: partial[Truth], scan: _Scan) -> str | None:
    if status is CellStatus.NOT_OBSERVABLE or spec.effective is None:
        return spec.not_observable
    if status is CellStatus.NOT_APPLICABLE:
        return "What this level is read from does not apply to this code."
    told = account(spec.effective, truth, scan.titles, scan.reasons)
    return f"In the repository, not in the candidate's own work. {told}" if status is CellStatus.BY_OTHERS else told
