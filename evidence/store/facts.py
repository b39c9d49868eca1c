"""Cached facts of files. Entries carry a checksum, so a damaged one is a miss."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from evidence.facts.keys import Key
from evidence.store.database import FILE_NAME, Unusable, Warn, checksum, connect, purge, transaction, unheard

SIZE_BOUND = 512 << 20
"""Bytes that the cache may take before its oldest generations are dropped."""

_KEYS_PER_QUERY = 500
_ROWS_PER_TRANSACTION = 1_000


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
    def open(cls, folder: Path | None, warn: Warn = unheard, *, size_bound: int = SIZE_BOUND) -> FactsCache:
        """The cache in this folder, made when it is not there (folder 0700, file 0600); None gives a null cache.

        A file that is not ours, or of a newer version, is not touched.
        """
        cache = cls(folder, None, warn, size_bound)
        if folder is not None:
            with cache._or_without():
                cache._connection = connect(folder)
        return cache

    def __enter__(self) -> FactsCache:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_null(self) -> bool:
        """Whether nothing is held here, nor will be."""
        return self._connection is None

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
                for digest, told, payload in self._rows(digests[start : start + _KEYS_PER_QUERY]):
                    if isinstance(payload, bytes) and digest in by_digest and told == checksum(digest, payload):
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
            rows.append((digest, len(payload), checksum(digest, payload), payload))
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
        except (sqlite3.Error, OSError, Unusable) as error:
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
            with transaction(self._connection) as connection:
                if not self._generation:
                    (newest,) = connection.execute("SELECT max(generation) FROM fact").fetchone()
                    self._generation = int(newest or 0) + 1
                connection.executemany(
                    "INSERT OR REPLACE INTO fact (key, generation, size, checksum, payload) VALUES (?, ?, ?, ?, ?)",
                    [(digest, self._generation, size, told, payload) for digest, size, told, payload in rows],
                )
                dropped = _prune(connection, self._size_bound)
            if dropped:
                self._connection.execute("PRAGMA incremental_vacuum").fetchall()


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
