"""Which changes are read where not all can be: evenly over time, and the same ones for the same list."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.model import ChangeRequest


def spread(items: Sequence[ChangeRequest], most: int, wanted: int = 0) -> list[ChangeRequest]:
    """At most so many of the items, evenly over their numbers, the first and the last among them; and the one of number
    ``wanted``, in place of its nearest neighbour."""
    ordered = sorted(items, key=lambda item: item.number)
    if len(ordered) <= most:
        return ordered
    chosen = [ordered[at * (len(ordered) - 1) // max(1, most - 1)] for at in range(most)]
    named = next((item for item in ordered if item.number == wanted and item not in chosen), None)
    if named is not None:
        nearest = min(range(len(chosen)), key=lambda at: abs(chosen[at].number - wanted))
        chosen[nearest] = named
    return chosen
