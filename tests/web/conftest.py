"""A forge on loopback, and applications with databases of their own."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from flask import Flask

from evidence.web.app import create_app
from evidence.web.serve import prepare, working
from evidence.web.settings import Settings, read_settings
from tests.source.building import Builder
from tests.source.serving import Server
from tests.web import browser
from tests.web.browsing import Visitor

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MakeApp = Callable[..., Flask]

SHOP: dict[str, str | bytes] = {
    "bazaar/__init__.py": (
        "from flask import Flask\n\nfrom bazaar.extensions import db\nfrom bazaar.items import items\n\n\n"
        "def create_app(config=None):\n    app = Flask(__name__)\n    app.config.from_object(config)\n"
        "    db.init_app(app)\n    app.register_blueprint(items)\n    return app\n"
    ),
    "bazaar/extensions.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n",
    "bazaar/items.py": (
        "from flask import Blueprint, jsonify\n\nitems = Blueprint('items', __name__)\n\n\n"
        "@items.get('/items')\ndef index():\n    return jsonify([])\n"
    ),
    "tests/test_items.py": (
        "from bazaar import create_app\n\n\ndef test_items_are_listed():\n"
        "    assert create_app().test_client().get('/items').status_code == 200\n"
    ),
    "wsgi.py": "from bazaar import create_app\n\napp = create_app()\n",
    "README.md": "# Bazaar\n\nWritten by Ada Lovelace <ada@example.org>.\n",
}


class _Mute(BaseHTTPRequestHandler):
    """Takes a request and never answers it."""

    def do_GET(self) -> None:
        """Wait for longer than any test does."""
        time.sleep(300)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


T = TypeVar("T", bound=ThreadingHTTPServer)


class _MuteServer(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Those who ask give up at some time."""


def running(server: T) -> Iterator[T]:
    """A server of the standard library's that answers from a thread; it ends when the generator goes on."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture(scope="session")
def forge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server with the repository ``ada/bazaar`` of two commits, ``ada/market`` of one, and an empty one."""
    root = tmp_path_factory.mktemp("forge")
    bazaar = Builder(root / "ada" / "bazaar")
    bazaar.commit(SHOP, "Begin a bazaar")
    bazaar.commit(
        {"bazaar/errors.py": "def register(app):\n    app.register_error_handler(404, lambda e: ('', 404))\n"}
    )
    Builder(root / "ada" / "market").commit({"stall.py": "import flask\n\nstall = flask.Flask(__name__)\n"}, "Begin")
    Builder(root / "ada" / "empty")
    server = Server(root)
    yield from running(server)


@pytest.fixture(scope="session")
def mute() -> Iterator[str]:
    """The address of a server that takes requests and never answers."""
    for server in running(_MuteServer(("127.0.0.1", 0), _Mute)):
        yield f"http://127.0.0.1:{server.server_port}"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The data folder of the test's server."""
    return tmp_path / "data"


def usual_settings(data: Path, forge: Server, mute: str, **given: Any) -> Settings:
    """Settings of a server whose forge is the one on loopback; anything can be set otherwise."""
    usual: dict[str, Any] = {"data": data, "insecure_hosts": (forge.origin, mute), "parse_workers": 1}
    usual |= {"rate_sign_in": "1000 per minute", "scan_niceness": 0}
    return read_settings({**usual, "rate_pages": "100000 per minute", "rate_scans": "1000 per hour", **given})


@contextmanager
def ready(settings: Settings) -> Iterator[Flask]:
    """An application that is ready to be asked, with its queue, while the block lasts."""
    app = create_app(settings)
    prepare(app)
    with working(app):
        yield app


@pytest.fixture
def make_app(data: Path, forge: Server, mute: str) -> Iterator[MakeApp]:
    """Applications of the test; all of them end with it."""
    with ExitStack() as stack:
        yield lambda **given: stack.enter_context(ready(usual_settings(data, forge, mute, **given)))


@pytest.fixture(scope="module")
def shared_app(tmp_path_factory: pytest.TempPathFactory, forge: Server, mute: str) -> Iterator[Flask]:
    """One server for the tests of a module that leave nothing behind."""
    with ready(usual_settings(tmp_path_factory.mktemp("shared"), forge, mute)) as app:
        yield app


@pytest.fixture
def guest(shared_app: Flask) -> Visitor:
    """Somebody who visits the shared server."""
    return Visitor(shared_app)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """A server as it is on one's own machine."""
    return make_app()


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who visits ``app``."""
    return Visitor(app)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for all tests of a module."""
    with browser.browsing() as started:
        yield started
