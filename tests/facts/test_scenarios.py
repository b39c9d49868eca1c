"""Test functions as scenarios."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.testkit import Case, project_of


def _project(body: str) -> Project:
    return project_of(Case("Scenarios", {"tests/test_app.py": body}, (), ()))


@pytest.mark.parametrize(
    ("check", "statuses"),
    [
        ("assert client.get('/x').status_code == 404", {404}),
        ("assert client.get('/x').status_code == HTTPStatus.BAD_REQUEST", {400}),
        ("self.assert403(client.get('/x'))", {403}),
        ("self.assertEqual(client.get('/x').status_code, 422)", {422}),
        ("client.post('/x', json={}, expected_status=422)", {422}),
        ("testapp.get('/x', status=401)", {401}),
        ("mock.post('/x', status=503)", set()),
        ("mock.post('/x', status_code=503)", set()),
        ("assert client.get('/x').status_code == 200", set()),
    ],
)
def test_expected_error_statuses_are_read(check: str, statuses: set[int]) -> None:
    """A status is expected where a check, or a keyword of a helper, names it; what a mock answers is not."""
    project = _project(f"from http import HTTPStatus\n\n\ndef test_x(self, client, testapp, mock):\n    {check}\n")
    (scenario,) = project.scenarios
    assert set(scenario.statuses) == statuses


def test_parametrised_statuses_are_read() -> None:
    """A status that comes in as a parameter is one of those given to parametrize."""
    project = _project(
        "import pytest\n\n\n@pytest.mark.parametrize('code', [400, 422])\ndef test_x(client, code):\n"
        "    assert client.get('/x').status_code == code\n"
    )
    (scenario,) = project.scenarios
    assert set(scenario.statuses) == {400, 422}


def test_helpers_and_skipped_tests_are_no_scenarios() -> None:
    """Only functions that a runner collects are scenarios; functions nested in them belong to them."""
    project = _project(
        "import pytest\n\n\ndef ask(client):\n    return client.get('/x')\n\n\n@pytest.mark.skip\ndef test_off():\n"
        "    assert ask(1) == 2\n\n\ndef test_on(client):\n    def inner():\n        client.get('/y')\n\n    inner()\n"
        "    assert client.get('/z').json\n"
    )
    (scenario,) = project.scenarios
    assert scenario.name == "test_on"
    assert [r.target for r in scenario.requests] == ["/y", "/z"]
    assert len(scenario.checks) == 1
    assert scenario.mentions("inner")
    assert not scenario.mentions("ask")
