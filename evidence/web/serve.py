"""``evidence serve``: bring the database up to date, take up what was left, answer until told to stop."""

from __future__ import annotations

import gc
import logging
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from evidence.model import EvidenceError
from evidence.web import keeping, logs
from evidence.web.app import MIGRATIONS, create_app
from evidence.web.context import Context
from evidence.web.extensions import db
from evidence.web.settings import Settings

_EXPIRE_SECONDS = 3600.0
_TURN_SECONDS = 0.0005
_log = structlog.get_logger("evidence.web.serve")


def serve(settings: Settings, say: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. ``say`` gets the address to open. Raises EvidenceError where it cannot begin."""
    from waitress.server import create_server

    logs.configure()
    # The thread that reads and writes sockets waits its turn among all that make pages: turns are short.
    sys.setswitchinterval(_TURN_SECONDS)
    app = create_app(settings)
    prepare(app)
    try:
        server = create_server(
            app,
            host=settings.host,
            port=settings.port,
            threads=settings.threads,
            channel_request_lookahead=1,
            ident=None,
            # Without proxies nothing reads what they say; with them the application does, from as many as there are.
            clear_untrusted_proxy_headers=not settings.proxies,
        )
    except OSError as error:
        raise EvidenceError(
            f"Port {settings.port} of {settings.host} cannot be used ({error.strerror}): name another with --port."
        ) from None
    say(f"http://{_shown(settings.host)}:{_port(server)}/")
    with working(app):
        app.extensions["evidence"].renderer.start()
        # What is loaded by now stays: looking through all of it for garbage would hold up every page meanwhile.
        gc.collect()
        gc.freeze()
        server.run()


def _shown(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _port(server: object) -> int:
    return int(getattr(server, "effective_port", 0) or getattr(server, "effective_listen")[0][1])  # noqa: B009


def prepare(app: Flask) -> None:
    """Bring the database up to the newest migration. Raises EvidenceError where it cannot be used."""
    from alembic.util.exc import CommandError
    from flask_migrate import upgrade

    with app.app_context():
        try:
            upgrade(directory=str(MIGRATIONS))
        except (SQLAlchemyError, CommandError, SystemExit) as error:
            kind = type(getattr(error, "orig", None) or error).__name__
            raise EvidenceError(
                f"The database cannot be used ({kind}): check that it is there, may be written, "
                "and is not of a newer evidence."
            ) from None
    for name in ("alembic", "alembic.runtime.migration"):
        logging.getLogger(name).setLevel(logging.WARNING)


@contextmanager
def working(app: Flask) -> Iterator[None]:
    """Run the queue, and remove what expires, while the block lasts; end running scans within seconds after it."""
    ours: Context = app.extensions["evidence"]
    stop = threading.Event()
    sweeper = threading.Thread(target=_expire, args=(app, stop), name="expire", daemon=True)
    ours.runner.take_up()
    sweeper.start()
    try:
        yield
    finally:
        stop.set()
        ours.runner.close()
        ours.printer.close()
        ours.renderer.close()
        sweeper.join(5)


def _expire(app: Flask, stop: threading.Event) -> None:
    while True:
        with app.app_context():
            try:
                gone = keeping.expire()
                app.extensions["evidence"].runner.begun.sweep()
                if gone:
                    app.extensions["evidence"].forget()
                    _log.info("digests expired", count=gone)
            except SQLAlchemyError as error:
                _log.error("expired digests could not be removed", kind=type(error).__name__)
            finally:
                db.session.remove()
        if stop.wait(_EXPIRE_SECONDS):
            return
