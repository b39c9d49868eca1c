"""Objects of a repository by id: sizes first, then content, each in one process; what is missing is not given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from msgspec import Struct

from evidence.source.child import Child
from evidence.source.git import Git

_MOST_RESTARTS = 16  # a damaged object ends git; each one costs a new process
_PIECE = 1 << 20


class Object(Struct, frozen=True):
    """One object: ``kind`` is commit, tree, blob or tag."""

    kind: str
    content: bytes


def sizes(git: Git, oids: Iterable[str]) -> dict[str, tuple[str, int]]:
    """Kind and size in bytes of each object that is there; objects that are missing or unreadable have no entry.

    An object may also be named by what leads to it (``<commit>^{tree}``).
    """
    left = list(dict.fromkeys(oids))
    found: dict[str, tuple[str, int]] = {}
    for _ in range(_MOST_RESTARTS):
        if not left:
            break
        ran = git.run("cat-file", "--batch-check", "--buffer", stdin="".join(f"{oid}\n" for oid in left).encode())
        lines = ran.out.decode("ascii", "replace").split("\n")[:-1]
        for asked, line in zip(left, lines, strict=False):
            words = line.split(" ")
            if len(words) == 3 and words[2].isdigit():
                found[asked] = (words[1], int(words[2]))
        left = left[len(lines) + 1 :] if ran.code != 0 else []
    return found


def contents(git: Git, oids: list[str], spool: Path, unreadable: list[str]) -> Iterator[tuple[str, bytes]]:
    """Content of each object in the order given, from one streaming process; ids that fail go to ``unreadable``.

    Ask for sizes first: an object is held in memory whole.
    """
    left = oids
    patient = git.bounded(
        seconds=3600.0
    )  # the reader parses between two objects; git's own work is bounded by cpu time
    for _ in range(_MOST_RESTARTS):
        done = 0
        # The ids come from a file: a pipe would need a second thread to keep both directions flowing.
        with tempfile.TemporaryFile(dir=spool) as asked:
            asked.write("".join(f"{oid}\n" for oid in left).encode())
            asked.seek(0)
            with git.running("cat-file", "--batch", "--buffer", stdin=asked, limits=patient) as child:
                for oid in left:
                    answer = _answer(child.stdout)
                    if answer is None:
                        break
                    done += 1
                    if answer.kind:
                        yield oid, answer.content
                    else:
                        unreadable.append(oid)
        if done == len(left):
            return
        unreadable.append(left[done])
        left = left[done + 1 :]
        if not left:
            return
    unreadable.extend(left)


class Lookup:
    """Objects one by one, for walks that learn from each what to ask next."""

    def __init__(self, git: Git, most: int) -> None:
        self._git = git
        self._most = most
        self._child: Child | None = None
        self._restarts = 0

    def get(self, oid: str) -> Object | None:
        """The object, or None where it is missing, unreadable or longer than the ``most`` bytes of this lookup."""
        if self._restarts > _MOST_RESTARTS:
            return None
        if self._child is None:
            self._child = self._git.start("cat-file", "--batch", stdin=-1)
        try:
            self._child.stdin.write(f"{oid}\n".encode())
            self._child.stdin.flush()
            answer = _answer(self._child.stdout, self._most)
        except OSError:
            answer = None
        if answer is None:
            self.close()
            self._restarts += 1
            return None
        return answer if answer.kind else None

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._git.end(self._child)
            self._child = None


@contextmanager
def looking(git: Git, most: int = 32 * _PIECE) -> Iterator[Lookup]:
    """A :class:`Lookup` whose process is gone when the block ends."""
    lookup = Lookup(git, most)
    try:
        yield lookup
    finally:
        lookup.close()


_MISSING = Object("", b"")


def _answer(pipe: IO[bytes], most: int | None = None) -> Object | None:
    """The next answer of ``cat-file --batch``; of no kind where the object is missing, None where git has died."""
    header = pipe.readline(256)
    if not header.endswith(b"\n"):
        return None
    words = header.split()
    if len(words) != 3 or not words[2].isdigit():
        return _MISSING
    size = int(words[2])
    if most is not None and size > most:
        left = size + 1
        while left and (piece := pipe.read(min(left, _PIECE))):
            left -= len(piece)
        return _MISSING if not left else None
    content = pipe.read(size + 1)
    return Object(words[1].decode("ascii", "replace"), content[:-1]) if len(content) == size + 1 else None
