"""Digests kept, found again, expired and really removed."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

import msgspec
from sqlalchemy import ColumnElement, Row, Select, bindparam, delete, exists, or_, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm.attributes import set_committed_value

from evidence.web.extensions import db
from evidence.web.models import Asked, Correction, Page, Reveal, Scan, State, StoredDigest, now
from evidence.web.running.work import Product
from evidence.web.settings import Settings

_ASKED = tuple(name for name in Asked.__annotations__)


def store(product: Product, scan: Scan, settings: Settings) -> StoredDigest:
    """Keep a digest and its pages as the answer to ``scan``. The caller's transaction is committed."""
    whose = scan.candidate or product.candidates or None
    stored = StoredDigest(
        **{name: getattr(scan, name) for name in _ASKED},
        request_key=request_key(scan),
        standing=product.standing,
        subject_key=_subject_key(whose, scan.sources),
        whose=whose and whose[:200],
        name=product.names,
        url=product.url,
        commit=product.commit,
        committed=product.committed,
        complete=product.complete,
        asked_by=scan.asked_by,
        expires=now() + timedelta(days=settings.keep_days),
        content=product.content,
    )
    db.session.add(stored)
    db.session.flush()
    db.session.add_all(Page(digest_id=stored.id, form=form, content=page) for form, page in product.pages.items())
    db.session.commit()
    return stored


def request_key(scan: Scan) -> str:
    """What makes two requests the same: all that was asked for, and what of this tool looks."""
    from evidence.detect import versions

    return _hash([*(getattr(scan, name) for name in _ASKED), sorted(versions().items())])


def _subject_key(whose: str | None, sources: list[str]) -> str:
    return _hash(["person", whose.lower()] if whose else ["links", *sorted(sources)])


def _hash(value: object) -> str:
    return hashlib.sha256(msgspec.json.encode(value)).hexdigest()


def known_standings(scan: Scan) -> frozenset[str]:
    """The standings, of commits, at which this very request has been answered completely."""
    query = select(StoredDigest.standing).where(StoredDigest.request_key == request_key(scan), StoredDigest.complete)
    return frozenset(db.session.scalars(query.where(_alive())))


def same(scan: Scan, standing: str) -> StoredDigest | None:
    """The latest complete answer to this very request at these commits."""
    query = select(StoredDigest).where(StoredDigest.request_key == request_key(scan), StoredDigest.standing == standing)
    return db.session.scalar(
        query.where(StoredDigest.complete, _alive()).order_by(StoredDigest.created.desc()).limit(1)
    )


@lru_cache(maxsize=1)
def _found() -> Select[StoredDigest, bool, bool]:
    ends = or_(StoredDigest.expires.is_(None), StoredDigest.expires > bindparam("now"))
    revealed = exists().where(Reveal.digest_id == StoredDigest.id)
    corrected = exists().where(Correction.digest_id == StoredDigest.id)
    return select(StoredDigest, revealed, corrected).where(StoredDigest.id == bindparam("id"), ends)


def find(digest_id: str) -> StoredDigest | None:
    """The digest of this id, if it has not expired: one query where nobody has corrected it or asked for its names."""
    row = db.session.execute(_found(), {"id": digest_id, "now": now()}).first()
    if row is None:
        return None
    stored, revealed, corrected = row
    for name, there in (("reveals", revealed), ("corrections", corrected)):
        if not there:
            set_committed_value(stored, name, [])
    return stored


def listed(limit: int, before: int = 0) -> list[StoredDigest]:
    """Digests, latest first: ``limit`` of them after ``before``."""
    query = select(StoredDigest).where(_alive()).order_by(StoredDigest.created.desc(), StoredDigest.id)
    return list(db.session.scalars(query.offset(before).limit(limit)))


@lru_cache(maxsize=1)
def _related() -> Select[str, datetime, str]:
    ends = or_(StoredDigest.expires.is_(None), StoredDigest.expires > bindparam("now"))
    alike = StoredDigest.subject_key == bindparam("subject")
    query = select(StoredDigest.id, StoredDigest.created, StoredDigest.commit)
    query = query.where(alike, StoredDigest.id != bindparam("id"), ends)
    return query.order_by(StoredDigest.created.desc()).limit(20)


def related(stored: StoredDigest) -> Sequence[Row[str, datetime, str]]:
    """Id, date and commit of other digests of the same person or, without one, of the same links: what it may be
    compared with."""
    given = {"subject": stored.subject_key, "id": stored.id, "now": now()}
    return db.session.execute(_related(), given).all()


def page_of(stored: StoredDigest, form: str) -> str | None:
    """The page with slots in this form; None where it was not kept."""
    packed = db.session.scalar(select(Page.content).where(Page.digest_id == stored.id, Page.form == form))
    return None if packed is None else zlib.decompress(packed).decode()


def file_of(stored: StoredDigest, form: str) -> bytes | None:
    """A file that was kept with a digest; None where there is none."""
    return db.session.scalar(select(Page.content).where(Page.digest_id == stored.id, Page.form == form))


def has_file(stored: StoredDigest, form: str) -> bool:
    """Whether :func:`file_of` has this file."""
    return bool(db.session.scalar(select(exists().where(Page.digest_id == stored.id, Page.form == form))))


def keep_file(digest_id: str, form: str, content: bytes) -> None:
    """Keep a file with its digest, unless another server has done so or the digest is gone."""
    db.session.add(Page(digest_id=digest_id, form=form, content=content))
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()


def packed_content_of(stored: StoredDigest) -> bytes:
    """The JSON form of a digest, compressed by zlib. LookupError when it was removed meanwhile."""
    packed = db.session.scalar(select(StoredDigest.content).where(StoredDigest.id == stored.id))
    if packed is None:
        raise LookupError(stored.id)
    return packed


def content_of(stored: StoredDigest) -> bytes:
    """The JSON form of a digest."""
    return zlib.decompress(packed_content_of(stored))


def _alive() -> ColumnElement[bool]:
    return or_(StoredDigest.expires.is_(None), StoredDigest.expires > now())


def remove(stored: StoredDigest) -> None:
    """Remove a digest with all that hangs on it, from the file as well."""
    db.session.execute(delete(Scan).where(Scan.digest_id == stored.id))
    db.session.execute(delete(StoredDigest).where(StoredDigest.id == stored.id))
    db.session.commit()
    scrub()


def expire() -> int:
    """Remove what has expired, and scans that came to nothing a month ago; how many digests went."""
    gone = db.session.scalars(select(StoredDigest.id).where(StoredDigest.expires <= now())).all()
    old = (Scan.digest_id.is_(None)) & (Scan.finished < now() - timedelta(days=30))
    db.session.execute(delete(Scan).where(or_(Scan.digest_id.in_(gone), old)))
    db.session.execute(delete(StoredDigest).where(StoredDigest.id.in_(gone)))
    db.session.commit()
    if gone:
        scrub()
    return len(gone)


def purge() -> int:
    """Remove every digest and every scan that is not running; how many digests went."""
    count = len(db.session.scalars(select(StoredDigest.id)).all())
    db.session.execute(delete(Scan).where(Scan.state.not_in([State.QUEUED, State.RUNNING, State.CANCELLING])))
    db.session.execute(delete(StoredDigest))
    db.session.commit()
    scrub(whole=True)
    return count


def scrub(*, whole: bool = False) -> None:
    """Take what was deleted out of the database's files too.

    SQLite overwrites deleted rows (``secure_delete``); the write-ahead log is emptied here, and ``whole`` writes the
    file anew. PostgreSQL frees the rows; its own log and backups are the operator's.
    """
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if db.engine.dialect.name == "sqlite":
            if whole:
                connection.execute(text("VACUUM"))
            connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)")).all()
        else:
            tables = ", ".join(table.name for table in db.metadata.sorted_tables)
            connection.execute(text(f"VACUUM {'FULL ' if whole else ''}{tables}"))
