"""Pinning a commit: every name of one that the repository itself reaches, and nothing else."""

from __future__ import annotations

import pytest

from evidence.model import EvidenceError, Ledger, UsageError
from evidence.source import open_source
from tests.source.building import Build, Builder


@pytest.fixture
def project(build: Build) -> Builder:
    """Three commits, a branch with a slash, and both kinds of tags."""
    made = build()
    made.commit({"app.py": "x = 1\n"})
    made.git("tag", "light")
    made.commit({"app.py": "x = 2\n"})
    made.git("tag", "-a", "-m", "Release", "v1.0")
    made.git("tag", "-a", "-m", "Signed off again", "v1.0-again", "v1.0")
    made.git("branch", "fix/a")
    made.commit({"app.py": "x = 3\n"})
    return made


@pytest.mark.parametrize(
    ("revision", "behind"),
    [
        ("HEAD", 0),
        ("main", 0),
        ("refs/heads/main", 0),
        ("HEAD~1", 1),
        ("main^", 1),
        ("main~2", 2),
        ("fix/a", 1),
        ("light", 2),
        ("v1.0", 1),
        ("v1.0^{commit}", 1),
        ("v1.0-again", 1),
        ("v1.0~1", 2),
        ("tags/v1.0", 1),
    ],
)
def test_names_of_a_commit(project: Builder, revision: str, behind: int) -> None:
    """Branches, tags, ancestors and full names all lead to their commit."""
    expected = project.git("rev-parse", f"HEAD~{behind}")
    with open_source(str(project.folder), revision=revision, ledger=Ledger()) as repository:
        assert (repository.commit, repository.committed) == (expected, project.clock - 3600 * (behind + 1))
        assert repository.default_branch == "main"


@pytest.mark.parametrize("length", [40, 12, 7])
def test_commit_ids(project: Builder, length: int) -> None:
    """A commit id may be cut as long as it is unambiguous."""
    sha = project.git("rev-parse", "HEAD~1")
    with open_source(str(project.folder), revision=sha[:length], ledger=Ledger()) as repository:
        assert repository.commit == sha
        assert len(repository.history().commits) == 2


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "-1",
        "--all",
        "--output=/tmp/x",
        "none",
        "main..fix/a",
        "main...fix/a",
        "^main",
        "HEAD:app.py",
        "HEAD^{tree}",
        "0" * 40,
        "deadbeef",
        "HEAD~9",
        "HEAD@{1}",
        "HEAD^9",
        "../../etc/passwd",
        "main\x1b[2J",
        "main\n",
        "a b",
        "x" * 400,
        ":/None",
    ],
)
def test_names_of_nothing(project: Builder, revision: str) -> None:
    """Options, ranges, files, ancestors that are not there and plain nonsense are one sentence each."""
    with pytest.raises(UsageError) as refused, open_source(str(project.folder), revision=revision, ledger=Ledger()):
        pass
    assert str(refused.value).endswith(".") and str(refused.value).isprintable() and len(str(refused.value)) < 400


def test_commit_that_no_reference_reaches(project: Builder) -> None:
    """A commit that merely lies in the object database proves nothing of this repository."""
    lost = project.git("commit-tree", "HEAD^{tree}", "-m", "Lost")
    with (
        pytest.raises(UsageError, match="No branch or tag of project reaches"),
        open_source(str(project.folder), revision=lost, ledger=Ledger()),
    ):
        pass


def test_contains(project: Builder) -> None:
    """All references count, however wrong the dates of commits are; unknown ids are simply not contained."""
    early = project.git("commit-tree", "main^{tree}", "-m", "Old", env={"GIT_COMMITTER_DATE": "@2100000000 +0000"})
    tip = project.git("commit-tree", "main^{tree}", "-p", early, "-m", "New", env={"GIT_COMMITTER_DATE": "@1 +0000"})
    project.git("update-ref", "refs/heads/apart", tip)
    lost = project.git("commit-tree", "HEAD^{tree}", "-m", "Lost")
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        assert all(map(repository.contains, (early, tip, project.git("rev-parse", "light"))))
        assert not repository.contains(lost)
        assert not repository.contains("0" * 40)


def test_variables_of_a_hook_around_us(project: Builder, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run from inside a hook, git's own variables point at another repository; ours is read all the same."""
    other = build("other")
    other.commit({"other.py": "y = 1\n"})
    for name in ("GIT_DIR", "GIT_COMMON_DIR"):
        monkeypatch.setenv(name, str(other.folder / ".git"))
    monkeypatch.setenv("GIT_OBJECT_DIRECTORY", str(other.folder / ".git" / "objects"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other.folder))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other.folder / ".git" / "index"))
    with open_source(str(project.folder), revision="fix/a", ledger=Ledger()) as repository:
        assert [b.path for b in repository.snapshot.blobs] == ["app.py"]
        assert repository.warnings == ()


def test_loops_of_tags_and_references_end(project: Builder) -> None:
    """A chain of tags deeper than anybody makes ends in one sentence."""
    target = project.git("rev-parse", "HEAD")
    kind = "commit"
    for n in range(12):
        text = f"object {target}\ntype {kind}\ntag t{n}\ntagger A <a@example.org> 1 +0000\n\nx\n"
        target, kind = project.git("hash-object", "-t", "tag", "-w", "--stdin", stdin=text.encode()), "tag"
    (project.folder / ".git" / "HEAD").write_text(target + "\n")
    with pytest.raises(EvidenceError, match="missing or damaged"), open_source(str(project.folder), ledger=Ledger()):
        pass
