"""A signal's page as Markdown: what it sees, what counts at each grade, what does not, cases, how to show it."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from evidence.api import Detector
from evidence.matrix.load import Matrix, PendingSignal, Row
from evidence.model import Polarity, Signal, never
from evidence.reference.accuracy import told
from evidence.reference.cases import Case
from evidence.reference.matrix import cells_fed

NO_DETECTOR = "no detector yet"
_APPLIES = {
    "flask": "repositories with a Flask application",
    "python": "repositories with Python code of their own",
    "any": "any repository",
}


def signal_page(
    signal: Signal, detector: Detector, matrix: Matrix, cases: Sequence[Case], matrix_file: str = "../matrix.md"
) -> str:
    """The page of one signal, with these of its fixture cases. Rows link into ``matrix_file``, where there is one."""
    parts = [
        f"# {signal.title}",
        "",
        *_facts(signal, matrix, matrix_file),
        "",
        inspect.cleandoc(detector.__doc__ or ""),
        "",
        "## What counts",
        "",
        *_grades(signal),
        "",
        f"Not credited: {signal.not_credited}",
        "",
        *_measured(signal),
        "## How to show it",
        "",
        signal.how_to_show,
        "",
        *_cases(cases),
    ]
    return "\n".join(parts).rstrip() + "\n"


def _facts(signal: Signal, matrix: Matrix, matrix_file: str) -> Iterator[str]:
    yield f"- Signal: `{signal.id}`, from {', '.join(signal.seeds)}"
    yield f"- Looked for in {_APPLIES.get(signal.applies, signal.applies)}"
    if signal.polarity is Polarity.AGAINST:
        yield "- Counter-evidence: finding it speaks against a practice"
    for row, levels in cells_fed(matrix, signal.id):
        yield f"- Feeds {_row(row, matrix_file)}: {', '.join(levels)}"
    for row in matrix.rows:
        if signal.id in row.against:
            yield f"- Contradicts {_row(row, matrix_file)}"


def _row(row: Row, matrix_file: str) -> str:
    return f"[{row.title}]({matrix_file}#{row.id})" if matrix_file else f"{row.title} ({row.id})"


def _grades(signal: Signal) -> Iterator[str]:
    if signal.trace is not never:
        yield "- **trace**: named, depended on, or begun, and below the bar of `practised`. A lead, never credit."
    yield f"- **practised**: {signal.counts}"
    if signal.sustained is not never:
        yield f"- **sustained**: {signal.strong}"


def _measured(signal: Signal) -> Iterator[str]:
    """How often the detector is right on labelled repositories."""
    yield from ("## Measured", "", *told(signal.id), "")


def _cases(cases: Sequence[Case]) -> Iterator[str]:
    for heading, fires in (("## Cases that fire", True), ("## Cases that must not fire", False)):
        chosen = [case for case in cases if case.fires is fires]
        if chosen:
            yield heading
            yield ""
            for case in chosen:
                yield case.under(heading_level=3)


def index_page(detectors: Iterable[Detector], pending: Iterable[PendingSignal]) -> str:
    """The index of all signals, those of the catalogue without a detector included."""
    waiting = [f"- `{signal.id}`: {signal.title} ({signal.competency})" for signal in pending]
    said = "These are `unavailable` in every digest: nobody looked, so nothing is said."
    return "\n".join(
        [
            "# Signals",
            "",
            "Each page says what its signal sees, what counts at each grade, and what does not.",
            "",
            *index_lines(detectors, ""),
            "",
            *(["## No detector yet", "", said, "", *waiting, ""] if waiting else []),
        ]
    )


def index_lines(detectors: Iterable[Detector], folder: str) -> list[str]:
    """One line for each family of signals, with links into ``folder``."""
    signals = sorted((signal for detector in detectors for signal in detector.SIGNALS), key=lambda signal: signal.id)
    return [
        f"- **{family}**: " + ", ".join(f"[{signal.title}]({folder}{signal.id}.md)" for signal in members)
        for family, members in groupby(signals, key=lambda signal: signal.id.partition(".")[0])
    ]
