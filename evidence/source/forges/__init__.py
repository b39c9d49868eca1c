"""Forges: what GitHub and GitLab tell of a repository besides its commits. All of their network access lives here.

:func:`ask` is the one door. It never raises for what a forge does: what could not be had is in ``Changes.missing`` and
in the ledger.
"""

from __future__ import annotations

from evidence.model import Changes, Ledger
from evidence.source.forges.asking import Asking, Subject
from evidence.source.forges.changes import changes_of, digest_of
from evidence.source.forges.elsewhere import accepted, read_again
from evidence.source.forges.endpoint import Endpoint, endpoint_for
from evidence.source.forges.gathered import PARTS

LEDGER_CODES = {
    "forge_capped": "discussions are longer than what is read of one",
    "forge_not_asked": "the forge was not asked",
    "forge_renamed": "the repository has another name now",
    "forge_sampled": "not everything that the forge has was read",
    "forge_unavailable": "the forge could not give what it was asked for",
}


def ask(endpoint: Endpoint, subject: Subject, ledger: Ledger, asking: Asking) -> Changes:
    """What the forge tells of one repository there."""
    if endpoint.kind == "gitlab":
        from evidence.source.forges import gitlab

        found = gitlab.read(endpoint, subject, asking)
    else:
        from evidence.source.forges import github

        found = github.read(endpoint, subject, asking)
    return changes_of(endpoint.host, subject.id, found, ledger)


__all__ = [
    "LEDGER_CODES",
    "PARTS",
    "Asking",
    "Changes",
    "Endpoint",
    "Subject",
    "accepted",
    "ask",
    "digest_of",
    "endpoint_for",
    "read_again",
]
