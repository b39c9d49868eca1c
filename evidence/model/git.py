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


class Upstream(Struct, frozen=True):
    """What a fork has from the repository that it was forked from: ``name`` is that one's (``github.com/owner/name``),
    ``commit`` its HEAD as it was read, ``commits`` those of the fork's history that are of that one's too."""

    name: str
    commit: str = ""
    commits: frozenset[str] = frozenset()

    def __str__(self) -> str:
        return f"{self.name}@{self.commit}"


class LineCount(Struct, frozen=True):
    """How many lines a commit adds to and removes from each path, white space apart: (path, added, removed). Binary
    files count -1 each. A commit that only moves white space or files has no path here."""

    files: tuple[tuple[str, int, int], ...]
    beyond: tuple[int, int] = (0, 0)
    """Lines added and removed in files that are too many to be named."""


class Origin(Struct, frozen=True, array_like=True, gc=False):
    """Where a line came from: the commit that wrote it, and the path and 1-based line that it had there.

    ``before`` is the file's path in that commit's parent; "" where the commit made the file.
    """

    commit: str
    path: str
    line: int
    before: str


class Inquiry(Struct, frozen=True):
    """Which lines of a file, as ``commit`` has it, are asked about: 1-based, inclusive ranges.

    ``without`` are full ids of commits to look through, as if they had changed nothing.
    """

    commit: str
    path: str
    ranges: tuple[tuple[int, int], ...]
    without: tuple[str, ...] = ()


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

    def begin_counting(self, shas: Sequence[str]) -> None:
        """Begin to count the lines of these commits, if that can be done while others work."""
        ...

    def line_counts(self, shas: Sequence[str]) -> Mapping[str, LineCount]:
        """Counted lines of these commits (full ids); those whose files are not there are left out."""


class Blame(Protocol):
    """Who wrote which lines, as the history of a repository says."""

    def trace(
        self, inquiries: Sequence[Inquiry], parents: Mapping[str, Sequence[str]] | None = None
    ) -> Sequence[Mapping[int, Origin]]:
        """For each inquiry the origin of its lines; a line whose history is not there is left out.

        Lines are followed through renames, moves within their file and changes of white space. ``parents`` gives
        commits further parents, which their lines may come from.
        """
        ...

    def contents(self, places: Sequence[tuple[str, str]]) -> Mapping[tuple[str, str], bytes]:
        """Files as commits have them, by (commit, path); what is not there, or over a mebibyte, is left out."""
        ...

    def commits(self, shas: Sequence[str]) -> Mapping[str, Commit]:
        """Commits by their full ids, without changes, whether or not they lead to the scanned one."""
        ...

    def beside(self, heads: Sequence[str]) -> Mapping[str, Commit]:
        """Commits that these heads have and the scanned commit has not, by their full ids, without changes."""
        ...

    @property
    def change_heads(self) -> Mapping[int, str]:
        """The last commit of each pull or merge request whose own commits are here, by its number."""
        ...
