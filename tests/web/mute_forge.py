"""A GitHub on loopback that serves a repository and, until it is told to speak, keeps waiting who asks about it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.forges.data import Repo
from tests.forges.fake_github import Answer, FakeGitHub, Request
from tests.source.building import Builder
from tests.web.conftest import SHOP


class MuteForge:
    """The forge, with ``ada/app`` in it."""

    def __init__(self, root: Path) -> None:
        Builder(root / "ada" / "app.git").commit(SHOP, "Begin")
        self._speaks = threading.Event()
        self._server = FakeGitHub(Repo())
        self._server.git_root = root
        self._server.faults.append(self._wait)
        self.origin = self._server.origin

    def _wait(self, _request: Request) -> Answer | None:
        self._speaks.wait(600)
        return None

    def speak(self) -> None:
        """From now on everything is answered."""
        self._speaks.set()

    def settings(self, data: Path) -> dict[str, Any]:
        """Settings of a server that knows this forge."""
        named = {"forges": (f"{self.origin}=github",), "insecure_hosts": (self.origin,)}
        return {"data": data, "parse_workers": 1, "scan_niceness": 0, **named}

    @contextmanager
    def running(self) -> Iterator[MuteForge]:
        """Let it listen while the block lasts."""
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.speak()
            self._server.shutdown()
            self._server.server_close()
            thread.join()
