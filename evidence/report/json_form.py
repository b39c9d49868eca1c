"""The digest as JSON: the one complete form, and the way back."""

from __future__ import annotations

from typing import Any

import msgspec

from evidence.model import Digest, UsageError

SCHEMA_VERSION = "1"


class _Version(msgspec.Struct):
    schema_version: str


def to_json(digest: Digest) -> bytes:
    """UTF-8, indented by two spaces, with a final newline. Fields keep the model's order; open maps are sorted."""
    packed = msgspec.json.encode(digest, order="deterministic")
    return msgspec.json.format(packed, indent=2) + b"\n"


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
