"""Which of the places that detectors find a reader is shown: the settled ones, not every script that does the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence import detect
from evidence.choosing import choose
from evidence.model import Ledger
from evidence.testkit import Case, project_of, read_case

SIGNALS = {signal.id: signal for signal in detect.signals()}
FACTORY = "from flask import Flask\n\n\ndef create_app(settings):\n    app = Flask(__name__)\n    return app\n"
IMPORTER = (
    "from dotenv import load_dotenv\n\nfrom app import create_app\nfrom configs.production import Production\n\n"
    "load_dotenv()\n\n\ndef main():\n    app = create_app(Production)\n"
    "    with app.app_context():\n        print(app.name)\n\n\n"
    'if __name__ == "__main__":\n    main()\n'
)
FILES = {
    "app/__init__.py": FACTORY,
    "main_app.py": "from configs.production import Production\nfrom app import create_app\n\n"
    "app = create_app(Production)\n",
    "configs/production.py": "import os\n\n\nclass Production:\n    SECRET_KEY = os.environ['SECRET_KEY']\n"
    "    DATABASE_URL = os.environ['DATABASE_URL']\n    CACHE_URL = os.environ['CACHE_URL']\n",
    "configs/testing.py": "class Testing:\n    TESTING = True\n    SECRET_KEY = 'for tests'\n",
    "data/import_files.py": IMPORTER,
}


def shown(signal: str, files: dict[str, str]) -> set[str]:
    """The paths that a digest cites for one signal in a project of these files."""
    results = detect.run(detect.discover(), project_of(Case("", files, (), ())), "fixture", Ledger())
    _, sites = results[signal]
    return {site.path for site in choose(SIGNALS[signal], sites)}


def test_scripts_beside_the_server_are_not_shown_as_callers_of_the_factory() -> None:
    """A file that is named as those that servers are given is shown, and the script for data beside it is not."""
    assert shown("flask.app_factory", FILES) == {"app/__init__.py", "main_app.py"}


def test_scripts_are_shown_as_callers_where_nothing_else_calls_the_factory() -> None:
    """Without any other caller the script is what proves that the factory is used."""
    files = {path: text for path, text in FILES.items() if path != "main_app.py"}
    assert "data/import_files.py" in shown("flask.app_factory", files)


def test_scripts_that_load_variables_are_not_shown_where_settings_have_a_home() -> None:
    """Settings stand in modules of their own; a script that loads a dotenv file for its own task is no place for
    them."""
    assert "configs/production.py" in shown("config.environments", FILES)
    assert "data/import_files.py" not in shown("config.environments", FILES)


def test_an_image_that_does_less_than_another_is_not_shown() -> None:
    """Of several Dockerfiles those that do most are what a reader opens."""
    files = {
        **FILES,
        "requirements.txt": "flask==3.0.0\n",
        "Dockerfile": "FROM python:3.12.4-slim\nCOPY . .\nUSER nobody\n",
        "convert/Dockerfile": "FROM python:3.12.4\nCOPY . .\n",
    }
    assert shown("container.image", files) == {"Dockerfile"}


def test_commands_for_development_are_not_shown_where_others_start_the_application() -> None:
    """Of two files whose commands name the factory, the one that is not for development is shown."""
    files = {
        "app/__init__.py": FACTORY.replace("settings", ""),
        "compose-dev.yml": "services:\n  web:\n    image: shop\n    command: gunicorn --reload 'app:create_app()'\n",
        "start.sh": "#!/bin/sh\nexec gunicorn 'app:create_app()'\n",
    }
    assert shown("flask.app_factory", files) == {"app/__init__.py", "start.sh"}


def test_tests_that_look_into_a_page_are_shown_before_those_that_only_ask_for_it() -> None:
    """A check of the status alone says little of what was rendered; it is shown where no test does more."""
    files = {
        "app/__init__.py": "from flask import Flask, render_template\n\n\n"
        "def create_app():\n    app = Flask(__name__)\n\n"
        '    @app.route("/")\n    def home():\n        return render_template("home.html")\n\n    return app\n',
        "app/templates/base.html": "{% macro title(t) %}{{ t }}{% endmacro %}\n{% block body %}{% endblock %}\n",
        "app/templates/home.html": '{% extends "base.html" %}\n{% block body %}Hello{% endblock %}\n',
        "tests/test_comes.py": "from app import create_app\n\n\ndef test_comes():\n"
        '    page = create_app().test_client().get("/")\n    assert page.status_code == 200\n',
    }
    assert "tests/test_comes.py" in shown("flask.template_structure", files)
    looking = files["tests/test_comes.py"].replace("page.status_code == 200", 'b"Hello" in page.data')
    both = shown("flask.template_structure", {**files, "tests/test_looks.py": looking})
    assert "tests/test_looks.py" in both
    assert "tests/test_comes.py" not in both


@pytest.mark.parametrize(
    ("signal", "case", "unshown"),
    [
        ("config.environments", "variables_of_a_login_elsewhere", "shop/oauth.py"),
        ("api.pagination", "page_by_name", "app.py"),
        ("api.pagination", "page_by_name", "tests/test_items.py"),
        ("flask.template_structure", "samples_beside", "static/custom_sample/templates/about.html"),
        ("container.image", "former_image_beside", "Dockerfile_old"),
    ],
)
def test_what_only_looks_alike_is_not_shown(signal: str, case: str, unshown: str) -> None:
    """Cases whose titles tell what is left out: that place is not among the citations."""
    files = read_case((Path(__file__).parents[2] / "fixtures" / signal / f"{case}.md").read_text()).files
    assert unshown in files
    assert unshown not in shown(signal, dict(files))
