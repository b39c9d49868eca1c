"""The published JSON Schema of the digest, derived from the records so that the two cannot drift.

``python -m evidence.report.json_schema`` writes ``schema/digest-1.json`` again; a test compares it with the records.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec

from evidence.model import Digest
from evidence.report.json_form import SCHEMA_VERSION
from evidence.report.ledger_codes import codes

PUBLISHED = Path(__file__).parent / "schema" / f"digest-{SCHEMA_VERSION}.json"
IDENTIFIER = f"urn:portfolio-evidence:schema:digest-{SCHEMA_VERSION}"

_COMMIT = {"pattern": "^([0-9a-f]{40}|[0-9a-f]{64})$"}
_OBJECT = _COMMIT
_HASH = {"pattern": "^([0-9a-f]{64})?$"}
_ADDRESS = {"pattern": "^(https?://[^\\s]+)?$"}
_LINE = {"minimum": 1}
_COUNT = {"minimum": 0}
_FRACTION = {"minimum": 0, "maximum": 1}

# What the types alone cannot say, by record and field: bounds, patterns and descriptions.
_SAID: dict[str, dict[str, dict[str, Any]]] = {
    "Digest": {
        "schema_version": {"const": SCHEMA_VERSION},
        "tool": {"description": "Name and version of the program that made the digest."},
        "complete": {
            "description": "False when something that should have been read or looked for was stopped; see the ledger."
        },
        "inputs": {
            "description": "All that decides the bytes: commits, options, versions, hash of the forge's answers."
        },
        "subject": {"description": "Who was asked about (candidate, null for nobody) and the role profile."},
        "signals": {"description": "Every signal of the catalogue exactly once, whatever came of it."},
        "cells": {"description": "Every competency at every level exactly once."},
    },
    "Repository": {
        "url": {**_ADDRESS, "description": "Public address; empty for a local path without one."},
        "commit": {**_COMMIT, "description": "The commit that was read."},
        "committed": {"description": "ISO time of that commit: the only clock of the digest."},
        "history": {"description": "Counts behind the pictures; null where history or authorship cannot be told."},
        "flask": {"description": "Whether a Flask application was found."},
        "files": _COUNT,
        "commits": _COUNT,
    },
    "RepositoryHistory": {
        "periods": {"description": "Months (2024-03), quarters (2024-Q1) or years, oldest first."},
        "areas": {"description": "Most commits first; commits of people, without merges."},
        "together": {"description": "Pairs of areas that one commit touches, the most frequent first."},
    },
    "AreaHistory": {
        "area": {"description": "A folder of the code (`.` is the top), or what lies beside it: tests, documents..."},
        "code": {"description": "Whether it is application code."},
        "commits": _COUNT,
        "periods": {"description": "Commits in each period."},
        "owners": {"maxItems": 3, "description": "The people with most commits."},
    },
    "Owner": {"name": {"description": "As most commits claim it; never an address."}, "commits": _COUNT},
    "Together": {"commits": _COUNT},
    "SignalResult": {
        "grade": {"description": "Null unless the outcome is found."},
        "own_grade": {"description": "The grade over the candidate's own defining sites; null without a candidate."},
        "reason": {"description": "Why there is no answer, where there is none."},
        "citations": {"maxItems": 5, "description": "Best first."},
    },
    "Finding": {
        "measures": {"description": "Counts and values that the matrix may use."},
        "site_count": {**_COUNT, "description": "The true number of sites; the list may be shorter."},
    },
    "Site": {
        "start": _LINE,
        "end": _LINE,
        "clause": {"description": "What the site proves: defined, registered, called, tested, run_by_ci..."},
    },
    "Cell": {
        "contradicted": {"description": "Whether something was found that speaks against the cell."},
        "marker": {"description": "The behaviour that the cell describes."},
        "findings": {"description": "Identifiers of the findings that support the cell."},
        "against": {"description": "Identifiers of the findings that speak against the cell."},
        "probes": {"description": "Interview questions that fit the status."},
    },
    "LedgerEntry": {
        "count": _COUNT,
        "subject": {"description": "What it happened to: a path, a signal, a repository."},
    },
    "Share": {
        "low": {**_FRACTION, "description": "Lines by identities that the forge links or a signature proves."},
        "high": {**_FRACTION, "description": "The same with merely claimed identities."},
        "basis": {"description": "What the credit rests on: linked, signed or claimed."},
        "role": {"description": "author, co-author, reviewer, merger or none."},
        "unknown": {**_FRACTION, "description": "The part whose history could not be read."},
        "left_out": {"description": "Why lines of the candidate's commits do not count: template, vendored..."},
    },
    "FileCitation": {
        "start_line": _LINE,
        "end_line": _LINE,
        "commit": _COMMIT,
        "blob": _OBJECT,
        "sha256": {**_HASH, "description": "Of the raw cited lines; empty where a secret in them is masked."},
        "url": {**_ADDRESS, "description": "Permalink to the lines; empty where there is no public address."},
    },
    "CommitCitation": {"commit": _COMMIT, "url": _ADDRESS},
    "PullRequestCitation": {"url": _ADDRESS, "sha256": _HASH, "number": _LINE},
    "ReviewCommentCitation": {"url": _ADDRESS, "sha256": _HASH, "number": _LINE, "line": _COUNT},
    "IssueCitation": {"url": _ADDRESS, "sha256": _HASH, "number": _LINE},
}


def build_schema() -> dict[str, Any]:
    """The schema as plain data (JSON Schema 2020-12)."""
    (top,), components = msgspec.json.schema_components([Digest], ref_template="#/$defs/{name}")
    for name, definition in components.items():
        # Versions of Python differ in how they indent docstrings.
        definition["description"] = " ".join(definition["description"].split())
        if "properties" in definition:
            _close(definition)
        for field, said in _SAID.get(name, {}).items():
            definition["properties"][field].update(said)
    components["LedgerEntry"]["properties"]["code"] = {
        "oneOf": [{"const": name, "title": c.title, "description": c.meaning} for name, c in codes().items()]
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": IDENTIFIER,
        "title": "Evidence digest",
        **top,
        "$defs": dict(sorted(components.items())),
    }


def _close(definition: dict[str, Any]) -> None:
    """Every field is always written, and there is no other: a default spares the author and not the reader."""
    definition["required"] = list(definition["properties"])
    definition["additionalProperties"] = False
    for field in definition["properties"].values():
        field.pop("default", None)


def schema_text() -> str:
    """The schema as the text of its file."""
    return json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PUBLISHED.write_text(schema_text(), encoding="utf-8")
