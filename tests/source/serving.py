"""A loopback server that serves repositories through git http-backend, and answers of its own where a test says so."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def from_git(
    root: Path, method: str, target: str, headers: Mapping[str, str], body: bytes
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and content with which git's own http-backend answers for a repository below ``root``."""
    path, _, query = target.partition("?")
    env = {
        "PATH": os.environ["PATH"],
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "REQUEST_METHOD": method,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
    }
    done = subprocess.run(["git", "http-backend"], input=body, capture_output=True, env=env, check=False)
    head, _, content = done.stdout.partition(b"\r\n\r\n")
    pairs = [line.decode().split(": ", 1) for line in head.split(b"\r\n") if b": " in line]
    answered = {key: value for key, value in pairs if key != "Status"}
    return next((int(value[:3]) for key, value in pairs if key == "Status"), 200), answered, content


class _Handler(BaseHTTPRequestHandler):
    """Hands requests to git http-backend, unless the server has an answer of its own for the path."""

    server: Server

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, body: bytes) -> None:
        self.server.asked.append(self.path)
        path = self.path.partition("?")[0]
        if path in self.server.endless:
            self._pour(*self.server.endless[path])
            return
        for prefix, (status, headers, content) in self.server.answers.items():
            if path.startswith(prefix):
                self._send(status, headers, content)
                return
        self._send(*from_git(self.server.root, self.command, self.path, dict(self.headers), body))

    def _pour(self, first: bytes, again: bytes) -> None:
        """Send ``again`` for as long as anybody listens, at most 2 GiB."""
        self.send_response(200)
        self.send_header("Content-Type", "application/x-git-upload-pack-result")
        self.end_headers()
        self.close_connection = True
        with suppress(OSError):
            self.wfile.write(first)
            while self.server.sent < 2 << 30:
                self.wfile.write(again)
                self.server.sent += len(again)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """Serves the repositories below ``root``; ``answers`` maps a path's beginning to (status, headers, body).

    ``endless`` maps a path to what is sent first and what is then sent again and again; ``sent`` counts its bytes.
    """

    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.root = root
        self.asked: list[str] = []
        self.endless: dict[str, tuple[bytes, bytes]] = {}
        self.sent = 0
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}

    @property
    def origin(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.server_port}"
