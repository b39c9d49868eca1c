"""Which changes are read where not all can be: evenly over time, and the same ones for the same list."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.model import ChangeRequest


def spread(items: Sequence[ChangeRequest], most: int) -> list[ChangeRequest]:
    """At most so many of the items, evenly over their numbers, the first and the last among them."""
    ordered = sorted(items, key=lambda item: item.number)
    if len(ordered) <= most:
        return ordered
    return [ordered[at * (len(ordered) - 1) // max(1, most - 1)] for at in range(most)]
