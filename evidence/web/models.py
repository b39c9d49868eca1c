"""What the server remembers, the same on SQLite and PostgreSQL; migrations/ brings a database here."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, ForeignKey, Index, LargeBinary, MetaData, String, Text, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}
ID_LENGTH = 22
MOST = 10
"""So many repositories of a person's or group's page are read unless another number is asked for."""


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=_NAMES)


class Moment(TypeDecorator[datetime]):
    """A time with its zone, UTC: SQLite keeps none, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The time as UTC."""
        return value if value is None else value.replace(tzinfo=value.tzinfo or UTC)


def now() -> datetime:
    """The present time, UTC."""
    return datetime.now(UTC)


def new_id() -> str:
    """128 bits that nobody guesses, as 22 characters of an address."""
    return secrets.token_urlsafe(16)


class State(StrEnum):
    """Where a scan stands. An interrupted one is never shown as complete; a cancelled one leaves no row."""

    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    DONE = "done"
    FAILED = "failed"
    INTERRUPTED = "interrupted"

    @property
    def over(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self in (State.DONE, State.FAILED, State.INTERRUPTED)


class Asked:
    """What was asked for. ``source`` and ``further`` are links that have passed the check of addresses, for one digest;
    of a person's or group's page at most ``most`` repositories are read, those that match one of ``include`` and none
    of ``exclude``."""

    source: Mapped[str] = mapped_column(String(2048))
    further: Mapped[list[str]] = mapped_column(JSON, default=list)
    candidate: Mapped[str | None] = mapped_column(String(200))
    profile: Mapped[str | None] = mapped_column(String(100))
    most: Mapped[int] = mapped_column(default=MOST)
    include: Mapped[list[str]] = mapped_column(JSON, default=list)
    exclude: Mapped[list[str]] = mapped_column(JSON, default=list)

    @property
    def sources(self) -> list[str]:
        """All links."""
        return [self.source, *self.further]


class Scan(Asked, Base):
    """One scan that somebody asked for. ``stages`` are the finished ones: name, steps, seconds and, of several sources,
    which (``part``); ``beat`` is when its server last wrote here."""

    __tablename__ = "scan"
    __table_args__ = (Index("ix_scan_state", "state"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    anew: Mapped[bool] = mapped_column(default=False)
    asked_by: Mapped[str] = mapped_column(String(200))
    instance: Mapped[str] = mapped_column(String(200))
    state: Mapped[str] = mapped_column(String(20), default=State.QUEUED)
    created: Mapped[datetime] = mapped_column(Moment, default=now)
    started: Mapped[datetime | None] = mapped_column(Moment)
    finished: Mapped[datetime | None] = mapped_column(Moment)
    beat: Mapped[datetime | None] = mapped_column(Moment)
    part: Mapped[str] = mapped_column(String(400), default="")
    stage: Mapped[str] = mapped_column(String(200), default="")
    count: Mapped[int] = mapped_column(default=0)
    total: Mapped[int | None] = mapped_column()
    stages: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    warnings: Mapped[list[str]] = mapped_column(JSON, default=list)
    sentence: Mapped[str] = mapped_column(Text, default="")
    digest_id: Mapped[str | None] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"))

    @property
    def status(self) -> State:
        """The state as its enumeration."""
        return State(self.state)


class StoredDigest(Asked, Base):
    """A finished digest. ``content`` is its JSON form, compressed; ``request_key`` tells which request it answers, and
    ``standing`` at which commits; ``subject_key`` is the same for digests of one person, or of the same links.

    ``name`` lists the repositories; ``url``, ``commit`` and ``committed`` repeat the first one's, for lists; ``whose``
    is the candidate, or the person whose page was read. No ``expires`` means that it is kept.
    """

    __tablename__ = "digest"
    __table_args__ = tuple(Index(f"ix_digest_{name}", name) for name in ("request_key", "expires", "subject_key"))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    request_key: Mapped[str] = mapped_column(String(64))
    standing: Mapped[str] = mapped_column(String(64), default="")
    subject_key: Mapped[str] = mapped_column(String(64), default="")
    name: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text)
    commit: Mapped[str] = mapped_column(String(64))
    committed: Mapped[str] = mapped_column(String(40))
    whose: Mapped[str | None] = mapped_column(String(200))
    complete: Mapped[bool] = mapped_column()
    asked_by: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(Moment, default=now)
    expires: Mapped[datetime | None] = mapped_column(Moment)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)

    shares: Mapped[list[Share]] = relationship(cascade="all, delete-orphan", passive_deletes=True)
    corrections: Mapped[list[Correction]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Correction.created"
    )
    reveals: Mapped[list[Reveal]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True, order_by="Reveal.created"
    )


class Page(Base):
    """A digest's page with slots, compressed, in one of its forms: plain, or without names; or its PDF in that form."""

    __tablename__ = "page"

    digest_id: Mapped[str] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"), primary_key=True)
    form: Mapped[str] = mapped_column(String(20), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Reveal(Base):
    """Somebody chose to see the names in a digest: who, and when."""

    __tablename__ = "reveal"
    __table_args__ = (Index("ix_reveal_digest_id", "digest_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest_id: Mapped[str] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"))
    who: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(Moment, default=now)


class Share(Base):
    """A link for the candidate. Only the hash of its token is kept: the link is shown once."""

    __tablename__ = "share"
    __table_args__ = (Index("ix_share_digest_id", "digest_id"), Index("ix_share_token_hash", "token_hash", unique=True))

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True, default=new_id)
    digest_id: Mapped[str] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"))
    token_hash: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(200))
    created: Mapped[datetime] = mapped_column(Moment, default=now)
    expires: Mapped[datetime] = mapped_column(Moment)


class Correction(Base):
    """What the candidate says about a finding (``signal``), or about the whole digest (none)."""

    __tablename__ = "correction"
    __table_args__ = (Index("ix_correction_digest_id", "digest_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    digest_id: Mapped[str] = mapped_column(ForeignKey("digest.id", ondelete="CASCADE"))
    signal: Mapped[str | None] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    created: Mapped[datetime] = mapped_column(Moment, default=now)
