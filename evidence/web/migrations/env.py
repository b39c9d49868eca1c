"""How Alembic reaches the database: through the running application (``flask db ...``, and ``evidence serve``)."""

from __future__ import annotations

from alembic import context
from flask import current_app


def run() -> None:
    """Bring the database of the current application to the revision that was asked for, in one transaction."""
    db = current_app.extensions["migrate"].db
    with db.engine.connect() as connection:
        context.configure(connection=connection, target_metadata=db.metadata, render_as_batch=True)
        with context.begin_transaction():
            context.run_migrations()


run()
