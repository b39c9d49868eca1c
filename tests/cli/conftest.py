"""Run command lines against a small repository, or against a scan that the test decides."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from evidence import pipeline
from evidence.cli import run
from evidence.cli.terminal import progress
from evidence.model import Digest
from evidence.pipeline import Progress, ScanRequest
from evidence.report.json_form import from_json, to_json

APP = """\
from flask import Flask


def create_app(config=None):
    app = Flask(__name__)
    app.config.from_object(config)
    return app
"""
Run = Callable[..., "Result"]


class Result:
    """What one command line came to."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


def git(folder: Path, *arguments: str) -> str:
    """Run git as a person without any configuration, at a fixed time."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "2024-05-01T12:00:00Z",
        "GIT_COMMITTER_DATE": "2024-05-01T12:00:00Z",
    }
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, env=environment, capture_output=True, check=True)
    return done.stdout.decode().strip()


@pytest.fixture(scope="session")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small Flask application in one commit, known as a public repository."""
    folder = tmp_path_factory.mktemp("shop")
    (folder / "shop").mkdir()
    (folder / "shop" / "__init__.py").write_text(APP)
    (folder / "wsgi.py").write_text("from shop import create_app\n\napp = create_app()\n")
    git(folder, "init", "-q")
    git(folder, "remote", "add", "origin", "https://github.com/owner/shop.git")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "Build the application in a factory")
    return folder


@pytest.fixture(scope="session")
def digest(repository: Path) -> bytes:
    """The repository's digest as JSON."""
    return to_json(pipeline.scan(ScanRequest(source=str(repository), workers=1), progress()))


@pytest.fixture
def cli(capsysbinary: pytest.CaptureFixture[bytes], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Run a command line in this process, with a cache folder of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))

    def call(*arguments: str | Path) -> Result:
        code = run([str(each) for each in arguments])
        out, err = capsysbinary.readouterr()
        return Result(code, out.decode(), err.decode())

    return call


@pytest.fixture
def scanning(monkeypatch: pytest.MonkeyPatch, digest: bytes) -> Callable[..., list[ScanRequest]]:
    """Replace the scan by one that keeps the request, warns, and gives a digest or raises."""

    def replaced(result: Digest | Exception | None = None, warning: str = "") -> list[ScanRequest]:
        requests: list[ScanRequest] = []

        def scan(request: ScanRequest, progress: Progress) -> Digest:
            requests.append(request)
            if warning:
                progress.warn(warning)
            if isinstance(result, Exception):
                raise result
            return result or from_json(digest)

        monkeypatch.setattr(pipeline, "scan", scan)
        return requests

    return replaced


@pytest.fixture
def saved(tmp_path: Path, digest: bytes) -> Path:
    """The digest in a file."""
    file = tmp_path / "digest.json"
    file.write_bytes(digest)
    return file
