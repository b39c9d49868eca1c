"""Lines that known generators wrote: ``flask db init``, a cookiecutter, a starter that is committed as one's own.

Nobody here wrote them, whoever committed them and when. ``skeletons.txt`` holds hashes of their lines, a few in a row,
by the name of the file (``bench/skeletons.py`` makes it); a file of that name whose lines stand there in a long row, or
which consists of them, has them from the generator. A few lines that anybody would write the same way prove nothing.

In the generator's own repository somebody did write them. It is known by the commit at which its files were read: what
that commit and those before it brought is left to blame, and nobody can have these commits but by that very history.
"""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

from evidence.attribution.plain import Told, plain_lines, runs, told, with_blank_ones
from evidence.model import Commit

RUN = 4
"""So many lines in a row, blank ones left out, have a hash; so has each line alone."""
SIZE = 5
"""Bytes of a hash: with 50,000 of them one run in twenty million is taken for one that it is not."""
_LONG = 10
_MOSTLY = 0.6
_FEWEST = 6
_MOST_LINES = 5_000


class Skeletons:
    """``content`` gives a scanned file's content by path, None where it is not there; ``commits`` is the history, and
    ``shipped`` the hashes by name of the file and by the generator's commit (those in ``skeletons.txt``)."""

    def __init__(
        self,
        content: Callable[[str], bytes | None],
        commits: Sequence[Commit] = (),
        shipped: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._content = content
        self._shipped = _shipped() if shipped is None else shipped
        self._known: dict[tuple[str, str], frozenset[int]] = {}
        at = frozenset(commit for generators in self._shipped.values() for commit in generators)
        self._homes = {commit.sha: _up_to(commit.sha, commits) for commit in commits if commit.sha in at}

    def lines(self, path: str, besides: str = "") -> frozenset[int]:
        """Numbers (1-based) of the lines of a file that a generator (``besides`` one, by its commit) wrote."""
        if (path, besides) not in self._known:
            shipped = self._shipped.get(path.rpartition("/")[2], {})
            hashes = tuple(each for commit, each in shipped.items() if commit != besides)
            content = self._content(path) if hashes else None
            self._known[path, besides] = _written(plain_lines(content), _decoded(hashes)) if content else frozenset()
        return self._known[path, besides]

    def wrote(self, path: str, number: int, commit: str) -> bool:
        """Whether a generator wrote this line, which ``commit`` brought, and not the generator's own people in it."""
        if number not in self.lines(path):
            return False
        home = next((at for at, commits in self._homes.items() if commit in commits), "")
        return not home or number in self.lines(path, home)


def _up_to(sha: str, commits: Sequence[Commit]) -> frozenset[str]:
    """The commit and all before it."""
    parents = {commit.sha: commit.parents for commit in commits}
    found: set[str] = set()
    left = [sha]
    while left:
        one = left.pop()
        if one not in found:
            found.add(one)
            left.extend(parents.get(one, ()))
    return frozenset(found)


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
def _shipped() -> dict[str, dict[str, str]]:
    """The hashes of each name of a file, by the generator's commit, as they are written."""
    text = Path(__file__).with_suffix(".txt").read_text(encoding="ascii")
    found: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            name, commit, hashes = line.split("\t")
            found.setdefault(name, {})[commit] = hashes
    return found


@lru_cache(maxsize=512)
def _decoded(hashes: tuple[str, ...]) -> frozenset[bytes]:
    raws = map(b64decode, hashes)
    return frozenset(raw[at : at + SIZE] for raw in raws for at in range(0, len(raw), SIZE))
