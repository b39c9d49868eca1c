"""Fetching from a forge: an empty repository of ours, the references asked for, nothing else the server suggests."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from evidence.source.address import Address
from evidence.source.attach import Refs
from evidence.source.forges.app import signed_in
from evidence.source.forges.endpoint import endpoint_for
from evidence.source.forges.patience import Patience, Unavailable
from evidence.source.forges.tokens import credential_for
from evidence.source.git import MIB, Git, Limits, create
from evidence.source.revision import check_revision
from evidence.source.scratch import Scratch, closing
from evidence.source.server import Server


class Fetched(Struct, frozen=True):
    """A fetched repository: its references as fetched now, and the revision asked for ("" for HEAD) in our own names.

    ``named`` tells that the revision is a reference of the repository, so that it needs no proof of being reachable.
    """

    git: Git
    refs: Refs
    revision: str = ""
    named: bool = False


@contextmanager
def fetched(
    address: Address,
    revision: str | None,
    scratch: Scratch,
    cache: Path | None,
    most: int,
    named: tuple[str, ...] = (),
) -> Iterator[Fetched]:
    """The repository at ``address``: HEAD, and what the address or ``revision`` asks for besides.

    It lives in the scratch folder, or under ``cache`` where later scans fetch into it. ``most`` bounds its pack, bytes.
    Raises EvidenceError or UsageError, one sentence, for everything that goes wrong.
    """
    if revision is not None:
        check_revision(revision)
    env = {**scratch.environment(), **reaching(address, named)}
    limits = Limits(seconds=900, file=most, memory=1024 * MIB)
    folder = scratch.repository
    with _cached(cache, address) as kept:
        folder = kept or folder
        git = create(folder, env, limits)
        try:
            found = Server(git, address).run(revision, address.asked)
            packs = sum(f.stat().st_size for f in folder.glob("objects/pack/*.pack"))
            # Reading needs no network, no token, and less memory.
            reader = Git(folder, scratch.environment(), Limits(memory=packs + 400 * MIB))
        finally:
            git.close()
    try:
        yield Fetched(reader, *found)
    finally:
        reader.close()


def commit_at(address: Address, scratch: Scratch, named: tuple[str, ...] = ()) -> str:
    """The commit that fetching ``address`` would read now, as its server tells; "" where only fetching would tell."""
    env = {**scratch.environment(), **reaching(address, named)}
    with closing(create(scratch.repository, env, Limits(seconds=60))) as git:
        return Server(git, address).told(address.asked)


def reaching(address: Address, named: tuple[str, ...] = ()) -> dict[str, str]:
    """Environment variables that let git reach ``address``: its protocol, and the token of its host."""
    return {"GIT_ALLOW_PROTOCOL": "http" if address.insecure else "https", **credentials(address, named)}


def credentials(
    address: Address, named: tuple[str, ...] = (), environ: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """Environment variables that hand git the token for the host of ``address``, and never in an argument.

    ``named`` are the hosts that the operator named; see :func:`evidence.source.forges.tokens.credential_for`. Nothing
    for a host that is no forge.
    """
    found = credential_for(address.host, address.kind, named, environ) if address.kind != "plain" else None
    if found is None and address.kind == "github":
        try:
            found = signed_in(endpoint_for("github", address.origin, named), Patience(0)).credential
        except Unavailable:
            found = None
    if found is None:
        return {}
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{address.origin}/.extraHeader",
        "GIT_CONFIG_VALUE_0": found.git_header(),
    }


@contextmanager
def _cached(cache: Path | None, address: Address) -> Iterator[Path | None]:
    """The folder of a kept clone, locked while it is fetched into. Its name is a hash: no name is made from input."""
    if cache is None:
        yield None
        return
    name = hashlib.sha256(address.clone_url.encode()).hexdigest()[:32]
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / f"{name}.git"
        for leftover in [
            *folder.glob("objects/pack/tmp_*"),
            *folder.glob("refs/scan/**/*.lock"),
            *folder.glob("*.lock"),
        ]:
            leftover.unlink(missing_ok=True)  # of a fetch that was killed: nobody else holds the lock
        yield folder
