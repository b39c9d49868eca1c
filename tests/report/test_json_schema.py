"""The published schema: what it says is what the records are."""

from __future__ import annotations

import json
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from evidence.model import CellStatus, Digest, Grade, Level, Outcome
from evidence.report import to_json
from evidence.report.json_schema import PUBLISHED, build_schema, schema_text

KINDS = {"file", "commit", "pull_request", "review_comment", "issue"}


@pytest.fixture
def validator() -> Draft202012Validator:
    """The published schema, checked against its own meta-schema."""
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


@pytest.fixture
def plain(rich: Digest) -> Any:
    """The rich digest as plain data."""
    return json.loads(to_json(rich))


def test_the_published_schema_is_the_generated_one() -> None:
    """A change of the records without a new schema is an error; the message says how to write it."""
    assert PUBLISHED.read_text(encoding="utf-8") == schema_text(), "run python -m evidence.report.json_schema"


@pytest.mark.parametrize("name", ["rich", "quiet", "flaskless", "two_repositories"])
def test_digests_are_valid(name: str, validator: Draft202012Validator, request: pytest.FixtureRequest) -> None:
    """Every example digest satisfies the published schema."""
    digest = request.getfixturevalue(name)
    assert [e.message for e in validator.iter_errors(json.loads(to_json(digest)))] == []


def test_the_rich_digest_covers_the_vocabulary(plain: Any) -> None:
    """The validity test means something: all kinds of citation, statuses, outcomes and grades occur."""
    assert {c["kind"] for s in plain["signals"] for c in s["citations"]} == KINDS
    assert {c["status"] for c in plain["cells"]} == set(CellStatus)
    assert {s["outcome"] for s in plain["signals"]} == set(Outcome)
    assert {s["grade"] for s in plain["signals"]} - {None} == {g.value for g in Grade}
    assert {c["level"] for c in plain["cells"]} == set(Level)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("schema_version",), "2"),
        (("ledger", 0, "code"), "no_such_code"),
        (("ledger", 0, "count"), -1),
        (("cells", 0, "status"), "passed"),
        (("cells", 0, "level"), "Principal"),
        (("cells", 0, "score"), 5),
        (("signals", 0, "outcome"), "maybe"),
        (("signals", 0, "grade"), "expert"),
        (("signals", 0, "citations", 0, "kind"), "tweet"),
        (("signals", 0, "citations", 0, "commit"), "HEAD"),
        (("signals", 0, "citations", 0, "url"), "javascript:alert(1)"),
        (("signals", 0, "citations", 0, "start_line"), 0),
        (("signals", 0, "citations", 0, "share", "high"), 1.5),
        (("repositories", 0, "commit"), "a1a1"),
    ],
)
def test_what_the_contract_forbids_is_invalid(
    plain: Any, validator: Draft202012Validator, place: tuple[str | int, ...], value: object
) -> None:
    """Each of these single changes makes the digest invalid."""
    target = plain
    for step in place[:-1]:
        target = target[step]
    target[place[-1]] = value
    assert not validator.is_valid(plain)


def test_a_sixth_citation_is_invalid(plain: Any, validator: Draft202012Validator) -> None:
    """A signal has at most five citations."""
    plain["signals"][0]["citations"] = plain["signals"][0]["citations"][:1] * 6
    assert not validator.is_valid(plain)


def test_every_record_is_closed_and_complete() -> None:
    """Each record requires all its fields, allows no other, and says what it is."""
    records = {n: d for n, d in build_schema()["$defs"].items() if "properties" in d}
    assert len(records) > 10
    for name, record in records.items():
        assert record["additionalProperties"] is False, name
        assert record["required"] == list(record["properties"]), name
        assert record["description"], name
