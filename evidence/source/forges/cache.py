"""What forges answered, kept in the user's cache folder: finished pages of a crawl, and the marks to ask "since" by.

Texts are masked before they come here, and no token ever does. A cache is never needed: whatever is wrong with its
file, the scan goes on with one in memory, and one sentence tells so.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct, field

from evidence.model import Account, ChangeRequest, Release
from evidence.source.forges.gathered import Gathered, StoredChange, StoredIssue

FILE_NAME = "forge.sqlite3"
_APPLICATION_ID = 0x45764667  # "EvFg"
_VERSION = 1
# What is asked has grown since: answers to less are not taken for all there is.
_ASKED = 2
_KEPT_CRAWLS = 200
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS crawl (id INTEGER PRIMARY KEY, scope TEXT NOT NULL, complete INTEGER NOT NULL,"
    " marks BLOB)",
    "CREATE INDEX IF NOT EXISTS crawl_scope ON crawl (scope, complete, id)",
    "CREATE TABLE IF NOT EXISTS item (crawl INTEGER NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,"
    " payload BLOB NOT NULL, PRIMARY KEY (crawl, kind, key)) WITHOUT ROWID",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_VERSION}",
)
_TYPES: dict[str, Any] = {
    "change": StoredChange, "issue": StoredIssue, "release": Release, "account": Account, "elsewhere": ChangeRequest,
}  # fmt: skip

Stored = tuple[str, str, Struct]
"""Kind, key and record of one item."""
Warn = Callable[[str], None]


class Marks(Struct):
    """How far a crawl has come: page cursors and finished lists by name, the ETags of its first answers, the newest
    time of change it saw, the commit whose history it read, and what the forge said of the repository as a whole."""

    etags: dict[str, str] = field(default_factory=dict)
    cursors: dict[str, str] = field(default_factory=dict)
    finished: list[str] = field(default_factory=list)
    since: str = ""
    head: str = ""
    totals: dict[str, int] = field(default_factory=dict)
    sampled: dict[str, str] = field(default_factory=dict)
    name: str = ""
    fork_of: str | None = None


class AnswerCache:
    """Crawls by scope (a forge, a repository and the way it was asked). Several scans may share the file."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, folder: Path | None, warn: Warn = lambda _sentence: None) -> AnswerCache:
        """The cache in this folder (made 0700, its file 0600), or one in memory where there is none."""
        if folder is not None:
            try:
                return cls(_connected(folder))
            except (sqlite3.Error, OSError):
                warn("The cache of the forge's answers cannot be used: everything is asked for again.")
        connection = sqlite3.connect(":memory:", isolation_level=None)
        _prepare(connection)
        return cls(connection)

    def close(self) -> None:
        """Let go of the file."""
        with suppress(sqlite3.Error):
            self._connection.close()

    def latest(self, scope: str, *, complete: bool) -> tuple[int, Marks, Gathered] | None:
        """The newest complete (or else unfinished) crawl of a scope with all it stored; None where there is none."""
        with suppress(sqlite3.Error, msgspec.MsgspecError):
            row = self._connection.execute(
                "SELECT id, marks FROM crawl WHERE scope = ? AND complete = ? ORDER BY id DESC LIMIT 1",
                (f"{_ASKED} {scope}", int(complete)),
            ).fetchone()
            if row is not None:
                marks = msgspec.json.decode(row[1], type=Marks)
                return row[0], marks, self._gathered(row[0], marks)
        return None

    def _gathered(self, crawl: int, marks: Marks) -> Gathered:
        found = Gathered(totals=dict(marks.totals), name=marks.name, sampled=dict(marks.sampled), fork_of=marks.fork_of)
        shelves: dict[str, dict[Any, Any]] = {"change": found.changes, "issue": found.issues,
                                              "release": found.releases, "account": found.accounts,
                                              "elsewhere": found.elsewhere}  # fmt: skip
        for kind, key, payload in self._connection.execute(
            "SELECT kind, key, payload FROM item WHERE crawl = ? AND kind != 'answer' ORDER BY kind, key", (crawl,)
        ):
            shelves[kind][int(key) if kind in ("change", "issue") else key] = msgspec.json.decode(
                payload, type=_TYPES[kind]
            )
        return found

    def answer(self, crawl: int, url: str) -> bytes | None:
        """An answer that was kept under its address."""
        with suppress(sqlite3.Error):
            row = self._connection.execute(
                "SELECT payload FROM item WHERE crawl = ? AND kind = 'answer' AND key = ?", (crawl, url)
            ).fetchone()
            return None if row is None else bytes(row[0])
        return None

    def begin(self, scope: str) -> int:
        """A new crawl."""
        with suppress(sqlite3.Error):
            made = self._connection.execute(
                "INSERT INTO crawl (scope, complete, marks) VALUES (?, 0, ?)",
                (f"{_ASKED} {scope}", msgspec.json.encode(Marks())),
            )
            return made.lastrowid or 0
        return 0

    def store(self, crawl: int, marks: Marks, items: Iterable[Stored], *, complete: bool, anew: bool = False) -> None:
        """Keep these items and the marks, in one transaction; ``anew`` drops what was kept of the crawl before. A
        complete crawl replaces older ones."""
        rows = [(crawl, kind, key, msgspec.json.encode(record)) for kind, key, record in items]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            if anew:
                self._connection.execute("DELETE FROM item WHERE crawl = ?", (crawl,))
            self._connection.executemany("INSERT OR REPLACE INTO item VALUES (?, ?, ?, ?)", rows)
            self._connection.execute(
                "UPDATE crawl SET marks = ?, complete = ? WHERE id = ?",
                (msgspec.json.encode(marks), int(complete), crawl),
            )
            if complete:
                self._drop_older(crawl)
            self._connection.execute("COMMIT")
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")

    def _drop_older(self, crawl: int) -> None:
        older = (
            "SELECT id FROM crawl WHERE id < ? AND scope = (SELECT scope FROM crawl WHERE id = ?)"
            " UNION SELECT id FROM (SELECT id FROM crawl ORDER BY id DESC LIMIT -1 OFFSET ?)"
        )
        bounds = (crawl, crawl, _KEPT_CRAWLS)
        self._connection.execute(f"DELETE FROM item WHERE crawl IN ({older})", bounds)  # noqa: S608 - no input in it
        self._connection.execute(f"DELETE FROM crawl WHERE id IN ({older})", bounds)  # noqa: S608


def _connected(folder: Path) -> sqlite3.Connection:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / FILE_NAME
    os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(file, timeout=30, isolation_level=None)
    try:
        known = connection.execute("PRAGMA application_id").fetchone()[0]
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if (known, version) != (_APPLICATION_ID, _VERSION):
            if known or version or connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                raise sqlite3.DatabaseError("not ours, or of another version")
            _prepare(connection)
        connection.execute("PRAGMA secure_delete = ON")
    except BaseException:
        connection.close()
        raise
    return connection


def _prepare(connection: sqlite3.Connection) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    connection.execute("COMMIT")


def items_of(found: Gathered) -> list[Stored]:
    """Everything gathered, as items to store."""
    return [
        *(("change", str(key), each) for key, each in found.changes.items()),
        *(("issue", str(key), each) for key, each in found.issues.items()),
        *(("release", key, each) for key, each in found.releases.items()),
        *(("account", key, each) for key, each in found.accounts.items()),
        *(("elsewhere", key, each) for key, each in found.elsewhere.items()),
    ]
