"""What findings say in their sentences: nothing that the cited lines do not bear out."""

from __future__ import annotations

import pytest

from evidence import detect
from evidence.model import Ledger, Sites
from evidence.testkit import Case, project_of

SIGNALS = {signal.id: signal for signal in detect.signals()}
APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def said(signal: str, files: dict[str, str]) -> str:
    """The sentence about one signal in a project of these files."""
    results = detect.run(detect.discover(), project_of(Case("", files, (), ())), "fixture", Ledger())
    return SIGNALS[signal].statement(Sites(results[signal][1]))


def test_one_environment_is_told_from_no_other() -> None:
    """Settings that are the same everywhere are not said to tell production apart."""
    text = said("config.environments", {"app.py": f'{APP}app.config.from_pyfile("config.cfg")\n'})
    assert text == "Settings come from settings files; nothing here tells one environment from another."


@pytest.mark.parametrize("last, clients", [("app", 1), ("TestApp(app)", 2)])
def test_a_fixture_of_the_application_is_no_client(last: str, clients: int) -> None:
    """``testapp`` is WebTest's client, or a fixture that hands out the application for its context."""
    conftest = (
        f"import pytest\nfrom webtest import TestApp\n\nfrom app import app\n\n\n@pytest.fixture\ndef testapp():\n"
        f"    yield {last}\n\n\n@pytest.fixture\ndef client():\n    return app.test_client()\n"
    )
    tests = (
        "from app import app\n\n\ndef test_name(testapp):\n    assert testapp.name == 'app'\n\n\n"
        "def test_page(client):\n    assert client.get('/').status_code == 404\n"
    )
    text = said("test.suite", {"app.py": APP, "tests/conftest.py": conftest, "tests/test_app.py": tests})
    assert text.endswith(f", {clients} of them through a test client.")


def test_health_checks_that_nobody_waits_for_are_not_called_waiting() -> None:
    """A health check alone tends a service; that others wait for it would take a condition."""
    compose = (
        "services:\n  web:\n    build: .\n    depends_on: [db]\n  db:\n    image: postgres:16\n"
        "    healthcheck:\n      test: pg_isready\n"
    )
    text = said("container.compose", {"app.py": APP, "compose.yaml": compose, "Dockerfile": "FROM python:3.12\n"})
    assert "wait" not in text
    assert "health checks, start conditions or profiles tend them" in text


def test_a_relationship_that_is_a_query_is_called_so() -> None:
    """The lead names what was found, and nothing that was not."""
    models = (
        "from flask_sqlalchemy import SQLAlchemy\n\nfrom app import app\n\ndb = SQLAlchemy(app)\n\n\n"
        "class Team(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        '    players = db.relationship("Player", lazy="dynamic")\n\n\n'
        "class Player(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
        '    team_id = db.Column(db.Integer, db.ForeignKey("team.id"))\n'
    )
    main = "from app import app\nfrom models import Team\n\n\n"
    main += "@app.get('/')\ndef index():\n    return str(Team.query.count())\n"
    text = said("data.query_tuning", {"app.py": APP, "models.py": models, "main.py": main})
    assert text == "1 relationship that is a query of its own, and no more."


def test_a_single_schedule_is_spoken_of_as_one() -> None:
    """Sentences agree in number with what they tell of."""
    tasks = (
        "from celery import Celery\n\nqueue = Celery('x', broker='redis://localhost')\n"
        "queue.conf.beat_schedule = {'nightly': {'task': 'tasks.clean', 'schedule': 60}}\n\n\n"
        "@queue.task\ndef clean():\n    return 1\n"
    )
    main = f"{APP}\nfrom tasks import clean\n\n\n@app.post('/')\ndef index():\n    clean.delay()\n    return ''\n"
    assert said("scale.task_queue", {"app.py": main, "tasks.py": tasks}).endswith("There is a schedule.")


def test_schemas_that_shape_answers_are_no_checks() -> None:
    """Where no endpoint checks its input the sentence says that, and calls no schema unused."""
    schemas = "from marshmallow import Schema, fields\n\n\n"
    schemas += "class Film(Schema):\n    id = fields.Int()\n    name = fields.Str()\n"
    main = f"{APP}\nfrom schemas import Film\n\n\n@app.get('/')\ndef index():\n    return Film().dump({{}})\n"
    text = said("api.schema_validation", {"app.py": main, "schemas.py": schemas})
    assert text == "No endpoint was seen to check its input with the 1 schema or form in the code."
