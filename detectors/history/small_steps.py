"""Small, reversible steps: changes that one can review in a sitting and undo in a minute.

**What it sees.** How many lines and files each commit of a sample changes, spread evenly over the history and counted
without white space, moves, lock files, and what is vendored or generated.

**Why it matters.** A small change is understood before it is approved, fails alone, and can be taken back alone.

**What it cannot tell.** Whether a small step leaves the tests green, or a squashed change was made of small ones.
The bounds come from Google's engineering practices ("Small CLs": a hundred lines are usually a reasonable size) and
from the study of code review at Cisco (SmartBear, 2006: defects slip through above 200 to 400 lines).
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, Size, never, plural

_FEWEST = 10
_SMALL_LINES, _SMALL_FILES = 100, 5
_LARGE_LINES, _LARGE_FILES = 400, 25


def _middle(sites: Sites) -> int:
    """The median of the lines changed."""
    lines = sorted(site.value for site in sites if isinstance(site.value, int))
    return lines[len(lines) // 2] if lines else 0


def _practised(sites: Sites) -> bool:
    return len(sites) >= _FEWEST and 2 * sites.count("small") > len(sites) and 10 * sites.count("large") <= len(sites)


def _statement(sites: Sites) -> str:
    return (
        f"Of {plural(len(sites), 'commit')} counted, {sites.count('small'):,} change at most {_SMALL_LINES} lines in "
        f"{_SMALL_FILES} files, and {sites.count('large'):,} more than {_LARGE_LINES} lines or {_LARGE_FILES} files "
        f"that no tool changed; the middle one changes {plural(_middle(sites), 'line')}."
    )


SMALL_STEPS = Signal(
    id="history.small_steps",
    title="Small, reversible steps",
    competency="decisions",
    seeds=("S3.1", "C8.2"),
    counts=(
        "Of ten or more sampled commits more than half change at most 100 lines in 5 files, and at most one in ten "
        "changes more than 400 lines or 25 files without being mechanical (a move, a format, a removal)."
    ),
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="White space, moves, lock files, generated and vendored files; first commits; commits of bots.",
    how_to_show="Split what you build into commits that each do one thing, and keep moves and formatting apart.",
    clauses=("small", "medium", "mechanical", "large"),
    defining=("small", "medium", "mechanical", "large"),
    uncited=("medium", "mechanical", "large"),
    needs=("history", "authorship", "lines"),
    where="history",
    practised=_practised,
    sustained=never,
    trace=lambda sites: len(sites) >= _FEWEST and 3 * sites.count("small") >= len(sites),
    measures=lambda sites: {
        "small": sites.count("small"),
        "small_percent": 100 * sites.count("small") // len(sites),
        "median_lines": _middle(sites),
    },
    statement=_statement,
)
SIGNALS = (SMALL_STEPS,)


def detect(project: Project) -> Observations:
    """Each counted commit by its size; the value is the number of lines."""
    sizes = project.past.sizes
    for row in project.past.sample:
        size = sizes.get(row.sha)
        if size is not None and size.files:
            clause = _clause(size)
            yield SMALL_STEPS, Site(path="", commit=row.sha, clause=clause, subject=row.author, value=size.lines)


def _clause(size: Size) -> str:
    if size.lines <= _SMALL_LINES and size.files <= _SMALL_FILES:
        return "small"
    if size.lines <= _LARGE_LINES and size.files <= _LARGE_FILES:
        return "medium"
    return "mechanical" if size.by_tool else "large"
