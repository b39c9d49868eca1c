"""What the end-to-end tests share: a room of its own for each command line, and repositories of any kind."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.end_to_end.trial import Trial
from tests.source.building import Build, Builder
from tests.source.serving import Server


@pytest.fixture
def trial(tmp_path: Path) -> Trial:
    """A room to run commands in."""
    return Trial(tmp_path / "room")


@pytest.fixture
def build(tmp_path: Path) -> Build:
    """Make a repository in a folder of the test: ``build("name")``."""
    return lambda name="project", *options: Builder(tmp_path / name, *options)


Make = Callable[..., Builder]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Make a repository with one commit that holds these files."""

    def made(files: dict[str, str | bytes], name: str = "project") -> Builder:
        builder = Builder(tmp_path / name)
        builder.commit(files)
        return builder

    return made


Serve = Callable[[], Server]


@pytest.fixture
def serve(tmp_path: Path) -> Iterator[Serve]:
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
