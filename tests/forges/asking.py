"""Asking a fake forge, as a scan does."""

from __future__ import annotations

from evidence.model import Changes, Ledger
from evidence.source.forges import Asking, Subject, ask, endpoint_for
from tests.forges.fake_github import FakeGitHub


def asked(
    server: FakeGitHub, ledger: Ledger | None = None, head: str = "", kind: str = "github", **asking: object
) -> Changes:
    """What the forge tells of its repository."""
    endpoint = endpoint_for(kind, server.origin, (server.origin.partition("://")[2],))
    subject = Subject(server.repo.name, "id", "", head or server.repo.history[0][0])
    return ask(endpoint, subject, ledger or Ledger(), Asking(**asking))  # type: ignore[arg-type]


def noted(ledger: Ledger, code: str) -> list[tuple[str, str]]:
    """Subjects and reasons of the ledger's lines with this code."""
    return [(entry.subject, entry.reason) for entry in ledger.entries() if entry.code == code]
