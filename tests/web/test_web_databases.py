"""The same models and migrations on SQLite and on PostgreSQL."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, select

from evidence.model import EvidenceError
from evidence.web.app import MIGRATIONS, create_app
from evidence.web.extensions import db
from evidence.web.models import Base, StoredDigest
from evidence.web.serve import prepare
from tests.source.serving import Server
from tests.web import postgres
from tests.web.browsing import Visitor
from tests.web.conftest import ready, usual_settings


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[dict[str, str]]:
    """The settings that name each kind of database."""
    if request.param == "sqlite":
        yield {}
        return
    if postgres.programs() is None:
        print(postgres.LACKING)
        pytest.skip(postgres.LACKING)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with postgres.running(port) as url:
        yield {"database": url}


def test_scans_are_kept_and_deleted(database: dict[str, str], data: Path, forge: Server, mute: str) -> None:
    """Paste, read, share and delete; migrations go down and up; the tables are those of the models."""
    with ready(usual_settings(data, forge, mute, **database)) as app:
        visitor = Visitor(app)
        page = visitor.digest_of(f"{forge.origin}/ada/bazaar")
        assert visitor.digest_of(f"{forge.origin}/ada/bazaar") == page
        visitor.get(f"{page}/links")
        visitor.post(f"{page}/links")
        visitor.get(page)
        visitor.post(f"{page}/delete")
        assert visitor.get(page).status_code == 404
        with app.app_context():
            assert db.session.scalars(select(StoredDigest)).all() == []
            db.session.remove()
            with db.engine.connect() as connection:
                assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
            downgrade(directory=str(MIGRATIONS), revision="base")
            assert set(inspect(db.engine).get_table_names()) <= {"alembic_version"}
            upgrade(directory=str(MIGRATIONS))
            db.engine.dispose()


def test_a_database_that_is_not_there_is_said_in_one_sentence(data: Path, forge: Server, mute: str) -> None:
    """Neither a trace nor the password is shown."""
    url = "postgresql://evidence:hunter2hunter2@127.0.0.1:1/none"
    app = create_app(usual_settings(data, forge, mute, database=url))
    with pytest.raises(EvidenceError) as refused:
        prepare(app)
    assert "The database cannot be used" in str(refused.value)
    assert "hunter2" not in str(refused.value)
    client = app.test_client()
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
