"""The digest as JSON: the one complete form, and the way back."""

from __future__ import annotations

import codecs
import re
from typing import Any

import msgspec

from evidence.model import Digest, UsageError
from evidence.patterns import regex

SCHEMA_VERSION = "1"
# Controls, format characters (directions, zero widths), separators, fillers, private use and tags: what :mod:`visible`
# shows by a sign.
_SHAPELESS = regex(
    "[\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufe00-\ufe0e\ufeff\uffa0\ufff9-\ufffb"
    "\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U0010ffff]"
)
_SHAPES = "evidence.shapes"


class _Version(msgspec.Struct):
    schema_version: str


def to_json(digest: Digest) -> bytes:
    """UTF-8, indented by two spaces, with a final newline. Fields keep the model's order; open maps are sorted.

    Characters that a terminal or an editor would obey instead of showing are written as JSON's escapes.
    """
    packed = msgspec.json.encode(digest, order="deterministic")
    return _escaped(msgspec.json.format(packed, indent=2)) + b"\n"


def _escaped(content: bytes) -> bytes:
    """JSON with every character escaped that has no shape of its own: such stand inside strings only."""
    return content.replace(b"\x7f", b"\\u007f").decode().encode("ascii", _SHAPES)


def _shaped(error: UnicodeError) -> tuple[bytes, int]:
    """What stands for the next characters beyond ASCII, of which a digest has few, and where they end."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return _SHAPELESS.sub(_escape, error.object[error.start : error.end]).encode(), error.end


codecs.register_error(_SHAPES, _shaped)


def _escape(match: re.Match[str]) -> str:
    units = match.group().encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))


def from_json(data: bytes) -> Digest:
    """The digest that ``data`` holds, or a :class:`UsageError` of one sentence.

    Strict: no conversion between types, no missing and no unknown field, so that what was read is all there was.
    """
    _check_version(data)
    try:
        digest = msgspec.json.decode(data, type=Digest, strict=True)
        complete = msgspec.json.decode(data) == msgspec.json.decode(msgspec.json.encode(digest))
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"This is not a digest of evidence: {_reason(error)}.") from None
    if not complete:
        raise UsageError("This is not a digest of evidence: it has fields that none has, or lacks some that all have.")
    return digest


def _check_version(data: bytes) -> None:
    """Refuse other versions by name, before their other differences confuse the message."""
    try:
        found: Any = msgspec.json.decode(data, type=_Version).schema_version
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise UsageError(f"This is not a digest of evidence: {_reason(error)}.") from None
    if found != SCHEMA_VERSION:
        shown = ascii(found[:20])
        raise UsageError(f"The digest has schema version {shown}, and this evidence reads version {SCHEMA_VERSION!r}.")


def _reason(error: Exception) -> str:
    """msgspec's message without a final stop; it names types and places, and of the input only keys, which are cut."""
    if isinstance(error, RecursionError):
        return "it is nested too deeply"
    return ascii(str(error)[:200])[1:-1].rstrip(".")
