"""From findings to cells: every status, and what may never happen on the way."""

from __future__ import annotations

from typing import Any

import pytest

from evidence.matrix.aggregate import aggregate
from evidence.matrix.inputs import SignalEvidence
from evidence.matrix.load import Matrix, load_matrix, read_rows
from evidence.model import Cell, CellStatus, Grade, Level, Outcome, Polarity, Scalar

PRACTISED, TRACE = Grade.PRACTISED, Grade.TRACE


def _level(rule: str) -> dict[str, Any]:
    return {"marker": "m", "rule": rule, "example": "e", "seen": ["s1", "s2"], "unseen": ["u1", "u2"]}


MATRIX = Matrix(
    read_rows(
        {
            "domain": "Some domain",
            "row": [
                {
                    "id": "row",
                    "title": "Row",
                    "seeds": [],
                    "against": ["x.bad"],
                    "junior": _level("x.a >= practised"),
                    "mid": _level("x.b >= practised and x.c >= practised"),
                    "senior": _level("x.a.count >= 3 and not x.bad >= practised"),
                    "staff": {"marker": "m", "not_observable": "It happens elsewhere.", "unseen": ["u1", "u2"]},
                }
            ],
        }
    )
)


def found(signal: str, grade: Grade | None = PRACTISED, **more: Any) -> SignalEvidence:
    """Evidence of a found signal, with one finding called after it."""
    return SignalEvidence(signal=signal, outcome=Outcome.FOUND, grade=grade, finding_ids=(f"f:{signal}",), **more)


def other(signal: str, outcome: Outcome = Outcome.ABSENT) -> SignalEvidence:
    """Evidence of a signal that was not found."""
    return SignalEvidence(signal=signal, outcome=outcome)


def cells(*evidence: SignalEvidence, **options: Any) -> dict[Level, Cell]:
    """The cells of the small matrix; signals that are not given are absent."""
    given_ = {e.signal: e for e in (*map(other, ("x.a", "x.b", "x.c", "x.bad")), *evidence)}
    return {cell.level: cell for cell in aggregate(MATRIX, given_, **options)}


def test_supported() -> None:
    """A rule that holds supports its cell, with its findings, its rule and the questions on what was seen."""
    cell = cells(found("x.a"))[Level.JUNIOR]
    assert cell.status is CellStatus.SUPPORTED
    assert (cell.findings, cell.probes, cell.rule) == (("f:x.a",), ("s1", "s2"), "x.a >= practised")


def test_a_trace_is_no_credit() -> None:
    """A trace supports nothing, neither by its grade nor by its measures."""
    result = cells(found("x.a", TRACE, measures={"count": 9}))
    assert result[Level.JUNIOR].status is CellStatus.NOT_SEEN
    assert result[Level.SENIOR].status is CellStatus.NOT_SEEN
    assert result[Level.JUNIOR].findings == ()


def test_partly() -> None:
    """One of the conditions that a level adds makes it partly met; it gets one probe of each kind."""
    cell = cells(found("x.a"), found("x.b"))[Level.MID]
    assert cell.status is CellStatus.PARTLY
    assert (cell.findings, cell.probes) == (("f:x.a", "f:x.b"), ("s1", "u1"))


def test_lower_conditions_alone_are_not_partly() -> None:
    """What a lower level asks is no sign of a higher one."""
    assert cells(found("x.a"))[Level.MID].status is CellStatus.NOT_SEEN


def test_without_the_lowest_rule_nothing_is_begun() -> None:
    """Conditions that a higher level adds say nothing where the row's lowest rule is known to fail."""
    assert cells(found("x.b"))[Level.MID].status is CellStatus.NOT_SEEN
    assert cells(found("x.b"), other("x.a", Outcome.UNAVAILABLE))[Level.MID].status is CellStatus.PARTLY


def test_higher_level_needs_the_lower() -> None:
    """A level is not supported while a lower one is not, whatever it adds."""
    result = cells(found("x.a", measures={"count": 5}))
    assert result[Level.MID].status is CellStatus.NOT_SEEN
    assert result[Level.SENIOR].status is CellStatus.PARTLY


@pytest.mark.parametrize("outcome", [Outcome.UNAVAILABLE, Outcome.ERROR])
def test_not_looked(outcome: Outcome) -> None:
    """An input that could not be looked at leaves the cell open, and its reason is passed on."""
    cell = cells(other("x.a", outcome), titles={"x.a": "Alpha"}, reasons={"x.a": "no detector yet"})[Level.JUNIOR]
    assert cell.status is CellStatus.NOT_LOOKED
    assert cell.reason == "Could not be looked for: Alpha (practised) (no detector yet)."
    assert cell.probes == ("u1", "u2")


def test_a_signal_nobody_gave_is_not_looked_for() -> None:
    """Signals missing from the findings count as not looked for, never as absent."""
    assert {cell.status for cell in aggregate(MATRIX, {})} == {CellStatus.NOT_LOOKED, CellStatus.NOT_OBSERVABLE}


@pytest.mark.parametrize("value", [None, "many"])
def test_a_measure_that_is_not_given_is_unknown(value: str | None) -> None:
    """A found signal without the number asked leaves the condition open."""
    measures: dict[str, Scalar] = {} if value is None else {"count": value}
    result = cells(found("x.a", measures=measures), found("x.b"), found("x.c"))
    assert result[Level.SENIOR].status is CellStatus.NOT_LOOKED


def test_not_applicable() -> None:
    """A level whose supporting signals all do not apply is not applicable, and so are those above it."""
    result = cells(other("x.a", Outcome.NOT_APPLICABLE), found("x.b"), found("x.c"))
    assert {result[level].status for level in (Level.JUNIOR, Level.MID, Level.SENIOR)} == {CellStatus.NOT_APPLICABLE}


def test_one_signal_that_does_not_apply_is_not_enough() -> None:
    """A level with another signal that applies is judged, and the one that does not apply counts as false."""
    result = cells(found("x.a"), other("x.b", Outcome.NOT_APPLICABLE), found("x.c"))
    assert result[Level.MID].status is CellStatus.PARTLY


def test_not_observable() -> None:
    """A cell that no repository can show says why, and asks."""
    cell = cells()[Level.STAFF]
    assert cell.status is CellStatus.NOT_OBSERVABLE
    assert (cell.reason, cell.rule, cell.probes) == ("It happens elsewhere.", None, ("u1", "u2"))


def test_counter_evidence_contradicts_what_is_credited() -> None:
    """Counter-evidence marks the credited cells of its row, and those under ``not`` do not hold."""
    everything = (found("x.a", measures={"count": 5}), found("x.b"), found("x.c"))
    assert cells(*everything)[Level.SENIOR].status is CellStatus.SUPPORTED
    result = cells(*everything, found("x.bad", polarity=Polarity.AGAINST))
    assert result[Level.JUNIOR].contradicted
    assert result[Level.JUNIOR].against == ("f:x.bad",)
    assert result[Level.SENIOR].status is CellStatus.PARTLY
    assert not result[Level.STAFF].contradicted


def test_a_trace_of_counter_evidence_contradicts_nothing() -> None:
    """A lead against is as little proof as a lead for."""
    assert not cells(found("x.a"), found("x.bad", TRACE))[Level.JUNIOR].contradicted


def test_counter_evidence_where_nothing_is_credited() -> None:
    """A cell without evidence has nothing to contradict."""
    assert not cells(found("x.bad"))[Level.JUNIOR].contradicted


def test_by_others() -> None:
    """With a candidate, a rule that only the repository meets is the work of others, and says so."""
    cell = cells(found("x.a"), candidate=True)[Level.JUNIOR]
    assert cell.status is CellStatus.BY_OTHERS
    assert cell.findings == ("f:x.a",)
    assert cell.reason is not None and cell.reason.startswith("In the repository, not in the candidate's own work.")


def test_own_work_is_credited() -> None:
    """With a candidate, their own grade supports the cell."""
    assert cells(found("x.a", own_grade=PRACTISED), candidate=True)[Level.JUNIOR].status is CellStatus.SUPPORTED


def test_own_part_of_a_cell() -> None:
    """Own work that meets one of the added conditions is partly, where the repository does not meet the rule either."""
    result = cells(found("x.a", own_grade=PRACTISED), found("x.b", own_grade=PRACTISED), candidate=True)
    assert result[Level.MID].status is CellStatus.PARTLY


def test_own_measures_are_the_candidates() -> None:
    """The repository's numbers are never credited to a candidate; without their own the condition is open."""
    mine = [
        found(s, own_grade=PRACTISED, measures={"count": 9}, own_measures=own)
        for s, own in (("x.a", {"count": 1}), ("x.b", {}), ("x.c", {}))
    ]
    assert cells(*mine, candidate=True)[Level.SENIOR].status is CellStatus.BY_OTHERS


def test_the_reason_states_what_holds_and_what_is_missing() -> None:
    """The sentence names the conditions by the titles given."""
    titles = {"x.a": "Alpha", "x.b": "Beta", "x.c": "Gamma"}
    cell = cells(found("x.a"), found("x.b"), titles=titles)[Level.MID]
    assert cell.reason == "Holds: Alpha (practised); Beta (practised). Missing: Gamma (practised)."


def test_order_is_the_matrix() -> None:
    """Cells come row by row, lowest level first: one for each competency and level."""
    matrix = load_matrix()
    result = aggregate(matrix, {})
    assert [(c.competency, c.level) for c in result] == [(r.id, level) for r in matrix.rows for level in Level]
