"""Under which name a repository is known: never a path of this machine."""

from __future__ import annotations

from msgspec import Struct

from evidence.model import UsageError
from evidence.source.address import Address, Places, locate
from evidence.source.attach import settings
from evidence.source.local import Place, folder_name


class Identity(Struct, frozen=True):
    """How a repository is known: ``id`` (``github.com/owner/name`` or ``local/name``), its public page, host and name.

    ``kind`` is the forge that serves its permalinks (github, gitlab); "" where no public address is known.
    """

    id: str
    url: str
    host: str
    name: str
    kind: str

    @classmethod
    def public(cls, address: Address) -> Identity:
        """Of a repository on a forge."""
        return cls(f"{address.host}/{address.path}", address.web_url, address.host, address.path, address.kind)

    @classmethod
    def private(cls, name: str) -> Identity:
        """Of a repository that nobody else can open: no host and no folder of this machine is told."""
        return cls(f"local/{name}", "", "", name, "")


def identity_of(address: Address) -> Identity:
    """Of what lies at this address."""
    if address.kind == "plain":
        return Identity.private(folder_name(tuple(address.path.split("/"))))
    return Identity.public(address)


def local_identity(place: Place, places: Places) -> Identity:
    """The public address that ``origin`` names, where it is on an allowed host; else the folder's name."""
    origin = settings(place).get("remote.origin.url", "")
    try:
        address = locate(_without_credentials(origin), Places(places.hosts, local=False))
    except UsageError:
        return Identity.private(place.name)
    return Identity.public(address) if isinstance(address, Address) else Identity.private(place.name)


def _without_credentials(url: str) -> str:
    for scheme in ("ssh://git@", "https://", "http://"):
        if url.startswith(scheme):
            authority, slash, path = url.removeprefix(scheme).partition("/")
            return f"https://{authority.rpartition('@')[2]}{slash}{path}"
    return url
