"""A GitHub on loopback: GraphQL and REST answers in GitHub's shape, with paging and ETags, over plain data.

The tests of the counterparts hold its answers against GitHub's own descriptions of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.forges import github_shapes as shapes
from tests.forges.data import Repo
from tests.source.serving import from_git


@dataclass
class Answer:
    """What goes back: a status, headers, and JSON or raw bytes."""

    body: Any
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The bytes of the body."""
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()


@dataclass
class Request:
    """What came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: Any


Fault = Callable[[Request], Answer | None]


class FakeGitHub(ThreadingHTTPServer):
    """Serves one repository; its commits, where ``git_root`` has them.

    ``faults`` are asked first, in turn; ``asked`` holds every request to the API, ``git_headers`` the headers of those
    by git; ``extra`` are headers of every answer, ``moved`` maps names to the ones that we are redirected to, and
    ``limited`` counts the REST answers that cost rate limit."""

    daemon_threads = True

    def __init__(self, repo: Repo, prefix: str = "") -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repo = repo
        self.prefix = prefix
        self.asked: list[Request] = []
        self.faults: list[Fault] = []
        self.limited = 0
        self.extra: dict[str, str] = {}
        self.git_root: Path | None = None
        self.git_headers: list[dict[str, str]] = []
        self.moved: dict[str, str] = {}

    @property
    def origin(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}"

    def answer(self, request: Request) -> Answer:
        """The answer to a request."""
        self.asked.append(request)
        for fault in self.faults:
            if (broken := fault(request)) is not None:
                return broken
        if request.path == self.prefix.replace("v3", "graphql") or (request.path == "/graphql" and not self.prefix):
            if "Authorization" not in request.headers:
                return Answer({"message": "This endpoint requires you to be authenticated."}, 403)
            return Answer({"data": shapes.data(self.repo, self.origin, request.body)})
        return self._rest(request)

    def _rest(self, request: Request) -> Answer:
        if request.path == f"{self.prefix}/search/issues":
            return self._with_etag(request, Answer(shapes.rest_search(self.repo, self.origin, request.query)))
        for it in self.repo.taken:
            if request.path == f"{self.prefix}/repos/{it.path}/pulls/{it.number}":
                told = shapes.rest_taken(self.origin, it)
                return Answer(told | {"merged_at": told["pull_request"]["merged_at"]})
        start = f"{self.prefix}/repos/{self.repo.name}"
        if not request.path.startswith(start):
            return Answer({"message": "Not Found"}, 404)
        if request.path == start:
            return Answer(shapes.rest_repository(self.repo))
        found = shapes.rest(self.repo, self.origin, request.path.removeprefix(start), request.query)
        if found is None:
            return Answer({"message": "Not Found"}, 404)
        return self._with_etag(request, self._paged(request, found) if isinstance(found, list) else Answer(found))

    def _paged(self, request: Request, found: list[Any]) -> Answer:
        size, page = int(request.query.get("per_page", 30)), int(request.query.get("page", 1))
        pages = max(1, -(-len(found) // size))
        answer = Answer(found[(page - 1) * size : page * size])
        base = f"{self.origin}{request.path}?" + "&".join(f"{k}={v}" for k, v in request.query.items() if k != "page")
        links = [f'<{base}&page={n}>; rel="{rel}"' for rel, n in (("next", page + 1), ("last", pages)) if page < pages]
        if links:
            answer.headers["Link"] = ", ".join(links)
        return answer

    def _with_etag(self, request: Request, answer: Answer) -> Answer:
        etag = f'W/"{hashlib.sha256(answer.content).hexdigest()}"'
        if request.headers.get("If-None-Match") == etag:
            return Answer(b"", 304, {"ETag": etag})
        self.limited += 1
        answer.headers["ETag"] = etag
        return answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeGitHub

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer(b"")

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer(self.rfile.read(int(self.headers.get("Content-Length", "0"))))

    def _answer(self, raw: bytes) -> None:
        parts = urlsplit(self.path)
        for old, new in self.server.moved.items():
            if old in parts.path:
                self._send(301, {"Location": self.server.origin + self.path.replace(old, new)}, b"")
                return
        if parts.path.endswith(("/info/refs", "/git-upload-pack")) and self.server.git_root is not None:
            self.server.git_headers.append(dict(self.headers))
            self._send(*from_git(self.server.git_root, self.command, self.path, dict(self.headers), raw))
            return
        body = json.loads(raw) if raw else None
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        answer = self.server.answer(Request(self.command, parts.path, query, dict(self.headers), body))
        headers = {"Content-Type": "application/json; charset=utf-8"} | self.server.extra | answer.headers
        self._send(answer.status, headers, answer.content)

    def _send(self, status: int, headers: dict[str, str], content: bytes) -> None:
        self.send_response(status)
        for key, value in ({"Content-Length": str(len(content))} | headers).items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(content)
