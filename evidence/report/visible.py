"""Text of a scanned repository made safe to look at: nothing hidden, nothing that re-orders, no address but http.

Escaping for HTML or Markdown is the renderer's; this module only decides which characters a reader may be shown as they
are. It follows the Trojan Source advice (bidirectional controls are shown, not obeyed) and extends it to every
character without a shape of its own.
"""

from __future__ import annotations

import re
import unicodedata

from evidence.patterns import regex

_SHAPELESS_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
# Letters and marks that Unicode calls visible and that no reader can see: fillers, blanks, variation selectors
# (U+FE0F stays: it only asks for the coloured form of an emoji).
_BLANK = frozenset(
    (
        *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x3164, 0xFFA0),
        *range(0x180B, 0x1810),
        *range(0xFE00, 0xFE0F),
        *range(0xE0100, 0xE01F0),
    )
)
# RFC 3986 characters only: an address with anything else is shown as text and never linked.
_ADDRESS = regex(r"https?://[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]{1,4000}", re.ASCII)


def visible(text: str, keep: str = "") -> str:
    """``text`` with each control, bidirectional, zero-width or blank character replaced by a sign that can be seen.

    The sign is the character's number, ``⟦U+202E⟧``: the Unicode pictures of controls are missing from many fonts.
    Characters in ``keep`` stay.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char in keep else _shown(char) for char in text)


def _shown(char: str) -> str:
    if unicodedata.category(char) in _SHAPELESS_CATEGORIES or ord(char) in _BLANK:
        return f"⟦U+{ord(char):04X}⟧"
    return char


def safe_url(url: str) -> str | None:
    """``url`` if it is a plain http or https address and may be a link; None otherwise."""
    return url if _ADDRESS.fullmatch(url) else None


def shortened(text: str, limit: int) -> str:
    """``text`` in at most ``limit`` characters; what is cut is marked by an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def spans(text: str) -> list[tuple[bool, str]]:
    """A sentence split at its backticks into (is quoted, text) pieces.

    Statements put the names they take from a repository between backticks. Where nobody can say which ones pair (an odd
    number of them, or several in a row, as a name that holds backticks itself brings), all of it counts as quoted.
    """
    pieces = text.split("`")
    if len(pieces) % 2 == 0 or "``" in text:
        return [(True, text)]
    return [(index % 2 == 1, piece) for index, piece in enumerate(pieces) if piece]
