"""Scans, digests, and what people do with them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "digest",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("request_key", sa.String(64), nullable=False),
        sa.Column("source", sa.String(2048), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("commit", sa.String(64), nullable=False),
        sa.Column("committed", sa.String(40), nullable=False),
        sa.Column("candidate", sa.String(200)),
        sa.Column("profile", sa.String(100)),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("expires", _TIME),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_digest"),
    )
    op.create_index("ix_digest_request_key", "digest", ["request_key"])
    op.create_index("ix_digest_expires", "digest", ["expires"])
    op.create_table(
        "page",
        sa.Column("digest_id", sa.String(22), nullable=False),
        sa.Column("form", sa.String(20), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_page_digest_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("digest_id", "form", name="pk_page"),
    )
    _scan()
    _deeds()


def _scan() -> None:
    op.create_table(
        "scan",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("source", sa.String(2048), nullable=False),
        sa.Column("candidate", sa.String(200)),
        sa.Column("profile", sa.String(100)),
        sa.Column("anew", sa.Boolean(), nullable=False),
        sa.Column("asked_by", sa.String(200), nullable=False),
        sa.Column("instance", sa.String(200), nullable=False),
        sa.Column("state", sa.String(20), nullable=False),
        sa.Column("created", _TIME, nullable=False),
        sa.Column("started", _TIME),
        sa.Column("finished", _TIME),
        sa.Column("beat", _TIME),
        sa.Column("stage", sa.String(200), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer()),
        sa.Column("stages", sa.JSON(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("sentence", sa.Text(), nullable=False),
        sa.Column("digest_id", sa.String(22)),
        sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name="fk_scan_digest_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_scan"),
    )
    op.create_index("ix_scan_state", "scan", ["state"])


def _deeds() -> None:
    def table(name: str, *columns: sa.Column[object]) -> None:
        op.create_table(
            name,
            *columns,
            sa.Column("digest_id", sa.String(22), nullable=False),
            sa.Column("created", _TIME, nullable=False),
            sa.ForeignKeyConstraint(["digest_id"], ["digest.id"], name=f"fk_{name}_digest_id", ondelete="CASCADE"),
            sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        )
        op.create_index(f"ix_{name}_digest_id", name, ["digest_id"])

    table("reveal", sa.Column("id", sa.Integer(), nullable=False), sa.Column("who", sa.String(200), nullable=False))
    table(
        "share",
        sa.Column("id", sa.String(22), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(200), nullable=False),
        sa.Column("expires", _TIME, nullable=False),
    )
    op.create_index("ix_share_token_hash", "share", ["token_hash"], unique=True)
    table(
        "correction",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("signal", sa.String(200)),
        sa.Column("text", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Drop the tables, and everything in them."""
    for name in ("correction", "share", "reveal", "scan", "page", "digest"):
        op.drop_table(name)
