"""History: the same commits that git tells, whatever their texts hold, and as many as a damaged repository allows."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from evidence.model import Ledger
from evidence.source import History, open_source
from tests.source.building import START, Build, Builder


def history(project: Builder | Path, ledger: Ledger | None = None) -> History:
    """The history of HEAD."""
    folder = project.folder if isinstance(project, Builder) else project
    with open_source(str(folder), ledger=ledger or Ledger()) as repository:
        repository.start_history()
        assert repository.history() is repository.history()
        return repository.history()


def test_it_is_read_ahead_only_where_nobody_waits(build: Build) -> None:
    """Before git was asked there is nothing to read ahead; once it has ended there is."""
    project = build()
    project.commit({"a.py": "1\n"}, "Begin")
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        repository.read_history_if_ready()
        assert "_history" not in vars(repository)
        repository.start_history()
        deadline = time.monotonic() + 30
        while "_history" not in vars(repository) and time.monotonic() < deadline:
            repository.read_history_if_ready()
            time.sleep(0.01)
        assert "_history" in vars(repository)
        assert [c.subject for c in repository.history().commits] == ["Begin"]


def test_commits_with_all_their_fields(build: Build) -> None:
    """Newest first, with people, times, text and the files that changed."""
    project = build()
    first = project.commit({"a.py": "1\n", "b.py": "1\n"}, "Begin\n\nThe body,\nin two lines.\n")
    project.git("rm", "-q", "b.py")
    second = project.commit({"a.py": "2\n", "dir/c é.py": "3\n"}, "Go on")
    later, earlier = history(project).commits
    assert (later.sha, later.parents, later.subject, later.body) == (second, (first,), "Go on", "")
    assert [(c.status, c.path) for c in later.changes] == [("M", "a.py"), ("D", "b.py"), ("A", "dir/c é.py")]
    assert (earlier.sha, earlier.parents, earlier.subject, earlier.body) == (
        first,
        (),
        "Begin",
        "The body,\nin two lines.",
    )
    assert [(c.status, c.path) for c in earlier.changes] == [("A", "a.py"), ("A", "b.py")]
    assert (earlier.authored, earlier.committed, later.committed) == (START, START, START + 3600)
    assert (earlier.author.name, earlier.committer.email) == ("Ada", "ada@example.org")


@pytest.mark.parametrize(
    "message",
    [
        "M\nA\nD",
        "Forged\n\n" + "0" * 40 + "\nM\nfake.py\n",
        "Escape \x1b[31m and \u202e\n\n\x01\x02\x03",
        "%x00%H%n",
        "commit " + "1" * 40 + "\n\ncommit " + "2" * 40,
        "x" * 5000 + "\n\n" + "y\n" * 20_000,
        "-- \n\n\n\n\nM",
    ],
)
def test_no_message_forges_a_commit(build: Build, message: str) -> None:
    """Two commits stay two commits with their own files, whatever the messages pretend."""
    project = build()
    project.commit({"a.py": "1\n"}, message)
    project.commit({"b.py": "1\n"}, message)
    commits = history(project).commits
    assert [[c.path for c in commit.changes] for commit in commits] == [["b.py"], ["a.py"]]
    assert all(len(c.body) <= 8192 and len(c.subject) <= 1024 for c in commits)


@pytest.mark.parametrize(
    "header",
    [
        b"author A\0B <a@example.org> 1 +0000\ncommitter C <c@example.org> 2 +0000",
        b"author  <> 99999999999999999999 +0000\ncommitter C <c@example.org> -5 +0000",
        b"author broken\ncommitter",
        b"author A <a> 1 +0000\nauthor B <b> 1 +0000\ncommitter C <c@example.org> 2 +0000\nencoding UTF-7",
        b"author \xe9 <a@example.org> 1 +0000\ncommitter C <c@example.org> 2 +0000\nencoding latin1",
    ],
)
def test_odd_headers(build: Build, header: bytes) -> None:
    """Commits that no git would make are read as far as they go, with times that a calendar can show."""
    project = build()
    first = project.commit({"a.py": "1\n"})
    tree = project.git("rev-parse", "HEAD^{tree}")
    raw = f"tree {tree}\nparent {first}\n".encode() + header + b"\n\nOdd +AAA-\0 M\0a.py\0\n"
    odd = project.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", stdin=raw)
    project.git("update-ref", "refs/heads/main", odd)
    commits = history(project).commits
    assert [c.sha for c in commits] == [odd, first]
    assert commits[0].changes == () and [c.path for c in commits[1].changes] == ["a.py"]
    assert all(0 <= t <= 253_402_300_799 for c in commits for t in (c.authored, c.committed))


def test_names_that_are_not_utf8(build: Build) -> None:
    """Old commits in Latin-1 keep their letters."""
    project = build()
    project.git("config", "i18n.commitEncoding", "latin1")
    project.write({"a.py": "1\n"})
    project.git("add", "-A")
    project.git("commit", "-q", "-F", "-", stdin="Grüße".encode("latin-1"))
    assert history(project).commits[0].subject == "Grüße"


def test_merges_carry_no_changes(build: Build) -> None:
    """A merge has its parents, and the changes stay with the commits that made them."""
    project = build()
    project.commit({"a.py": "1\n"})
    project.git("checkout", "-q", "-b", "side")
    side = project.commit({"b.py": "1\n"})
    project.git("checkout", "-q", "main")
    main = project.commit({"c.py": "1\n"})
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge, *others = history(project).commits
    assert (merge.parents, merge.changes) == ((main, side), ())
    assert sorted(change.path for commit in others for change in commit.changes) == ["a.py", "b.py", "c.py"]


def test_dates_of_paths(build: Build) -> None:
    """When each path was touched, sorted; a path that history does not know has no dates."""
    project = build()
    for n, path in enumerate(["a.py", "b.py", "a.py", "c.py"]):
        project.commit({path: f"{n}\n"})
    told = history(project)
    hours = [START + 3600 * n for n in range(4)]
    assert told.dates(["a.py", "c.py", "none"]) == {"a.py": (hours[0], hours[2]), "c.py": (hours[3],), "none": ()}
    assert told.dates([]) == {}


def test_shallow_clone(build: Build, tmp_path: Path, ledger: Ledger) -> None:
    """A shallow clone tells what it has; its oldest commit does not seem to add every file."""
    project = build()
    for n in range(4):
        project.commit({f"{n}.py": "x\n"})
    project.git("clone", "-q", "--depth=2", f"file://{project.folder}", str(tmp_path / "shallow"))
    commits = history(tmp_path / "shallow", ledger).commits
    assert [[c.path for c in commit.changes] for commit in commits] == [["3.py"], []]
    assert [(e.code, e.subject) for e in ledger.entries()] == [("history_incomplete", "shallow clone")]


def test_missing_commit(build: Build, ledger: Ledger) -> None:
    """A missing commit costs what only it led to; the other parent of a merge is still followed."""
    project = build()
    first = project.commit({"a.py": "1\n"})
    project.git("checkout", "-q", "-b", "side")
    gone = project.commit({"b.py": "1\n"})
    after = project.commit({"b.py": "2\n"})
    project.git("checkout", "-q", "main")
    main = project.commit({"c.py": "1\n"})
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "side")
    merge = project.git("rev-parse", "HEAD")
    project.drop(gone)
    commits = {c.sha: c for c in history(project, ledger).commits}
    assert set(commits) == {merge, after, main, first}
    assert [c.path for c in commits[main].changes] == ["c.py"]
    assert commits[after].changes == ()
    assert [(e.code, e.subject, e.count) for e in ledger.entries()] == [("history_incomplete", "commits", 1)]


def test_missing_trees(build: Build, ledger: Ledger) -> None:
    """Missing trees cost the changes of the commits beside them, and the ledger counts those."""
    project = build()
    for n in range(6):
        project.commit({f"d/{n}.py": "x\n", "top.py": f"{n}\n"})
    project.drop(project.git("rev-parse", "HEAD~4^{tree}"))
    project.drop(project.git("rev-parse", "HEAD~2:d"))
    commits = history(project, ledger).commits
    assert len(commits) == 6
    assert [len(c.changes) for c in commits] == [2, 0, 0, 0, 0, 2]
    assert [(e.code, e.subject, e.count) for e in ledger.entries()] == [("history_incomplete", "changes", 4)]


def test_commit_that_changes_without_end(build: Build, ledger: Ledger) -> None:
    """A commit of a tree bomb loses its own changes and those before it, in seconds; the commits are all told."""
    project = build()
    project.commit({"a.py": "1\n"})
    start = project.git("rev-parse", "HEAD")
    blob = project.blob(b"boom\n")
    tree = project.tree([("100644", blob, f"f{n}".encode()) for n in range(10)])
    for _ in range(9):
        tree = project.tree([("40000", tree, f"d{n}".encode()) for n in range(10)])
    project.commit_tree(tree, start)
    plain = project.tree([("100644", blob, b"a.py")])
    bomb = project.git("rev-parse", "HEAD")
    project.git("update-ref", "HEAD", project.git("commit-tree", plain, "-p", start, "-m", "Side"))
    side = project.git("rev-parse", "HEAD")
    project.git("update-ref", "HEAD", project.git("commit-tree", plain, "-p", side, "-p", bomb, "-m", "Merge"))
    begun = time.monotonic()
    commits = history(project, ledger).commits
    assert time.monotonic() - begun < 25
    assert {c.sha for c in commits} >= {start, bomb, side}
    assert any(e.code == "history_incomplete" and e.subject == "changes" for e in ledger.entries())


def test_unreadable_history_is_no_reason_to_fail(build: Build, ledger: Ledger) -> None:
    """Where nothing but the newest commit is there, the history is that commit."""
    project = build()
    first = project.commit({"a.py": "1\n"})
    second = project.commit({"a.py": "2\n"})
    project.drop(first)
    commits = history(project, ledger).commits
    assert [c.sha for c in commits] == [second]
    assert ledger.entries()
