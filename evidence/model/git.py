"""What a repository says: paths, people and commits, and what a source must offer of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class Blob(Struct, frozen=True):
    """One path of the scanned commit. ``kind`` is file, symlink or submodule; ``size`` is bytes, -1 where unknown.

    ``path`` is UTF-8; a path that is not valid UTF-8 is written as git quotes it (``"caf\\351.py"``, quotes included).
    """

    path: str
    oid: str
    size: int
    kind: str = "file"
    executable: bool = False


class Person(Struct, frozen=True):
    """A name and e-mail as a commit claims them (no mailmap applied)."""

    name: str
    email: str


class Change(Struct, frozen=True, array_like=True, gc=False):
    """One path touched by a commit: git's status letter (A, M, D, T) and the path."""

    status: str
    path: str


class Commit(Struct, frozen=True):
    """One commit. Times are seconds since the epoch, UTC. ``changes`` is empty for merges (first-parent diff is not
    asked)."""

    sha: str
    parents: tuple[str, ...]
    author: Person
    authored: int
    committer: Person
    committed: int
    subject: str
    body: str
    changes: tuple[Change, ...]


class LineCount(Struct, frozen=True):
    """How many lines a commit adds to and removes from each path, white space apart: (path, added, removed). Binary
    files count -1 each. A commit that only moves white space or files has no path here."""

    files: tuple[tuple[str, int, int], ...]


class Snapshot(Protocol):
    """The tree of one commit. ``read`` yields (oid, content) for the oids that exist and are within the cap, in the
    order asked; what it cannot give lands in the source's ledger."""

    commit: str

    @property
    def blobs(self) -> tuple[Blob, ...]: ...

    def read(self, oids: list[str]) -> Iterator[tuple[str, bytes]]: ...


class History(Protocol):
    """The commits that lead to the scanned one, newest first, as far as they are there."""

    @property
    def commits(self) -> Sequence[Commit]: ...

    def dates(self, paths: Iterable[str]) -> Mapping[str, tuple[int, ...]]:
        """For each path, the sorted commit times (epoch seconds) of the commits that touch it."""
        ...

    def line_counts(self, shas: Sequence[str]) -> Mapping[str, LineCount]:
        """Counted lines of these commits (full ids); those whose files are not there are left out."""
        ...
