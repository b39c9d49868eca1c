"""The API: the document describes it, and what schemathesis makes of the document is answered as it says."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from typing import Any, cast

import pytest
from flask import Flask

from evidence.report.json_form import from_json
from tests.source.serving import Server
from tests.web.browsing import PATIENCE
from tests.web.conftest import MakeApp, ready, usual_settings

SECRET = "a secret of the team, long enough"

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import schemathesis
    from hypothesis import HealthCheck, Phase, given, settings
    from schemathesis.specs.openapi.checks import positive_data_acceptance


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, forge: Server, mute: str) -> Iterator[Flask]:
    """A server with one digest; of scans, nothing may run that lasts."""
    given = usual_settings(tmp_path_factory.mktemp("api"), forge, mute, queue=5000, queue_per_person=5000)
    with ready(given) as app:
        client = app.test_client()
        _digest(app, client.post("/api/v1/scans", json={"sources": [f"{forge.origin}/ada/bazaar"]}).json)
        yield app


def _digest(app: Flask, scan: Any) -> str:
    client, give_up = app.test_client(), time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        now: Any = client.get(f"/api/v1/scans/{scan['id']}").json
        if now["digest"]:
            return str(now["digest"])
        assert now["state"] != "failed", now
        time.sleep(0.1)
    raise AssertionError("the scan did not end")


@pytest.fixture(scope="module")
def operations(api: Flask) -> list[Any]:
    """What the document says can be asked."""
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", api)
    return [result.ok() for result in cast(Any, schema).get_all_operations()]


# Thousands of made-up requests go through the lines that the other tests of the API measure.
@pytest.mark.no_cover
def test_every_operation_answers_as_the_document_says(operations: list[Any]) -> None:
    """Thousands of right and wrong requests: statuses, types and bodies are those described, and none is a defect."""
    assert len(operations) == 9
    for operation in operations:
        _try(operation)


def _try(operation: Any) -> None:
    @given(case=operation.as_strategy())
    @settings(
        max_examples=20,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def call(case: Any) -> None:
        # What an address may be is more than a schema can say: that a well-formed one is refused is no fault.
        no_fault = [positive_data_acceptance] if case.operation.label.startswith("POST /api/v1/scans") else []
        case.call_and_validate(excluded_checks=no_fault)

    call()


def test_a_scan_and_its_digest_over_json(api: Flask, forge: Server) -> None:
    """Queue, watch, read, delete; the content is the whole digest."""
    client = api.test_client()
    queued = client.post("/api/v1/scans", json={"sources": [f"{forge.origin}/ada/bazaar"], "anew": True})
    assert queued.status_code == 202
    assert client.get(queued.headers["Location"]).status_code == 200
    digest = _digest(api, queued.json)
    record: Any = client.get(f"/api/v1/digests/{digest}").json
    assert record["name"] == "bazaar"
    assert from_json(client.get(f"/api/v1/digests/{digest}/content").data).repositories[0].commit == record["commit"]
    assert digest in {each["id"] for each in client.get("/api/v1/digests").json["items"]}  # type: ignore[index]
    assert client.delete(f"/api/v1/digests/{digest}").status_code == 204
    assert client.get(f"/api/v1/digests/{digest}").status_code == 404


def test_wrong_requests_are_problems(api: Flask) -> None:
    """Bad addresses, unknown fields and other types are refused as RFC 9457 has it, before anything is fetched."""
    client = api.test_client()
    for body, said in (
        ({"sources": ["/etc"]}, "is not an address on"),
        ({"sources": ["https://github.com/a/b"], "profile": "x"}, "no such profile"),
        ({"sources": ["https://github.com/a/b"], "more": 1}, "more"),
        ({}, "sources"),
    ):
        refused = client.post("/api/v1/scans", json=body)
        assert refused.status_code == 422
        assert refused.mimetype == "application/problem+json"
        assert said in refused.json["detail"]  # type: ignore[index]
    assert client.post("/api/v1/scans", data="{", content_type="application/json").status_code == 400
    assert client.post("/api/v1/scans", data={"source": "x"}).status_code == 415


def test_the_api_of_a_team_server_takes_the_secret(make_app: MakeApp) -> None:
    """As a bearer token, and nothing else."""
    client = make_app(access_secret=SECRET).test_client()
    assert client.get("/api/v1/scans").status_code == 401
    assert client.get("/api/v1/scans", headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get("/api/v1/scans", headers={"Authorization": f"Bearer {SECRET}"}).status_code == 200
