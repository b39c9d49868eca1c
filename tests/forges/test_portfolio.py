"""Pages of people and groups: which repositories are listed and chosen, and what the digest says of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from evidence.cli import run
from evidence.source.address import Places
from evidence.source.owner import Owner, owner_of
from tests.forges.conftest import GITLAB_TOKEN, TOKEN
from tests.forges.data import Repo
from tests.forges.fake_github import Answer, FakeGitHub, Request
from tests.forges.fake_gitlab import FakeGitLab
from tests.source.building import Builder

Start = Callable[..., FakeGitHub]


@pytest.mark.parametrize(
    ("text", "owner"),
    [
        ("https://github.com/ada", Owner("https://github.com", "github", "ada")),
        ("github.com/ada?tab=repositories", Owner("https://github.com", "github", "ada")),
        ("https://github.com/orgs/pallets/repositories", Owner("https://github.com", "github", "pallets", True)),
        ("https://gitlab.com/groups/a/b/-/activity", Owner("https://gitlab.com", "gitlab", "a/b", True)),
        ("https://gitlab.com/users/ada/projects", Owner("https://gitlab.com", "gitlab", "ada", False)),
        ("https://github.com/ada/app", None),
        ("https://github.com/settings", None),
        ("https://evil.example/ada", None),
        ("ada", None),
        ("../ada", None),
    ],
)
def test_an_address_of_a_person_or_group_is_told_from_others(text: str, owner: Owner | None) -> None:
    """One name on a known host, or a page of an organisation or group; nothing else."""
    assert owner_of(text, Places()) == owner


def listed(origin: str) -> Callable[[Request], Answer | None]:
    """Ada's page: two repositories of her own, a fork, and one elsewhere that took two changes."""
    person = {"login": "ada", "type": "User"}
    own = [
        {"id": at, "full_name": f"ada/{name}", "fork": name == "fork", "owner": person}
        for at, name in enumerate(("app", "tool", "fork"))
    ]
    found = [{"id": at, "html_url": f"{origin}/org/lib/pull/{at}", "number": at} for at in (1, 2)]

    def answer(request: Request) -> Answer | None:
        if request.path == "/users/ada":
            return Answer(person | {"url": f"{origin}/users/ada"})
        if request.path == "/users/ada/repos":
            return Answer(own)
        if request.path == "/search/issues":
            return Answer({"total_count": 2, "incomplete_results": False, "items": found})
        return None

    return answer


@pytest.fixture
def served(github: Start, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeGitHub:
    """A GitHub with ada's page, and the commits of her repositories."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    for name in ("ada/app", "ada/tool", "org/lib"):
        repo = Builder(tmp_path / "root" / f"{name}.git")
        repo.commit({"app.py": f"import flask\n\napp = flask.Flask('{name}')\n"}, "Begin")
    server = github(Repo())
    server.git_root = tmp_path / "root"
    server.faults.append(listed(server.origin))
    return server


def _host(origin: str, kind: str = "") -> tuple[str, ...]:
    """Options that let a scan read a server of ours, and ask it nothing of changes and reviews."""
    return ("--host", f"{origin}{kind}", "--allow-insecure-host", origin, "--no-forge", "--workers", "1")


def scan(server: FakeGitHub, output: Path, *options: str) -> dict[str, Any]:
    """The digest of ada's page."""
    named = _host(server.origin)
    assert run(["scan", f"{server.origin}/ada", *named, "-o", str(output), *options]) == 0
    found: dict[str, Any] = json.loads(output.read_text())
    return found


def test_a_portfolio_is_own_repositories_and_those_that_took_changes(
    served: FakeGitHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Forks stay out, the choice is shown, and one digest holds them all."""
    digest = scan(served, tmp_path / "d.json")
    assert [repository["name"] for repository in digest["repositories"]] == ["ada/app", "ada/tool", "org/lib"]
    said = capfd.readouterr().err
    assert "3 of 3 repositories are read" in said
    assert "org/lib (2 accepted)" in said


def test_a_portfolio_is_verified_repository_by_repository(
    served: FakeGitHub, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Each citation holds in its own repository, and all is derived again, however the repositories were chosen."""
    output = tmp_path / "d.json"
    digest = scan(served, output, "--limit", "2")
    assert "portfolio_chosen" in [entry["code"] for entry in digest["ledger"]]
    named = ("--host", served.origin, "--allow-insecure-host", served.origin, "--workers", "1")
    repos = [word for name in ("ada/tool", "ada/app") for word in ("--repo", f"{served.origin}/{name}")]
    capfd.readouterr()
    assert run(["verify", str(output), *repos, *named, "--full"]) == 0
    assert "2 repositories" in capfd.readouterr().out


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (("--limit", "1"), ["ada/app"]),
        (("--exclude", "*/app"), ["ada/tool", "org/lib"]),
        (("--include", "org/*", "--include", "*/tool"), ["ada/tool", "org/lib"]),
        (("--include", "Tool", "--include", "ORG/*"), ["ada/tool", "org/lib"]),
    ],
)
def test_a_limit_and_globs_choose(
    served: FakeGitHub, tmp_path: Path, options: tuple[str, ...], names: list[str]
) -> None:
    """What is left out is counted in the ledger."""
    digest = scan(served, tmp_path / "d.json", *options)
    assert [repository["name"] for repository in digest["repositories"]] == names
    (entry,) = [entry for entry in digest["ledger"] if entry["code"] == "portfolio_chosen"]
    assert entry["reason"].startswith(f"{len(names)} of 3 repositories")


def test_an_organisation_is_its_own_repositories_alone(served: FakeGitHub, tmp_path: Path) -> None:
    """Its page lists what it owns and is no fork; no changes elsewhere are looked for, and nobody is asked about."""
    own = [{"id": at, "full_name": f"org/{name}", "fork": name == "fork"} for at, name in enumerate(("lib", "fork"))]
    served.faults.insert(0, lambda request: Answer(own) if request.path == "/orgs/org/repos" else None)
    named = _host(served.origin)
    output = tmp_path / "d.json"
    assert run(["scan", f"{served.origin}/orgs/org/repositories", *named, "-o", str(output)]) == 0
    digest = json.loads(output.read_text())
    assert [repository["name"] for repository in digest["repositories"]] == ["org/lib"]
    assert digest["subject"]["candidate"] is None
    assert not any(request.path == "/search/issues" for request in served.asked)


@pytest.mark.parametrize("token", [True, False], ids=["token", "no token"])
def test_a_person_on_gitlab_is_one_digest(
    gitlab: Callable[..., FakeGitLab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: bool
) -> None:
    """Their own projects, forks left out, and those that took their merge requests: these are listed to those with a
    token alone, and without one the ledger says why they are not there."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    if token:
        monkeypatch.setenv("GITLAB_TOKEN", GITLAB_TOKEN)
    for name in ("ada/app", "org/lib"):
        Builder(tmp_path / "root" / f"{name}.git").commit({"app.py": f"x = '{name}'\n"}, "Begin")
    server = gitlab(Repo(name="ada/app"))
    server.git_root = tmp_path / "root"
    projects = [{"id": at, "path_with_namespace": path, "forked_from_project": {"id": 9} if "fork" in path else None}
                for at, path in enumerate(("ada/app", "ada/fork"))]  # fmt: skip
    answers = {
        "/api/v4/users": [{"id": 5, "username": "ada"}],
        "/api/v4/users/5/projects": projects,
        "/api/v4/merge_requests": [{"id": 1, "iid": 1, "references": {"full": "org/lib!1"}}],
    }
    server.faults.append(lambda request: Answer(answers[request.path]) if request.path in answers else None)
    named = _host(server.origin, "=gitlab")
    output = tmp_path / "d.json"
    assert run(["scan", f"{server.origin}/ada", *named, "-o", str(output)]) == 0
    digest = json.loads(output.read_text())
    assert [repository["name"] for repository in digest["repositories"]] == ["ada/app", *(["org/lib"] if token else [])]
    told = [entry["reason"] for entry in digest["ledger"] if "elsewhere" in entry["reason"] + entry["subject"]]
    assert any("token" in reason for reason in told) is not token


def test_a_group_on_gitlab_is_one_digest(
    gitlab: Callable[..., FakeGitLab], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A group's projects, subgroups among them and forks left out, are scanned into one digest whose citations say of
    which project they are, and which is verified project by project."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    factory = "import flask\n\n\ndef create_app():\n    app = flask.Flask(__name__)\n    return app\n"
    for name in ("team/app", "team/sub/tool"):
        made = Builder(tmp_path / "root" / f"{name}.git")
        made.commit({"web.py": factory, "wsgi.py": "from web import create_app\n\napp = create_app()\n"}, "Begin")
    server = gitlab(Repo(name="team/app"))
    server.git_root = tmp_path / "root"
    projects = [{"id": at, "path_with_namespace": path, "forked_from_project": {"id": 9} if "fork" in path else None}
                for at, path in enumerate(("team/app", "team/sub/tool", "team/fork"))]  # fmt: skip
    asked_for: list[Request] = []

    def group(request: Request) -> Answer | None:
        if request.path == "/api/v4/groups/team/projects":
            asked_for.append(request)
            return Answer(projects)
        return Answer([]) if request.path == "/api/v4/users" else None

    server.faults.append(group)
    named = _host(server.origin, "=gitlab")
    output = tmp_path / "d.json"
    assert run(["scan", f"{server.origin}/groups/team", *named, "-o", str(output)]) == 0
    digest = json.loads(output.read_text())
    assert [repository["name"] for repository in digest["repositories"]] == ["team/app", "team/sub/tool"]
    assert asked_for[0].query["include_subgroups"] == "True"
    found = next(signal for signal in digest["signals"] if signal["id"] == "flask.app_factory")
    assert {citation["repository"] for citation in found["citations"]} == {r["id"] for r in digest["repositories"]}
    supported = [cell for cell in digest["cells"] if cell["competency"] == "app-structure" and cell["findings"]]
    assert any(len(cell["findings"]) > 1 for cell in supported)
    repos = [word for name in ("team/app", "team/sub/tool") for word in ("--repo", f"{server.origin}/{name}")]
    assert run(["verify", str(output), *repos, *named[:-3], "--workers", "1", "--full"]) == 0


def test_a_subgroup_that_was_pasted_as_a_project_is_told_how(
    gitlab: Callable[..., FakeGitLab], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """GitLab shows both alike, so the sentence on a project that is not there says how a group is given."""
    server = gitlab(Repo(name="team/app"))
    server.git_root = tmp_path
    assert run(["scan", f"{server.origin}/team/sub", *_host(server.origin, "=gitlab")]) != 0
    assert f"a group is read as {server.origin}/groups/team/sub" in capfd.readouterr().err
