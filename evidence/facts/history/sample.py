"""The few commits that stand for all where looking at each would cost too much: spread evenly, the same every time.

Counting changed lines costs ten times the rest of a history, so it is done for a sample: ``SPREAD`` commits over the
whole history, and up to ``EACH`` of each of the ``MAIN`` people with most commits, so that something can be said of
them too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")

SPREAD = 80
MAIN = 8
EACH = 10


def evenly(items: Sequence[Item], most: int) -> list[Item]:
    """At most ``most`` of the items, at equal distances."""
    return list(items) if len(items) <= most else [items[i * len(items) // most] for i in range(most)]


def spread(items: Sequence[Item], author: Callable[[Item], str], most: int = SPREAD, each: int = EACH) -> list[Item]:
    """A sample of the items, in their order: ``most`` of all, and up to ``each`` of each main author."""
    by_author: defaultdict[str, list[int]] = defaultdict(list)
    for position, item in enumerate(items):
        by_author[author(item)].append(position)
    main = sorted(by_author, key=lambda key: (-len(by_author[key]), key))[:MAIN]
    chosen = set(evenly(range(len(items)), most))
    chosen.update(position for key in main for position in evenly(by_author[key], each))
    return [items[position] for position in sorted(chosen)]
