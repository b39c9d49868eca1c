"""Cached digests, each under a key of all that it was made of; a damaged one is a miss, an old one goes."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from time import time

from msgspec import Struct

from evidence.store.database import FILE_NAME, Unusable, checksum, connect, transaction

KEPT_SECONDS = 30 * 86_400
"""How long a digest is kept: as long as the web page keeps its own."""

MOST_KEPT, MOST_BYTES = 32, 64 << 20
"""So many digests are kept, and so many bytes of them; the oldest make room."""

_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS digest"
    " (key BLOB PRIMARY KEY, kept REAL NOT NULL, size INTEGER NOT NULL, checksum BLOB NOT NULL, payload BLOB NOT NULL)"
)


class Entry(Struct, frozen=True):
    """A digest as JSON; ``said`` are the sentences that its scan warned of, ``notes`` what its keeper wrote down."""

    digest: bytes
    said: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


class DigestCache:
    """Digests by a key of 32 bytes, in the database of facts. Nothing raises and nothing is said for the state of the
    file or disk: the cache of facts, which a scan opens next, tells that once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, key: bytes) -> Entry | None:
        """The digest of this key, where there is one that is undamaged and not too old."""
        try:
            if not (self._folder / FILE_NAME).exists():
                return None
            with closing(connect(self._folder)) as connection:
                query = "SELECT kept, checksum, payload FROM digest WHERE key = ?"
                row = connection.execute(query, (key,)).fetchone()
        except (sqlite3.Error, OSError, Unusable):
            return None
        if row is None or not _is_sound(key, *row):
            return None
        head, _, digest = row[2].partition(b"\n")
        said, notes = json.loads(head)
        return Entry(digest, tuple(said), tuple(notes))

    def put(self, key: bytes, entry: Entry) -> None:
        """Keep a digest in place of an earlier one of the same key; one that takes half of all room is not kept."""
        payload = json.dumps([entry.said, entry.notes]).encode() + b"\n" + entry.digest
        if len(payload) > MOST_BYTES // 2:
            return
        try:
            with closing(connect(self._folder)) as opened, transaction(opened) as connection:
                connection.execute(_SCHEMA)
                row = (key, time(), len(payload), checksum(key, payload), payload)
                connection.execute("INSERT OR REPLACE INTO digest VALUES (?, ?, ?, ?, ?)", row)
                _drop(connection)
        except (sqlite3.Error, OSError, Unusable):
            return


def _is_sound(key: bytes, kept: object, told: object, payload: object) -> bool:
    """Whether a row is as it was written, and is not too old."""
    fresh = isinstance(kept, float) and 0 <= time() - kept < KEPT_SECONDS
    return fresh and isinstance(payload, bytes) and told == checksum(key, payload)


def _drop(connection: sqlite3.Connection) -> None:
    """Remove what is too old, or came into the future when the clock was set; and the oldest beyond the bounds."""
    now = time()
    connection.execute("DELETE FROM digest WHERE kept <= ? OR kept > ?", (now - KEPT_SECONDS, now))
    room = MOST_BYTES
    rows = connection.execute("SELECT key, size FROM digest ORDER BY kept DESC, key").fetchall()
    for number, (key, size) in enumerate(rows):
        room -= size
        if number >= MOST_KEPT or room < 0:
            connection.execute("DELETE FROM digest WHERE key = ?", (key,))
