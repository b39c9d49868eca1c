"""Commands that run or check schema migrations."""

from __future__ import annotations

import pytest

from evidence.facts.data.migration_runs import command_does


@pytest.mark.parametrize(
    ("command", "does"),
    [
        ("flask db upgrade", "upgrade"),
        ("python manage.py db upgrade", "upgrade"),
        ("/venv/bin/alembic upgrade head", "upgrade"),
        ("alembic -c api/alembic.ini downgrade -1", "downgrade"),
        ("flask db check", "check"),
        ("alembic heads", "check"),
        ("squawk migrations/001.sql", "check"),
        ("scripts/lint_sql_migrations_ci.sh", "check"),
        ("flyway migrate", "upgrade"),
        ("poetry run db-migrate", "upgrade"),
        ("flask db migrate -m users", ""),
        ("pip install --upgrade alembic-utils", ""),
        ("apt-get upgrade", ""),
        ("flask run", ""),
    ],
)
def test_what_a_command_does_to_the_schema(command: str, does: str) -> None:
    """Only commands of a migration tool, or tasks named after it, run or check migrations; drafting one is neither."""
    assert command_does(tuple(command.split())) == does
