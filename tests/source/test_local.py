"""Repositories on this machine: the forms that are read, the traps that are refused, and that nothing of them runs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from evidence.model import EvidenceError, Ledger, UsageError
from evidence.source import SourceOptions, open_source
from tests.source.building import Build, Builder


def opened(path: Path | str, **options: str) -> tuple[str, str, tuple[str, ...]]:
    """Commit, id and warnings of what opens at this path."""
    with open_source(str(path), ledger=Ledger(), options=SourceOptions(**options)) as repository:  # type: ignore[arg-type]
        assert [b.path for b in repository.snapshot.blobs]
        return repository.commit, repository.id, repository.warnings


def refusal(path: Path | str, kind: type[EvidenceError] = EvidenceError) -> str:
    """The sentence with which this path is refused."""
    with pytest.raises(kind) as refused, open_source(str(path), ledger=Ledger()):
        pass
    said = str(refused.value)
    assert said.endswith(".") and said.isprintable() and "Traceback" not in said
    return said


def test_work_tree_sub_folder_and_git_folder(build: Build) -> None:
    """A work tree, a folder in it and its .git all open the same commit, under the folder's name."""
    project = build("shop")
    sha = project.commit({"src/app.py": "x = 1\n"})
    for path in (project.folder, project.folder / "src", project.folder / ".git"):
        assert opened(path) == (sha, "local/shop", ())


@pytest.mark.parametrize(
    ("folder", "name"), [("shop.git", "shop"), ("owner+shop/repo", "owner+shop"), ("plain", "plain")]
)
def test_bare_repository_without_configuration(build: Build, tmp_path: Path, folder: str, name: str) -> None:
    """A mirror may hold nothing but HEAD, objects and packed-refs; its id tells no path of the machine."""
    project = build("source")
    sha = project.commit({"app.py": "x = 1\n"})
    target = tmp_path / "mirrors" / folder
    project.git("clone", "-q", "--mirror", ".", str(target))
    for rest in ("config", "description", "hooks", "info", "branches"):
        part = target / rest
        shutil.rmtree(part) if part.is_dir() else part.unlink(missing_ok=True)
    assert opened(target) == (sha, f"local/{name}", ())


def test_genuine_worktree(build: Build, tmp_path: Path) -> None:
    """A worktree that its main repository links back to opens at its own HEAD."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    project.git("worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    side = Builder.__new__(Builder)
    side.folder, side.clock = tmp_path / "side", project.clock
    sha = side.commit({"more.py": "y = 2\n"})
    with open_source(str(side.folder), ledger=Ledger()) as repository:
        assert (repository.commit, repository.default_branch, repository.id) == (sha, "side", "local/project")


def test_git_file_that_points_to_a_neighbour(build: Build, tmp_path: Path) -> None:
    """A .git file that its target does not link back to would hand over the neighbour's private commits."""
    build("private").commit({"secret.txt": "s\n"})
    trap = tmp_path / "trap"
    trap.mkdir()
    (trap / ".git").write_text(f"gitdir: {tmp_path}/private/.git\n")
    assert "does not link back" in refusal(trap)


def test_git_file_with_a_forged_back_link(build: Build, tmp_path: Path) -> None:
    """A forged administrative folder may link back, but it does not lie inside the neighbour's repository."""
    build("private").commit({"secret.txt": "s\n"})
    trap = tmp_path / "trap"
    admin = trap / "fake" / "worktrees" / "x"
    admin.mkdir(parents=True)
    (trap / ".git").write_text(f"gitdir: {admin}\n")
    (admin / "commondir").write_text(f"{tmp_path}/private/.git\n")
    (admin / "gitdir").write_text(f"{trap}/.git\n")
    (admin / "HEAD").write_text("ref: refs/heads/main\n")
    assert "does not link back" in refusal(trap)


@pytest.mark.parametrize("content", ["", "gitdir:", "gitdir: ../none", "\x00", "gitdir: " + "a" * 5000, "nonsense"])
def test_odd_git_files(tmp_path: Path, content: str) -> None:
    """A .git file that makes no sense is refused in one sentence."""
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd" / ".git").write_text(content)
    assert "does not link back" in refusal(tmp_path / "odd")


@pytest.mark.parametrize("file", ["alternates", "http-alternates"])
def test_borrowed_objects(build: Build, file: str) -> None:
    """A repository that borrows objects from elsewhere is refused; an empty list of lenders is harmless."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    lenders = project.folder / ".git" / "objects" / "info" / file
    lenders.parent.mkdir(exist_ok=True)
    lenders.write_text("\n")
    assert opened(project.folder)[0] == sha
    lenders.write_text("/somewhere/objects\n")
    assert "borrows objects from elsewhere" in refusal(project.folder)


@pytest.mark.parametrize("part", ["objects", "objects/pack", "refs", "HEAD", "packed-refs"])
def test_linked_parts(build: Build, tmp_path: Path, part: str) -> None:
    """Objects, references and HEAD must lie in the repository itself."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    project.git("gc", "-q")
    inside, outside = project.folder / ".git" / part, tmp_path / "outside"
    shutil.move(inside, outside)
    inside.symlink_to(outside)
    assert "link" in refusal(project.folder)


def test_linked_git_folder(build: Build, tmp_path: Path) -> None:
    """A .git that is a link to elsewhere is refused."""
    build("private").commit({"secret.txt": "s\n"})
    (tmp_path / "trap").mkdir()
    (tmp_path / "trap" / ".git").symlink_to(tmp_path / "private" / ".git")
    assert "is a link to elsewhere" in refusal(tmp_path / "trap")


def test_linked_and_piped_object_files(build: Build, tmp_path: Path) -> None:
    """A linked pack, a linked loose object, and a named pipe that nobody would ever write to are refused."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    loose = project.object_file(sha)
    shutil.move(loose, tmp_path / "moved")
    loose.symlink_to(tmp_path / "moved")
    assert "no plain file" in refusal(project.folder)
    loose.unlink()
    shutil.move(tmp_path / "moved", loose)
    os.mkfifo(project.folder / ".git" / "objects" / "pack" / "pack-1.idx")
    assert "no plain file" in refusal(project.folder)


def test_pack_index_that_names_packs_elsewhere(build: Build, tmp_path: Path) -> None:
    """An index over packs is a claim of its author: a broken one is not even read."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    project.git("gc", "-q")
    (project.folder / ".git" / "objects" / "pack" / "multi-pack-index").write_bytes(b"MIDX" + b"\xff" * 64)
    info = project.folder / ".git" / "objects" / "info"
    (info / "commit-graph").write_bytes(b"CGPH" + b"\xff" * 64)
    assert opened(project.folder)[0] == sha


def test_not_a_repository(tmp_path: Path) -> None:
    """A plain folder, a file and a missing path are each told apart from a repository."""
    (tmp_path / "file").write_text("x")
    assert "is not a Git repository" in refusal(tmp_path, UsageError)
    assert "is not a folder" in refusal(tmp_path / "file", UsageError)
    assert "neither a folder here" in refusal(tmp_path / "none", UsageError)


def test_empty_repository(build: Build) -> None:
    """No commit yet is one sentence."""
    assert "has no commit on branch 'main' yet: commit something first" in refusal(build().folder)


def test_unborn_head_beside_other_branches(build: Build) -> None:
    """Where HEAD names a branch that is not there, the sentence says how to name another."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    project.git("symbolic-ref", "HEAD", "refs/heads/none")
    assert "has no commit on branch 'none' yet: name a revision with --commit" in refusal(project.folder)


@pytest.mark.parametrize("head", ["ref: refs/heads/../../../ESCAPE", "ref: ../../outside", "ref: refs/heads/a\x1b[2J"])
def test_head_that_leads_elsewhere(build: Build, head: str) -> None:
    """A HEAD with a forged name is an unborn one; the name is written nowhere."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    (project.folder / ".git" / "HEAD").write_text(head + "\n")
    assert "has no commit yet" in refusal(project.folder)


@pytest.mark.parametrize("head", ["nonsense", "", "0" * 39, "\x00"])
def test_damaged_head(build: Build, head: str) -> None:
    """A HEAD that is neither a reference nor a commit id is one sentence."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    (project.folder / ".git" / "HEAD").write_text(head)
    assert "HEAD of repository 'project' is damaged" in refusal(project.folder)


def test_missing_head_commit(build: Build) -> None:
    """Where the newest commit itself is missing or damaged, the sentence says so."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    file = project.object_file(sha)
    file.chmod(0o644)
    file.write_bytes(b"garbage")
    assert f"The commit {sha[:12]}" in refusal(project.folder)
    project.drop(sha)
    assert "missing or damaged" in refusal(project.folder)


def test_corrupt_pack(build: Build) -> None:
    """A pack of garbage is one sentence."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    project.git("gc", "-q")
    (pack,) = (project.folder / ".git" / "objects" / "pack").glob("*.pack")
    pack.chmod(0o644)
    pack.write_bytes(pack.read_bytes()[:20] + b"\xff" * 200)
    assert "missing or damaged" in refusal(project.folder)


def test_formats_that_are_not_read(build: Build) -> None:
    """SHA-256 repositories and reftables are each one sentence."""
    modern = build("modern", "--object-format=sha256")
    modern.commit({"app.py": "x = 1\n"})
    assert "SHA-256" in refusal(modern.folder)
    project = build()
    project.commit({"app.py": "x = 1\n"})
    (project.folder / ".git" / "reftable").mkdir()
    assert "reftable" in refusal(project.folder)


def test_detached_head(build: Build) -> None:
    """A detached HEAD opens, with no branch to tell."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    project.git("checkout", "-q", "--detach")
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        assert (repository.commit, repository.default_branch, repository.committed) == (sha, "", project.clock - 3600)


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.write({"app.py": "x = 22\n"}),
        lambda p: p.write({"new.py": "y = 1\n"}),
        lambda p: (p.folder / "app.py").unlink(),
        lambda p: (p.write({"app.py": "x = 3\n"}), p.git("add", "-A")),
    ],
    ids=["modified", "untracked", "deleted", "staged"],
)
def test_dirty_work_tree(build: Build, change: object) -> None:
    """What is not committed is not read, and a warning says so; ignored files are no reason for one."""
    project = build()
    project.commit({"app.py": "x = 1\n", ".gitignore": "*.pyc\n"})
    project.write({"app.pyc": "cache"})
    assert opened(project.folder)[2] == ()
    change(project)  # type: ignore[operator]
    assert opened(project.folder)[2] == (
        "The work tree of project has changes that are not committed: only the commit is read.",
    )
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        contents = dict(repository.snapshot.read([b.oid for b in repository.snapshot.blobs if b.path == "app.py"]))
    assert list(contents.values()) == [b"x = 1\n"]


def test_nothing_of_the_repository_runs(build: Build, tmp_path: Path) -> None:
    """Hooks, fsmonitor, filters, textconv, external diff, pager, signatures and remote helpers stay unused."""
    project = build()
    project.commit({"app.py": "x = 1\n", ".gitattributes": "* filter=evil diff=evil\n"})
    proof = tmp_path / "proof"
    tool = tmp_path / "tool.sh"
    tool.write_text(f'#!/bin/sh\necho ran "$0" >> {proof}\ncat\n')
    tool.chmod(0o755)
    hooks = project.folder / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "post-checkout", "pre-auto-gc", "reference-transaction", "query-watchman"):
        shutil.copy(tool, hooks / hook)
    gone = project.commit({"more.py": "y = 2\n"})
    blob = project.git("rev-parse", "HEAD:more.py")
    project.drop(blob)
    for key in (
        "core.fsmonitor", "core.pager", "core.sshCommand", "core.alternateRefsCommand", "diff.external", "gpg.program",
        "diff.evil.textconv", "diff.evil.command", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process",
        "credential.helper", "remote.origin.uploadpack", "pager.log", "pager.status",
    ):  # fmt: skip
        project.git("config", key, str(tool))
    project.git("config", "log.showSignature", "true")
    project.git("config", "core.hooksPath", str(hooks))
    project.git("config", "remote.origin.promisor", "true")
    project.git("config", "remote.origin.url", f"ext::{tool}")
    project.git("config", "core.repositoryFormatVersion", "1")
    project.git("config", "extensions.partialClone", "origin")
    os.utime(project.folder / "app.py", (1, 1))
    proof.unlink(missing_ok=True)
    ledger = Ledger()
    with open_source(str(project.folder), ledger=ledger) as repository:
        assert repository.commit == gone
        read = [oid for oid, _ in repository.snapshot.read([b.oid for b in repository.snapshot.blobs])]
        assert len(read) == 2 and blob not in read
        assert len(repository.history().commits) == 2
        assert repository.contains(gone)
    assert not proof.exists()
    assert [(e.code, e.subject) for e in ledger.entries()] == [("object_missing", "more.py")]


def test_replacements_and_grafts_are_ignored(build: Build) -> None:
    """What the commit says is what is read, whatever the repository would like to be seen instead."""
    project = build()
    first = project.commit({"app.py": "real\n"})
    second = project.commit({"app.py": "real too\n"})
    other = project.commit_tree(project.tree([("100644", project.blob(b"fake\n"), b"app.py")]))
    project.git("update-ref", "HEAD", second)
    project.git("replace", second, other)
    (project.folder / ".git" / "info").mkdir(exist_ok=True)
    (project.folder / ".git" / "info" / "grafts").write_text(f"{second}\n")
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        ((_, content),) = repository.snapshot.read([b.oid for b in repository.snapshot.blobs])
        assert (repository.commit, content) == (second, b"real too\n")
        assert [c.sha for c in repository.history().commits] == [second, first]


@pytest.mark.parametrize(
    ("origin", "known", "url"),
    [
        ("https://github.com/o/r.git", "github.com/o/r", "https://github.com/o/r"),
        ("https://user:token@github.com/o/r", "github.com/o/r", "https://github.com/o/r"),
        ("git@github.com:o/r.git", "github.com/o/r", "https://github.com/o/r"),
        ("ssh://git@gitlab.com/g/s/r.git", "gitlab.com/g/s/r", "https://gitlab.com/g/s/r"),
        ("https://evil.example/o/r", "local/project", ""),
        ("http://127.0.0.1:99/o/r", "local/project", ""),
        ("/srv/git/r.git", "local/project", ""),
        ("ext::sh -c id", "local/project", ""),
    ],
)
def test_identity_of_a_local_clone(build: Build, origin: str, known: str, url: str) -> None:
    """A clone of a public repository is known by its public name, without credentials; others by their folder."""
    project = build()
    project.commit({"a b/é.py": "x = 1\n"})
    project.git("config", "remote.origin.url", origin)
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        assert (repository.id, repository.url) == (known, url)
        assert repository.permalink("a b/é.py", 1, 2).startswith(url) and "token" not in repository.url


@pytest.mark.parametrize("given", ["github.com/o/r", "git@github.com:o/r.git", "https://github.com/o/r/"])
def test_a_repository_may_be_known_by_any_form_of_an_address(build: Build, given: str) -> None:
    """What can be given as a source can be given as the address that citations link to."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    with open_source(str(project.folder), ledger=Ledger(), options=SourceOptions(identity=given)) as repository:
        assert (repository.id, repository.url) == ("github.com/o/r", "https://github.com/o/r")


@pytest.mark.parametrize("given", [".", "evil.example/o/r", "https://evil.example/o/r", "javascript:alert(1)"])
def test_a_repository_is_known_by_a_public_address_only(build: Build, given: str) -> None:
    """No folder and no other host: links of a digest lead to a forge."""
    project = build()
    project.commit({"app.py": "x = 1\n"})
    options = SourceOptions(identity=given)
    with pytest.raises(UsageError), open_source(str(project.folder), ledger=Ledger(), options=options):
        pass


def test_permalinks(build: Build) -> None:
    """Links open the very lines at the very commit, in each forge's own way; without a public page there is none."""
    project = build()
    sha = project.commit({"app.py": "x = 1\n"})
    expected = {
        "https://github.com/o/r": (f"https://github.com/o/r/blob/{sha}/a%20%23%3F/%C3%A9.py#L1-L2", "/commit/"),
        "https://gitlab.com/g/o/r": (f"https://gitlab.com/g/o/r/-/blob/{sha}/a%20%23%3F/%C3%A9.py#L1-2", "/-/commit/"),
    }
    for identity, (link, word) in expected.items():
        options = SourceOptions(identity=identity)
        with open_source(str(project.folder), ledger=Ledger(), options=options) as repository:
            assert repository.permalink("a #?/é.py", 1, 2) == link
            assert repository.permalink('"caf\\351.py"', 3, 3).endswith("/caf%E9.py#L3")
            assert repository.permalink("app.py").endswith("/app.py")
            assert repository.commit_link(sha) == f"{identity}{word}{sha}"
            assert f"https://{repository.host}/{repository.name}" == identity
    with open_source(str(project.folder), ledger=Ledger()) as repository:
        assert (repository.permalink("app.py", 1, 2), repository.commit_link(sha), repository.host) == ("", "", "")
