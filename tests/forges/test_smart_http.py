"""Git over real smart HTTP: git's own http-backend behind a WSGI server, private and public."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from waitress.server import create_server

from evidence.model import EvidenceError, Ledger
from evidence.source import SourceOptions, open_source, places_of
from tests.forges.conftest import TOKEN
from tests.source.building import Builder
from tests.source.serving import from_git


class Backend:
    """A WSGI application over the repositories below ``root``; ``wanted`` is the header that a private one asks for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.wanted = ""
        self.seen: list[str] = []

    def __call__(self, environ: dict[str, Any], start: Callable[..., object]) -> Iterable[bytes]:
        """Answer one request."""
        given = environ.get("HTTP_AUTHORIZATION", "")
        self.seen.append(given)
        if self.wanted and given != self.wanted:
            start("401 Unauthorized", [("WWW-Authenticate", 'Basic realm="git"')])
            return [b""]
        headers = {
            "Content-Type": environ.get("CONTENT_TYPE", ""),
            "Git-Protocol": environ.get("HTTP_GIT_PROTOCOL", ""),
        }
        headers["Content-Encoding"] = environ.get("HTTP_CONTENT_ENCODING", "")
        target = environ["PATH_INFO"] + (f"?{environ['QUERY_STRING']}" if environ["QUERY_STRING"] else "")
        body = environ["wsgi.input"].read()
        status, answered, content = from_git(self.root, environ["REQUEST_METHOD"], target, headers, body)
        start(f"{status} Answer", list(answered.items()))
        return [content]


@pytest.fixture
def backend(tmp_path: Path) -> Iterator[tuple[Backend, str]]:
    """The application behind waitress on a free port, and its address."""
    Builder(tmp_path / "ada" / "app.git").commit({"app.py": "x = 1\n"})
    application = Backend(tmp_path)
    server: Any = create_server(application, host="127.0.0.1", port=0, threads=2)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield application, f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(5)


def test_a_private_repository_is_fetched_with_the_token_of_its_host(
    backend: tuple[Backend, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server asks for the token, git gives it by header, and without one the sentence says what to set."""
    application, origin = backend
    application.wanted = "Basic eC1hY2Nlc3MtdG9rZW46" + _encoded(TOKEN)
    options = SourceOptions(places=places_of((origin,), (origin,), {}))
    with (
        pytest.raises(EvidenceError, match="GITHUB_TOKEN"),
        open_source(f"{origin}/ada/app", ledger=Ledger(), options=options),
    ):
        pass
    monkeypatch.setenv("GH_TOKEN", TOKEN)
    with open_source(f"{origin}/ada/app", ledger=Ledger(), options=options) as repository:
        assert [blob.path for blob in repository.snapshot.blobs] == ["app.py"]
    assert application.wanted in application.seen


def _encoded(token: str) -> str:
    """The token as the end of ``x-access-token:TOKEN`` in base 64: the name's 15 bytes fill whole groups."""
    import base64

    return base64.b64encode(token.encode()).decode()
