"""What a visitor may see of a digest: with names, or behind pseudonyms until they choose to see the names."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass

from sqlalchemy import select

from evidence.report.words import number
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
    if not settings().anonymous_first:
        return PLAIN
    return PLAIN if visitor_name() in {each.who for each in stored.reveals} else ANONYMOUS


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
        Named(each, each.name, each.whose, each.commit, False)
        if shown is None or each.id in shown
        else Named(
            each, _pseudonyms("repository", each.name), each.whose and _pseudonyms("person", each.whose), "", True
        )
        for each in digests
    ]


def named(stored: StoredDigest) -> Named:
    """The digest under the name that the visitor may see."""
    return named_all([stored])[0]


def pseudonym(kind: str, name: str) -> str:
    """The name that stands for ``name`` on this server: the same as in anonymised digests."""
    return f"{kind}-{hmac.new(ours().runner.pseudonyms, name.lower().encode(), hashlib.sha256).hexdigest()[:6]}"


def _pseudonyms(kind: str, names: str) -> str:
    """Of a list with commas, each name's: those that stand in the digest."""
    return ", ".join(pseudonym(kind, name) for name in names.split(", "))


def is_hidden(scan: Scan) -> bool:
    """Whether this visitor may not see what a scan is of: others' scans, where one reads without names first."""
    return settings().anonymous_first and scan.asked_by != visitor_name()


def scan_sources(scan: Scan) -> list[str]:
    """What was asked for, without the scheme that every address has; or pseudonyms."""
    if is_hidden(scan):
        return [pseudonym("source", source) for source in scan.sources]
    return [source.removeprefix("https://") for source in scan.sources]


def scan_name(scan: Scan) -> str:
    """The same in a line."""
    first, *others = scan_sources(scan)
    return f"{first} and {number(len(others))} more" if others else first


def scan_candidate(scan: Scan) -> str:
    """Whose work it is, hidden likewise."""
    return pseudonym("person", scan.candidate or "") if is_hidden(scan) else scan.candidate or ""


def scan_says(scan: Scan) -> tuple[str, list[str]]:
    """Why it failed, and its warnings, which may name what it is of."""
    if is_hidden(scan):
        return ("Who asked for it can see why." if scan.sentence else ""), []
    return scan.sentence, scan.warnings


def part_name(scan: Scan, part: str) -> str:
    """Which of several sources is being read."""
    return part.partition(":")[0] if is_hidden(scan) else part
