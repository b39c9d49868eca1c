"""A scan that asks a forge, through the command line: when it asks, what the digest says of it, and what stays out."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.cli import run
from tests.forges.conftest import TOKEN
from tests.forges.data import Repo, repository, sha
from tests.forges.fake_github import Answer, FakeGitHub
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
PUBLIC = "https://github.com/ada/app"


@pytest.fixture
def served(github: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    """A GitHub that has both the commits of ada/app and what was said of them."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    repo = Builder(tmp_path / "root" / "ada" / "app.git")
    head = repo.commit({"app.py": "import flask\n\napp = flask.Flask(__name__)\n"}, "Begin")
    data: Repo = repository()
    data.history = [(head, "ada")]
    server = github(data)
    server.git_root = tmp_path / "root"
    return server


def scan(server: FakeGitHub, source: str, output: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the digest of a scan."""
    named = ("--host", server.origin, "--allow-insecure-host", server.origin)
    code = run(["scan", source, *named, "-o", str(output), "--workers", "1", *options])
    return code, json.loads(output.read_text())


def forge_ledger(digest: dict[str, Any]) -> list[dict[str, Any]]:
    """What the ledger says of forges."""
    return [entry for entry in digest["ledger"] if entry["code"].startswith("forge_")]


def test_an_address_is_asked_for_commits_and_for_what_was_said(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One address gives both, the digest carries the hash of the answers, and a second scan gives the same bytes."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    code, digest = scan(served, f"{served.origin}/ada/app", tmp_path / "one.json")
    assert code == 0
    (answers,) = digest["inputs"]["forge"].values()
    assert len(answers) == 64
    assert forge_ledger(digest) == []
    scan(served, f"{served.origin}/ada/app", tmp_path / "two.json")
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()


def test_a_local_copy_is_asked_about_under_its_public_address(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stand-in on this machine answers for github.com; the links stay those of the public address."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    code, digest = scan(served, str(tmp_path / "root/ada/app.git"), tmp_path / "d.json", "--as", PUBLIC)
    assert (code, list(digest["inputs"]["forge"])) == (0, ["github.com/ada/app"])
    assert all(r.headers["Authorization"] == f"Bearer {TOKEN}" for r in served.asked)


def test_no_forge_is_asked_where_none_is_wanted_or_known(served: FakeGitHub, tmp_path: Path) -> None:
    """With --no-forge, and for a folder that has no public address, nothing is asked and the ledger says why."""
    for options in (("--no-forge", "--as", PUBLIC), ()):
        code, digest = scan(served, str(tmp_path / "root/ada/app.git"), tmp_path / "d.json", *options)
        assert (code, digest["inputs"]["forge"], served.asked) == (0, None, [])
        assert [entry["code"] for entry in forge_ledger(digest)] == ["forge_not_asked"]


def test_a_forge_that_refuses_leaves_a_digest_that_says_so(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest of the digest stands, the ledger names each part, and the exit code is 3."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    served.faults.append(lambda request: Answer({"message": "Bad credentials"}, 401))
    code, digest = scan(served, f"{served.origin}/ada/app", tmp_path / "d.json")
    assert (code, digest["complete"]) == (3, False)
    assert {e["subject"].partition(" ")[0] for e in forge_ledger(digest)} >= {"changes", "reviews", "releases"}
    assert any(signal["outcome"] == "absent" for signal in digest["signals"])


def test_a_renamed_repository_is_read_under_its_present_name(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Git is sent elsewhere, the API tells the new name on the same host, and the ledger tells both."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    served.moved = {"/ada/old": "/ada/app"}
    code, digest = scan(served, f"{served.origin}/ada/old", tmp_path / "d.json")
    assert (code, digest["repositories"][0]["name"]) == (0, "ada/app")
    ((entry),) = forge_ledger(digest)
    assert (entry["code"], "ada/app" in entry["reason"]) == ("forge_renamed", True)


def test_several_sources_make_one_digest(served: FakeGitHub, tmp_path: Path) -> None:
    """Each repository has its findings and citations, a signal takes the best of them, and one that fails is told."""
    other = Builder(tmp_path / "other")
    factory = "import flask\n\n\ndef create_app():\n    app = flask.Flask(__name__)\n    return app\n"
    other.commit({"shop/__init__.py": factory, "wsgi.py": "from shop import create_app\n\napp = create_app()\n"})
    code, digest = scan(served, str(tmp_path / "root/ada/app.git"), tmp_path / "d.json", str(other.folder))
    assert code == 0
    assert [repository["id"] for repository in digest["repositories"]] == ["local/app", "local/other"]
    factory_signal = next(s for s in digest["signals"] if s["id"] == "flask.app_factory")
    assert (factory_signal["outcome"], len(factory_signal["findings"])) == ("found", 2)
    assert {citation["repository"] for citation in factory_signal["citations"]} == {"local/other"}
    code, digest = scan(served, str(other.folder), tmp_path / "e.json", str(tmp_path / "nothing"))
    assert (code, len(digest["repositories"])) == (3, 1)
    assert [e["code"] for e in digest["ledger"] if e["code"] == "source_failed"] == ["source_failed"]


@pytest.mark.parametrize("options", [(), ("--as", PUBLIC, "--no-forge")])
def test_a_digest_is_verified_as_its_forge_was_asked(
    served: FakeGitHub, tmp_path: Path, options: tuple[str, ...]
) -> None:
    """Asked or not, and why not: scanning again gives the same ledger."""
    code, _digest = scan(served, str(tmp_path / "root/ada/app.git"), tmp_path / "d.json", *options)
    assert code == 0
    named = ("--host", served.origin, "--allow-insecure-host", served.origin)
    repo = ("--repo", str(tmp_path / "root/ada/app.git"))
    assert run(["verify", str(tmp_path / "d.json"), *repo, "--full", "--workers=1", *named]) == 0


def test_the_host_that_is_named_may_be_allowed_without_naming_it_again(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--allow-insecure-host alone allows the plain http origins of --host, nothing else; without it none is asked."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    output, repo = tmp_path / "d.json", str(tmp_path / "root/ada/app.git")
    command = ["scan", repo, "--as", PUBLIC, "-o", str(output), "--workers", "1", "--host", served.origin]
    assert run(command) == 2
    assert served.asked == []
    assert run([*command, "--allow-insecure-host"]) == 0
    assert json.loads(output.read_text())["inputs"]["forge"]
    assert run(["scan", "http://127.0.0.1:9/a/b", "--host", served.origin, "--allow-insecure-host"]) == 2


def test_drafts_and_changes_that_were_pushed_anew_are_read(
    served: FakeGitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was said of commits that a forced push took away still counts; a dismissed review, a draft and a
    change without any commit cost nothing else."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    first, second, third = served.repo.pulls
    for said in first.threads[0]:
        said.commit = "f" * 40
    first.commits = [(sha("pushed anew"), "ada")]
    first.reviews[0].commit, first.reviews[0].state = "f" * 40, "DISMISSED"
    second.draft, second.state, third.commits = True, "OPEN", []
    code, digest = scan(served, f"{served.origin}/ada/app", tmp_path / "d.json")
    assert (code, forge_ledger(digest)) == (0, [])
    depth = next(signal for signal in digest["signals"] if signal["id"] == "forge.review_depth")
    assert any(citation["url"].endswith("/pull/1#discussion_r101") for citation in depth["citations"])
