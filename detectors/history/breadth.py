"""Breadth and bus factor: people work in several domains, and no domain hangs on one of them.

**What it sees.** Domains are the folders of application code (large ones opened until none holds most of it). For each
person and each domain with three or more of their commits: whether somebody else has as many there.

**Why it matters.** Who has worked in several parts sees how they meet. A part that two people know survives a holiday.

**What it cannot tell.** Whether folders are the domains that the team thinks in, and who knows a part by reading it.
"""

from __future__ import annotations

from collections import defaultdict

from evidence.api import Observations, Project, Row, Signal, Site, Sites, never, plural

_COMMITS = 3
_AREAS = 3
_MOST_PEOPLE = 40


def _shared_of(sites: Sites) -> dict[str, tuple[int, int]]:
    """By person: in how many areas they work, and how many of these others know too."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    for site in sites:
        found[site.subject].append(site.clause == "shared_area")
    return {person: (len(areas), sum(areas)) for person, areas in found.items()}


def _broad(sites: Sites) -> list[tuple[int, int]]:
    """(areas, shared ones) of those who work in several areas, at least half of them shared."""
    return [(n, shared) for n, shared in _shared_of(sites).values() if n >= _AREAS and 2 * shared >= n]


def _most(sites: Sites) -> int:
    return max((n for n, _ in _shared_of(sites).values()), default=0)


def _statement(sites: Sites) -> str:
    people = len(_broad(sites))
    text = f"The broadest of the people looked at works in {plural(_most(sites), 'area')} of the code"
    if not people:
        return f"{text}; few of them have a second person."
    return f"{text}; {plural(people, 'person works', 'people work')} in three or more that others know too."


BREADTH = Signal(
    id="history.breadth",
    title="Breadth and bus factor",
    competency="ownership",
    seeds=("S3.2", "C8.1"),
    counts=(
        "Somebody has three or more commits in each of three or more areas of the code, and in at least half of these "
        "somebody else has three or more too."
    ),
    strong="Nothing: the scale of this signal ends at practised.",
    not_credited="A code base that one person wrote alone; sweeps that touch every folder once.",
    how_to_show="Work in more than one part of the code base, and bring a second person into the parts that are yours.",
    clauses=("shared_area", "sole_area"),
    defining=("shared_area", "sole_area"),
    needs=("history", "authorship"),
    where="history",
    practised=lambda sites: bool(_broad(sites)),
    sustained=never,
    trace=lambda sites: _most(sites) >= 2,
    measures=lambda sites: {"areas": _most(sites), "people": len(_broad(sites))},
    statement=_statement,
)
SIGNALS = (BREADTH,)
ALONE = True


def detect(project: Project) -> Observations:
    """Each person in each area that they have worked in, cited by their latest commit there."""
    commits: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row, areas in project.past.work_by_area():
        for area in areas:
            commits[area, row.author].append(row)
    known = {pair: rows for pair, rows in commits.items() if len(rows) >= _COMMITS}
    people: defaultdict[str, set[str]] = defaultdict(set)
    weight: defaultdict[str, int] = defaultdict(int)
    for (area, author), rows in known.items():
        people[area].add(author)
        weight[author] += len(rows)
    listed = set(sorted(weight, key=lambda key: (-weight[key], key))[:_MOST_PEOPLE])
    for (area, author), rows in known.items():
        if author in listed:
            clause = "shared_area" if len(people[area]) > 1 else "sole_area"
            yield BREADTH, Site(path="", commit=rows[0].sha, clause=clause, subject=author, value=area)
