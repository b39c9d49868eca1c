"""The digest's checksum of itself: one altered character anywhere in it no longer fits.

It finds accidents and careless edits without a repository at hand. It is no signature: who changes a digest can compute
it anew, and then only deriving the digest again (``verify --full``) tells: see docs/decisions/checking-a-digest.md.
"""

from __future__ import annotations

import hashlib

import msgspec

from evidence.model import Digest

SEAL = "content_sha256"


def seal(digest: Digest) -> Digest:
    """The same digest with the checksum of everything else in ``inputs``."""
    return msgspec.structs.replace(digest, inputs={**digest.inputs, SEAL: _checksum(digest)})


def seal_holds(digest: Digest) -> bool:
    """Whether the checksum is there and fits the rest."""
    return digest.inputs.get(SEAL) == _checksum(digest)


def _checksum(digest: Digest) -> str:
    """SHA-256 of the compact JSON, keys of open maps sorted, without the checksum's own field."""
    inputs = {key: value for key, value in digest.inputs.items() if key != SEAL}
    packed = msgspec.json.encode(msgspec.structs.replace(digest, inputs=inputs), order="deterministic")
    return hashlib.sha256(packed).hexdigest()
