"""Several links, and pages of people and groups, in one digest."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def _asked() -> list[sa.Column[Any]]:
    none = sa.text("'[]'")
    lists = [
        sa.Column(name, sa.JSON(), nullable=False, server_default=none) for name in ("further", "include", "exclude")
    ]
    return [*lists, sa.Column("most", sa.Integer(), nullable=False, server_default="10")]


def upgrade() -> None:
    """Add what was asked for, and what tells that two digests are of the same person or links."""
    for table in ("scan", "digest"):
        for column in _asked():
            op.add_column(table, column)
    op.add_column("scan", sa.Column("part", sa.String(400), nullable=False, server_default=""))
    op.add_column("digest", sa.Column("standing", sa.String(64), nullable=False, server_default=""))
    op.add_column("digest", sa.Column("subject_key", sa.String(64), nullable=False, server_default=""))
    op.add_column("digest", sa.Column("whose", sa.String(200)))
    op.create_index("ix_digest_subject_key", "digest", ["subject_key"])
    _tell_subjects()


def _tell_subjects() -> None:
    """The keys that the application would have written."""
    digest = sa.table("digest", *(sa.column(name) for name in ("id", "source", "candidate", "whose", "subject_key")))
    connection = op.get_bind()
    for row in connection.execute(sa.select(digest.c.id, digest.c.source, digest.c.candidate)).all():
        subject = ["person", row.candidate.lower()] if row.candidate else ["links", row.source]
        key = hashlib.sha256(json.dumps(subject, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
        values = {"whose": row.candidate, "subject_key": key}
        connection.execute(sa.update(digest).where(digest.c.id == row.id).values(**values))


def downgrade() -> None:
    """Drop what was added."""
    op.drop_index("ix_digest_subject_key", "digest")
    for name in ("standing", "subject_key", "whose"):
        op.drop_column("digest", name)
    op.drop_column("scan", "part")
    for table in ("digest", "scan"):
        for name in ("further", "include", "exclude", "most"):
            op.drop_column(table, name)
