"""The JSON form: readable, deterministic, and read back strictly."""

from __future__ import annotations

import json

import msgspec
import pytest

from evidence.model import Digest, UsageError
from evidence.report import from_json, to_json


def _changed(digest: Digest, **fields: object) -> bytes:
    return json.dumps({**json.loads(to_json(digest)), **fields}).encode()


def test_a_digest_survives_the_way_there_and_back(rich: Digest) -> None:
    """Reading what was written gives an equal digest, hostile text included, and the same bytes again."""
    packed = to_json(rich)
    assert from_json(packed) == rich
    assert to_json(from_json(packed)) == packed


def test_the_bytes_are_readable_text(rich: Digest) -> None:
    """UTF-8, two spaces of indentation, fields in the contract's order, one final newline."""
    text = to_json(rich).decode()
    assert text.startswith('{\n  "schema_version": "1",\n  "tool": {\n    "name"')
    assert text.endswith("}\n") and not text.endswith("\n\n")


def test_open_maps_are_sorted(rich: Digest) -> None:
    """The order in which a map was filled does not reach the bytes."""
    findings = json.loads(to_json(rich))["findings"]
    assert all(list(f["measures"]) == sorted(f["measures"]) for f in findings)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "truncated"),
        (b"no json", "malformed"),
        (b"[]", "Expected"),
        (b'"\xff"', ""),
        (b'{"schema_version": 1}', "Expected `str`"),
        (b'{"schema_version": "2"}', "schema version '2'"),
        (b'{"schema_version": "\\u001b[31m"}', "x1b"),
        (b'{"schema_version": "1"}', "missing required field"),
        (b'{"schema_version": "1", "inputs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
    ],
)
def test_what_is_no_digest_is_refused_in_one_sentence(data: bytes, said: str) -> None:
    """Bad input is a usage error of one printable line that says what was wrong."""
    with pytest.raises(UsageError) as error:
        from_json(data)
    message = str(error.value)
    assert said in message
    assert message.endswith(".") and message.isprintable() and message.isascii()


@pytest.mark.parametrize(
    "fields",
    [{"unknown": 1}, {"complete": "yes"}, {"complete": 1}, {"signals": None}, {"cells": [{"competency": "x"}]}],
)
def test_a_digest_with_other_fields_is_refused(rich: Digest, fields: dict[str, object]) -> None:
    """An unknown field, a missing one and a wrong type are refused at every depth."""
    with pytest.raises(UsageError):
        from_json(_changed(rich, **fields))


def test_an_unknown_field_deep_inside_is_refused(rich: Digest) -> None:
    """Strictness reaches into citations: a field that no reader would see is not dropped in silence."""
    plain = json.loads(to_json(rich))
    plain["signals"][0]["citations"][0]["verdict"] = "hire"
    with pytest.raises(UsageError, match="fields that none has"):
        from_json(json.dumps(plain).encode())


def test_a_field_with_a_default_may_not_be_left_out(rich: Digest) -> None:
    """What the model would fill in by itself must still be in the file."""
    plain = json.loads(to_json(rich))
    del plain["ledger"]
    with pytest.raises(UsageError, match="lacks some"):
        from_json(json.dumps(plain).encode())


@pytest.mark.parametrize("character", ["\x7f", "\x9b", "\u202e", "\u200b", "\u2028", "\ufeff", "\U000e0041"])
def test_nothing_that_a_terminal_would_obey(rich: Digest, character: str) -> None:
    """Characters without a shape are written as escapes, and read back as what they are."""
    tool = {"name": f"a{character}b"}
    written = to_json(msgspec.structs.replace(rich, tool=tool))
    assert character.encode() not in written
    assert from_json(written).tool == tool
