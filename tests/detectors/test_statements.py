"""Sentences that count several kinds of things leave out those of which there are none, and count each thing once."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product

import pytest
from msgspec.structs import replace

from detectors.api.schema_validation import SCHEMA_VALIDATION
from detectors.ci.pipeline import CI_PIPELINE
from detectors.flask.blueprints import TOPOLOGY
from detectors.flask.extensions import EXTENSIONS
from detectors.obs.metrics import METRICS
from detectors.scale.task_queue import TASK_QUEUE
from evidence.facts.security.scanner_table import kind_of_name
from evidence.model import Signal, Site, Sites


def _site(clause: str, line: int, path: str = "app.py", subject: str = "x") -> Site:
    return Site(path=path, start=line, end=line, clause=clause, subject=subject)


def _spread() -> list[Site]:
    sites = []
    for number in range(3):
        path, subject = f"part{number}.py", f"part{number}"
        sites += [_site(clause, number + 1, path, subject) for clause in ("registered", "domain", "prefixed")]
    return sites


@pytest.mark.parametrize(
    ("signal", "sites", "expected"),
    [
        (
            SCHEMA_VALIDATION,
            lambda: [_site("checked", n, subject=f"app.py:view{n}") for n in (1, 2, 3)],
            "Input is checked in 3 endpoints.",
        ),
        (
            CI_PIPELINE,
            lambda: [
                replace(_site("runs_tests", 1), value="CircleCI"),
                *(
                    replace(_site("service", n), value=v)
                    for n, v in enumerate(("mongo:<< version >>", "redis", "minio"), 2)
                ),
            ],
            "CircleCI runs the tests on changes, in 1 job, with minio, mongo and redis beside them.",
        ),
        (
            EXTENSIONS,
            lambda: (
                [
                    _site(clause, n, f"{path}.py", f"{path}.py:oauth")
                    for n, (path, clause) in enumerate(product(("one", "two"), ("created", "bound")), 1)
                ]
                + [_site(clause, 9, "db.py", "db.py:db") for clause in ("created", "bound")]
            ),
            "3 extensions created unbound and bound by init_app (db, oauth, oauth).",
        ),
        (METRICS, lambda: [_site("emitted", 1)], "1 call in 1 file to send numbers."),
        (
            TASK_QUEUE,
            lambda: [_site("task", 1), _site("sent", 5), _site("schedule", 9)],
            "1 background task defined and sent from 1 place. There is a schedule.",
        ),
        (
            TOPOLOGY,
            _spread,
            "3 modules each hold a registered blueprint with routes; 3 have a URL prefix. "
            "They are registered in many places, none of which shows most of them.",
        ),
    ],
)
def test_statement(signal: Signal, sites: Callable[[], list[Site]], expected: str) -> None:
    """The sentence says what there is."""
    assert signal.statement(Sites(sites())) == expected


def test_one_analyser() -> None:
    """CodeQL's steps are one analyser: what builds the code for it analyses nothing."""
    assert kind_of_name("github/codeql-action/analyze") == "code"
    assert kind_of_name("github/codeql-action/autobuild") == ""
