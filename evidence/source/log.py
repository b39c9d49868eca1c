"""The wire format of history: what ``git log`` is asked for, and its answer read back into commits.

Fields are separated by NUL. A commit's text and a path cannot contain one (git ends both at the first), so no message
can forge a field, a path or a commit.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import lru_cache
from typing import Protocol

from evidence.facts.secrets.masking import mask
from evidence.model import Change, Commit, Person
from evidence.source.quoting import path_text

FORMAT = "%x00".join(("%H", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%s", "%b"))
_FIELDS = 10
# --encoding=none: git would convert by whatever converter a commit names; bytes come as they are and are decoded here.
LOG = (
    "log", "-z", f"--format={FORMAT}", "--encoding=none", "--no-textconv", "--no-ext-diff", "--no-show-signature",
    "--no-mailmap", "--no-notes", "--no-decorate", "--no-color",
)  # fmt: skip
WITH_CHANGES = ("--name-status", "--no-renames", "--root", "--no-diff-merges", "--ignore-submodules=none")
WITHOUT_CHANGES = ("--no-patch",)
BODY_LIMIT = 8 * 1024
_LINE_LIMIT = 1024
_NAME_LIMIT = 256
_LATEST = 253_402_300_799  # the last second of the year 9999: calendars of Python and of most others end here
_CHUNK = 1 << 20
MOST_CHANGES = 400_000


class Readable(Protocol):
    """What bytes are read from; an empty piece is the end."""

    def read(self, size: int, /) -> bytes: ...


def read_commits(file: Readable) -> Iterator[Commit]:
    """Commits in the order of the file, which is the output of ``LOG`` with or without changes.

    A field that ends in the middle (git was stopped) is left out. Of a history that names more than ``MOST_CHANGES``
    different changes, the later ones are dropped.
    """
    reader = _Reader()
    rest = b""
    while chunk := file.read(_CHUNK):
        pieces = (rest + chunk).split(b"\0")
        rest = pieces.pop()
        yield from reader.take(pieces)
    yield from reader.finish()


class _Reader:
    """Turns tokens into commits; equal names, paths and changes become one object, so large histories stay small."""

    def __init__(self) -> None:
        self._changes: dict[tuple[bytes, bytes], Change] = {}
        self._people: dict[tuple[bytes, bytes], Person] = {}
        self._shas: dict[bytes, str] = {}
        self._fields: list[bytes] = []
        self._touched: list[Change] = []
        self._left: list[bytes] = []

    def take(self, pieces: list[bytes]) -> Iterator[Commit]:
        """Commits that the next tokens complete."""
        tokens = self._left + pieces
        at, end = 0, len(tokens)
        known = self._changes
        while True:
            if not self._fields:
                if at + _FIELDS > end:
                    break
                self._fields = tokens[at : at + _FIELDS]
                at += _FIELDS
            # The first status follows a line break; a commit id can be taken for neither.
            while at + 1 < end and len(status := tokens[at].lstrip(b"\n")) == 1:
                change = known.get((status, tokens[at + 1])) or self._change(status, tokens[at + 1])
                if change is not None:
                    self._touched.append(change)
                at += 2
            if at + 1 >= end:
                break
            yield from self.finish()
        self._left = tokens[at:]

    def finish(self) -> Iterator[Commit]:
        """The commit whose changes are all there."""
        if self._fields:
            yield self._commit(self._fields, tuple(self._touched))
        self._fields, self._touched = [], []

    def _change(self, status: bytes, path: bytes) -> Change | None:
        if len(self._changes) >= MOST_CHANGES:
            return None
        change = Change(sys.intern(status.decode("ascii", "replace")), mask(path_text(path)))
        self._changes[status, path] = change
        return change

    def _commit(self, fields: list[bytes], changes: tuple[Change, ...]) -> Commit:
        sha, parents, an, ae, at, cn, ce, ct, subject, body = fields
        return Commit(
            sha=self._sha(sha),
            parents=tuple(map(self._sha, parents.split())),
            author=self._person(an, ae),
            authored=clamped(at),
            committer=self._person(cn, ce),
            committed=clamped(ct),
            subject=decoded(subject[:_LINE_LIMIT]),
            body=decoded(body[:BODY_LIMIT]).rstrip("\n"),
            changes=changes,
        )

    def _sha(self, raw: bytes) -> str:
        return self._shas.setdefault(raw, raw.decode("ascii", "replace"))

    def _person(self, name: bytes, email: bytes) -> Person:
        person = self._people.get((name, email))
        if person is None:
            person = Person(decoded(name[:_NAME_LIMIT]), decoded(email[:_NAME_LIMIT]))
            self._people[name, email] = person
        return person


def decoded(raw: bytes) -> str:
    """Text of a commit: UTF-8, or Latin-1 where it is not (a cut in the middle of a character does not count)."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 3 and error.reason == "unexpected end of data":
            return raw[: error.start].decode()
        return raw.decode("latin-1")


@lru_cache(maxsize=4)
def clamped(raw: bytes) -> int:
    """Seconds since the epoch, held within what calendars can show; 0 for what is no number."""
    try:
        return min(max(int(raw), 0), _LATEST)
    except ValueError:
        return 0
