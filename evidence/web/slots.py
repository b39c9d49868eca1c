"""A digest's page with slots: rendered and compressed once, and completed for each visitor.

A slot is a comment of HTML. Quoted text is escaped, so that no repository can bring one of its own.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass

from evidence.model import Digest
from evidence.patterns import regex
from evidence.report.html import Frame, to_html

_SLOT = "<!-- slot {} -->"
_SLOTS = regex(r"<!-- slot ([a-z]+)(?: ([A-Za-z0-9._-]+))? -->")
_NAME = regex(r"[A-Za-z0-9._-]+")
_LEVEL = 6
# RFC 1952: deflated, no name, no time, an unknown system.
_GZIP_BEGINS = b"\x1f\x8b\x08\0\0\0\0\0\0\xff"
_GZIP_ENDS = b"\x03\0"

Fill = Callable[[str, str], str]


def with_slots(digest: Digest) -> str:
    """The page, with slots for ``head``, ``top``, ``foot``, and ``note`` (with the signal's id)."""
    notes = {each.id: _SLOT.format(f"note {each.id}") for each in digest.signals if _NAME.fullmatch(each.id)}
    head, top, foot = (_SLOT.format(name) for name in ("head", "top", "foot"))
    return to_html(digest, Frame(head, top, foot, notes))


@dataclass(frozen=True)
class Kept:
    """A page cut at its slots. ``texts`` has one more entry than ``slots``; ``packed`` are the same texts, deflated so
    that they can be strung together. Nothing is decoded, searched or compressed when the page is completed."""

    texts: tuple[bytes, ...]
    packed: tuple[bytes, ...]
    slots: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, page: str) -> Kept:
        """Cut and compress a page with slots."""
        texts, slots, at = [], [], 0
        for found in _SLOTS.finditer(page):
            texts.append(page[at : found.start()].encode("utf-8", "backslashreplace"))
            slots.append((found[1], found[2] or ""))
            at = found.end()
        texts.append(page[at:].encode("utf-8", "backslashreplace"))
        return cls(tuple(texts), tuple(_deflated(text, _LEVEL) for text in texts), tuple(slots))

    @property
    def size(self) -> int:
        """Bytes in memory, nearly."""
        return sum(map(len, self.texts)) + sum(map(len, self.packed))

    def plain(self, fill: Fill) -> bytes:
        """The page with each slot filled by ``fill(name, of)``."""
        return b"".join(_woven(self.texts, [fill(*slot).encode("utf-8", "backslashreplace") for slot in self.slots]))

    def gzipped(self, fill: Fill) -> bytes:
        """The same as one gzip stream. What fills the slots is not compressed: its length tells nothing of what is
        secret in it."""
        filled = [fill(*slot).encode("utf-8", "backslashreplace") for slot in self.slots]
        check, length = 0, 0
        for text in _woven(self.texts, filled):
            check, length = zlib.crc32(text, check), length + len(text)
        body = b"".join(_woven(self.packed, [_deflated(text, 0) for text in filled]))
        tail = check.to_bytes(4, "little") + (length & 0xFFFFFFFF).to_bytes(4, "little")
        return _GZIP_BEGINS + body + _GZIP_ENDS + tail


def _woven(texts: tuple[bytes, ...], between: list[bytes]) -> list[bytes]:
    return [each for pair in zip(texts, [*between, b""], strict=True) for each in pair if each]


def _deflated(text: bytes, level: int) -> bytes:
    """A piece of a deflate stream that ends on a byte and refers to nothing before it."""
    if not text:
        return b""
    packer = zlib.compressobj(level, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush(zlib.Z_FULL_FLUSH)
