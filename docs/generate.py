"""Writes what is generated from the declarations: docs/signals/, docs/matrix.md and the README's index of signals."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from evidence import detect
from evidence.matrix.load import load_matrix, load_pending
from evidence.reference.accuracy import accuracy_page, measured
from evidence.reference.cases import cases_of
from evidence.reference.matrix import matrix_page
from evidence.reference.signals import index_lines, index_page, signal_page

ROOT = Path(__file__).parent.parent
_MARKED = re.compile(r"(<!-- signals: [^\n]*-->\n).*?(<!-- /signals -->)", re.DOTALL)


def pages() -> Mapping[Path, str]:
    """Every generated file and what it has to hold."""
    detectors, pending, matrix = detect.discover(), load_pending(), load_matrix()
    declared = [(signal, detector) for detector in detectors for signal in detector.SIGNALS]
    titles = {each.id: each.title for each in pending} | {signal.id: signal.title for signal, _ in declared}
    folder = ROOT / "docs" / "signals"
    written = {folder / f"{s.id}.md": signal_page(s, d, matrix, cases_of(s.id)) for s, d in declared}
    written[folder / "README.md"] = index_page(detectors, pending)
    written[ROOT / "docs" / "accuracy.md"] = accuracy_page(measured())
    written[ROOT / "docs" / "matrix.md"] = matrix_page(matrix, titles)
    readme = ROOT / "README.md"
    index = "\n".join(index_lines(detectors, "docs/signals/"))
    written[readme] = _MARKED.sub(lambda marks: f"{marks[1]}{index}\n{marks[2]}", readme.read_text(encoding="utf-8"))
    return written


def main() -> None:
    """Write the pages, and remove those of signals that are gone."""
    wanted = pages()
    for path in set((ROOT / "docs" / "signals").glob("*.md")) - set(wanted):
        path.unlink()
    for path, text in wanted.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
