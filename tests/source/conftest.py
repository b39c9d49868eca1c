"""What the tests of the source layer share: repositories, a server, and a temporary folder that must end up empty."""

from __future__ import annotations

import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from evidence.model import Ledger
from tests.source.building import Build, Builder
from tests.source.serving import Server


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make a repository in a folder of the test: ``build("name")``."""
    return lambda name="project", *options: Builder(tmp_path / name, *options)


@pytest.fixture
def ledger() -> Ledger:
    """An empty ledger."""
    return Ledger()


@pytest.fixture(autouse=True)
def clean_temporary_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Every test has a temporary folder of its own, which must be empty when the test ends."""
    folder = tmp_path_factory.mktemp("temporary")
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Callable[[], Server]]:
    """Start a loopback server over the test's folder."""
    running: list[Server] = []

    def start() -> Server:
        server = Server(tmp_path)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        running.append(server)
        return server

    yield start
    for server in running:
        server.shutdown()
        server.server_close()
