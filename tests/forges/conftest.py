"""What the tests of forges share: fake forges on loopback, and an environment without anybody's tokens."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.forges.data import Repo
from tests.forges.fake_github import FakeGitHub

TOKEN = "gh" + "p_" + "A1b2C3d4E5f6G7h8I9j0K1l2M3n4O5p6Q7r8"
_VARIABLES = (
    *("GH_TOKEN", "GITHUB_TOKEN", "GITLAB_TOKEN", "CI_JOB_TOKEN", "GH_HOST", "GITLAB_HOST", "NETRC", "CI_SERVER_HOST"),
    *("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GITHUB_APP_ID"),
)


@pytest.fixture(autouse=True)
def nobodys_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No token, host or netrc of the machine takes part."""
    for name in _VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))


@pytest.fixture
def github() -> Iterator[Callable[..., FakeGitHub]]:
    """Start a fake GitHub over a repository's data: ``github(repo)``."""
    running: list[ThreadingHTTPServer] = []

    def start(repo: Repo, prefix: str = "") -> FakeGitHub:
        server = FakeGitHub(repo, prefix)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
