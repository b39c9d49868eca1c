"""Whether a repository's forge is asked, and which; what it told, or why it was not asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeGuard

import msgspec
from msgspec import Struct, field

from evidence.model import ChangeRequest, Changes, EvidenceError, Ledger
from evidence.source.address import Address, Places
from evidence.source.forges import PARTS, Asking, Subject, accepted, ask, digest_of, endpoint_for, read_again
from evidence.source.forges.endpoint import Endpoint
from evidence.source.forges.patience import Unavailable
from evidence.source.identity import Identity
from evidence.source.places import named_of, stand_in
from evidence.source.repository import OpenRepository

_NO_ADDRESS = "the repository has no public address at which a forge could be asked"
_NOT_WANTED = "the forge was not to be asked (--no-forge)"
_NO_ACCOUNT = "no account of the candidate's is known there, so their changes in other repositories were not asked for"
_COPY = "a copy was scanned, and there is no token for its forge: --forge asks it"


class Told(Struct, frozen=True):
    """What a forge told: ``changes`` (None where it was not asked), the parts that are ``missing`` with the reason, and
    the hash of all of it."""

    changes: Changes | None = None
    missing: Mapping[str, str] = field(default_factory=dict)
    sha256: str | None = None


def inquire(repository: OpenRepository, places: Places, wanted: bool | None, asking: Asking) -> Told:
    """Ask the forge behind a repository.

    ``wanted`` None asks where the repository was fetched from a forge; for a copy (a folder, or some other server's),
    where there is a token, or a stand-in on this machine: a copy takes us to the network only where somebody prepared
    that.
    """
    found = _forge_of(repository, places) if wanted is not False else None
    if found is None:
        return _untold(_NOT_WANTED if wanted is False else _NO_ADDRESS, repository.id, repository.ledger)
    endpoint, path, prepared = found
    if wanted is None and not prepared and not _is_on_forge(repository.address):
        return _untold(_COPY, repository.id, repository.ledger)
    subject = Subject(path, repository.id, repository.url, repository.commit, repository.change_number)
    changes = ask(endpoint, subject, repository.ledger, asking)
    return Told(changes, changes.missing, digest_of(changes))


def inquire_elsewhere(
    repository: OpenRepository, places: Places, told: Told, logins: Iterable[str], asking: Asking
) -> Told:
    """``told`` with the changes that repositories of others took of a candidate's accounts (``logins``)."""
    found = _forge_of(repository, places)
    if found is None or told.changes is None:
        return told
    endpoint, path, _prepared = found
    subject, accounts = f"changes elsewhere than in {repository.id}", sorted(logins)
    answer = accepted(endpoint, path, accounts, asking) if accounts else None
    if answer is not None and not answer.missing:
        if answer.sampled:
            repository.ledger.note("forge_sampled", subject, answer.sampled)
        changes = msgspec.structs.replace(told.changes, elsewhere=answer.changes)
    else:
        reason = answer.missing if answer is not None else _NO_ACCOUNT
        failed = answer is not None and answer.asked
        repository.ledger.note("forge_unavailable" if failed else "forge_not_asked", subject, reason)
        changes = msgspec.structs.replace(told.changes, missing={**told.changes.missing, "elsewhere": reason})
    return Told(changes, changes.missing, digest_of(changes))


def changes_at(
    repository: OpenRepository, places: Places, urls: Sequence[str], asking: Asking
) -> dict[str, ChangeRequest]:
    """Changes in other repositories of the same forge as they are now, by address; those that are gone are left out.
    Raises EvidenceError where the forge does not tell."""
    found = _forge_of(repository, places)
    try:
        return read_again(found[0], urls, asking) if found is not None else {}
    except Unavailable as error:
        raise EvidenceError(str(error)) from None


def web_of(repository: OpenRepository, places: Places) -> str | None:
    """The origin where the pages of a repository's forge are, or of what stands in for it; None for what has none."""
    found = _forge_of(repository, places)
    return found[0].web if found is not None else None


def would_ask(identity: Identity, places: Places, wanted: bool | None) -> bool:
    """Whether :func:`inquire` would ask a forge of a local repository that is known so."""
    found = _known_forge(identity, places) if wanted is not False else None
    return found is not None and (wanted is True or found[2])


def _is_on_forge(address: Address | None) -> TypeGuard[Address]:
    return address is not None and address.kind != "plain"


def _untold(reason: str, repository: str, ledger: Ledger) -> Told:
    ledger.note("forge_not_asked", repository, reason)
    return Told(missing=dict.fromkeys(PARTS, reason))


def _forge_of(repository: OpenRepository, places: Places) -> tuple[Endpoint, str, bool] | None:
    """The API to ask, the repository's name there, and whether somebody prepared for asking it."""
    address = repository.address
    if _is_on_forge(address):
        return _forge(address.web_url.removesuffix(f"/{address.path}"), address.kind, address.path, places)
    return _known_forge(repository.identity, places)


def _known_forge(identity: Identity, places: Places) -> tuple[Endpoint, str, bool] | None:
    """The forge on which a copy's original is known to be."""
    return _forge(f"https://{identity.host}", identity.kind, identity.name, places) if identity.kind else None


def _forge(origin: str, kind: str, path: str, places: Places) -> tuple[Endpoint, str, bool]:
    there = stand_in(kind, places) if origin == f"https://{_PUBLIC[kind]}" else ""
    endpoint = endpoint_for(kind, there or origin, named_of(kind, places))
    return endpoint, path, bool(there or endpoint.credential)


_PUBLIC = {"github": "github.com", "gitlab": "gitlab.com"}
