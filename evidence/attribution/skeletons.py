"""Lines that known generators wrote: ``flask db init``, a cookiecutter, a starter that is committed as one's own.

Nobody here wrote them, whoever committed them and when. ``skeletons.txt`` holds hashes of their lines, a few in a row,
by the name of the file (``bench/skeletons.py`` makes it); a file of that name whose lines stand there in a long row, or
which consists of them, has them from the generator. A few lines that anybody would write the same way prove nothing.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from evidence.attribution.plain import Told, plain_lines, runs, told, with_blank_ones

RUN = 4
"""So many lines in a row, blank ones left out, have a hash; so has each line alone."""
SIZE = 5
"""Bytes of a hash: with 50,000 of them one run in twenty million is taken for one that it is not."""
_LONG = 10
_MOSTLY = 0.6
_FEWEST = 6
_MOST_LINES = 5_000


class Skeletons:
    """``content`` gives a scanned file's content by path, None where it is not there."""

    def __init__(self, content: Callable[[str], bytes | None]) -> None:
        self._content = content
        self._known: dict[str, frozenset[int]] = {}

    def lines(self, path: str) -> frozenset[int]:
        """Numbers (1-based) of the lines of a file that a generator wrote."""
        if path not in self._known:
            hashes = _shipped().get(path.rpartition("/")[2])
            content = self._content(path) if hashes else None
            self._known[path] = _written(plain_lines(content), _decoded(hashes)) if content and hashes else frozenset()
        return self._known[path]


def _written(lines: Sequence[bytes], hashes: frozenset[bytes]) -> frozenset[int]:
    some = told(lines)
    if len(some) > _MOST_LINES:
        return frozenset()
    known = {n for numbers, run in runs(some, RUN) if hashed(run) in hashes for n in numbers}
    if len(known) >= max(_FEWEST, _MOSTLY * len(some)):
        known.update(number for number, line in some if hashed((line,)) in hashes)  # what changes left between them
    else:
        known = {number for row in _rows(some, known) if len(row) >= _LONG for number in row}
    return with_blank_ones(lines, known)


def _rows(some: Iterable[Told], known: set[int]) -> Iterator[list[int]]:
    """The known lines that stand in a row."""
    row: list[int] = []
    for number, _ in some:
        if number in known:
            row.append(number)
        elif row:
            yield row
            row = []
    yield row


def hashed(run: Iterable[bytes]) -> bytes:
    """The hash of a few lines."""
    return blake2b(b"\n".join(run), digest_size=SIZE).digest()


@lru_cache(maxsize=1)
def _shipped() -> dict[str, str]:
    """The hashes of each name of a file, as they are written."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="ascii")
    rows = (line.split("\t") for line in text.splitlines() if not line.startswith("#"))
    return {name: hashes for name, hashes in rows}


@lru_cache(maxsize=512)
def _decoded(hashes: str) -> frozenset[bytes]:
    raw = b64decode(hashes)
    return frozenset(raw[at : at + SIZE] for at in range(0, len(raw), SIZE))
