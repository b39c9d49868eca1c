"""Compares digests with hand-made labels.

A signal is positive when its grade is practised or sustained; labels marked unsure are left out. A citation is right
when the label's globs cover its path (commits, which signals of history cite, are not compared); a line hit is a signal
of which one citation overlaps a labelled range.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean
from typing import Any

from evidence.model import CellStatus, Digest, FileCitation, Level, Outcome, SignalResult
from evidence.pipeline import ScanRequest, scan
from evidence.reference.accuracy import Counts, MeasuredSet, Reached

_CITED = 5


class Silent:
    """A progress that says nothing."""

    def source(self, number: int, total: int, name: str) -> None:
        """Nothing."""

    def stage(self, name: str, total: int | None) -> None:
        """Nothing."""

    def advance(self, count: int = 1) -> None:
        """Nothing."""

    def warn(self, sentence: str) -> None:
        """Nothing."""


@dataclass
class Tally:
    """Counts of one signal or of a whole set."""

    outcomes: Counter[str] = field(default_factory=Counter)
    exact: int = 0
    judged: int = 0
    cited: int = 0
    right: int = 0
    spans: int = 0
    hits: int = 0

    @property
    def positives(self) -> int:
        """Labels that are positive."""
        return self.outcomes["tp"] + self.outcomes["fn"]

    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was right."""
        total = 2 * self.outcomes["tp"] + self.outcomes["fp"] + self.outcomes["fn"]
        return 2 * self.outcomes["tp"] / total if total else 1.0


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A label's glob as a pattern: ``**`` crosses folders, ``*`` and ``?`` do not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(p) or re.escape(p) for p in parts) + r"\Z")


def rank(result: SignalResult) -> int:
    """0 absent to 3 sustained, as labels count."""
    return result.grade.rank if result.outcome is Outcome.FOUND and result.grade else 0


def judge(label: dict[str, Any], result: SignalResult, tally: Tally) -> tuple[str, list[str]]:
    """Count one label against one result; returns tp, fp, fn or tn, and the paths that no glob covers.

    What history and forges show is cited by commits and changes, which labels do not list: no citation is judged.
    """
    want, got = label["grade"], rank(result)
    verdict = ("tp" if want >= 2 else "fp") if got >= 2 else ("fn" if want >= 2 else "tn")
    tally.outcomes[verdict] += 1
    tally.judged += 1
    tally.exact += want == got
    strays: list[str] = []
    if verdict == "tp" and not result.id.startswith(("history.", "forge.")):
        cited = [c for c in result.citations[:_CITED] if isinstance(c, FileCitation)]
        if not cited and result.citations:
            return verdict  # history is cited by commits, and labels name files
        globs = [glob_pattern(g) for g in label.get("paths", ())]
        tally.cited += max(1, len(cited))
        strays = [c.path for c in cited if not any(g.match(c.path) for g in globs)]
        tally.right += len(cited) - len(strays)
        tally.spans += 1
        tally.hits += any(_overlaps(c, spot) for c in cited for spot in label.get("cite", ()))
    return verdict, strays


def _overlaps(citation: FileCitation, spot: str) -> bool:
    path, _, span = spot.rpartition(":")
    first, _, last = span.partition("-")
    return citation.path == path and citation.start_line <= int(last or first) and citation.end_line >= int(first)


@dataclass
class Measured:
    """One set: its repositories' digests, the tally per signal, and every disagreement (of grades and of citations
    too)."""

    digests: dict[str, Digest] = field(default_factory=dict)
    signals: defaultdict[str, Tally] = field(default_factory=lambda: defaultdict(Tally))
    misses: list[str] = field(default_factory=list)

    def total(self) -> Tally:
        """All signals together."""
        whole = Tally()
        for tally in self.signals.values():
            whole.outcomes += tally.outcomes
            for name in ("exact", "judged", "cited", "right", "spans", "hits"):
                setattr(whole, name, getattr(whole, name) + getattr(tally, name))
        return whole

    def counted(self, name: str) -> MeasuredSet:
        """The figures of this set, as they are kept and published."""
        t = self.total()
        figures = {
            "f1": t.f1(),
            "macro_f1": self.macro(),
            "exact_grade": t.exact / max(1, t.judged),
            "citation_precision": t.right / max(1, t.cited),
            "line_hit": t.hits / max(1, t.spans),
        }
        return MeasuredSet(
            name=name,
            labels=t.judged,
            figures={key: round(value, 4) for key, value in figures.items()},
            signals={s: Counts(**self.signals[s].outcomes) for s in sorted(self.signals)},
            repositories=tuple(Reached(repo, _reached(d)) for repo, d in sorted(self.digests.items())),
        )

    def macro(self) -> float:
        """Mean F1 over the signals with a positive label."""
        return mean([t.f1() for t in self.signals.values() if t.positives] or [0.0])


def _reached(digest: Digest) -> dict[str, int]:
    counts = Counter(c.level for c in digest.cells if c.status is CellStatus.SUPPORTED)
    return {level.value: counts[level] for level in Level}


def source_of(name: str, mirrors: Path | None) -> str:
    """Where to scan a repository from: a local mirror, or its address."""
    for candidate in (f"{name}/repo", f"{name}.git", name) if mirrors else ():
        if mirrors and (mirrors / candidate).is_dir():
            return str(mirrors / candidate)
    return "https://github.com/" + name.replace("+", "/")


def measure(folder: Path, mirrors: Path | None, prefix: str) -> Measured:
    """Scan and judge every labelled repository of one set."""
    found = Measured()
    for file in sorted(folder.glob("*.json")):
        label = json.loads(file.read_text(encoding="utf-8"))
        request = ScanRequest(
            source=source_of(file.stem, mirrors),
            revision=label["commit"],
            identity=f"https://github.com/{label['repo']}",
        )
        digest = scan(request, Silent())
        print(f"scanned {label['repo']}", file=sys.stderr)
        found.digests[label["repo"]] = digest
        results = {r.id: r for r in digest.signals}
        for signal, entry in sorted(label["labels"].items()):
            result = results.get(signal)
            if (
                entry.get("unsure")
                or result is None
                or not signal.startswith(prefix)
                or result.outcome is Outcome.UNAVAILABLE
            ):
                continue
            verdict, strays = judge(entry, result, found.signals[signal])
            at = f"{signal} {label['repo']}"
            if verdict in ("fp", "fn") or entry["grade"] != rank(result):
                found.misses.append(f"{verdict} {at}: labelled {entry['grade']}, got {rank(result)}")
            found.misses.extend(f"cite {at}: {path}" for path in strays)
    return found
