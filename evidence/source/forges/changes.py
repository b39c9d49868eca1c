"""From what was gathered to the records that detectors read; what is cut or missing is told to the ledger."""

from __future__ import annotations

import hashlib

import msgspec

from evidence.model import Account, Changes, Ledger
from evidence.source.forges.gathered import Gathered

_WORDS = {
    "commits": "commits of changes",
    "reviews": "reviews of changes",
    "threads": "review threads of changes",
    "replies": "comments of review threads",
    "comments": "comments of changes and issues",
}


def changes_of(host: str, repository: str, found: Gathered, ledger: Ledger) -> Changes:
    """The records of ``repository`` (its id), in order; what is not in them is in the ledger."""
    accounts: dict[str, Account] = {}
    for change in found.changes.values():
        accounts |= change.accounts
    accounts |= found.accounts
    _note(repository, found, ledger)
    return Changes(
        host=host,
        requests=tuple(found.changes[at].request for at in sorted(found.changes)),
        issues=tuple(found.issues[at].issue for at in sorted(found.issues)),
        releases=tuple(sorted(found.releases.values(), key=lambda r: (r.created, r.tag))),
        fork_of=found.fork_of,
        committers=dict(sorted(accounts.items())),
        missing=dict(sorted(found.missing.items())),
    )


def digest_of(changes: Changes) -> str:
    """SHA-256 over everything that the forge told: equal answers, equal hash."""
    return hashlib.sha256(msgspec.json.encode(changes, order="deterministic")).hexdigest()


def _note(repository: str, found: Gathered, ledger: Ledger) -> None:
    for part, reason in sorted(found.missing.items()):
        ledger.note("forge_unavailable", f"{part} of {repository}", reason)
    for part, reason in sorted(found.sampled.items()):
        ledger.note("forge_sampled", f"{part} of {repository}", reason)
    for part, have in (("changes", len(found.changes)), ("issues", len(found.issues))):
        if part not in found.missing and part not in found.sampled and found.totals.get(part, 0) > have:
            reason = f"{have} of {found.totals[part]} were read: the newest"
            ledger.note("forge_sampled", f"{part} of {repository}", reason)
    cut: dict[str, int] = {}
    for counts in (*(c.cut for c in found.changes.values()), *(i.cut for i in found.issues.values())):
        for part, beyond in counts.items():
            cut[part] = cut.get(part, 0) + beyond
    for part, beyond in sorted(cut.items()):
        reason = "discussions and changes that are longer than what is read of one"
        ledger.note("forge_capped", f"{_WORDS[part]} in {repository}", reason, beyond)
