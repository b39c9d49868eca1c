"""The tree of one commit as blobs, read from the object database; what is left out is in the ledger."""

from __future__ import annotations

import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from evidence.model import Blob, Ledger
from evidence.source.git import MIB, Git
from evidence.source.objects import contents, sizes
from evidence.source.quoting import path_text
from evidence.source.tree import NAMED, Entry, entries, note_paths

_LFS = b"version https://git-lfs.github.com/spec/v1\n"
_LFS_LONGEST = 1024  # the specification's own bound on a pointer


class Caps(Struct, frozen=True):
    """What is read at most, in bytes: of one blob, and of all blobs together."""

    blob: int = MIB
    total: int = 256 * MIB


class TreeSnapshot:
    """A :class:`evidence.model.Snapshot` of one commit.

    The ledger gets symlinks, submodules, files over the cap and missing objects when it is made; Git LFS pointers,
    damaged objects and files beyond the total when they are asked for.
    """

    def __init__(self, git: Git, commit: str, ledger: Ledger, spool: Path, caps: Caps | None = None) -> None:
        self.commit = commit
        self._git, self._ledger, self._spool = git, ledger, spool
        self._caps = caps or Caps()
        found = entries(git, commit, ledger)
        known = sizes(git, (e.oid for e in found if _kind(e.mode) != "submodule"))
        self._blobs = tuple(_blob(entry, known) for entry in found)
        self._paths: dict[str, list[str]] = {}
        for blob in self._blobs:
            if blob.kind != "submodule":
                self._paths.setdefault(blob.oid, []).append(blob.path)
        self._sizes = {blob.oid: blob.size for blob in self._blobs if blob.kind != "submodule"}
        self._noted: set[tuple[str, str]] = set()
        self._named: Counter[str] = Counter()
        self._admitted: set[str] = set()
        self._spent = 0
        self._note_what_is_not_read()

    @property
    def blobs(self) -> tuple[Blob, ...]:
        """Every path of the commit, sorted by its bytes."""
        return self._blobs

    def read(self, oids: list[str]) -> Iterator[tuple[str, bytes]]:
        """(oid, content) of those that are there and within the caps, each once, in the order asked.

        Content is what the object database holds: of a symlink its target. A Git LFS pointer is not the file's content.
        """
        wanted = [oid for oid in dict.fromkeys(oids) if 0 <= self._sizes.get(oid, -1) <= self._caps.blob]
        within = list(self._within_total(wanted))
        unreadable: list[str] = []
        for oid, content in contents(self._git, within, self._spool, unreadable):
            if len(content) <= _LFS_LONGEST and content.startswith(_LFS):
                self._note("lfs_pointer", oid, "the content is kept in Git LFS: only its pointer is here")
                continue
            yield oid, content
        for oid in unreadable:
            self._note("object_unreadable", oid, "the object is damaged")

    def _within_total(self, oids: list[str]) -> Iterator[str]:
        """Those that fit; one that was read before costs nothing, so that citations can be read again."""
        for oid in oids:
            if oid not in self._admitted and self._spent + self._sizes[oid] > self._caps.total:
                self._note("total_too_large", oid, f"beyond the {self._caps.total} bytes that are read of one commit")
                continue
            self._spent += 0 if oid in self._admitted else self._sizes[oid]
            self._admitted.add(oid)
            yield oid

    def _note(self, code: str, oid: str, reason: str) -> None:
        if (code, oid) in self._noted:
            return
        self._noted.add((code, oid))
        for path in self._paths[oid]:
            self._named[code] += 1
            self._ledger.note(code, path if self._named[code] <= NAMED else "other paths", reason)

    def _note_what_is_not_read(self) -> None:
        files = [b for b in self._blobs if b.kind == "file"]
        cap = self._caps.blob
        for code, left, reason in (
            ("symlink", [b for b in self._blobs if b.kind == "symlink"], "links are not followed"),
            (
                "submodule",
                [b for b in self._blobs if b.kind == "submodule"],
                "submodules are repositories of their own",
            ),
            ("file_too_large", [b for b in files if b.size > cap], f"larger than {cap} bytes"),
            ("object_missing", [b for b in files if b.size < 0], "the object is missing from this clone"),
        ):
            note_paths(self._ledger, code, [b.path for b in left], reason)


def _kind(mode: int) -> str:
    if stat.S_IFMT(mode) == 0o160000:
        return "submodule"
    return "symlink" if stat.S_ISLNK(mode) else "file"


def _blob(entry: Entry, known: dict[str, tuple[str, int]]) -> Blob:
    object_kind, size = known.get(entry.oid, ("", -1))
    kind = _kind(entry.mode)
    return Blob(
        path_text(entry.path),
        entry.oid,
        size if object_kind == "blob" else -1,
        kind,
        kind == "file" and bool(entry.mode & 0o100),
    )
