"""The description of the API: made from the records that it takes and gives, so that the two cannot drift."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pydantic.json_schema import models_json_schema

from evidence.web.api.records import ID, DigestList, DigestRecord, NewScan, Paging, Problem, ScanList, ScanRecord

_WRONG = {400: "The request is broken.", 401: "Sign in first.", 429: "Too much at once."}
_ABSENT = {404: "It is not there, or not any more."}


@lru_cache(maxsize=1)
def document(version: str) -> dict[str, Any]:
    """The OpenAPI document."""
    taken = models_json_schema([(NewScan, "validation")], ref_template="#/components/schemas/{model}")[1]
    records = [(each, "serialization") for each in (ScanRecord, ScanList, DigestRecord, DigestList, Problem)]
    given = models_json_schema(records, ref_template="#/components/schemas/{model}")[1]  # type: ignore[arg-type]
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "evidence",
            "version": version,
            "description": "Scan a repository, and read the cited digest of what was found. No score and no rank.",
        },
        "servers": [{"url": "/"}],
        "security": [{}, {"secret": []}],
        "paths": _paths(),
        "components": {
            "schemas": {**taken["$defs"], **given["$defs"], **_digest_schemas()},
            "securitySchemes": {"secret": {"type": "http", "scheme": "bearer"}},
        },
    }


def _digest_schemas() -> dict[str, Any]:
    """The published schema of the digest, under names of its own."""
    text = files("evidence.report").joinpath("schema", "digest-1.json").read_text(encoding="utf-8")
    schema = json.loads(text.replace('"#/$defs/', '"#/components/schemas/Content.'))
    return {f"Content.{name}": each for name, each in schema["$defs"].items()}


def _paths() -> dict[str, Any]:
    scan, digest = _named("scan_id"), _named("digest_id")
    return {
        "/api/v1/scans": {
            "get": _operation("listScans", "The latest scans", {200: _ok("ScanList")}, [*_paging()], {422: "Wrong."}),
            "post": {
                **_operation(
                    "beginScan",
                    "Queue a scan",
                    {202: _ok("ScanRecord")},
                    [],
                    {413: "Too long.", 415: "Not JSON.", 422: "The address, or another field, cannot be used."},
                ),
                "requestBody": {"required": True, "content": _json("NewScan")},
            },
        },
        "/api/v1/scans/{scan_id}": {
            "parameters": [scan],
            "get": _operation("showScan", "Where a scan stands", {200: _ok("ScanRecord")}, [], _ABSENT),
            "delete": _operation("cancelScan", "Cancel a scan", {204: _EMPTY}, [], _NOT_NOW),
        },
        "/api/v1/digests": {
            "get": _operation("listDigests", "Digests", {200: _ok("DigestList")}, [*_paging()], {422: "Wrong."}),
        },
        "/api/v1/digests/{digest_id}": {
            "parameters": [digest],
            "get": _operation("showDigest", "One digest's record", {200: _ok("DigestRecord")}, [], _ABSENT),
            "delete": _operation("deleteDigest", "Remove it", {204: _EMPTY}, [], {**_ABSENT, 403: "It is another's."}),
        },
        "/api/v1/digests/{digest_id}/content": {
            "parameters": [digest],
            "get": _operation("showContent", "The digest itself", {200: _ok("Content.Digest")}, [], _OLD),
        },
        "/api/v1/digests/{digest_id}/reveal": {
            "parameters": [digest],
            "post": _operation("revealNames", "Show its names", {200: _ok("DigestRecord")}, [], _ABSENT),
        },
    }


_NOT_NOW = {**_ABSENT, 403: "It is another's.", 409: "It is over."}
_EMPTY = {"description": "Done."}
_OLD = {**_ABSENT, 409: "Another version of evidence made it."}


def _operation(
    name: str, summary: str, good: dict[int, Any], parameters: list[Any], wrong: dict[int, str]
) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    bad = {code: {"description": text, "content": problem} for code, text in {**_WRONG, **wrong}.items()}
    responses = {str(code): each for code, each in sorted({**good, **bad}.items())}
    return {"operationId": name, "summary": summary, "parameters": parameters, "responses": responses}


def _ok(schema: str) -> dict[str, Any]:
    return {"description": "Done.", "content": _json(schema)}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _named(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": {"type": "string", "pattern": ID}}


def _paging() -> list[dict[str, Any]]:
    fields = Paging.model_json_schema()["properties"]
    return [{"name": name, "in": "query", "required": False, "schema": schema} for name, schema in fields.items()]
