"""What may never happen to a cell, whatever was found: properties of the aggregator over the whole matrix."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from evidence.matrix.aggregate import aggregate
from evidence.matrix.inputs import SignalEvidence
from evidence.matrix.load import load_matrix, load_vocabulary
from evidence.model import CellStatus, Grade, Outcome, Polarity

# Hundreds of whole matrices, over lines that the examples of the other files measure.
pytestmark = pytest.mark.no_cover

PRACTISED, SUSTAINED = Grade.PRACTISED, Grade.SUSTAINED


def found(signal: str, grade: Grade, **more: Any) -> SignalEvidence:
    """Evidence of a found signal, with one finding called after it."""
    return SignalEvidence(signal=signal, outcome=Outcome.FOUND, grade=grade, finding_ids=(f"f:{signal}",), **more)


_RANK = {
    CellStatus.NOT_OBSERVABLE: 0,
    CellStatus.NOT_APPLICABLE: 0,
    CellStatus.NOT_SEEN: 0,
    CellStatus.NOT_LOOKED: 0,
    CellStatus.PARTLY: 1,
    # Another's whole becomes a part of one's own, with the rest unknown: neither is more than the other.
    CellStatus.BY_OTHERS: 1,
    CellStatus.SUPPORTED: 3,
}
_SIGNALS = sorted(load_vocabulary())
_OUTCOMES = [Outcome.FOUND] * 6 + [Outcome.ABSENT, Outcome.UNAVAILABLE, Outcome.ERROR, Outcome.NOT_APPLICABLE]
_NUMBERS = [0, 2, 5, 12, 200]


def _evidence(chance: Random, signal: str) -> SignalEvidence:
    outcome = chance.choice(_OUTCOMES)
    askable = load_vocabulary()[signal]
    if outcome is not Outcome.FOUND:
        return SignalEvidence(signal=signal, outcome=outcome, polarity=askable.polarity)
    grade = chance.choice(list(Grade))
    own = chance.choice([None, *(g for g in Grade if g <= grade)])
    measures = {name: chance.choice(_NUMBERS) for name in askable.measures}
    return found(signal, grade, own_grade=own, measures=measures, own_measures=measures, polarity=askable.polarity)


def _world(seed: int) -> dict[str, SignalEvidence]:
    chance = Random(seed)  # noqa: S311 - a made-up world, no secret
    return {signal: _evidence(chance, signal) for signal in _SIGNALS}


# One number stands for the thousand choices of a world: drawn singly, these cost far more than what is tested.
_worlds = st.integers(0, 2**32).map(_world)
_supporting = st.sampled_from([s for s in _SIGNALS if load_vocabulary()[s].polarity is Polarity.FOR])


@settings(max_examples=40, deadline=None)
@given(_worlds, _supporting, st.booleans())
def test_more_evidence_never_lowers_a_cell(world: dict[str, SignalEvidence], signal: str, candidate: bool) -> None:
    """Raising a supporting signal to sustained, with larger measures, lowers the status of no cell."""
    most = {name: 1000 for name in load_vocabulary()[signal].measures}
    own = SUSTAINED if candidate else None
    raised = {**world, signal: found(signal, SUSTAINED, own_grade=own, measures=most, own_measures=most)}
    before, after = (aggregate(load_matrix(), w, candidate=candidate) for w in (world, raised))
    assert all(_RANK[b.status] <= _RANK[a.status] for b, a in zip(before, after, strict=True))


@settings(max_examples=40, deadline=None)
@given(_worlds, _worlds)
def test_who_has_all_that_another_has_supports_at_least_the_same(
    one: dict[str, SignalEvidence], other: dict[str, SignalEvidence]
) -> None:
    """Of two repositories, one with the better evidence of both for each signal, and no more counter-evidence than
    the first, supports every cell that the first does."""
    better = {signal: _better(evidence, other[signal]) for signal, evidence in one.items()}
    before, after = (aggregate(load_matrix(), world) for world in (one, better))
    supported = {(c.competency, c.level) for c in before if c.status is CellStatus.SUPPORTED}
    assert supported <= {(c.competency, c.level) for c in after if c.status is CellStatus.SUPPORTED}


def _better(one: SignalEvidence, other: SignalEvidence) -> SignalEvidence:
    """The evidence of a repository that has what both have; counter-evidence stays the first one's."""
    if one.polarity is Polarity.AGAINST or other.outcome is not Outcome.FOUND:
        return one
    if one.outcome is not Outcome.FOUND or one.grade is None or other.grade is None:
        return other
    most = {name: max(value, other.measures.get(name, value)) for name, value in one.measures.items()}
    return replace(one, grade=max(one.grade, other.grade, key=lambda g: g.rank), measures=most)


@settings(max_examples=40, deadline=None)
@given(_worlds, st.booleans())
def test_not_seen_is_never_a_guess(world: dict[str, SignalEvidence], candidate: bool) -> None:
    """A cell is not seen only if no answer to the open questions could have supported it."""
    best = {}
    for signal, evidence in world.items():
        open_ = evidence.outcome in (Outcome.UNAVAILABLE, Outcome.ERROR)
        most = {name: 1000 for name in load_vocabulary()[signal].measures}
        answer = found(signal, SUSTAINED, own_grade=SUSTAINED, measures=most, own_measures=most)
        if open_ and evidence.polarity is Polarity.AGAINST:
            answer = SignalEvidence(signal=signal, outcome=Outcome.ABSENT, polarity=Polarity.AGAINST)
        best[signal] = answer if open_ else evidence
    for known, hoped in zip(*(aggregate(load_matrix(), w, candidate=candidate) for w in (world, best)), strict=True):
        if known.status is CellStatus.NOT_SEEN:
            assert hoped.status is not CellStatus.SUPPORTED


@settings(max_examples=40, deadline=None)
@given(_worlds)
def test_a_higher_cell_is_never_supported_alone(world: dict[str, SignalEvidence]) -> None:
    """Where a level is supported, so is every observable level below it."""
    result = aggregate(load_matrix(), world)
    for row in load_matrix().rows:
        ranks = [
            c.status is CellStatus.SUPPORTED
            for c in result
            if c.competency == row.id and c.status is not CellStatus.NOT_OBSERVABLE
        ]
        assert ranks == sorted(ranks, reverse=True)


@settings(max_examples=20, deadline=None)
@given(_worlds)
def test_order_of_the_findings_is_of_no_account(world: dict[str, SignalEvidence]) -> None:
    """The same findings in another order give the same cells."""
    backwards = dict(reversed(list(world.items())))
    assert aggregate(load_matrix(), world) == aggregate(load_matrix(), backwards)


def test_counter_evidence_never_raises_a_cell() -> None:
    """With all else at its best, each counter-signal lowers cells or marks them, and raises none."""
    best = {
        s: found(s, SUSTAINED, measures={name: 1000 for name in a.measures})
        for s, a in load_vocabulary().items()
        if a.polarity is Polarity.FOR
    }
    clean = {**best, **{s: SignalEvidence(signal=s, outcome=Outcome.ABSENT) for s in _SIGNALS if s not in best}}
    before = aggregate(load_matrix(), clean)
    assert {c.status for c in before} == {CellStatus.SUPPORTED, CellStatus.NOT_OBSERVABLE}
    for signal in sorted(set(clean) - set(best)):
        bad = replace(clean[signal], outcome=Outcome.FOUND, grade=PRACTISED, finding_ids=("bad",))
        after = aggregate(load_matrix(), {**clean, signal: bad})
        assert all(_RANK[a.status] <= _RANK[b.status] for b, a in zip(before, after, strict=True))
        assert any(cell.contradicted for cell in after)
