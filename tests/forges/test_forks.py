"""Forks: the forge tells the parent, its server which commits are the parent's, and these credit nobody in the fork."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.anonymous import anonymised
from evidence.cli import run
from evidence.report.json_form import from_json, to_json
from evidence.source.forges import digest_of
from tests.forges.asking import asked
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.data import repository
from tests.forges.fake_github import Answer, FakeGitHub
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]
FACTORY = "import flask\n\n\ndef create_app():\n    app = flask.Flask(__name__)\n    return app\n"
WITH_PAGES = FACTORY.replace(
    "    return app", "    from shop.pages import pages\n\n    app.register_blueprint(pages)\n    return app"
)
PAGES = """import flask

pages = flask.Blueprint("pages", __name__)


@pages.route("/")
def home():
    return "here"
"""
BOB = {"GIT_AUTHOR_NAME": "Bob", "GIT_AUTHOR_EMAIL": "bob@example.org"}


@pytest.fixture
def token(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is a token."""
    monkeypatch.setenv("GH_TOKEN", TOKEN)


def test_the_parent_comes_with_what_is_asked_anyway(github: Start, token: None, tmp_path: Path) -> None:
    """GraphQL's pages tell it at no further request, and what is kept of them tells it again."""
    plain, fork = github(repository()), github(repository())
    fork.repo.fork_of = "org/app"
    assert (asked(plain).fork_of, asked(fork, cache=tmp_path).fork_of) == (None, "org/app")
    assert len(plain.asked) == len(fork.asked)
    fork.asked.clear()
    fork.limited = 0
    again = asked(fork, cache=tmp_path)
    assert (again.fork_of, len(fork.asked), fork.limited) == ("org/app", 2, 0)


def test_a_parent_that_the_forge_does_not_show_is_not_named(github: Start, token: None) -> None:
    """A private parent is none that we know; what is no name of a repository is not believed to be one."""
    for told in ("", "../../etc", "org/app?x=1", "https://evil.example/org/app", "one", "a b/c"):
        server = github(repository())
        server.repo.fork_of = told
        assert asked(server).fork_of == ""


def test_rest_tells_the_parent_by_one_request(github: Start, tmp_path: Path) -> None:
    """Without a token it costs one request of the anonymous limit, and none the second time."""
    server = github(repository())
    server.repo.fork_of = "org/app"
    assert asked(server, cache=tmp_path).fork_of == "org/app"
    assert sum(request.path == "/repos/ada/app" for request in server.asked) == 1
    server.asked.clear()
    assert (asked(server, cache=tmp_path).fork_of, len(server.asked)) == ("org/app", 2)


def test_a_recording_without_the_repository_itself_lacks_nothing(github: Start) -> None:
    """Where only that one answer is missing, nothing is said of forks; a failure is told."""
    server = github(repository())
    server.faults = [lambda request: Answer({}, 404) if request.path == "/repos/ada/app" else None]
    found = asked(server)
    assert (found.fork_of, dict(found.missing)) == (None, {})
    server.faults = [lambda request: Answer({}, 403) if request.path == "/repos/ada/app" else None]
    assert list(asked(server).missing) == ["parent"]


def test_gitlab_tells_the_parent(gitlab: Start, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The project names it; an unchanged project still costs one question."""
    monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)
    server = gitlab(repository())
    assert asked(server, kind="gitlab").fork_of is None
    server.repo.fork_of = "group/sub/app"
    first = asked(server, kind="gitlab", cache=tmp_path)
    server.asked.clear()
    second = asked(server, kind="gitlab", cache=tmp_path)
    assert (first.fork_of, len(server.asked)) == ("group/sub/app", 1)
    assert digest_of(first) == digest_of(second)


class Forked:
    """ada/app on a GitHub that has its parent org/app too: Ada began that one, and Bob goes on with it; in her fork she
    adds pages."""

    def __init__(self, server: FakeGitHub, root: Path) -> None:
        self.server, self.root = server, root
        self.parent = Builder(root / "org" / "app.git")
        self.parent.commit(
            {"shop/__init__.py": FACTORY, "wsgi.py": "from shop import create_app\n\nx = create_app()\n"}
        )
        self.parent.git("clone", "-q", ".", str(root / "ada" / "app.git"))
        self.fork = Builder(root / "ada" / "app.git")
        self.fork.clock = self.parent.clock
        self.head = self.fork.commit({"shop/pages.py": PAGES, "shop/__init__.py": WITH_PAGES}, "Add pages")
        self.goes_on()
        server.repo.history = [(self.head, "ada")]
        server.repo.fork_of = "org/app"
        server.git_root = root

    def goes_on(self) -> None:
        """The parent gets another commit."""
        self.parent.write({f"later{self.parent.clock}.py": "x = 1\n"})
        self.parent.git("add", "-A")
        self.parent.git("commit", "-q", "-m", "Later", env=BOB)
        self.parent.clock += 3600

    def scan(self, output: Path, *options: str) -> tuple[int, dict[str, Any]]:
        """The exit code and the digest of a scan of the fork's address."""
        where = (f"{self.server.origin}/ada/app", *self.hosts, "--workers", "1", "-o", str(output))
        code = run(["scan", *where, *options])
        return code, json.loads(output.read_text())

    @property
    def hosts(self) -> tuple[str, ...]:
        """The options that name the server."""
        return ("--host", self.server.origin, "--allow-insecure-host", self.server.origin)

    def said(self, digest: dict[str, Any]) -> list[tuple[str, str, int]]:
        """Code, reason and count of the ledger's lines on forks."""
        return [(e["code"], e["reason"], e["count"]) for e in digest["ledger"] if e["code"].startswith("fork_")]


@pytest.fixture
def forked(github: Start, token: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Forked:
    """The two repositories, served."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Forked(github(repository()), tmp_path / "root")


def _signal(digest: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(each for each in digest["signals"] if each["id"] == name)
    return found


@pytest.mark.parametrize("filters", [True, False], ids=["commits alone", "all of it"])
def test_what_the_parent_has_is_nobodys_in_the_fork(forked: Forked, tmp_path: Path, filters: bool) -> None:
    """Her commits in the parent are found there, not here; what she added in the fork is hers; the ledger says which
    commits of which parent were left out, whether or not its server sends commits alone."""
    forked.parent.git("config", "uploadpack.allowFilter", str(filters).lower())
    code, digest = forked.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    assert code == 0
    factory, pages = _signal(digest, "flask.app_factory"), _signal(digest, "flask.blueprints")
    assert factory["grade"] is not None
    assert {c["share"]["left_out"] for c in factory["citations"] if c["path"] == "wsgi.py"} == {"upstream"}
    assert pages["own_grade"] is not None
    assert {c["share"]["high"] for c in pages["citations"] if c["path"] == "shop/pages.py"} == {1.0}
    ((said, reason, count),) = forked.said(digest)
    name = f"{forked.server.origin.removeprefix('http://')}/org/app"
    tip = forked.parent.git("rev-parse", "HEAD")
    assert (said, count) == ("fork_upstream", 1)
    assert f"of its 2 commits so many are in the history of {name}, at {tip}" in reason
    assert list(digest["inputs"]["upstream"].values()) == [f"{name}@{tip}"] == [digest["subject"]["upstream"]]


def test_a_fork_is_verified_at_the_parents_commit_of_that_time(forked: Forked, tmp_path: Path) -> None:
    """Scanning again gives the same bytes, also with a parent that has gone on when the digest is verified."""
    for name in ("one.json", "two.json"):
        assert forked.scan(tmp_path / name, "--candidate", "ada@example.org")[0] == 0
    assert (tmp_path / "one.json").read_bytes() == (tmp_path / "two.json").read_bytes()
    forked.goes_on()
    where = ("--repo", f"{forked.server.origin}/ada/app", "--full", "--workers=1", *forked.hosts)
    assert run(["verify", str(tmp_path / "one.json"), *where]) == 0


def test_a_parent_that_cannot_be_had_is_told(
    forked: Forked, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """It is deleted or private: the digest stands, says whose work was not told apart, and the exit code is 3."""
    forked.server.repo.fork_of = "org/gone"
    code, digest = forked.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    ((said, reason, _count),) = forked.said(digest)
    assert (code, said, digest["inputs"]["upstream"]) == (3, "fork_unread", None)
    assert "/org/gone, whose history could not be had" in reason
    assert TOKEN not in reason
    assert _signal(digest, "flask.app_factory")["own_grade"] is not None
    forked.server.repo.fork_of = ""
    forked.server.repo.pulls[0].updated = 400
    code, digest = forked.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    assert (code, [said for said, _reason, _count in forked.said(digest)]) == (0, ["fork_upstream"])


def test_without_a_candidate_the_parent_is_named_and_not_read(forked: Forked, tmp_path: Path) -> None:
    """The digest is about the repository, its parent's files and people among it, and says so."""
    code, digest = forked.scan(tmp_path / "d.json")
    ((said, reason, _count),) = forked.said(digest)
    assert (code, said, digest["inputs"]["upstream"]) == (0, "fork_upstream", None)
    assert "/org/app: files, history and people are also those of its parent" in reason


def test_a_parent_without_a_common_commit_tells_nothing_apart(forked: Forked, tmp_path: Path) -> None:
    """A history that was written anew shares no commit: nobody's work is left out, and --baseline is named."""
    forked.parent.git("checkout", "-q", "--orphan", "anew")
    forked.parent.commit({}, "Begin anew")
    forked.parent.git("branch", "-q", "-f", "main")
    forked.parent.git("checkout", "-q", "main")
    code, digest = forked.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    ((said, reason, _count),) = forked.said(digest)
    assert (code, said) == (0, "fork_upstream")
    assert "none of its 2 commits is in the history of" in reason
    assert "--baseline" in reason
    assert _signal(digest, "flask.app_factory")["own_grade"] is not None


def test_a_parents_name_is_hidden_with_the_others(forked: Forked, tmp_path: Path) -> None:
    """Neither its owner nor its commit is left in an anonymised digest."""
    forked.scan(tmp_path / "d.json", "--candidate", "ada@example.org")
    hidden = to_json(anonymised(from_json((tmp_path / "d.json").read_bytes()), b"key")).decode()
    assert "org/app" not in hidden
    assert forked.parent.git("rev-parse", "HEAD") not in hidden
