"""Under which key the facts of a file may be kept."""

from __future__ import annotations

from hashlib import sha256
from typing import NamedTuple


class Key(NamedTuple):
    """What facts depend on: the SHA-256 (hex) of the content, its language, and the extractor's fingerprint."""

    sha256: str
    language: str
    fingerprint: str

    def digest(self) -> bytes:
        """32 bytes that stand for the key in the database."""
        return sha256("\0".join(self).encode()).digest()
