"""What a digest is called in lists: its repository's name, or a pseudonym for who reads it anonymously."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.web.models import Scan, StoredDigest


@dataclass(frozen=True)
class Named:
    """A stored digest as this visitor may see it in a list."""

    stored: StoredDigest
    name: str
    commit: str
    candidate: str | None
    anonymous: bool


def named(stored: StoredDigest) -> Named:
    """The digest under the name that the visitor may see."""
    return Named(stored, stored.name, stored.commit, stored.candidate, False)


def scan_name(scan: Scan) -> str:
    """What was asked for, without the scheme that every address has."""
    return scan.source.removeprefix("https://")
