"""Repairs, reverts and hotfixes followed through: what went wrong is put right for good, with a test.

**What it sees.** Reverts, hotfixes and commits about incidents, outages and regressions; for each, whether a later
commit within thirty days fixes or brings back the same code without being reverted, and whether tests came with it.

**Why it matters.** Taking a change back ends the trouble for a day. The lasting fix and its test end it for good.

**What it cannot tell.** Troubles that no message names; what the follow-up on a board or in a meeting was; whether the
fix that touches the same code is the fix of that trouble.
"""

from __future__ import annotations

from evidence.api import Observations, Project, Signal, Site, Sites, never, plural

_FEWEST = 2


def _statement(sites: Sites) -> str:
    troubles = len({site.value for site in sites})
    return (
        f"{plural(troubles, 'revert, hotfix or incident', 'reverts, hotfixes or incidents')}: "
        f"{sites.count('mended_with_test'):,} followed by a lasting fix with tests, {sites.count('mended'):,} by one "
        f"without."
    )


REPAIR = Signal(
    id="history.repair",
    title="Repairs, reverts and hotfixes followed through",
    competency="incidents",
    seeds=("S1.1", "S3.3"),
    counts=(
        "Two or more reverts, hotfixes or incidents that the messages name are followed within thirty days by a fix "
        "of the same code that lasts and comes with a test."
    ),
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="Reverts that nothing follows; fixes that were reverted too; ordinary bug fixes.",
    how_to_show=(
        "When something was reverted or fixed in haste, say so in the subject of the lasting fix, and add the test "
        "that would have caught it."
    ),
    clauses=("mended_with_test", "mended", "trouble"),
    defining=("mended_with_test", "mended", "trouble"),
    needs=("history", "authorship"),
    where="history",
    practised=lambda sites: sites.count("mended_with_test") >= _FEWEST,
    sustained=never,
    trace=lambda sites: sites.count("mended_with_test", "mended") > 0,
    measures=lambda sites: {"mended_with_test": sites.count("mended_with_test"), "mended": sites.count("mended")},
    statement=_statement,
)
SIGNALS = (REPAIR,)
ALONE = True


def detect(project: Project) -> Observations:
    """Each trouble, and the commit that mends it; both have the trouble's number, counted from the newest, as value."""
    for value, found in enumerate(project.past.repairs(), 1):
        trouble = found.trouble
        yield REPAIR, Site(path="", commit=trouble.sha, clause="trouble", subject=trouble.author, value=value)
        if found.mended_by is not None:
            clause = "mended_with_test" if found.tested else "mended"
            fix = found.mended_by
            yield REPAIR, Site(path="", commit=fix.sha, clause=clause, subject=fix.author, value=value)
