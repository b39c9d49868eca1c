"""What the aggregator is given for one signal, and whether it meets one condition of a rule."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from evidence.matrix.rules import Atom, Measured, Truth
from evidence.model import Grade, Outcome, Polarity, Scalar


class SignalEvidence(Struct, frozen=True, kw_only=True):
    """One signal over all repositories: the best outcome and grade, and the measures of the finding that reached it.

    ``own_grade`` and ``own_measures`` are computed over the candidate's own sites; they stay empty without a candidate.
    ``own_open`` says that more of it may be the candidate's, and cannot be told.
    """

    signal: str
    outcome: Outcome
    grade: Grade | None = None
    own_grade: Grade | None = None
    measures: Mapping[str, Scalar] = field(default_factory=dict)
    own_measures: Mapping[str, Scalar] = field(default_factory=dict)
    own_open: bool = False
    polarity: Polarity = Polarity.FOR
    finding_ids: tuple[str, ...] = ()


def atom_truth(evidence: SignalEvidence | None, atom: Atom, *, own: bool) -> Truth:
    """Whether the signal's evidence (of the candidate alone, if ``own``) meets the condition; None when not known.

    A signal that nobody looked at, and a measure that its finding does not give, are not known. A signal that does not
    apply cannot support anything, so it is false. A measure of a mere trace is false: a trace is never credit. What is
    false of the part that is known to be the candidate's is not known where more of it may be theirs.
    """
    truth = _truth(evidence, atom, own=own)
    return None if own and truth is False and evidence is not None and evidence.own_open else truth


def _truth(evidence: SignalEvidence | None, atom: Atom, *, own: bool) -> Truth:
    if evidence is None or evidence.outcome in (Outcome.UNAVAILABLE, Outcome.ERROR):
        return None
    grade = evidence.own_grade if own else evidence.grade
    if evidence.outcome is not Outcome.FOUND or grade is None:
        return False
    if not isinstance(atom, Measured):
        return atom.grade <= grade
    if grade is Grade.TRACE:
        return False
    value = (evidence.own_measures if own else evidence.measures).get(atom.measure)
    return None if value is None or isinstance(value, str) else value >= atom.at_least
