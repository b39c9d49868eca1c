"""The few commits that stand for all where looking at each would cost too much: spread evenly, the same every time.

Counting changed lines costs ten times the rest of a history, so it is done for a sample: ``SPREAD`` commits over the
whole history, and up to ``EACH`` of each of the ``MAIN`` people with most commits, so that something can be said of
them too.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TypeVar

from evidence.facts.history.rows import Row

Item = TypeVar("Item")

SPREAD = 160
MAIN = 10
EACH = 16


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most ``most`` of the items, at equal distances."""
    return list(items) if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


def sample(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The sample of these rows, in their order."""
    counted = Counter(row.author for row in rows)
    main = sorted(counted, key=lambda key: (-counted[key], key))[:MAIN]
    chosen = {row.sha for row in evenly(rows, SPREAD)}
    for key in main:
        chosen.update(row.sha for row in evenly([row for row in rows if row.author == key], EACH))
    return tuple(row for row in rows if row.sha in chosen)
