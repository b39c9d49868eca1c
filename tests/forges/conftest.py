"""What the tests of forges share: fake forges on loopback, and an environment without anybody's tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.forges.data import Repo
from tests.forges.fake_github import FakeGitHub
from tests.forges.fake_gitlab import FakeGitLab

TOKEN = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
GITLAB_TOKEN = "gl" + "pat-" + "A1b2C3d4E5f6G7h8I9j0"
_VARIABLES = (
    *("GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GH_HOST", "GITLAB_HOST", "NETRC", "CI_SERVER_HOST"),
    *("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_APP_ID"),
    *("GITHUB_APP_INSTALLATION_ID", "GITHUB_APP_PRIVATE_KEY", "GITHUB_APP_PRIVATE_KEY_PATH"),
)


@pytest.fixture(autouse=True)
def nobodys_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, host or netrc of the machine takes part."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def serving() -> Iterator[Callable[[ThreadingHTTPServer], None]]:
    """Let a server listen until the test ends."""
    running: list[ThreadingHTTPServer] = []

    def start(server: ThreadingHTTPServer) -> None:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        running.append(server)

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


@pytest.fixture
def github(serving: Callable[[ThreadingHTTPServer], None]) -> Callable[..., FakeGitHub]:
    """Start a fake GitHub over a repository's data: ``github(repo)``."""

    def start(repo: Repo, prefix: str = "") -> FakeGitHub:
        server = FakeGitHub(repo, prefix)
        serving(server)
        return server

    return start


@pytest.fixture
def gitlab(serving: Callable[[ThreadingHTTPServer], None]) -> Callable[..., FakeGitLab]:
    """Start a fake GitLab over a repository's data: ``gitlab(repo)``."""

    def start(repo: Repo) -> FakeGitLab:
        server = FakeGitLab(repo)
        serving(server)
        return server

    return start
