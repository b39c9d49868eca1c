"""The digest as a table: one line for each cell and each finding that it rests on or that speaks against it, and below
them, without a cell, one for each finding of something that no cell names."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from evidence.model import Cell, Citation, Digest, FileCitation, Finding, Outcome, SignalResult
from evidence.report.visible import visible

COLUMNS = (
    *("domain", "competency", "level", "status", "contradicted", "marker"),
    *("signal", "signal_title", "polarity", "grade", "own_grade", "statement", "repository", "sites"),
    *("citation", "lines", "commit", "url"),
)
# A spreadsheet takes a cell that begins so for a formula, also behind blanks.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "|", "%")


def to_csv(digest: Digest) -> str:
    """UTF-8 text with a header, lines ended by CR LF (RFC 4180). Text of others cannot become a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    writer.writerows([_safe(value) for value in row] for row in _rows(digest))
    return out.getvalue()


def _safe(value: object) -> str:
    text = visible("" if value is None else str(value), keep="\n\t")
    return f"'{text}" if text.lstrip().startswith(_FORMULA) or text.startswith(_FORMULA) else text


def _rows(digest: Digest) -> Iterator[list[object]]:
    titles = {competency.id: competency for competency in digest.competencies}
    findings = {finding.id: finding for finding in digest.findings}
    signals = {signal.id: signal for signal in digest.signals}
    for cell in digest.cells:
        row = titles.get(cell.competency)
        lead = [row.domain if row else "", row.title if row else cell.competency, *_said(cell)]
        grounds = [findings[each] for each in (*cell.findings, *cell.against) if each in findings]
        for finding in grounds:
            yield [*lead, *_ground(finding, signals.get(finding.signal))]
        if not grounds:
            yield [*lead, *[""] * (len(COLUMNS) - len(lead))]
    named = {each for cell in digest.cells for each in (*cell.findings, *cell.against)}
    for finding in digest.findings:
        if finding.id not in named and finding.outcome is Outcome.FOUND:
            signal = signals.get(finding.signal)
            row = titles.get(signal.competency) if signal else None
            yield [row.domain if row else "", row.title if row else "", "", "", "", "", *_ground(finding, signal)]


def _said(cell: Cell) -> list[object]:
    return [cell.level.value, cell.status.value, "yes" if cell.contradicted else "no", cell.marker]


def _ground(finding: Finding, signal: SignalResult | None) -> list[object]:
    own = signal.own_grade.value if signal and signal.own_grade else ""
    citations = signal.citations if signal else ()
    best = next((each for each in citations if each.repository == finding.repository), None)
    grade = finding.grade.value if finding.grade else ""
    said = [finding.signal, signal.title if signal else "", finding.polarity.value, grade, own, finding.statement]
    return [*said, finding.repository, finding.site_count, *_cited(best)]


def _cited(citation: Citation | None) -> list[object]:
    if citation is None:
        return ["", "", "", ""]
    commit = getattr(citation, "commit", "")
    if isinstance(citation, FileCitation):
        return [citation.path, f"{citation.start_line} to {citation.end_line}", commit, citation.url]
    title = getattr(citation, "subject", "") or getattr(citation, "title", "") or f"#{getattr(citation, 'number', '')}"
    return [title, "", commit, citation.url]
