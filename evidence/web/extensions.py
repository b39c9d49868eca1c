"""The extensions, without an application: the factory binds them by ``init_app``."""

from __future__ import annotations

import sqlite3
from threading import Timer
from typing import Any

from flask import Flask, current_app
from flask_limiter import Limiter
from flask_migrate import Migrate
from flask_sqlalchemy import SQLAlchemy
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect
from limits.storage import MemoryStorage
from sqlalchemy import event
from sqlalchemy.engine import Engine

from evidence.web.models import Base
from evidence.web.visitor import key_of_visitor

_SWEEP_SECONDS = 5.0


class _Counts(MemoryStorage):
    """The counts of requests in memory. As the library comes, each count starts a thread that sweeps a hundredth of a
    second later: for readers it would be the dearest part of a page."""

    STORAGE_SCHEME = ["memory"]  # noqa: RUF012 - as the library declares it

    @property
    def timer(self) -> Timer:
        """What sweeps next."""
        return self._timer

    @timer.setter
    def timer(self, value: Timer) -> None:
        value.interval, value.daemon = _SWEEP_SECONDS, True
        self._timer = value


db = SQLAlchemy(metadata=Base.metadata)
migrate = Migrate()
csrf = CSRFProtect()
talisman = Talisman()


def _pages_allowed() -> str:
    """How many pages a visitor may load. Asked at each request: a fixed limit would be the first application's."""
    allowed: str = current_app.extensions["evidence"].settings.rate_pages
    return allowed


limiter = Limiter(key_func=key_of_visitor, default_limits=[_pages_allowed])


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    """Writers and readers do not block each other, what is deleted is overwritten, and cascades hold."""
    if isinstance(connection, sqlite3.Connection):
        for pragma in ("journal_mode=WAL", "secure_delete=ON", "foreign_keys=ON", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")


def database_ready(app: Flask) -> bool:
    """Whether the database answers. Raises nothing."""
    from sqlalchemy import text
    from sqlalchemy.exc import SQLAlchemyError

    with app.app_context():
        try:
            db.session.execute(text("SELECT 1"))
        except SQLAlchemyError:
            return False
        finally:
            db.session.remove()
    return True
