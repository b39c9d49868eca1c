"""Fetching over http: the same repository as on disk, exactly what was asked for, and one sentence when it fails."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.model import EvidenceError, Ledger, UsageError
from evidence.source import OpenRepository, Places, SourceOptions, open_source
from evidence.source.address import parse_url
from evidence.source.remote import credentials
from tests.source.building import Build, Builder
from tests.source.serving import Server

Serve = Callable[[], Server]


@pytest.fixture
def project(build: Build) -> Builder:
    """A repository with a branch whose name has a slash, an annotated tag, and the head of a pull request."""
    made = build("owner/project")
    made.commit({"src/app.py": "x = 1\n"})
    made.git("tag", "-a", "-m", "Release", "v1.0")
    made.git("checkout", "-q", "-b", "fix/a")
    made.commit({"src/app.py": "x = 2\n"})
    made.git("checkout", "-q", "main")
    made.commit({"src/more.py": "y = 1\n"})
    made.git("update-ref", "refs/pull/5/head", made.git("commit-tree", "main^{tree}", "-p", "main", "-m", "Change"))
    made.git("update-ref", "refs/merge-requests/6/head", "refs/pull/5/head")
    return made


def options(server: Server, **more: Any) -> SourceOptions:
    """Options that allow this server."""
    return SourceOptions(places=Places(insecure=(server.origin,)), **more)


def everything(repository: OpenRepository) -> tuple[object, ...]:
    """All that a digest could be made of."""
    snapshot = repository.snapshot
    contents = list(snapshot.read([b.oid for b in snapshot.blobs]))
    known = (
        repository.id,
        repository.url,
        repository.host,
        repository.name,
        repository.commit,
        repository.default_branch,
    )
    return (
        known,
        repository.committed,
        snapshot.blobs,
        contents,
        repository.history().commits,
        repository.permalink("a", 1, 1),
    )


def test_a_clone_equals_the_original(project: Builder, serve: Serve) -> None:
    """Over the network comes what a local scan sees, under the same name."""
    server = serve()
    ledgers = Ledger(), Ledger()
    with open_source(f"{server.origin}/owner/project/.git", ledger=ledgers[0], options=options(server)) as remote:
        fetched = everything(remote)
    with open_source(str(project.folder), ledger=ledgers[1]) as local:
        assert fetched == everything(local)
    assert ledgers[0].entries() == ledgers[1].entries() == ()


@pytest.mark.parametrize(
    ("tail", "revision"),
    [
        ("", "main"),
        ("/tree/fix/a", "fix/a"),
        ("/tree/fix/a/src", "fix/a"),
        ("/blob/fix/a/src/app.py#L1", "fix/a"),
        ("/tree/v1.0", "v1.0^{commit}"),
        ("/pull/5", "refs/pull/5/head"),
        ("/-/merge_requests/6", "refs/merge-requests/6/head"),
    ],
)
def test_what_the_address_asks_for(project: Builder, serve: Serve, tmp_path: Path, tail: str, revision: str) -> None:
    """A branch, a tag or a change in the address is what is read, besides HEAD."""
    server = serve()
    (tmp_path / "o").mkdir()
    project.git("clone", "-q", "--mirror", ".", str(tmp_path / "o" / "r"))
    with open_source(f"{server.origin}/o/r{tail}", ledger=Ledger(), options=options(server)) as repository:
        assert repository.commit == project.git("rev-parse", revision)
        assert repository.default_branch == "main"
        assert repository.contains(project.git("rev-parse", "main"))
        assert set(repository.refs.names) <= {"refs/scan/head", "refs/scan/asked"}


@pytest.mark.parametrize(
    "revision", ["main", "HEAD~1", "fix/a", "fix/a~1", "v1.0", "v1.0^{commit}", "refs/heads/fix/a", "refs/pull/5/head"]
)
def test_pinned_by_name(project: Builder, serve: Serve, revision: str) -> None:
    """--commit takes the same names for a remote repository as for a local one."""
    server = serve()
    url = f"{server.origin}/owner/project/.git"
    with open_source(url, revision=revision, ledger=Ledger(), options=options(server)) as repository:
        assert repository.commit == project.git("rev-parse", f"{revision}^{{commit}}")


@pytest.mark.parametrize(("name", "length"), [("main", 40), ("main~1", 10), ("fix/a", 40), ("fix/a", 8)])
def test_pinned_by_commit_id(project: Builder, serve: Serve, name: str, length: int) -> None:
    """A commit id is found on HEAD or on any other branch or tag."""
    server = serve()
    sha = project.git("rev-parse", name)
    url = f"{server.origin}/owner/project/.git"
    with open_source(url, revision=sha[:length], ledger=Ledger(), options=options(server)) as repository:
        assert repository.commit == sha


@pytest.mark.parametrize(
    "revision", ["none", "no/such", "-x", "--upload-pack=id", "0" * 40, "refs/heads/..", "v1.0^{tree}", "@{1}"]
)
def test_revisions_that_are_not_there(project: Builder, serve: Serve, revision: str) -> None:
    """A wrong name is one sentence."""
    server = serve()
    url = f"{server.origin}/owner/project/.git"
    with (
        pytest.raises(UsageError) as refused,
        open_source(url, revision=revision, ledger=Ledger(), options=options(server)),
    ):
        pass
    assert str(refused.value).endswith(".") and len(str(refused.value)) < 300


def test_commit_of_a_fork(project: Builder, serve: Serve) -> None:
    """A commit that only a change from elsewhere brought is not the repository's own."""
    server = serve()
    fork = project.git("rev-parse", "refs/pull/5/head")
    url = f"{server.origin}/owner/project/.git"
    with pytest.raises(UsageError), open_source(url, revision=fork, ledger=Ledger(), options=options(server)):
        pass


def test_identity_of_the_public_original(project: Builder, serve: Serve) -> None:
    """A clone served elsewhere may be known under its public address."""
    server = serve()
    url = f"{server.origin}/owner/project/.git"
    known = options(server, identity="https://github.com/owner/project")
    with open_source(url, ledger=Ledger(), options=known) as repository:
        assert (repository.id, repository.url) == ("github.com/owner/project", "https://github.com/owner/project")
        assert repository.permalink("a.py", 1, 1).startswith("https://github.com/owner/project/blob/")


def failure(server: Server, path: str) -> str:
    """The sentence with which this path of the server cannot be opened."""
    with (
        pytest.raises(EvidenceError) as failed,
        open_source(f"{server.origin}/{path}", ledger=Ledger(), options=options(server)),
    ):
        pass
    said = str(failed.value)
    assert said.endswith(".") and said.isprintable() and len(said) < 400 and not isinstance(failed.value, UsageError)
    return said


def test_empty_repository_on_a_server(build: Build, serve: Serve) -> None:
    """A repository without a commit is one sentence."""
    build("owner/empty")
    assert "gave no commit under HEAD" in failure(serve(), "owner/empty/.git")


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (404, "private or does not exist"),
        (401, "private or does not exist"),
        (403, "private or does not exist"),
        (503, "cannot be reached"),
        (301, "sends us elsewhere"),
        (302, "sends us elsewhere"),
        (307, "sends us elsewhere"),
    ],
)
def test_answers_that_are_no_repository(serve: Serve, status: int, words: str) -> None:
    """Each way of saying no is one sentence, and no redirect is followed."""
    server, other = serve(), serve()
    headers = {"Location": f"{other.origin}/o/r.git/info/refs?service=git-upload-pack", "WWW-Authenticate": "Basic"}
    server.answers["/o/"] = (status, headers, b"\x1b[31mno\n")
    assert words in failure(server, "o/r.git")
    assert other.asked == []


def test_nobody_listens(serve: Serve) -> None:
    """A server that is not there is one sentence."""
    server = serve()
    server.shutdown()
    server.server_close()
    assert "cannot be reached" in failure(server, "o/r.git")


def packet(text: bytes) -> bytes:
    """One line of git's protocol."""
    return f"{len(text) + 4:04x}".encode() + text


@pytest.mark.parametrize(
    "refs",
    [
        packet(b"0" * 40 + b" capabilities^{}\0symref=HEAD:refs/heads/../../../ESCAPE\n"),
        packet(b"1" * 40 + b" HEAD\0symref=HEAD:refs/heads/../../../ESCAPE\n"),
        packet(b"1" * 40 + b" refs/heads/\x1b]0;evil\x07\0\n"),
        b"zzzz",
        b"",
    ],
    ids=["unborn", "forged", "escape", "nonsense", "nothing"],
)
def test_forged_references(serve: Serve, refs: bytes, clean_temporary_folder: Path) -> None:
    """What a hostile server calls its HEAD is written nowhere and shown nowhere raw."""
    server = serve()
    content = packet(b"# service=git-upload-pack\n") + b"0000" + refs + b"0000"
    server.answers["/o/"] = (200, {"Content-Type": "application/x-git-upload-pack-advertisement"}, content)
    failure(server, "o/r.git")
    assert not list(clean_temporary_folder.parent.rglob("ESCAPE*"))


def test_pack_over_the_bound(build: Build, serve: Serve) -> None:
    """A repository larger than what is fetched is one sentence, and nothing of it stays behind."""
    project = build("owner/large")
    project.commit({"noise.bin": os.urandom(3 << 20)})
    server = serve()
    bounded = options(server, most_fetched=1 << 20)
    with (
        pytest.raises(EvidenceError, match="larger than we fetch"),
        open_source(f"{server.origin}/owner/large/.git", ledger=Ledger(), options=bounded),
    ):
        pass


def test_pack_without_end(serve: Serve, clean_temporary_folder: Path) -> None:
    """One object that never ends is stopped long before the bound of an honest repository."""
    server = serve()
    sha = b"1" * 40
    refs = packet(sha + b" HEAD\0side-band-64k ofs-delta\n") + packet(sha + b" refs/heads/main\n")
    advertised = packet(b"# service=git-upload-pack\n") + b"0000" + refs + b"0000"
    server.answers["/o/r.git/info"] = (200, {"Content-Type": "application/x-git-upload-pack-advertisement"}, advertised)
    # A blob of 2^39 bytes, stored (not compressed) in blocks of 65,535 bytes.
    start = b"PACK" + (2).to_bytes(4, "big") + (1).to_bytes(4, "big") + b"\xb0" + b"\x80" * 4 + b"\x7f" + b"\x78\x01"
    block = b"\x00\xff\xff\x00\x00" + bytes(65_535)
    stream = b"".join(packet(b"\x01" + block[at : at + 32_768]) for at in range(0, len(block), 32_768))
    server.endless["/o/r.git/git-upload-pack"] = packet(b"NAK\n") + packet(b"\x01" + start), stream
    assert "larger than we fetch" in failure(server, "o/r.git")
    assert server.sent < 400 << 20


def test_shallow_repository_on_a_server(project: Builder, serve: Serve, tmp_path: Path, ledger: Ledger) -> None:
    """A server may itself be shallow: what it has is read, and the ledger says what is missing."""
    project.git("clone", "-q", "--bare", "--depth=1", f"file://{project.folder}", str(tmp_path / "shallow.git"))
    server = serve()
    with open_source(f"{server.origin}/shallow.git", ledger=ledger, options=options(server)) as repository:
        assert len(repository.history().commits) == 1
    assert [e.code for e in ledger.entries()] == ["history_incomplete"]


def test_kept_clones_are_used_again(project: Builder, serve: Serve, tmp_path: Path) -> None:
    """A kept clone lies under a name that nobody chose, is fetched into, and tells only what was fetched now."""
    server = serve()
    url, kept = f"{server.origin}/owner/project/.git", options(server, clones=tmp_path / "clones")
    with open_source(url, revision="fix/a", ledger=Ledger(), options=kept) as repository:
        assert repository.commit == project.git("rev-parse", "fix/a")
    (clone,) = (tmp_path / "clones").glob("*.git")
    assert clone.stem.isalnum() and "project" not in clone.stem
    (clone / "objects" / "pack" / "tmp_pack_killed").write_bytes(b"left behind")
    sha = project.commit({"new.py": "z = 1\n"})
    server.asked.clear()
    with open_source(url, ledger=Ledger(), options=kept) as repository:
        assert repository.commit == sha
        assert not repository.contains(project.git("rev-parse", "fix/a"))
        assert repository.contains(project.git("rev-parse", "v1.0^{commit}"))
    assert not list(clone.rglob("tmp_pack_*"))


def test_tokens_go_to_their_own_host_alone() -> None:
    """A token becomes a header for its host in the environment; other hosts and odd tokens give nothing."""
    tokens = {"GITHUB_TOKEN": "ghp_0123456789", "GITLAB_TOKEN": "glpat-0123456789"}
    hub, lab = (parse_url(f"https://{host}/o/r", Places()) for host in ("github.com", "gitlab.com"))
    github = credentials(hub, (), tokens)
    assert github["GIT_CONFIG_KEY_0"] == "http.https://github.com/.extraHeader"
    assert base64.b64decode(github["GIT_CONFIG_VALUE_0"].rpartition(" ")[2]) == b"x-access-token:ghp_0123456789"
    assert (
        base64.b64decode(credentials(lab, (), tokens)["GIT_CONFIG_VALUE_0"].rpartition(" ")[2])
        == b"oauth2:glpat-0123456789"
    )
    plain = parse_url("http://127.0.0.1:80/o/r", Places(insecure=("http://127.0.0.1:80",)))
    other = parse_url("https://evil.example/o/r", Places(hosts={"evil.example": "github"}))
    assert credentials(plain, (), tokens) == credentials(other, (), tokens) == {}
    assert credentials(hub, (), {"GH_TOKEN": "a\r\nX-Evil: 1" + "x" * 20}) == {}
    assert credentials(hub, (), {}) == {}


def test_tokens_in_no_argument_and_no_other_request(
    project: Builder, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No process gets a token in its arguments, and none but fetches from its host gets one at all."""
    monkeypatch.setenv("GITHUB_TOKEN", "ghp_0123456789abcdef")
    started: list[tuple[list[str], dict[str, str]]] = []
    original = subprocess.Popen

    class Recorder(original):  # type: ignore[misc, valid-type]
        def __init__(self, args: list[str], **more: Any) -> None:
            started.append((args, more.get("env") or {}))
            super().__init__(args, **more)

    monkeypatch.setattr(subprocess, "Popen", Recorder)
    server = serve()
    with open_source(f"{server.origin}/owner/project/.git", ledger=Ledger(), options=options(server)) as repository:
        repository.history()
    ours = [(args, env) for args, env in started if "/bin/sh" in args]
    assert ours
    for args, env in ours:
        assert "ghp_" not in " ".join(args) and not any("ghp_" in value for value in env.values())
