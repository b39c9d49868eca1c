"""Compares digests with hand-made labels.

A signal is positive when its grade is practised or sustained; labels marked unsure are left out. A citation is right
when the label's globs cover its path; a line hit is a signal of which one citation overlaps a labelled range.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from statistics import NormalDist, mean
from typing import Any

from evidence.model import Digest, FileCitation, Outcome, SignalResult
from evidence.pipeline import ScanRequest, scan

_CITED = 5


class Silent:
    """A progress that says nothing."""

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

    def precision(self) -> tuple[int, int]:
        """(right, all) of what was found."""
        return self.outcomes["tp"], self.outcomes["tp"] + self.outcomes["fp"]

    def recall(self) -> tuple[int, int]:
        """(found, all) of what is there."""
        return self.outcomes["tp"], self.positives

    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was right."""
        total = 2 * self.outcomes["tp"] + self.outcomes["fp"] + self.outcomes["fn"]
        return 2 * self.outcomes["tp"] / total if total else 1.0


def wilson(successes: int, trials: int, confidence: float = 0.95) -> tuple[float, float]:
    """Wilson's score interval of a proportion (E. B. Wilson, 1927); (0, 1) without trials."""
    if not trials:
        return 0.0, 1.0
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    share = successes / trials
    centre = share + z * z / (2 * trials)
    spread = z * ((share * (1 - share) + z * z / (4 * trials)) / trials) ** 0.5
    scale = 1 + z * z / trials
    return (max(0.0, (centre - spread) / scale), min(1.0, (centre + spread) / scale))


def glob_pattern(glob: str) -> re.Pattern[str]:
    """A label's glob as a pattern: ``**`` crosses folders, ``*`` and ``?`` do not."""
    parts = re.split(r"(\*\*/|\*\*|\*|\?)", glob)
    words = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}
    return re.compile("".join(words.get(p) or re.escape(p) for p in parts) + r"\Z")


def rank(result: SignalResult) -> int:
    """0 absent to 3 sustained, as labels count."""
    return result.grade.rank if result.outcome is Outcome.FOUND and result.grade else 0


def judge(label: dict[str, Any], result: SignalResult, tally: Tally) -> str:
    """Count one label against one result; returns tp, fp, fn or tn."""
    want, got = label["grade"], rank(result)
    verdict = ("tp" if want >= 2 else "fp") if got >= 2 else ("fn" if want >= 2 else "tn")
    tally.outcomes[verdict] += 1
    tally.judged += 1
    tally.exact += want == got
    if verdict == "tp":
        cited = [c for c in result.citations[:_CITED] if isinstance(c, FileCitation)]
        globs = [glob_pattern(g) for g in label.get("paths", ())]
        tally.cited += max(1, len(cited))
        tally.right += sum(any(g.match(c.path) for g in globs) for c in cited)
        tally.spans += 1
        tally.hits += any(_overlaps(c, spot) for c in cited for spot in label.get("cite", ()))
    return verdict


def _overlaps(citation: FileCitation, spot: str) -> bool:
    path, _, span = spot.rpartition(":")
    first, _, last = span.partition("-")
    return citation.path == path and citation.start_line <= int(last or first) and citation.end_line >= int(first)


@dataclass
class Measured:
    """One set: its repositories' digests, the tally per signal, and every disagreement."""

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

    def macro(self) -> float:
        """Mean F1 over the signals with a positive label."""
        return mean([t.f1() for t in self.signals.values() if t.positives] or [0.0])


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
            verdict = judge(entry, result, found.signals[signal])
            if verdict in ("fp", "fn"):
                found.misses.append(
                    f"{verdict} {signal} {label['repo']}: labelled {entry['grade']}, got {rank(result)}"
                )
    return found
