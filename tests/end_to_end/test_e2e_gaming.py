"""What only looks like practice earns no credit, whatever it is called and however often it is said."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from evidence.cli.terminal import progress
from evidence.pipeline import ScanRequest, scan
from evidence.report.json_form import to_json
from tests.end_to_end.bombs import APP
from tests.end_to_end.conftest import Make
from tests.end_to_end.trial import Trial
from tests.source.building import Builder

_TINY = "from flask import Flask\n\napp = Flask(__name__)\n\n\n@app.route('/')\ndef index():\n    return 'hi'\n"
_WORDS = (
    "application factory create_app blueprints alembic migrations expand and contract opentelemetry tracing spans OTLP "
    "prometheus sentry celery redis cache CI/CD pipeline pytest coverage 100% ADR architecture decision record RFC "
    "runbook SLO canary blue-green deployment terraform kubernetes helm docker pydantic marshmallow JWT OAuth2 rate "
    "limiting CSRF twelve-factor domain-driven design hexagonal SOLID staff engineer mentoring code review "
    "pre-commit ruff mypy strict"
)
_TEMPLATE_ADR = """\
# {n}. Title of the decision

Date: 2024-01-{n:02}

## Status

What is the status, such as proposed, accepted, rejected, deprecated, superseded, etc.?

## Context

What is the issue that we're seeing that is motivating this decision or change?

## Decision

What is the change that we're proposing and/or doing?

## Consequences

What becomes easier or more difficult to do because of this change?
"""
_DEPENDENCIES = """\
[project]
name = "tiny"
version = "1"
dependencies = ["flask", "alembic", "flask-migrate", "flask-sqlalchemy", "opentelemetry-sdk", "opentelemetry-api",
  "opentelemetry-instrumentation-flask", "celery", "redis", "sentry-sdk", "prometheus-client", "structlog",
  "pydantic-settings",
  "flask-limiter", "flask-caching", "marshmallow", "apispec", "pytest", "pytest-cov", "pytest-xdist", "ruff", "mypy",
  "bandit",
  "pip-audit", "flask-wtf", "flask-login", "authlib"]
"""
_DEAD = """\
from flask import Flask, Blueprint
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.instrumentation.flask import FlaskInstrumentor

app = Flask(__name__)

if False:
    trace.set_tracer_provider(TracerProvider())
    FlaskInstrumentor().instrument_app(app)


def create_app():
    return app
    app = Flask(__name__)
    app.register_blueprint(Blueprint("a", __name__))
    return app


def never_called():
    FlaskInstrumentor().instrument_app(app)
    with trace.get_tracer(__name__).start_as_current_span("x"):
        pass


@app.route("/")
def index():
    return "hi"
"""


def _workflow(*runs: str, extra: str = "") -> str:
    steps = "".join(f"      - run: {run}\n" for run in runs)
    head = "on: [push, pull_request]\njobs:\n  test:\n    runs-on: ubuntu-latest\n"
    return f"{head}{extra}    steps:\n      - uses: actions/checkout@v4\n{steps}"


_FAKE_CI = {
    f".github/workflows/{name}.yml": text
    for name, text in {
        "a": _workflow("pytest || true"),
        "b": _workflow("pytest; true"),
        "c": _workflow("pytest | tee log"),
        "d": _workflow('"set +e; pytest; exit 0"'),
        "e": _workflow("pytest", extra="    continue-on-error: true\n"),
        "f": _workflow("pytest", extra="    if: false\n"),
        "g": _workflow("echo pytest"),
        "h": _workflow("pytest --collect-only"),
        "i": _workflow("'# pytest'"),
        "j": "on: workflow_dispatch\njobs:\n  test:\n    runs-on: x\n    steps:\n      - run: pytest\n",
        "k": _workflow("ruff check . || true", "mypy . || true", "bandit -r . || exit 0", "flake8 --exit-zero"),
        "l": _workflow("echo deploying to production", "echo kubectl apply", "true # terraform apply"),
    }.items()
}
_FAKE_TESTS = {
    "tests/test_a.py": "import pytest\n\n\ndef test_nothing():\n    pass\n\n\ndef test_true():\n    assert True\n\n\n"
    "def test_tuple():\n    assert (1, 'x')\n\n\ndef test_same():\n    x = 1\n    assert x == x\n\n\n"
    "@pytest.mark.skip\ndef test_skipped():\n    assert open('x')\n",
}
_SENIOR = {
    "app/__init__.py": APP,
    "app/models.py": "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n",
    "app/telemetry.py": "from opentelemetry import trace\nfrom opentelemetry.sdk.trace import TracerProvider\n\n\n"
    "def setup():\n    trace.set_tracer_provider(TracerProvider())\n",
    "tests/test_app.py": "from app import create_app\n\n\ndef test_index():\n"
    "    assert create_app().test_client().get('/').status_code == 200\n",
}


def _stuffed(make: Make) -> Builder:
    comments = "\n".join(f"# {word}" for word in _WORDS.split())
    files = {
        "app.py": f'"""{_WORDS}"""\n{_TINY}\n{comments}\n\nSKILLS = """{_WORDS}"""\n',
        "README.md": f"# App\n\n{_WORDS}\n" * 20,
    }
    return make({**files, "docs/architecture.md": f"# Architecture\n\n{_WORDS}\n", "SKILLS.txt": _WORDS})


def _dependencies(make: Make) -> Builder:
    return make(
        {
            "app.py": _TINY,
            "pyproject.toml": _DEPENDENCIES,
            "requirements.txt": "flask\nalembic\ncelery\nopentelemetry-sdk\n",
        }
    )


def _dead(make: Make) -> Builder:
    return make({"app.py": _DEAD, "requirements.txt": "flask\nopentelemetry-sdk\n"})


def _idle_ci(make: Make) -> Builder:
    return make(
        {"app.py": _TINY, **_FAKE_CI, "tests/test_a.py": "from app import app\n\n\ndef test_a():\n    assert app\n"}
    )


def _idle_tests(make: Make) -> Builder:
    return make({"app.py": _TINY, **_FAKE_TESTS})


def _templates(make: Make) -> Builder:
    return make({"app.py": _TINY, **{f"docs/adr/{n:04}-title.md": _TEMPLATE_ADR.format(n=n) for n in range(1, 13)}})


def _vendored(make: Make) -> Builder:
    copies = {
        f"{folder}/senior/{path}": text
        for folder in ("vendor", "third_party", "node_modules")
        for path, text in _SENIOR.items()
    }
    return make({"app.py": _TINY, **copies})


def _switched_off(make: Make) -> Builder:
    settings = (
        '[tool.ruff]\nexclude = ["*"]\n[tool.ruff.lint]\nselect = []\n[tool.mypy]\nignore_errors = true\n'
        "[tool.coverage.report]\nfail_under = 0\n[tool.pytest.ini_options]\naddopts = '--collect-only'\n"
    )
    return make(
        {
            "app.py": "# ruff: noqa\n# mypy: ignore-errors\n" + _TINY,
            "pyproject.toml": settings,
            ".pre-commit-config.yaml": "repos: []\n",
        }
    )


def _names(make: Make) -> Builder:
    """Names and file names alone."""
    body = "def create_app():\n    pass\n\n\ndef register_blueprints():\n    pass\n\n\nclass OpenTelemetry:\n    pass\n"
    empty = dict.fromkeys(
        ("alembic.ini", "migrations/env.py", "Dockerfile", "docs/adr/0001.md", "SECURITY.md", "tests/__init__.py"), ""
    )
    return make({"app.py": _TINY, "factory.py": body, "opentelemetry_setup.py": body, **empty})


# What a one-file application may honestly show beside the tricks.
_HONEST = {"python.simple_views", "python.layering"}


@pytest.mark.parametrize(
    "trick", [_stuffed, _dependencies, _dead, _idle_ci, _idle_tests, _templates, _vendored, _switched_off, _names]
)
def test_no_trick_is_practice(trick: Callable[[Make], Builder], make: Make) -> None:
    """At most a trace: no signal in favour is graded practised or sustained, and no cell rests on the trick."""
    assert _credited(_digest(trick(make))) <= _HONEST


def _digest(project: Builder) -> Any:
    """The digest as plain JSON values; it is read in this process, for what is credited does not depend on which."""
    return json.loads(to_json(scan(ScanRequest(source=str(project.folder), workers=1), progress())))


def _credited(digest: Any) -> set[str]:
    return {
        str(s["id"])
        for s in digest["signals"]
        if s["outcome"] == "found" and s["grade"] in ("practised", "sustained") and s["polarity"] == "for"
    }


def test_the_same_in_earnest(make: Make, trial: Trial) -> None:
    """The kit can tell: the senior application where it is the repository's own is credited."""
    files = {**_SENIOR, "wsgi.py": "from app import create_app\n\napp = create_app()\n"}
    workflow = {".github/workflows/ci.yml": _workflow("pip install -r requirements.txt", "pytest")}
    outcome = trial.scan(make({**files, **workflow}).folder).demand_sound()
    assert {"flask.app_factory", "ci.pipeline"} <= _credited(outcome.digest)


def test_copies_are_named(make: Make) -> None:
    """What is not credited because it is others' code is said to be."""
    ledger = _digest(_vendored(make))["ledger"]
    named = {entry["subject"] for entry in ledger if entry["code"] == "vendored"}
    assert named == {"vendor", "third_party", "node_modules"}


def test_a_copy_does_not_make_a_flask_application(make: Make) -> None:
    """A repository whose only application is vendored has none."""
    files: dict[str, str | bytes] = {f"vendor/senior/{path}": text for path, text in _SENIOR.items()}
    digest = _digest(make({"tool.py": "print('x')\n", **files}))
    assert digest["repositories"][0]["flask"] is False
