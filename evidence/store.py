"""SQLite cache of facts, shared by any number of scans at once.

A cache is never needed: whatever goes wrong with its file, the scan goes on without it, one sentence tells so, and
the file stays as it is. Entries carry a checksum, so a damaged one is a miss.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import sleep

from evidence.facts.keys import Key

FILE_NAME = "facts.sqlite3"
SIZE_BOUND = 512 << 20
"""Bytes that the cache may take before its oldest generations are dropped."""

_APPLICATION_ID = 0x45764443  # "EvDC"
_SCHEMA_VERSION = 1
_BUSY_MILLISECONDS = 30_000
_KEYS_PER_QUERY = 500
_ROWS_PER_TRANSACTION = 1_000
_SWITCH_TRIES, _SWITCH_PAUSE_SECONDS = 100, 0.02
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS fact"
    " (key BLOB PRIMARY KEY, generation INTEGER NOT NULL, size INTEGER NOT NULL, checksum BLOB NOT NULL,"
    " payload BLOB NOT NULL)",
    "CREATE INDEX IF NOT EXISTS fact_generation ON fact (generation, size)",
    f"PRAGMA application_id = {_APPLICATION_ID}",
    f"PRAGMA user_version = {_SCHEMA_VERSION}",
)

Warn = Callable[[str], None]


def _unheard(sentence: str) -> None:
    """The default listener."""


def default_cache_folder() -> Path:
    """``evidence`` in the user's cache folder, as XDG_CACHE_HOME names it (absolute paths only) or ``~/.cache``."""
    named = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(named) if os.path.isabs(named) else Path.home() / ".cache") / "evidence"


def purge(folder: Path) -> None:
    """Remove the cache in this folder with all its traces, and the folder itself when nothing else is in it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        (folder / f"{FILE_NAME}{suffix}").unlink(missing_ok=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class FactsCache:
    """Payloads by :class:`Key`. A null cache (no folder, or an unusable file) misses always and keeps nothing.

    No method raises for the state of the file or disk: ``warn`` gets one sentence, once, and the cache turns null.
    """

    def __init__(self, folder: Path | None, connection: sqlite3.Connection | None, warn: Warn, size_bound: int) -> None:
        self._folder = folder
        self._connection = connection
        self._warn = warn
        self._size_bound = size_bound
        self._generation = 0
        self._written = 0

    @classmethod
    def open(cls, folder: Path | None, warn: Warn = _unheard, *, size_bound: int = SIZE_BOUND) -> FactsCache:
        """The cache in this folder, made when it is not there (folder 0700, file 0600); None gives a null cache.

        A file that is not ours, or of a newer version, is not touched.
        """
        cache = cls(folder, None, warn, size_bound)
        if folder is not None:
            with cache._or_without():
                cache._connection = _connect(folder)
        return cache

    def __enter__(self) -> FactsCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file; the cache is null afterwards."""
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                connection.close()
            except sqlite3.Error:
                return

    def get_many(self, keys: Iterable[Key]) -> dict[Key, bytes]:
        """The payloads that are there and undamaged."""
        found: dict[Key, bytes] = {}
        by_digest = {key.digest(): key for key in keys}
        digests = list(by_digest)
        with self._or_without():
            for start in range(0, len(digests), _KEYS_PER_QUERY):
                for digest, checksum, payload in self._rows(digests[start : start + _KEYS_PER_QUERY]):
                    if isinstance(payload, bytes) and digest in by_digest and checksum == _checksum(digest, payload):
                        found[by_digest[digest]] = payload
        return found

    def put_many(self, items: Iterable[tuple[Key, bytes]]) -> None:
        """Store payloads, a thousand per transaction; a stored one of the same key is replaced.

        Once a scan has written half the size bound, the rest of it is not kept. The oldest generations make room.
        """
        rows: list[tuple[bytes, int, bytes, bytes]] = []
        for key, payload in items:
            self._written += len(payload)
            if self._connection is None or self._written > self._size_bound // 2:
                continue
            digest = key.digest()
            rows.append((digest, len(payload), _checksum(digest, payload), payload))
            if len(rows) >= _ROWS_PER_TRANSACTION:
                self._write(rows)
                rows = []
        if rows:
            self._write(rows)

    def purge(self) -> None:
        """Close the cache and remove it with all its traces."""
        self.close()
        if self._folder is not None:
            with self._or_without():
                purge(self._folder)

    @contextmanager
    def _or_without(self) -> Iterator[None]:
        """What goes wrong in here turns this into a null cache."""
        try:
            yield
        except (sqlite3.Error, OSError, _Unusable) as error:
            self.close()
            where = self._folder / FILE_NAME if self._folder else FILE_NAME
            self._warn(f"The cache {where} cannot be used ({error}); the scan goes on without it.")

    def _rows(self, digests: list[bytes]) -> list[tuple[object, object, object]]:
        if self._connection is None:
            return []
        marks = ",".join("?" * len(digests))
        query = f"SELECT key, checksum, payload FROM fact WHERE key IN ({marks})"  # noqa: S608 - question marks only
        return self._connection.execute(query, digests).fetchall()

    def _write(self, rows: list[tuple[bytes, int, bytes, bytes]]) -> None:
        with self._or_without():
            if self._connection is None:
                return
            with _transaction(self._connection) as connection:
                if not self._generation:
                    (newest,) = connection.execute("SELECT max(generation) FROM fact").fetchone()
                    self._generation = int(newest or 0) + 1
                connection.executemany(
                    "INSERT OR REPLACE INTO fact (key, generation, size, checksum, payload) VALUES (?, ?, ?, ?, ?)",
                    [(digest, self._generation, size, checksum, payload) for digest, size, checksum, payload in rows],
                )
                dropped = _prune(connection, self._size_bound)
            if dropped:
                self._connection.execute("PRAGMA incremental_vacuum").fetchall()


class _Unusable(Exception):
    """A file that is not ours to write."""


def _checksum(digest: bytes, payload: bytes) -> bytes:
    """Binds a payload to its key, so that neither a flipped byte nor a swapped row goes unnoticed."""
    return blake2b(payload, digest_size=16, key=digest).digest()


def _connect(folder: Path) -> sqlite3.Connection:
    """Open the database in this folder, making both when they are not there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / FILE_NAME
    if path.is_symlink():
        raise _Unusable("it is a link")
    # Created here and not by SQLite, whose new files are readable by others; -wal and -shm take over its mode. A file
    # that is there is never opened but by SQLite: closing it would drop the locks of this process's other connections.
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    uri = path.absolute().as_uri() + "?mode=rw"
    connection = sqlite3.connect(uri, uri=True, timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None)
    try:
        connection.text_factory = bytes
        if _is_unborn(connection):
            connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
            with _transaction(connection):
                for statement in _SCHEMA:
                    connection.execute(statement)
        _write_ahead(connection)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("SELECT 1 FROM fact LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _is_unborn(connection: sqlite3.Connection) -> bool:
    """Whether the database has nothing in it yet; raises for one that is not ours."""
    names = ("application_id", "user_version", "schema_version")
    # In one transaction, or another scan may make the tables between one answer and the next.
    connection.execute("BEGIN")
    application, version, changes = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in names)
    connection.execute("COMMIT")
    if not (application or version or changes):
        return True
    if application != _APPLICATION_ID:
        raise _Unusable("it is not a cache of ours; delete it to start a new one")
    if version > _SCHEMA_VERSION:
        raise _Unusable("it was written by a newer version")
    return False


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite does not wait for others here; where they never pause, the old journal serves as well."""
    for _ in range(_SWITCH_TRIES):
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone() == (b"wal",):
                return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error):
                raise
        sleep(_SWITCH_PAUSE_SECONDS)


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    """Take the write lock at once (a later upgrade could not wait), then all or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A full disk has rolled back already.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _prune(connection: sqlite3.Connection, bound: int) -> bool:
    """Drop oldest generations until the payloads are within the bound; whether any was."""
    query = "SELECT generation, sum(size) FROM fact GROUP BY generation ORDER BY generation"
    totals = connection.execute(query).fetchall()
    excess = sum(size for _, size in totals) - bound
    newest_dropped = 0
    for generation, size in totals[:-1]:
        if excess <= 0:
            break
        excess -= size
        newest_dropped = generation
    if newest_dropped:
        connection.execute("DELETE FROM fact WHERE generation <= ?", (newest_dropped,))
    return bool(newest_dropped)
