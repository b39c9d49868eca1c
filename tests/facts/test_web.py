"""The web graph: applications, the factories that make them and who runs those, and callbacks."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.projects import HEAD, project, web


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("import flask\napp = flask.Flask(__name__)\n", ["Flask"]),
        ("from flask import Flask as F\nF(__name__)\n", ["F"]),
        ("from quart import Quart\napp = Quart(__name__)\n", ["Quart"]),
        ("from apiflask import APIFlask\napp = APIFlask(__name__)\n", ["APIFlask"]),
        ("import connexion\napp = connexion.App(__name__)\n", ["App"]),
        ("from flask_openapi3 import OpenAPI\napp = OpenAPI(__name__)\n", ["OpenAPI"]),
        ("from flask import Flask\nclass Mine(Flask):\n    pass\napp = Mine(__name__)\n", ["Mine"]),
        ("from flask import Flask\nclass A(Flask):\n    pass\nclass B(A):\n    pass\napp = B(__name__)\n", ["B"]),
        ("from fastapi import FastAPI\napp = FastAPI()\n", []),
        ("class Flask:\n    pass\napp = Flask()\n", []),
        ("from other import Flask\napp = Flask()\n", []),
        ("from flask import Flask\nif False:\n    app = Flask(__name__)\n", []),
        ("# app = Flask(__name__)\n", []),
    ],
)
def test_applications(text: str, kinds: list[str]) -> None:
    """Flask and its kin, subclasses included; other classes of the same name, dead code and comments make none."""
    graph = web(text)
    assert [a.call.name.rpartition(".")[2] for a in graph.apps] == [
        k.replace("F", "Flask") if k == "F" else k for k in kinds
    ]
    assert graph.is_flask is bool(kinds)


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("def create_app():\n    app = Flask('x')\n    return app\n", ["create_app"]),
        ("def create_app():\n    return Flask('x')\n", ["create_app"]),
        ("def make():\n    app, db = Flask('x'), 1\n    app = Flask('x')\n    return app, db\n", ["make"]),
        ("class A:\n    def make(self):\n        app = Flask('x')\n        return app\n", ["A.make"]),
        ("class A:\n    def __init__(self):\n        self.app = Flask('x')\n", []),
        ("def create_app():\n    app = Flask('x')\n    return 1\n", []),
        ("app = Flask('x')\ndef get():\n    return app\n", []),
        ("def crear(app):\n    app.register_blueprint(b)\n    app.config.from_object(c)\n", ["crear"]),
        ("def create_it(app):\n    db.init_app(app)\n", ["create_it"]),
        ("def register(app):\n    app.register_blueprint(b)\n", []),
        (
            "def base():\n    return Flask('x')\ndef full():\n    a = base()\n    db.init_app(a)\n    return a\n",
            ["base", "full"],
        ),
        ("def base():\n    return Flask('x')\ndef same():\n    a = base()\n    return a\n", ["base"]),
    ],
)
def test_factories(body: str, names: list[str]) -> None:
    """Functions and methods that create and return an application, pass one on, or complete one they are handed."""
    assert [f.definition.qualname for f in web("from flask import Flask\n" + body).factories] == names


FACTORY = "from flask import Flask\n\n\ndef create_app(config=None):\n    app = Flask('x')\n    return app\n"


@pytest.mark.parametrize(
    ("files", "used"),
    [
        ({"wsgi.py": "from shop import create_app\napp = create_app()\n"}, ["wsgi.py:2"]),
        ({"wsgi.py": "import shop\napp = shop.create_app()\n"}, ["wsgi.py:2"]),
        ({"shop/__main__.py": "from . import create_app\ncreate_app().run()\n"}, ["shop/__main__.py:2"]),
        (
            {"wsgi.py": "from flask_script import Manager\nfrom shop import create_app\nManager(create_app)\n"},
            ["wsgi.py:3"],
        ),
        ({"run.py": "import uvicorn\nuvicorn.run('shop:create_app', factory=True)\n"}, ["run.py:2"]),
        ({"Procfile": "web: gunicorn 'shop:create_app()'\n"}, ["Procfile:1"]),
        ({"run.sh": "export FLASK_APP=shop\nflask run\n"}, ["run.sh:1"]),
        ({"run.sh": "flask --app shop run\n"}, ["run.sh:1"]),
        ({"compose.yml": "services:\n  web:\n    environment:\n      FLASK_APP: shop\n"}, ["compose.yml:4"]),
        ({"compose.yml": "services:\n  web:\n    command: waitress-serve --call shop:create_app\n"}, ["compose.yml:3"]),
        ({"run.sh": "gunicorn shop:app\n"}, []),
        ({"run.sh": "flask --app other run\n"}, []),
        ({"wsgi.py": "from shop import create_app\nprint(create_app)\n"}, []),
        ({"wsgi.py": "# create_app()\nTEXT = 'shop.create_app()'\n"}, []),
        ({"wsgi.py": "from elsewhere import create_app\ncreate_app()\n"}, []),
        ({"README.md": "Run `gunicorn shop:create_app()`.\n"}, []),
    ],
)
def test_who_runs_a_factory(files: Mapping[str, str], used: list[str]) -> None:
    """Calls, references handed over, and commands and settings that name it; words about it do not."""
    graph = project({"shop/__init__.py": FACTORY, **files}).web
    assert [f"{u.path}:{u.start}" for u in graph.factory_uses] == used


@pytest.mark.parametrize(
    ("body", "method", "found"),
    [
        ("@app.errorhandler(404)\ndef f(e):\n    pass\n", "errorhandler", ("app", "f", ["404"])),
        ("@bp.app_errorhandler(KeyError)\ndef f(e):\n    pass\n", "app_errorhandler", ("blueprint", "f", ["KeyError"])),
        ("@app.before_request\ndef f():\n    pass\n", "before_request", ("app", "f", [])),
        ("def f(e):\n    pass\napp.register_error_handler(404, f)\n", "register_error_handler", ("app", "f", ["404"])),
        ("def f(e):\n    pass\napp.errorhandler(404)(f)\n", "errorhandler", ("app", "f", ["404"])),
        ("def f():\n    pass\napp.before_request(f)\n", "before_request", ("app", "f", [])),
        ("app.before_request(lambda: None)\n", "before_request", ("app", "", [])),
        (
            "def plug(app):\n    @app.before_request\n    def f():\n        pass\n",
            "before_request",
            ("app", "plug.f", []),
        ),
        ("class S:\n    def f(self):\n        self.app.before_request(self.g)\n", "before_request", ("app", "", [])),
        ("@thing.before_request\ndef f():\n    pass\n", "before_request", ("", "f", [])),
    ],
)
def test_callbacks(body: str, method: str, found: tuple[str, str, list[str]]) -> None:
    """Functions hung on something, by decorator, call and curried call: on what, which function, which arguments."""
    callbacks = web(HEAD + body).callbacks(method)
    assert [(c.onto, c.handler.qualname if c.handler else "", [a.text for a in c.args]) for c in callbacks] == [found]
