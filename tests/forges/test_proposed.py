"""The address of a pull request: who wrote the change, how it was reviewed, and what it adds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.cli import run
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
BEFORE = {"shop/__init__.py": "import flask\n\napp = flask.Flask(__name__)\n"}
AFTER = {
    "shop/__init__.py": "import flask\n\n\ndef create_app():\n    app = flask.Flask(__name__)\n    return app\n",
    "wsgi.py": "from shop import create_app\n\napp = create_app()\n",
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Builder:
    """A repository on a server, with a change that brings an application factory."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    made = Builder(tmp_path / "root" / "ada" / "app.git")
    made.commit(dict(BEFORE), "Begin")
    made.git("checkout", "-q", "-b", "topic")
    made.commit(dict(AFTER), "Make the application in a factory")
    made.git("update-ref", "refs/pull/1/head", "topic")
    made.git("checkout", "-q", "main")
    return made


def named(server: FakeGitHub) -> tuple[str, ...]:
    """The options that allow the server to be asked."""
    return ("--host", server.origin, "--allow-insecure-host", server.origin, "--workers", "1")


def served(project: Builder, github: Start) -> FakeGitHub:
    """The forge of the project."""
    data = repository()
    data.pulls[0].commits = [(project.git("rev-parse", "topic"), "ada")]
    data.history = [(project.git("rev-parse", "main"), "ada")]
    server = github(data)
    server.git_root = project.folder.parent.parent
    return server


def judged(project: Builder, github: Start, output: Path) -> dict[str, Any]:
    """What the digest says of the change."""
    server = served(project, github)
    assert run(["scan", f"{server.origin}/ada/app/pull/1", *named(server), "-o", str(output)]) == 0
    found: dict[str, Any] = json.loads(output.read_text())["subject"]["change"]
    return found


def test_a_change_is_told_with_its_author_its_reviews_and_what_it_adds(
    project: Builder, github: Start, tmp_path: Path
) -> None:
    """The factory was not there before the change, and is after it; ada wrote it, and bob asked for more first."""
    change = judged(project, github, tmp_path / "d.json")
    assert (change["number"], change["login"], change["state"]) == (1, "ada", "merged")
    assert [(review["login"], review["state"]) for review in change["reviews"]] == [
        ("bob", "changes_requested"),
        ("bob", "approved"),
    ]
    (factory,) = [each for each in change["adds"] if each["signal"] == "flask.app_factory"]
    assert (factory["before"], factory["after"]) == (None, "practised")
    assert any(place.startswith("shop/__init__.py:") for place in factory["places"])
    assert (change["base"], change["head"]) == (project.git("rev-parse", "main"), project.git("rev-parse", "topic"))


def test_a_merged_change_is_held_against_what_its_first_commit_had(
    project: Builder, github: Start, tmp_path: Path
) -> None:
    """Once it is in the default branch, the base is the parent of the change's first commit."""
    base = project.git("rev-parse", "main")
    project.git("merge", "-q", "--no-ff", "-m", "Merge", "topic")
    change = judged(project, github, tmp_path / "d.json")
    assert change["base"] == base
    assert "flask.app_factory" in [each["signal"] for each in change["adds"]]


def test_a_digest_of_a_change_is_told_and_verified(
    project: Builder, github: Start, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The Markdown says who wrote and reviewed it and what it adds; under its address all of it is derived again."""
    server, output = served(project, github), tmp_path / "d.json"
    address = f"{server.origin}/ada/app/pull/1"
    assert run(["scan", address, *named(server), "-o", str(output)]) == 0
    assert run(["scan", address, *named(server), "-o", str(tmp_path / "d.md")]) == 0
    told = (tmp_path / "d.md").read_text().partition("## The change\n")[2]
    for words in ("`ada`", "`bob` [asked for changes]", "Application factory: not found before, practised after"):
        assert words in told
    assert run(["verify", str(output), "--repo", address, *named(server), "--full"]) == 0


def test_a_merge_request_on_gitlab_is_told_alike(
    project: Builder, gitlab: Callable[..., FakeGitLab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address leads to the same: who wrote it, who reviewed it, what it adds; and all of it is derived again."""
    monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)
    project.git("update-ref", "refs/merge-requests/1/head", "topic")
    server = gitlab(repository())
    server.repo.pulls[0].commits = [(project.git("rev-parse", "topic"), "ada")]
    server.git_root = project.folder.parent.parent
    hosts = ("--host", f"{server.origin}=gitlab", "--allow-insecure-host", server.origin, "--workers", "1")
    address, output = f"{server.origin}/ada/app/-/merge_requests/1", tmp_path / "d.json"
    assert run(["scan", address, *hosts, "-o", str(output)]) == 0
    change = json.loads(output.read_text())["subject"]["change"]
    assert (change["number"], change["login"], change["state"]) == (1, "ada", "merged")
    assert [(review["login"], review["state"]) for review in change["reviews"]] == [
        ("bob", "changes_requested"),
        ("bob", "approved"),
    ]
    assert "flask.app_factory" in [each["signal"] for each in change["adds"]]
    assert run(["verify", str(output), "--repo", address, *hosts, "--full"]) == 0
