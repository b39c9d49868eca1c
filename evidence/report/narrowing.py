"""A part of a digest: some domains, levels or statuses, one's own evidence or that of others."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from evidence.model import CellStatus, Digest, Level, Outcome

OWN, OTHERS = "own", "others"


@dataclass(frozen=True)
class Part:
    """What to show; an empty field does not narrow. ``whose`` is ``own`` or ``others`` where there is a candidate."""

    domain: str = ""
    level: str = ""
    status: str = ""
    whose: str = ""

    @property
    def whole(self) -> bool:
        """Whether this is no narrowing at all."""
        return not (self.domain or self.level or self.status or self.whose)

    @property
    def words(self) -> str:
        """The part as it is told to the reader."""
        whose = {OWN: "the candidate's own", OTHERS: "by others"}.get(self.whose, "")
        status = self.status.replace("_", " ")
        return ", ".join(each for each in (self.domain, self.level, status, whose) if each)


def part(digest: Digest, **given: str) -> Part:
    """The part that a reader asked for; what the digest does not have is ignored."""
    domains = {competency.domain for competency in digest.competencies}
    known = {
        "domain": domains,
        "level": {level.value for level in Level},
        "status": {status.value for status in CellStatus} | {"contradicted"},
        "whose": {OWN, OTHERS} if digest.subject.get("candidate") else set(),
    }
    return Part(**{name: value for name, value in given.items() if value in known.get(name, ())})


def narrowed(digest: Digest, wanted: Part) -> Digest:
    """``digest`` with only the cells of this part, the rows that have one, and the evidence of those rows."""
    if wanted.whole:
        return digest
    domains = {competency.id: competency.domain for competency in digest.competencies}
    cells = tuple(
        cell
        for cell in digest.cells
        if wanted.domain in ("", domains.get(cell.competency))
        and wanted.level in ("", cell.level.value)
        and (wanted.status in ("", cell.status.value) or (wanted.status == "contradicted" and cell.contradicted))
    )
    rows = {cell.competency for cell in cells}
    signals = tuple(
        signal
        for signal in digest.signals
        if signal.competency in rows and (signal.outcome is not Outcome.FOUND or _is_of(signal.own_grade, wanted.whose))
    )
    kept = {signal.id for signal in signals}
    return msgspec.structs.replace(
        digest,
        competencies=tuple(competency for competency in digest.competencies if competency.id in rows),
        cells=cells,
        signals=signals,
        findings=tuple(finding for finding in digest.findings if finding.signal in kept),
    )


def _is_of(own_grade: object, whose: str) -> bool:
    return not whose or (own_grade is not None) == (whose == OWN)
