"""Whether a local repository is as it was: told by its files' names, sizes and times, without asking git."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from evidence.model import EvidenceError
from evidence.source.address import Places, locate, locate_public
from evidence.source.identity import Identity, identity_of, local_identity
from evidence.source.local import MIB, Place, find, is_object_folder, read_plain

_MOST_REFERENCES = 64 * MIB
_MOST_LOOSE = 20_000


class LocalState(Struct, frozen=True):
    """A local repository as it stands: ``sha256`` is another one as soon as a reference, its configuration or its
    objects are. Two looks that give the same hash saw a repository of which a scan reads the same."""

    place: Place
    identity: Identity
    sha256: str


def local_state(text: str, known_as: str | None, places: Places) -> LocalState | None:
    """The state of the local repository that ``text`` names, known as ``known_as`` where that is given.

    None for an address, and for what cannot be looked at: opening it tells why.
    """
    try:
        target = locate(text, places)
        if not isinstance(target, Path):
            return None
        place = find(target)
        identity = identity_of(locate_public(known_as, places)) if known_as else local_identity(place, places)
        told = hashlib.sha256()
        for part in (*_references(place), *_objects(place.common / "objects")):
            told.update(len(part).to_bytes(8, "big") + part)
    except (EvidenceError, OSError, ValueError):
        return None
    return LocalState(place, identity, told.hexdigest())


def _references(place: Place) -> Iterator[bytes]:
    """What is small is taken word for word: times of files are coarser than a quick succession of commits."""
    for file in (place.own / "HEAD", *(place.common / name for name in ("config", "packed-refs", "shallow"))):
        yield read_plain(file, _MOST_REFERENCES) if file.exists() else b""
    count = 0
    for folder, folders, files in os.walk(place.common / "refs", followlinks=False):
        folders.sort()
        for name in sorted(files):
            count += 1
            if count > _MOST_LOOSE:
                raise ValueError("too many loose references to look at")
            file = Path(folder, name)
            yield os.fsencode(file) + b"\0" + read_plain(file, 4096)


def _objects(folder: Path) -> Iterator[bytes]:
    """Packs by name, size and time; folders of loose objects by the time at which one last came or went."""
    yield os.fsencode(folder)
    for name in sorted(filter(is_object_folder, os.listdir(folder))):
        inner = folder / name
        if name != "pack":
            yield f"{name} {inner.stat().st_mtime_ns}".encode()
            continue
        for pack in sorted(os.listdir(inner)):
            found = (inner / pack).lstat()
            yield os.fsencode(pack) + f" {found.st_size} {found.st_mtime_ns} {found.st_ino}".encode()
