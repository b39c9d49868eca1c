"""Lines that a commit copied or moved from another file that it changed: what ``git blame -C`` looks for.

As in git, a source is a file that the commit changed or removed, in the state before it, and a block counts from so
many letters and digits on. It is looked for only where a commit that brought lines touched other files too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from evidence.patterns import regex

_LETTERS = regex(rb"[^A-Za-z0-9]+")
# The same line may stand in a file often; so many of its places are tried as the beginning of a block.
_STARTS = 20


class Copy(Struct, frozen=True):
    """``count`` lines from ``here`` on stand in ``source`` from line ``there`` on (both 1-based)."""

    here: int
    source: str
    there: int
    count: int


def copies(wanted: Mapping[int, bytes], sources: Mapping[str, Sequence[bytes]], least: int) -> list[Copy]:
    """The blocks of ``wanted`` lines (by number) that stand in a source, the longest at each place. All of them are
    without white space, which is ignored.

    A block has more than ``least`` letters and digits.
    """
    places: dict[bytes, list[tuple[str, int]]] = defaultdict(list)
    kept = set(wanted.values()) - {b""}
    for name in sorted(sources):
        if kept.isdisjoint(sources[name]):
            continue
        for number, line in enumerate(sources[name], 1):
            if line in kept and len(places[line]) < _STARTS:
                places[line].append((name, number))
    if not places:
        return []
    found, number, last = [], min(wanted, default=0), max(wanted, default=-1)
    while number <= last:
        best = max(
            (
                _block(number, name, there, wanted, sources[name])
                for name, there in places.get(wanted.get(number, b""), ())
            ),
            key=lambda copy: copy.count,
            default=None,
        )
        if best is not None and weight(wanted[best.here + i] for i in range(best.count)) > least:
            found.append(best)
            number += best.count
        else:
            number += 1
    return found


def _block(here: int, name: str, there: int, wanted: Mapping[int, bytes], source: Sequence[bytes]) -> Copy:
    count = 0
    while there - 1 + count < len(source) and wanted.get(here + count) == source[there - 1 + count]:
        count += 1
    return Copy(here, name, there, count)


def weight(lines: Iterable[bytes]) -> int:
    """How many letters and digits these lines have."""
    return sum(len(_LETTERS.sub(b"", line)) for line in lines)
