"""The counts behind the pictures of a history: activity over time, ownership and co-change, by area."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, combinations

from evidence.facts.history.rows import Row
from evidence.model import AreaHistory, Owner, RepositoryHistory, Together

_DAY = 24 * 60 * 60
_MOST_AREAS, _MOST_OWNERS, _MOST_PAIRS = 14, 3, 12
# A pair that met twice met by chance; a sweep through everything says nothing of any pair.
_FEWEST_TOGETHER, _SWEEP = 3, 6
# So many bars fit beside an area's name on a phone; of longer histories the newest years are shown.
_MOST_MONTHS, _MOST_QUARTERS, _MOST_YEARS = 30, 32, 40


def pictured(
    touched: Iterable[tuple[Row, tuple[str, ...]]], code: Sequence[str], name_of: Callable[[str], str]
) -> RepositoryHistory | None:
    """The counts of what people did: ``touched`` are their commits with the areas of each, ``name_of`` gives the name
    of an author's key. None where there is nothing to show."""
    rows = [(row, areas) for row, areas in touched if areas]
    if not rows:
        return None
    months = [_month(min(row.commit.authored, row.commit.committed) // _DAY) for row, _ in rows]
    names, position = _periods(min(months), max(months))
    commits = Counter(chain.from_iterable(areas for _, areas in rows))
    shown = sorted(commits, key=lambda area: (-commits[area], area))[:_MOST_AREAS]
    by_period = {area: [0] * len(names) for area in shown}
    by_author: dict[str, Counter[str]] = {area: Counter() for area in shown}
    for (row, areas), month in zip(rows, months, strict=True):
        at = position(month)
        for area in areas:
            if area in by_period:
                by_author[area][row.author] += 1
                if at >= 0:
                    by_period[area][at] += 1
    pairs = Counter(chain.from_iterable(combinations(areas, 2) for _, areas in rows if 1 < len(areas) <= _SWEEP))
    return RepositoryHistory(
        periods=names,
        areas=tuple(
            AreaHistory(
                area=area,
                code=area in code,
                commits=commits[area],
                periods=tuple(by_period[area]),
                owners=_owners(by_author[area], name_of),
            )
            for area in shown
        ),
        together=_together(pairs, set(shown)),
    )


def _owners(counted: Counter[str], name_of: Callable[[str], str]) -> tuple[Owner, ...]:
    first = sorted(counted, key=lambda key: (-counted[key], key))[:_MOST_OWNERS]
    return tuple(Owner(name_of(key), counted[key]) for key in first)


def _together(pairs: Counter[tuple[str, str]], shown: set[str]) -> tuple[Together, ...]:
    kept = [(pair, n) for pair, n in pairs.items() if n >= _FEWEST_TOGETHER and shown.issuperset(pair)]
    kept.sort(key=lambda each: (-each[1], each[0]))
    return tuple(Together(one, other, n) for (one, other), n in kept[:_MOST_PAIRS])


@lru_cache(maxsize=8_192)
def _month(days: int) -> int:
    """Months since the year 0 on a day, counted from the epoch."""
    day = datetime.fromtimestamp(days * _DAY, UTC)
    return day.year * 12 + day.month - 1


def _periods(first: int, last: int) -> tuple[tuple[str, ...], Callable[[int], int]]:
    """Names of the periods from the first to the last month, and the position of a month in them (negative: before)."""
    count = last - first + 1
    if count <= _MOST_MONTHS:
        return tuple(f"{m // 12}-{m % 12 + 1:02}" for m in range(first, last + 1)), lambda month: month - first
    if count // 3 + 2 <= _MOST_QUARTERS:
        start = first // 3
        quarters = range(start, last // 3 + 1)
        return tuple(f"{q // 4}-Q{q % 4 + 1}" for q in quarters), lambda month: month // 3 - start
    begin = max(first // 12, last // 12 - _MOST_YEARS + 1)
    return tuple(str(year) for year in range(begin, last // 12 + 1)), lambda month: month // 12 - begin
