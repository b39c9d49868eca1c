"""``evidence signals``, ``explain`` and ``matrix``: what the tool looks for, without a repository."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from evidence.cli.writing import print_out

if TYPE_CHECKING:
    from evidence.matrix.load import PendingSignal, Row
    from evidence.model import Signal


def list_signals(form: str) -> None:
    """Print every signal of the catalogue, those without a detector marked."""
    from evidence import detect
    from evidence.matrix.load import load_pending

    answered = [_declared(signal) for signal in detect.signals()]
    known = {entry["id"] for entry in answered}
    waiting = [_waiting(signal) for signal in load_pending() if signal.id not in known]
    entries = sorted(answered + waiting, key=lambda entry: str(entry["id"]))
    if form == "json":
        print_out(json.dumps(entries, indent=2, ensure_ascii=False))
        return
    width = max((len(str(entry["id"])) for entry in entries), default=0)
    for entry in entries:
        note = "" if entry["detector"] else "  (no detector yet)"
        print_out(f"{entry['id']:<{width}}  {entry['title']}{note}")


def _declared(signal: Signal) -> dict[str, object]:
    return {
        "id": signal.id,
        "title": signal.title,
        "competency": signal.competency,
        "seeds": list(signal.seeds),
        "polarity": signal.polarity.value,
        "applies": signal.applies,
        "where": signal.where,
        "detector": True,
        "practised": signal.counts,
        "sustained": signal.strong,
        "not_credited": signal.not_credited,
        "how_to_show": signal.how_to_show,
    }


def _waiting(signal: PendingSignal) -> dict[str, object]:
    return {
        "id": signal.id,
        "title": signal.title,
        "competency": signal.competency,
        "seeds": list(signal.seeds),
        "polarity": signal.polarity.value,
        "where": signal.where,
        "detector": False,
    }


def explain_signal(name: str) -> None:
    """Print one signal's page with a case that fires and one that must not. UsageError for an unknown signal."""
    from evidence import detect
    from evidence.matrix.load import load_matrix, load_pending
    from evidence.model import UsageError
    from evidence.reference.cases import cases_of, one_of_each
    from evidence.reference.signals import signal_page

    for detector in detect.discover():
        for signal in detector.SIGNALS:
            if signal.id == name:
                print_out(signal_page(signal, detector, load_matrix(), one_of_each(cases_of(name)), "").rstrip())
                return
    for pending in load_pending():
        if pending.id == name:
            print_out(f"# {pending.title}\n\n`{name}` has no detector yet: it is `unavailable` in every digest.")
            return
    known = [signal.id for signal in detect.signals()] + [pending.id for pending in load_pending()]
    raise UsageError(f"There is no signal {name!r}.{_nearest(name, known)} `evidence signals` lists them all.")


def _nearest(name: str, known: list[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(name[:100].lower(), sorted(known), n=1)
    return f" Did you mean {near[0]}?" if near else ""


def show_matrix(name: str | None, form: str) -> None:
    """Print the matrix, or one row of it. UsageError for an unknown row."""
    from evidence.matrix.load import load_matrix

    matrix = load_matrix()
    rows = matrix.rows if name is None else _row(matrix.rows, name)
    if form == "json":
        print_out(json.dumps([_as_data(row) for row in rows], indent=2, ensure_ascii=False))
    elif form == "markdown" or name is not None:
        _print_pages(rows, whole=name is None)
    else:
        for row in rows:
            print_out(f"{row.id:<18}  {row.title}\n" + "\n".join(_overview(row)))


def _row(rows: tuple[Row, ...], name: str) -> tuple[Row, ...]:
    from evidence.model import UsageError

    found = tuple(row for row in rows if row.id == name)
    if not found:
        raise UsageError(
            f"The matrix has no row {name!r}.{_nearest(name, [r.id for r in rows])} `evidence matrix` lists them all."
        )
    return found


def _print_pages(rows: tuple[Row, ...], *, whole: bool) -> None:
    from evidence import detect
    from evidence.matrix.load import Matrix, load_pending
    from evidence.reference.matrix import matrix_page, row_section

    titles = {pending.id: pending.title for pending in load_pending()}
    titles |= {signal.id: signal.title for signal in detect.signals()}
    print_out(matrix_page(Matrix(rows), titles).rstrip() if whole else row_section(rows[0], titles).rstrip())


def _overview(row: Row) -> list[str]:
    return [
        f"  {cell.level.value:<7} {cell.marker if cell.rule else f'(not observable) {cell.marker}'}"
        for cell in row.cells
    ]


def _as_data(row: Row) -> dict[str, object]:
    from evidence.matrix.rules import rule_text

    return {
        "id": row.id,
        "domain": row.domain,
        "title": row.title,
        "seeds": list(row.seeds),
        "against": list(row.against),
        "levels": [
            {
                "level": cell.level.value,
                "marker": cell.marker,
                "rule": None if cell.rule is None else rule_text(cell.rule),
                "not_observable": cell.not_observable,
                "example": cell.example,
                "seen": list(cell.seen),
                "unseen": list(cell.unseen),
            }
            for cell in row.cells
        ],
    }
