"""The cache of facts is never needed, never in the way and never wrong."""

from __future__ import annotations

import multiprocessing
import os
import random
import resource
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence.facts.keys import Key
from evidence.store import FILE_NAME, DigestCache, FactsCache, default_cache_folder, purge

FORK = multiprocessing.get_context("fork")


def key(number: int, fingerprint: str = "1") -> Key:
    """A key like those of real files."""
    return Key(f"{number:064x}", "python", fingerprint)


def entries(count: int, size: int = 20, fingerprint: str = "1") -> list[tuple[Key, bytes]]:
    """Payloads that tell their key."""
    return [(key(n, fingerprint), b"%d:" % n + b"x" * size) for n in range(count)]


def fill(folder: Path, items: list[tuple[Key, bytes]], **options: int) -> None:
    """Put these into the cache of a folder, as one scan."""
    with FactsCache.open(folder, fail, **options) as cache:
        cache.put_many(items)


def fail(sentence: str) -> None:
    """A listener for caches that must work."""
    raise AssertionError(sentence)


def whole(folder: Path) -> object:
    """SQLite's own opinion of the file: [("ok",)] when nothing is wrong."""
    connection = sqlite3.connect(folder / FILE_NAME)
    try:
        return connection.execute("PRAGMA integrity_check").fetchall()
    finally:
        connection.close()


def test_what_was_put_is_found(tmp_path: Path) -> None:
    """Payloads come back from the same and from a later scan, by all three parts of their key."""
    items = entries(2_500)
    with FactsCache.open(tmp_path / "a" / "evidence", fail) as cache:
        assert cache.get_many(k for k, _ in items) == {}
        cache.put_many(iter(items))
        assert cache.get_many(k for k, _ in items) == dict(items)
    with FactsCache.open(tmp_path / "a" / "evidence", fail) as cache:
        assert cache.get_many([key(7), key(7, "2"), key(9_999), Key(f"{7:064x}", "yaml", "1")]) == {key(7): items[7][1]}


def test_the_last_put_of_a_key_holds(tmp_path: Path) -> None:
    """A second payload replaces the first; an empty one is a payload too."""
    fill(tmp_path, [(key(1), b"old"), (key(2), b"")])
    fill(tmp_path, [(key(1), b"new")])
    with FactsCache.open(tmp_path, fail) as cache:
        assert cache.get_many([key(1), key(2)]) == {key(1): b"new", key(2): b""}


def test_no_folder_gives_a_cache_that_keeps_nothing() -> None:
    """The null cache has the same doors and misses always."""
    with FactsCache.open(None, fail) as cache:
        cache.put_many(entries(3))
        assert cache.is_null and cache.get_many([key(1)]) == {}
        cache.purge()


def test_a_file_that_was_just_begun_is_used(tmp_path: Path) -> None:
    """A database without any table yet, left by a scan that died at once, is no foreign file."""
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.execute("PRAGMA user_version")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.close()
    assert (tmp_path / FILE_NAME).stat().st_size > 0
    fill(tmp_path, entries(1))


def test_nobody_else_can_read_it(tmp_path: Path) -> None:
    """Folder 0700; database, log and index 0600, whatever the umask."""
    old = os.umask(0)
    try:
        with FactsCache.open(tmp_path / "evidence", fail) as cache:
            cache.put_many(entries(3))
            files = list((tmp_path / "evidence").iterdir())
            assert {f.name for f in files} == {FILE_NAME, f"{FILE_NAME}-wal", f"{FILE_NAME}-shm"}
            assert {stat.S_IMODE(f.stat().st_mode) for f in files} == {0o600}
    finally:
        os.umask(old)
    assert stat.S_IMODE((tmp_path / "evidence").stat().st_mode) == 0o700


@pytest.mark.parametrize("column", ["payload", "checksum", "key"])
def test_a_flipped_byte_is_a_miss(tmp_path: Path, column: str) -> None:
    """Damage in an entry costs that entry and no more; a value of another type is damage too."""
    fill(tmp_path, entries(3))
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    for damaged, number in ((b"\x00" * 32, 0), ("text", 1)):
        connection.execute(f"UPDATE fact SET {column} = ? WHERE key = ?", (damaged, key(number).digest()))  # noqa: S608
    connection.commit()
    connection.close()
    with FactsCache.open(tmp_path, fail) as cache:
        assert cache.get_many([key(n) for n in range(3)]) == {key(2): entries(3)[2][1]}


def test_a_swapped_payload_is_a_miss(tmp_path: Path) -> None:
    """A whole and well-summed entry under another key is not taken for that key's."""
    fill(tmp_path, entries(2))
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    other = connection.execute("SELECT checksum, payload FROM fact WHERE key = ?", (key(0).digest(),)).fetchone()
    connection.execute("UPDATE fact SET checksum = ?, payload = ? WHERE key = ?", (*other, key(1).digest()))
    connection.commit()
    connection.close()
    with FactsCache.open(tmp_path, fail) as cache:
        assert set(cache.get_many([key(0), key(1)])) == {key(0)}


@pytest.mark.parametrize("seed", range(25))
def test_a_damaged_file_never_lies_and_never_raises(tmp_path: Path, seed: int) -> None:
    """Bytes flipped anywhere: what is found is right, the scan goes on, and at most one sentence is said."""
    items = entries(400, 300)
    fill(tmp_path, items)
    chance = random.Random(seed)  # noqa: S311 - damage, not secrets
    content = bytearray((tmp_path / FILE_NAME).read_bytes())
    for _ in range(chance.choice([1, 20, 400])):
        content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (tmp_path / FILE_NAME).write_bytes(content)
    said: list[str] = []
    with FactsCache.open(tmp_path, said.append) as cache:
        found = cache.get_many(k for k, _ in items)
        cache.put_many(entries(50, 100, "2"))
        cache.get_many(k for k, _ in items)
    assert found.items() <= dict(items).items()
    assert len(said) <= 1


def newer(path: Path) -> None:
    """A database of a later release."""
    fill(path.parent, entries(3))
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode = DELETE")
    connection.execute("PRAGMA user_version = 2")
    connection.close()


def foreign(path: Path) -> None:
    """Somebody else's database."""
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE fact (key BLOB PRIMARY KEY)")
    connection.close()


def link(path: Path) -> None:
    """A link to somebody else's file."""
    path.with_name("other").write_bytes(b"precious")
    path.symlink_to("other")


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (newer, "newer version"),
        (foreign, "not a cache of ours"),
        (link, "cannot be used"),
        (lambda path: path.write_bytes(b"not a database" * 100), "not a database"),
        (lambda path: path.write_bytes(b"SQLite format 3\0"), "cannot be used"),
        (lambda path: path.mkdir(), "cannot be used"),
    ],
    ids=["newer", "foreign", "link", "text", "cut", "folder"],
)
def test_a_file_that_is_not_ours_is_left_alone(tmp_path: Path, spoil: Callable[[Path], object], why: str) -> None:
    """The scan goes on without a cache, says so in one sentence, and changes nothing."""
    path = tmp_path / FILE_NAME
    spoil(path)
    before = sorted((p.name, p.is_dir() or p.read_bytes()) for p in tmp_path.iterdir())
    said: list[str] = []
    with FactsCache.open(tmp_path, said.append) as cache:
        cache.put_many(entries(3))
        assert cache.get_many([key(1)]) == {}
    assert len(said) == 1
    assert why in said[0]
    assert str(path) in said[0]
    assert "\n" not in said[0]
    assert sorted((p.name, p.is_dir() or p.read_bytes()) for p in tmp_path.iterdir()) == before


def test_a_folder_that_cannot_be_made_is_no_hindrance(tmp_path: Path) -> None:
    """A file where the cache folder should be costs the cache."""
    (tmp_path / "file").write_text("here")
    said: list[str] = []
    with FactsCache.open(tmp_path / "file" / "evidence", said.append) as cache:
        assert cache.get_many([key(1)]) == {}
    assert len(said) == 1


def test_a_folder_that_may_not_be_looked_into_is_no_hindrance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another user's home, as a container may give one, costs the cache."""

    def forbid(path: Path, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "stat", forbid)
    assert DigestCache(tmp_path).get(b"k" * 32) is None


def test_deleted_in_the_middle(tmp_path: Path) -> None:
    """A cache whose files vanish under it neither raises nor gives wrong answers."""
    fill(tmp_path, entries(5))
    said: list[str] = []
    with FactsCache.open(tmp_path, said.append) as cache:
        for path in tmp_path.iterdir():
            path.unlink()
        assert cache.get_many([key(1)]).items() <= dict(entries(5)).items()
        cache.put_many(entries(50))
        assert cache.get_many([key(2)]).items() <= dict(entries(50)).items()
    assert len(said) <= 1
    fill(tmp_path, entries(2))
    assert whole(tmp_path) == [("ok",)]


def in_child(task: Callable[[], None]) -> int:
    """The exit code of a forked process that does this."""
    process = FORK.Process(target=task)
    process.start()
    process.join(60)
    assert process.exitcode is not None
    return process.exitcode


@pytest.mark.parametrize("protect", ["file", "folder", "both"])
def test_a_read_only_cache_is_no_hindrance(protect: str) -> None:
    """Where nothing may be written, facts may still be read, and nothing raises.

    Permission bits do not bind root, so the child becomes nobody where it can.
    """
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder, entries(5))
        before = (folder / FILE_NAME).read_bytes()
        (folder / FILE_NAME).chmod(0o644 if protect == "folder" or os.getuid() == 0 else 0o444)
        folder.chmod(0o755 if protect != "file" or os.getuid() == 0 else 0o700)
        if protect == "file" and os.getuid() == 0:
            folder.chmod(0o777)

        def scan() -> None:
            if os.getuid() == 0:
                os.setgid(65534)
                os.setuid(65534)
            said: list[str] = []
            with FactsCache.open(folder, said.append) as cache:
                assert cache.get_many([key(1)]).items() <= dict(entries(5)).items()
                cache.put_many(entries(50, fingerprint="2"))
            assert len(said) == 1
            assert FILE_NAME in said[0]

        assert in_child(scan) == 0
        assert (folder / FILE_NAME).read_bytes() == before
        folder.chmod(0o700)


@pytest.mark.parametrize("room", [0, 4_096, 40_000, 300_000])
def test_a_full_disk_costs_the_cache_only(tmp_path: Path, room: int) -> None:
    """RLIMIT_FSIZE stands for the full disk: one sentence, and what was stored before is whole and there."""
    fill(tmp_path, entries(20, 1_000))

    def scan() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
        said: list[str] = []
        with FactsCache.open(tmp_path, said.append) as cache:
            cache.put_many(entries(2_000, 1_000, "2"))
            assert cache.get_many([key(1_999, "2")]) == {}
        assert len(said) == 1

    assert in_child(scan) == 0
    assert whole(tmp_path) == [("ok",)]
    with FactsCache.open(tmp_path, fail) as cache:
        assert cache.get_many(k for k, _ in entries(20)) == dict(entries(20, 1_000))


def test_eight_scans_share_one_cache(tmp_path: Path) -> None:
    """Opened, written and read by eight at the same moment: nobody is told of a lock, nothing is missing."""
    start = FORK.Event()

    def scan(number: int) -> None:
        mine = entries(1_500, 200, str(number))
        start.wait()
        with FactsCache.open(tmp_path / "evidence", fail) as cache:
            for part in range(0, 1_500, 300):
                cache.put_many(mine[part : part + 300])
                cache.put_many(entries(300, 50))
                assert cache.get_many(k for k, _ in mine[: part + 300]) == dict(mine[: part + 300])

    scans = [FORK.Process(target=scan, args=(n,)) for n in range(10, 18)]
    for process in scans:
        process.start()
    start.set()
    for process in scans:
        process.join(60)
    assert [process.exitcode for process in scans] == [0] * 8
    assert whole(tmp_path / "evidence") == [("ok",)]
    with FactsCache.open(tmp_path / "evidence", fail) as cache:
        for n in range(10, 18):
            assert len(cache.get_many(k for k, _ in entries(1_500, 200, str(n)))) == 1_500


WRITER = """
import sys
from pathlib import Path
from evidence.facts.keys import Key
from evidence.store import FactsCache
cache = FactsCache.open(Path(sys.argv[1]), warn=sys.exit)
print("open", flush=True)
for scan in range(1_000):
    cache.put_many((Key(f"{n:064x}", "python", str(scan)), b"%d:%d" % (scan, n) * 200) for n in range(100))
    print(scan, flush=True)
"""


def test_killed_at_any_moment(tmp_path: Path) -> None:
    """Twenty kills while writing: the file is whole, what was reported stored is there, no half transaction."""
    chance = random.Random(2)  # noqa: S311 - moments, not secrets
    for _ in range(20):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True)
        assert writer.stdout is not None
        assert writer.stdout.readline() == "open\n"
        time.sleep(chance.random() * 0.1)
        writer.send_signal(signal.SIGKILL)
        done = writer.stdout.read().split()
        writer.stdout.close()
        assert writer.wait() == -signal.SIGKILL
        with FactsCache.open(tmp_path, fail) as cache:
            for scan in range(len(done) + 2):
                found = cache.get_many(key(n, str(scan)) for n in range(100))
                assert len(found) in ((100,) if str(scan) in done else (0, 100))
                assert all(
                    payload == b"%s:%d" % (k.fingerprint.encode(), int(k.sha256, 16)) * 200
                    for k, payload in found.items()
                )
        assert whole(tmp_path) == [("ok",)]


def test_the_oldest_generations_make_room(tmp_path: Path) -> None:
    """Beyond the bound whole generations go, oldest first, and the file shrinks with them."""
    for scan in range(10):
        fill(tmp_path, entries(100, 1_000, str(scan)), size_bound=350_000)
    with FactsCache.open(tmp_path, fail) as cache:
        left = [len(cache.get_many(k for k, _ in entries(100, 0, str(scan)))) for scan in range(10)]
    assert left == [0] * 7 + [100] * 3
    assert (tmp_path / FILE_NAME).stat().st_size < 600_000


def test_one_scan_cannot_take_it_all(tmp_path: Path) -> None:
    """A scan larger than half the bound keeps what it wrote first."""
    fill(tmp_path, entries(100, 1_000, "before"), size_bound=400_000)
    fill(tmp_path, entries(1_000, 1_000), size_bound=400_000)
    with FactsCache.open(tmp_path, fail) as cache:
        assert len(cache.get_many(k for k, _ in entries(100, 0, "before"))) == 100
        found = cache.get_many(k for k, _ in entries(1_000, 0))
    assert set(found) == {key(n) for n in range(len(found))}
    assert 150 < len(found) < 200


def test_purge_leaves_no_trace(tmp_path: Path) -> None:
    """Database, log and index go, and the folder with them; other files in it stay."""
    folder = tmp_path / "evidence"
    cache = FactsCache.open(folder, fail)
    cache.put_many(entries(10))
    cache.purge()
    assert not folder.exists()
    fill(folder, entries(1))
    (folder / "note").write_text("mine")
    purge(folder)
    assert [path.name for path in folder.iterdir()] == ["note"]
    purge(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("named", "expected"),
    [("/x/y", "/x/y/evidence"), ("", "/home/me/.cache/evidence"), ("rel", "/home/me/.cache/evidence")],
)
def test_the_folder_follows_xdg(monkeypatch: pytest.MonkeyPatch, named: str, expected: str) -> None:
    """XDG_CACHE_HOME where it is absolute, else the user's .cache."""
    monkeypatch.setenv("XDG_CACHE_HOME", named)
    monkeypatch.setenv("HOME", "/home/me")
    assert default_cache_folder() == Path(expected)
