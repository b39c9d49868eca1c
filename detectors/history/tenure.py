"""Sustained ownership: somebody stays with the code for more than a season.

**What it sees.** The calendar months in which each person committed, by the dates at which the work was written.

**Why it matters.** Whoever stays meets the consequences of what they decided, and learns from them.

**What it cannot tell.** What was done beside commits, and why somebody left. Dates are claims of the commits; where
they were re-written, nothing is said.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime

from evidence.api import Observations, Project, Row, Signal, Site, Sites, never, plural

_DAY = 86_400
_MONTHS = 6
_BEGUN = 2
# People whose months are listed: those with the most, of a repository with hundreds.
_MOST_PEOPLE = 40
# More months than half a century has are claims of somebody who wants to keep us busy.
_MOST_MONTHS = 600


def _months(sites: Sites) -> Mapping[str, int]:
    """Months with commits, by person."""
    return Counter(site.subject for site in sites)


def _longest(sites: Sites) -> int:
    return max(_months(sites).values(), default=0)


def _stayed(sites: Sites) -> int:
    return sum(count >= _MONTHS for count in _months(sites).values())


def _statement(sites: Sites) -> str:
    text = f"The longest active person committed in {plural(_longest(sites), 'month')}"
    people = _stayed(sites)
    return f"{text}; {plural(people, 'person', 'people')} in six or more." if people else f"{text}."


TENURE = Signal(
    id="history.tenure",
    title="Sustained ownership",
    competency="ownership",
    seeds=("C8.1", "S3.2"),
    counts="One person's commits fall into six or more calendar months.",
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="Two commits that lie years apart; months in which only bots committed.",
    how_to_show="Stay with one code base, and let the history show it: small fixes and upkeep count like features.",
    clauses=("active_month",),
    defining=("active_month",),
    needs=("history", "authorship"),
    where="history",
    practised=lambda sites: _longest(sites) >= _MONTHS,
    sustained=never,
    trace=lambda sites: _longest(sites) >= _BEGUN,
    measures=lambda sites: {"months": _longest(sites), "people": _stayed(sites)},
    statement=_statement,
)
SIGNALS = (TENURE,)


def detect(project: Project) -> Observations:
    """The first commit of each month of each person."""
    first: dict[tuple[str, str], Row] = {}
    months = _Months()
    for row in project.past.work:  # newest first, so the oldest of a month stays
        first[row.author, months[min(row.commit.authored, row.commit.committed) // _DAY]] = row
    counted = Counter(author for author, _ in first)
    listed = sorted(counted, key=lambda key: (-counted[key], key))[:_MOST_PEOPLE]
    seen: Counter[str] = Counter()
    for (author, month), row in first.items():
        seen[author] += 1
        if author in listed and seen[author] <= _MOST_MONTHS:
            yield TENURE, Site(path="", commit=row.sha, clause="active_month", subject=author, value=month)


class _Months(dict[int, str]):
    """The month of a day (days since the epoch), as the work was written, which cannot be later than its commit."""

    def __missing__(self, day: int) -> str:
        found = self[day] = datetime.fromtimestamp(day * _DAY, UTC).strftime("%Y-%m")
        return found
