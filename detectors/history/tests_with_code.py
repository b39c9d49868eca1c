"""Tests travel with code: a change to the application brings the change to its tests along.

**What it sees.** A sample of the changes of the main line that touch the application's Python code, spread evenly over
the history: whether the same change (a commit, or all commits of one merged request) touches a test.

**Why it matters.** Tests written with the code are written by someone who still knows what could break. Tests that are
to follow later mostly do not.

**What it cannot tell.** Whether the touched test is about the touched code, or checks anything.
"""

from __future__ import annotations

from evidence.api import Landing, Observations, PathKind, Project, Row, Signal, Site, Sites, never, plural, spread

_FEWEST = 10
_SPREAD, _EACH = 300, 30


def _practised(sites: Sites) -> bool:
    return len(sites) >= _FEWEST and 3 * sites.count("with_tests") >= len(sites)


def _statement(sites: Sites) -> str:
    return (
        f"Of {plural(len(sites), 'change')} to application code that were looked at, {sites.count('with_tests'):,} "
        f"also change tests."
    )


TESTS_WITH_CODE = Signal(
    id="history.tests_with_code",
    title="Tests travel with code",
    competency="testing",
    seeds=("C7.3", "S8.1"),
    counts="Of ten or more sampled changes to application code a third or more also change tests.",
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="Test suites that came in one drop; tests changed on their own; changes of bots.",
    how_to_show="Commit a change and its tests together, or at least in one request.",
    clauses=("with_tests", "without_tests"),
    defining=("with_tests", "without_tests"),
    uncited=("without_tests",),
    needs=("history", "authorship"),
    where="history",
    practised=_practised,
    sustained=never,
    trace=lambda sites: sites.has("with_tests"),
    measures=lambda sites: {
        "with_tests": sites.count("with_tests"),
        "percent": 100 * sites.count("with_tests") // len(sites),
    },
    statement=_statement,
)
SIGNALS = (TESTS_WITH_CODE,)
ALONE = True


def detect(project: Project) -> Observations:
    """Each sampled change to application code, with or without tests; cited is the commit of its author."""
    changes = [change for change in project.past.landings() if not change.bot and _touching(change, PathKind.APP)]
    for change in spread(changes, lambda each: each.author, _SPREAD, _EACH):
        tested = _touching(change, PathKind.TEST)
        own = [row for row in tested or _touching(change, PathKind.APP) if row.author == change.author]
        cited = own[0] if own else change.row
        clause = "with_tests" if tested else "without_tests"
        yield TESTS_WITH_CODE, Site(path="", commit=cited.sha, clause=clause, subject=change.author)


def _touching(change: Landing, kind: int) -> list[Row]:
    """The commits of people in a change that touch this kind of path."""
    return [row for row in change.brought if row.touches(kind) and not row.bot]
