"""Pieces of a file with the secrets in them masked, as masking the whole file would mask them, at the price of the
piece."""

from __future__ import annotations

from evidence.facts.secrets.hints import hinting_lines
from evidence.facts.secrets.lines import REMEMBERED, mask_assignments
from evidence.facts.secrets.masking import mask_within_lines
from evidence.facts.secrets.private_keys import mask_private_keys

# So many lines above a piece nearly always have a stretch without any hint, and what stands above that tells nothing.
_ABOVE = 16
# Where every few lines hint at secrets, what a line is told from begins so far above it at most.
_MOST_ABOVE = 16 * _ABOVE


class Pieces:
    """The lines of one file, any few of which may be asked for."""

    def __init__(self, lines: list[str]) -> None:
        # private keys alone go over many lines, and both ways
        self._lines = mask_private_keys("\n".join(lines)).split("\n")

    def masked(self, first: int, end: int) -> list[str]:
        """The lines from ``first`` (counted from 0) up to ``end``, masked."""
        above = _ABOVE
        while True:
            start = max(first - above, 0)
            lines = mask_within_lines("\n".join(self._lines[start:end])).split("\n")
            at = first - start
            settled = _settled(lines[:at])
            if settled or start == 0 or above == _MOST_ABOVE:
                return mask_assignments(lines[settled:])[at - settled :][: end - first]
            above *= 4


def _settled(lines: list[str]) -> int:
    """From which of these lines on nothing depends on those before, whatever they say; 0 where that cannot be told."""
    _, told = hinting_lines(lines)
    quiet = 0
    for number in reversed(range(len(lines))):
        quiet = 0 if number in told else quiet + 1
        if quiet == REMEMBERED:
            return number + REMEMBERED
    return 0
