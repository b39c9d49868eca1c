"""The tree of a commit: every path once, every blob within the caps, and a ledger line for all that is left out."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from evidence.model import Blob, EvidenceError, Ledger
from evidence.source import Caps, SourceOptions, open_source
from tests.source.building import Build, Builder


def read(project: Builder, ledger: Ledger, **caps: int) -> tuple[tuple[Blob, ...], dict[str, bytes]]:
    """Blobs of HEAD, and the content by path of all that can be read."""
    with open_source(str(project.folder), ledger=ledger, options=SourceOptions(caps=Caps(**caps))) as repository:
        blobs = repository.snapshot.blobs
        contents = dict(repository.snapshot.read([b.oid for b in blobs]))
    return blobs, {b.path: contents[b.oid] for b in blobs if b.oid in contents}


def lines(ledger: Ledger) -> list[tuple[str, str, int]]:
    """Code, subject and count of each entry."""
    return [(e.code, e.subject, e.count) for e in ledger.entries()]


def test_all_paths_in_the_order_of_their_bytes(build: Build, ledger: Ledger) -> None:
    """Paths are sorted by bytes, sizes and modes are told, and nothing needs mentioning."""
    project = build()
    project.write({"run.sh": "#!/bin/sh\n"})
    (project.folder / "run.sh").chmod(0o755)
    project.commit({"b/x.py": "1\n", "b-c.py": "22\n", "b.py": "333\n", "é.py": "4444\n", "Z.py": ""})
    blobs, contents = read(project, ledger)
    assert [b.path for b in blobs] == ["Z.py", "b-c.py", "b.py", "b/x.py", "run.sh", "é.py"]
    assert [b.size for b in blobs] == [0, 3, 4, 2, 10, 5]
    assert [b.path for b in blobs if b.executable] == ["run.sh"]
    assert contents["é.py"] == b"4444\n"
    assert lines(ledger) == []


def test_reading_keeps_order_and_gives_each_object_once(build: Build, ledger: Ledger) -> None:
    """Asked for twice is given once; the order asked is the order given; unknown ids are left out."""
    project = build()
    project.commit({"a": "one\n", "b": "two\n", "c": "one\n"})
    with open_source(str(project.folder), ledger=ledger) as repository:
        one, two, again = (b.oid for b in repository.snapshot.blobs)
        assert list(repository.snapshot.read([two, one, two, again, "0" * 40])) == [(two, b"two\n"), (one, b"one\n")]
        assert list(repository.snapshot.read([])) == []
        assert list(repository.snapshot.read([one])) == [(one, b"one\n")]


def test_paths_that_are_not_utf8(build: Build, ledger: Ledger) -> None:
    """Such a path is quoted as git quotes it, and its file is read like any other."""
    project = build()
    with open(os.fsencode(project.folder) + b"/caf\xe9.py", "wb") as file:
        file.write(b"x = 1\n")
    project.commit()
    blobs, contents = read(project, ledger)
    assert [b.path for b in blobs] == ['"caf\\351.py"']
    assert contents == {'"caf\\351.py"': b"x = 1\n"}


def test_links_submodules_and_lfs_pointers(build: Build, ledger: Ledger) -> None:
    """What stands for something elsewhere is marked and counted, never followed."""
    project = build()
    (project.folder / "link").symlink_to("/etc/passwd")
    project.write({"big.bin": "version https://git-lfs.github.com/spec/v1\noid sha256:" + "0" * 64 + "\nsize 12\n"})
    project.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
    project.git("add", "link", "big.bin")
    project.git("commit", "-q", "-m", "Odd")
    blobs, contents = read(project, ledger)
    assert {b.path: b.kind for b in blobs} == {"big.bin": "file", "link": "symlink", "vendor": "submodule"}
    assert contents == {"link": b"/etc/passwd"}
    assert lines(ledger) == [("lfs_pointer", "big.bin", 1), ("submodule", "vendor", 1), ("symlink", "link", 1)]


def test_caps_of_one_file_and_of_all(build: Build, ledger: Ledger) -> None:
    """Files over the cap, and those beyond the total, are named in the ledger and not read."""
    project = build()
    project.commit({"big": "b" * 101, "one": "1" * 100, "two": "2" * 99})
    blobs, contents = read(project, ledger, blob=100, total=150)
    assert list(contents) == ["one"]
    assert [b.size for b in blobs] == [101, 100, 99]
    assert lines(ledger) == [("file_too_large", "big", 1), ("total_too_large", "two", 1)]


def test_many_of_a_kind_are_counted(build: Build, ledger: Ledger) -> None:
    """The first twenty are named, the others are a number."""
    project = build()
    project.commit({f"f{n:02}": "x" * (200 + n) for n in range(25)})
    read(project, ledger, blob=100)
    entries = lines(ledger)
    assert len(entries) == 21 and ("file_too_large", "other paths", 5) in entries


def test_missing_blob(build: Build, ledger: Ledger) -> None:
    """A missing object costs only itself."""
    project = build()
    project.commit({"gone.py": "x = 1\n", "here.py": "y = 1\n"})
    project.drop(project.git("rev-parse", "HEAD:gone.py"))
    blobs, contents = read(project, ledger)
    assert {b.path: b.size for b in blobs} == {"gone.py": -1, "here.py": 6}
    assert contents == {"here.py": b"y = 1\n"}
    assert lines(ledger) == [("object_missing", "gone.py", 1)]


@pytest.mark.parametrize("damage", [b"", b"garbage", b"x\x9c" + b"\xff" * 40])
def test_damaged_blob(build: Build, ledger: Ledger, damage: bytes) -> None:
    """A damaged object costs only itself, wherever in the order it comes."""
    project = build()
    project.commit({"a.py": "a = 1\n", "bad.py": "x = 1\n", "z.py": "z = 1\n"})
    file = project.object_file(project.git("rev-parse", "HEAD:bad.py"))
    file.chmod(0o644)
    file.write_bytes(damage)
    _, contents = read(project, ledger)
    assert contents == {"a.py": b"a = 1\n", "z.py": b"z = 1\n"}
    assert [subject for _, subject, _ in lines(ledger)] == ["bad.py"]


def test_blob_that_is_cut_short(build: Build, ledger: Ledger) -> None:
    """An object whose header is fine and whose content ends early is noticed while it is read."""
    project = build()
    project.git("config", "core.compression", "0")
    project.commit({"a.py": "a = 1\n", "bad.bin": os.urandom(60_000), "z.py": "z = 1\n"})
    file = project.object_file(project.git("rev-parse", "HEAD:bad.bin"))
    file.chmod(0o644)
    file.write_bytes(file.read_bytes()[:30_000])
    _, contents = read(project, ledger)
    assert contents == {"a.py": b"a = 1\n", "z.py": b"z = 1\n"}
    assert lines(ledger) == [("object_unreadable", "bad.bin", 1)]


def test_missing_folder(build: Build, ledger: Ledger) -> None:
    """A missing tree costs the files below it."""
    project = build()
    project.commit({"gone/deep/a.py": "x = 1\n", "here/b.py": "y = 1\n", "top.py": "z = 1\n"})
    project.drop(project.git("rev-parse", "HEAD:gone"))
    _, contents = read(project, ledger)
    assert list(contents) == ["here/b.py", "top.py"]
    assert lines(ledger) == [("object_missing", "gone/", 1)]


def test_missing_root(build: Build, ledger: Ledger) -> None:
    """Without its root tree a commit cannot be scanned, and one sentence says so."""
    project = build()
    project.commit({"a.py": "x = 1\n"})
    project.drop(project.git("rev-parse", "HEAD^{tree}"))
    with pytest.raises(EvidenceError, match=r"The tree of commit .* is missing"):
        read(project, ledger)


def test_kinds_that_lie(build: Build, ledger: Ledger) -> None:
    """A tree that calls a commit a file gives no content for it."""
    project = build()
    sha = project.commit({"a.py": "x = 1\n"})
    blob = project.git("rev-parse", "HEAD:a.py")
    project.commit_tree(project.tree([("100644", blob, b"a.py"), ("100644", sha, b"lie.py")]))
    _, contents = read(project, ledger)
    assert contents == {"a.py": b"x = 1\n"}
    assert lines(ledger) == [("object_missing", "lie.py", 1)]


def test_paths_that_lead_elsewhere(build: Build, ledger: Ledger) -> None:
    """Doubled names and parts such as '..' would make links that open something else: they are left out."""
    project = build()
    blob = project.blob(b"x = 1\n")
    inner = project.tree([("100644", blob, b"..")])
    project.commit_tree(
        project.tree(
            [("100644", blob, b"."), ("100644", blob, b"a.py"), ("100644", blob, b"a.py"), ("40000", inner, b"sub")]
        )
    )
    blobs, _ = read(project, ledger)
    assert [b.path for b in blobs] == ["a.py"]
    assert lines(ledger) == [("unsafe_path", ".", 1), ("unsafe_path", "a.py", 1), ("unsafe_path", "sub/..", 1)]


def test_bomb_of_repeated_folders(build: Build, ledger: Ledger) -> None:
    """Ten levels of ten equal folders are ten thousand million paths: folders that repeat are read once, in seconds."""
    project = build()
    tree = project.tree([("100644", project.blob(b"boom\n"), f"f{n}".encode()) for n in range(10)])
    for _ in range(10):
        tree = project.tree([("40000", tree, f"d{n}".encode()) for n in range(10)])
    project.commit_tree(tree)
    begun = time.monotonic()
    blobs, contents = read(project, ledger)
    assert time.monotonic() - begun < 20
    assert [b.path.rpartition("/")[2] for b in blobs] == [f"f{n}" for n in range(10)]
    assert len(contents) == 10
    assert lines(ledger) == [("too_many_files", "tree", 1)]


def test_folders_nested_without_end(build: Build, ledger: Ledger) -> None:
    """A tree thousands of levels deep costs what lies too deep, not the scan."""
    project = build()
    blob = project.blob(b"x = 1\n")
    tree = project.tree([("100644", blob, b"deep.py")])
    for _ in range(300):
        tree = project.tree([("40000", tree, b"d")])
    raw = project.tree([("100644", blob, b"a.py"), ("40000", tree, b"d")])
    project.commit_tree(raw)
    blobs, _ = read(project, ledger)
    assert blobs[0].path == "a.py"


def test_nothing_is_checked_out(build: Build, ledger: Ledger, clean_temporary_folder: Path) -> None:
    """While a repository is open, no file of it lies in the temporary folder."""
    project = build()
    project.commit({"marker.py": "x = 1\n"})
    with open_source(str(project.folder), ledger=ledger) as repository:
        assert dict(repository.snapshot.read([b.oid for b in repository.snapshot.blobs]))
        assert not list(clean_temporary_folder.rglob("marker*"))
