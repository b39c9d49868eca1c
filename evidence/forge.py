"""What a scan asks of the forge behind a repository: changes and reviews, and a candidate's changes elsewhere."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec.structs import replace

from evidence.model import ChangeRequest, Upstream
from evidence.source import (
    Asking,
    OpenRepository,
    Places,
    Told,
    changes_at,
    fetch_heads,
    inquire,
    inquire_elsewhere,
    places_of,
    upstream_of,
    with_touched_lines,
)
from evidence.source.forges.patience import Patience

Warn = Callable[[str], None]


class Request(Protocol):
    """What of a request is about forges."""

    @property
    def hosts(self) -> tuple[str, ...]: ...
    @property
    def insecure_hosts(self) -> tuple[str, ...]: ...
    @property
    def cache(self) -> Path | None: ...
    @property
    def forge(self) -> bool | None: ...
    @property
    def resume(self) -> bool: ...
    @property
    def forge_wait(self) -> float: ...
    @property
    def upstream(self) -> str: ...


def places_in(request: Request) -> Places:
    """The hosts that a request allows to be asked."""
    return places_of(request.hosts, request.insecure_hosts)


def ask_forge(request: Request, repository: OpenRepository, warn: Warn) -> Told:
    """What the repository's forge tells of its changes and reviews, and why where it was not asked."""
    return inquire(repository, places_in(request), request.forge, _asking(request, warn))


def with_lines(told: Told, repository: OpenRepository) -> Told:
    """``told``, and with it what git tells of the lines that reviewers spoke of."""
    return told if told.changes is None else replace(told, changes=with_touched_lines(told.changes, repository))


def fetch_changes(request: Request, repository: OpenRepository, most: int, wanted: Mapping[int, str]) -> None:
    """Fetch own commits of at most so many changes, by number, each with its last one as far as that is known."""
    fetch_heads(repository, places_in(request), wanted, most)


def ask_parent(request: Request, repository: OpenRepository, told: Told, *, wanted: bool) -> Upstream | None:
    """What a fork has from its parent, where somebody is asked about, so that whose work it is matters."""
    return upstream_of(repository, places_in(request), told.changes, wanted=wanted, pinned=request.upstream)


def ask_elsewhere(request: Request, repository: OpenRepository, warn: Warn, told: Told, logins: Iterable[str]) -> Told:
    """``told`` with what repositories of others took of a candidate's accounts there."""
    return inquire_elsewhere(repository, places_in(request), told, logins, _asking(request, warn))


def ask_again(
    request: Request, repository: OpenRepository, warn: Warn, urls: Sequence[str]
) -> dict[str, ChangeRequest]:
    """Changes in other repositories as they are now, by address; raises EvidenceError where the forge does not tell."""
    return changes_at(repository, places_in(request), urls, _asking(request, warn))


def _asking(request: Request, warn: Warn) -> Asking:
    return Asking(request.cache, request.resume, Patience(request.forge_wait), warn)
