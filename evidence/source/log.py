"""The wire format of history: what ``git log`` is asked for, and its answer read back into commits.

Fields are separated by NUL. A commit's text and a path cannot contain one (git ends both at the first), so no message
can forge a field, a path or a commit. An empty field begins a commit; no status and no path is empty, so the end of
a commit's changes is found without looking at each of them.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from evidence.facts.secrets.masking import mask
from evidence.model import Change, Commit, Person
from evidence.source.quoting import path_text

FORMAT = "%x00".join(("", "%H", "%P", "%an", "%ae", "%at", "%cn", "%ce", "%ct", "%s", "%b"))
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
        tokens = (rest + chunk).split(b"\0")
        rest = tokens.pop()
        yield from reader.take(tokens)
    yield from reader.finish()


class _Texts(dict[bytes, str]):
    """Commit ids as text, each one object."""

    def __missing__(self, raw: bytes) -> str:
        found = self[raw] = raw.decode("ascii", "replace")
        return found


class _Changes(dict[tuple[bytes, bytes], Change | None]):
    """Changes by status and path, each one object; None for those beyond the bound."""

    def __init__(self) -> None:
        super().__init__()
        self._paths: dict[bytes, str] = {}

    def __missing__(self, key: tuple[bytes, bytes]) -> Change | None:
        if len(self) >= MOST_CHANGES:
            return None
        status, raw = key
        path = self._paths.get(raw)
        if path is None:
            path = self._paths[raw] = mask(path_text(raw))
        found = self[key] = Change(sys.intern(status.decode("ascii", "replace")), path)
        return found


class _People(dict[tuple[bytes, bytes], Person]):
    """Claims of name and address, each one object."""

    def __missing__(self, key: tuple[bytes, bytes]) -> Person:
        name, email = key
        found = self[key] = Person(decoded(name[:_NAME_LIMIT]), decoded(email[:_NAME_LIMIT]))
        return found


class _Reader:
    """Turns tokens into commits; equal names, paths and changes become one object, so large histories stay small."""

    def __init__(self) -> None:
        self._changes, self._people, self._shas = _Changes(), _People(), _Texts()
        self._left: list[bytes] = []

    def take(self, tokens: list[bytes]) -> Iterable[Commit]:
        """Commits that the next tokens complete: all but the last one, whose changes may go on."""
        tokens = self._left + tokens if self._left else tokens
        starts = [0]
        try:
            while True:
                starts.append(tokens.index(b"", starts[-1] + 1 + _FIELDS))
        except ValueError:
            last = starts.pop() if len(starts) > 1 else 0
        self._left = tokens[last:]
        return self._commits(tokens, starts, [*starts[1:], last]) if last else ()

    def finish(self) -> Iterable[Commit]:
        """The last commit, as far as it is whole."""
        tokens, self._left = self._left, []
        return self._commits(tokens, [0], [len(tokens)]) if len(tokens) > _FIELDS else ()

    def _commits(self, tokens: list[bytes], starts: list[int], ends: list[int]) -> Iterable[Commit]:
        """The commits that begin at these tokens, field by field: a call for each costs more than git itself."""
        fields = zip(*(tokens[at + 1 : at + 1 + _FIELDS] for at in starts), strict=True)
        shas, parents, names, emails, written, theirs, addresses, put, subjects, bodies = fields
        sha, person = self._shas.__getitem__, self._people.__getitem__
        return map(
            Commit,
            map(sha, shas),
            [tuple(map(sha, each.split())) for each in parents],
            map(person, zip(names, emails, strict=True)),
            _times(written),
            map(person, zip(theirs, addresses, strict=True)),
            _times(put),
            _decoded(subjects, _LINE_LIMIT),
            [text.rstrip("\n") for text in _decoded(bodies, BODY_LIMIT)],
            [self._touched(tokens, at + 1 + _FIELDS, end) for at, end in zip(starts, ends, strict=True)],
        )

    def _touched(self, tokens: list[bytes], at: int, end: int) -> tuple[Change, ...]:
        """The changes between two tokens; one that ends in the middle is left out."""
        if at >= end:
            return ()
        tokens[at] = tokens[at].lstrip(b"\n")  # the first status follows a line break
        pairs = zip(tokens[at:end:2], tokens[at + 1 : end : 2], strict=False)
        found = map(self._changes.__getitem__, pairs)
        return tuple(filter(None, found))


def _times(raw: Sequence[bytes]) -> list[int]:
    try:
        found = list(map(int, raw))
    except ValueError:
        return list(map(clamped, raw))
    return found if min(found) >= 0 and max(found) <= _LATEST else list(map(clamped, raw))


def _decoded(raw: Sequence[bytes], limit: int) -> list[str]:
    """Texts of commits, each cut at the limit; nearly all of them are short and UTF-8."""
    try:
        return [text.decode() if len(text) <= limit else decoded(text[:limit]) for text in raw]
    except UnicodeDecodeError:
        return [decoded(text[:limit]) for text in raw]


def decoded(raw: bytes) -> str:
    """Text of a commit: UTF-8, or Latin-1 where it is not (a cut in the middle of a character does not count)."""
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        if error.start >= len(raw) - 3 and error.reason == "unexpected end of data":
            return raw[: error.start].decode()
        return raw.decode("latin-1")


def clamped(raw: bytes) -> int:
    """Seconds since the epoch, held within what calendars can show; 0 for what is no number."""
    try:
        return min(max(int(raw), 0), _LATEST)
    except ValueError:
        return 0
