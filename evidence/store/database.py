"""The file of the cache: one SQLite database, shared by any number of scans at once, that is never needed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from time import sleep

FILE_NAME = "facts.sqlite3"

_APPLICATION_ID = 0x45764443  # "EvDC"
_SCHEMA_VERSION = 1
_BUSY_MILLISECONDS = 30_000
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


def unheard(sentence: str) -> None:
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


class Unusable(Exception):
    """A file that is not ours to write."""


def checksum(digest: bytes, payload: bytes) -> bytes:
    """Binds a payload to its key, so that neither a flipped byte nor a swapped row goes unnoticed."""
    return blake2b(payload, digest_size=16, key=digest).digest()


def connect(folder: Path) -> sqlite3.Connection:
    """Open the database in this folder, making both when they are not there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / FILE_NAME
    if path.is_symlink():
        raise Unusable("it is a link")
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
            with transaction(connection):
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
        raise Unusable("it is not a cache of ours; delete it to start a new one")
    if version > _SCHEMA_VERSION:
        raise Unusable("it was written by a newer version")
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
def transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
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
