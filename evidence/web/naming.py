"""What a visitor may see of a digest: with names, or behind pseudonyms until they choose to see the names."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import select

from evidence.web.context import ours, settings
from evidence.web.extensions import db
from evidence.web.models import Reveal, Scan, StoredDigest
from evidence.web.running.work import ANONYMOUS, PLAIN
from evidence.web.visitor import visitor_name


@dataclass(frozen=True)
class Named:
    """A stored digest as this visitor may see it in a list."""

    stored: StoredDigest
    name: str
    candidate: str | None
    commit: str
    anonymous: bool


def form_for_visitor(stored: StoredDigest) -> str:
    """``anonymous`` until this visitor has chosen to see the names, where that is how the server reads first."""
    return PLAIN if not settings().anonymous_first or stored.id in _revealed() else ANONYMOUS


def _revealed() -> set[str]:
    return set(db.session.scalars(select(Reveal.digest_id).where(Reveal.who == visitor_name())))


def reveal(stored: StoredDigest) -> None:
    """Show this visitor the names from now on, and record that they asked for it."""
    if form_for_visitor(stored) == ANONYMOUS:
        db.session.add(Reveal(digest_id=stored.id, who=visitor_name()))
        db.session.commit()


def named_all(digests: list[StoredDigest]) -> list[Named]:
    """The digests under the names that the visitor may see."""
    shown = None if not settings().anonymous_first else _revealed()
    return [
        Named(each, each.name, each.candidate, each.commit, False)
        if shown is None or each.id in shown
        else Named(
            each, pseudonym("repository", each.name), each.candidate and pseudonym("person", each.candidate), "", True
        )
        for each in digests
    ]


def named(stored: StoredDigest) -> Named:
    """The digest under the name that the visitor may see."""
    return named_all([stored])[0]


def pseudonym(kind: str, name: str) -> str:
    """The name that stands for ``name`` on this server: the same as in anonymised digests."""
    return f"{kind}-{hmac.new(ours().runner.pseudonyms, name.lower().encode(), hashlib.sha256).hexdigest()[:6]}"


def scan_name(scan: Scan) -> str:
    """What was asked for, without the scheme that every address has; hidden from others who read without names."""
    if settings().anonymous_first and scan.asked_by != visitor_name():
        return pseudonym("source", scan.source)
    return scan.source.removeprefix("https://")


def scan_candidate(scan: Scan) -> str:
    """Whose work it is, hidden likewise."""
    hidden = settings().anonymous_first and scan.asked_by != visitor_name()
    return pseudonym("person", scan.candidate or "") if hidden else scan.candidate or ""
