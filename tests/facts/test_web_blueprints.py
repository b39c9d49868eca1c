"""The web graph: blueprints and how they hang together."""

from __future__ import annotations

import pytest

from evidence.facts.web import WebGraph
from tests.projects import HEAD, project, web


@pytest.mark.parametrize(
    ("call", "kind", "name", "prefix"),
    [
        ("flask.Blueprint('a', __name__)", "blueprint", "a", None),
        ("flask.Blueprint('a', __name__, url_prefix='/a')", "blueprint", "a", "/a"),
        ("flask.Blueprint('a', __name__, url_prefix=None)", "blueprint", "a", None),
        ("flask.Blueprint('a', __name__, url_prefix=PREFIX + '/a')", "blueprint", "a", "?"),
        ("flask.Blueprint(name='a', import_name='x')", "blueprint", "a", None),
        ("flask_restx.Namespace('a', path='/b')", "namespace", "a", "/b"),
        ("flask_restx.Namespace('a')", "namespace", "a", "/a"),
        ("flask_smorest.Blueprint('a', 'a', url_prefix='/a')", "blueprint", "a", "/a"),
        ("apiflask.APIBlueprint('a', __name__)", "blueprint", "a", None),
        ("quart.Blueprint('a', __name__)", "blueprint", "a", None),
    ],
)
def test_blueprints(call: str, kind: str, name: str, prefix: str | None) -> None:
    """Blueprints and their kin, with the name and the prefix they are given."""
    graph = web(f"import {call.partition('.')[0]}\nx = {call}\n")
    assert [(b.kind, b.name, b.variable, b.prefix) for b in graph.blueprints] == [(kind, name, "x", prefix)]


def _prefixes(graph: WebGraph) -> dict[str, list[str]]:
    return {b.name: sorted(graph.prefixes(b)) for b in graph.blueprints if b.key in graph.registered}


@pytest.mark.parametrize(
    ("body", "prefixes"),
    [
        ("app.register_blueprint(bp)\n", {"shop": [""]}),
        ("app.register_blueprint(bp, url_prefix='/s')\n", {"shop": ["/s"]}),
        ("app.register_blueprint(blueprint=bp, url_prefix=where())\n", {"shop": ["?"]}),
        (
            "app.register_blueprint(bp, url_prefix='/a')\napp.register_blueprint(bp, url_prefix='/b')\n",
            {"shop": ["/a", "/b"]},
        ),
        ("for b in (bp,):\n    app.register_blueprint(b)\n", {"shop": [""]}),
        ("for b, p in [(bp, '/s')]:\n    app.register_blueprint(b, url_prefix=p)\n", {"shop": ["?"]}),
        ("ALL = {'s': bp}\nfor n, b in ALL.items():\n    app.register_blueprint(b)\n", {"shop": [""]}),
        ("for i, b in enumerate([bp]):\n    app.register_blueprint(b)\n", {"shop": [""]}),
        ("ALL = [bp]\nMORE = ALL\nfor b in sorted(MORE):\n    app.register_blueprint(b)\n", {"shop": [""]}),
        ("def every():\n    return [bp]\nfor b in every():\n    app.register_blueprint(b)\n", {"shop": [""]}),
        ("def make():\n    return bp\napp.register_blueprint(make())\n", {"shop": [""]}),
        ("[app.register_blueprint(b) for b in [bp]]\n", {"shop": [""]}),
        ("current = app\ncurrent.register_blueprint(bp)\n", {"shop": [""]}),
        ("def plug(application):\n    application.register_blueprint(bp)\n", {"shop": [""]}),
        ("top = Blueprint('top', __name__, url_prefix='/top')\ntop.register_blueprint(bp, url_prefix='/s')\n", {}),
        (
            "top = Blueprint('top', __name__, url_prefix='/top')\ntop.register_blueprint(bp, url_prefix='/s')\n"
            "app.register_blueprint(top)\n",
            {"shop": ["/top/s"], "top": ["/top"]},
        ),
        ("bp.register_blueprint(bp)\n", {}),
        ("a = b\nb = a\napp.register_blueprint(a)\n", {}),
        ("app.register_blueprint(unknown)\n", {}),
        ("# app.register_blueprint(bp)\n", {}),
    ],
)
def test_registrations(body: str, prefixes: dict[str, list[str]]) -> None:
    """Direct, in loops over lists, pairs, dicts and results of functions, nested; prefixes add up on the way down."""
    assert _prefixes(web(HEAD + body)) == prefixes


def test_registrations_across_files() -> None:
    """Lists of modules, relative imports and imports inside the factory lead to the blueprints."""
    shop = project(
        {
            "shop/__init__.py": "from flask import Flask\nfrom . import a, views\n\n\n"
            "def create_app():\n    from .b import bp as other\n"
            "    app = Flask(__name__)\n    app.register_blueprint(other)\n    for module in (a, views.c):\n"
            "        app.register_blueprint(module.bp, url_prefix='/x')\n    return app\n",
            **{f"shop/{n}.py": f"from flask import Blueprint\nbp = Blueprint('{n}', __name__)\n" for n in "ab"},
            "shop/views/__init__.py": "from . import c\n",
            "shop/views/c.py": "from flask import Blueprint\nbp = Blueprint('c', __name__)\n",
        }
    )
    assert _prefixes(shop.web) == {"a": ["/x"], "b": [""], "c": ["/x"]}


@pytest.mark.parametrize(
    "loading",
    [
        "from werkzeug.utils import import_string\n"
        "for name in NAMES:\n    app.register_blueprint(import_string(name))\n",
        "import importlib\nfor name in NAMES:\n    app.register_blueprint(importlib.import_module(name).bp)\n",
        "import importlib\n"
        "for name in NAMES:\n    m = importlib.import_module(name)\n    app.register_blueprint(m.bp)\n",
        "from loader import load\nfor part in load():\n    app.register_blueprint(part)\n",
    ],
)
def test_blueprints_loaded_by_name(loading: str) -> None:
    """What a module loads by names that are not in the code counts as registered, where it lies below it."""
    graph = web(
        "from flask import Flask\napp = Flask(__name__)\n" + loading,
        loader="import importlib\n\n\ndef load():\n    return [importlib.import_module(n).bp for n in names()]\n",
        parts__one="from flask import Blueprint\nbp = Blueprint('one', __name__)\n",
    )
    assert _prefixes(graph) == {"one": [""]}


@pytest.mark.parametrize(
    ("body", "prefixes"),
    [
        ("api = Api(app)\nns = api.namespace('pets', path='/p')\n", {"pets": ["/p"]}),
        ("api = Api(app, prefix='/api')\nns = Namespace('pets')\napi.add_namespace(ns)\n", {"pets": ["/api/pets"]}),
        ("api = Api()\nns = Namespace('pets')\napi.add_namespace(ns, '/x')\napi.init_app(app)\n", {"pets": ["/pets"]}),
        (
            "api = Api()\nns = Namespace('pets')\napi.add_namespace(ns, path='/x')\napi.init_app(app)\n",
            {"pets": ["/x"]},
        ),
        ("api = Api()\nns = Namespace('pets')\napi.add_namespace(ns)\n", {}),
        (
            "bp = Blueprint('v1', __name__, url_prefix='/v1')\napi = Api(bp)\nns = Namespace('pets')\n"
            "api.add_namespace(ns)\napp.register_blueprint(bp)\n",
            {"v1": ["/v1"], "pets": ["/v1/pets"]},
        ),
        ("bp = Blueprint('v1', __name__)\napi = Api(bp)\nns = Namespace('pets')\napi.add_namespace(ns)\n", {}),
    ],
)
def test_namespaces_hang_on_apis(body: str, prefixes: dict[str, list[str]]) -> None:
    """A namespace is served where its API is: on the application, on a blueprint, under a prefix, or nowhere."""
    head = "from flask import Blueprint, Flask\nfrom flask_restx import Api, Namespace\napp = Flask(__name__)\n"
    assert _prefixes(web(head + body)) == prefixes


def test_nested_names_are_answered_for() -> None:
    """A blueprint's key leads to itself and to all it is nested in."""
    body = "top = Blueprint('top', __name__)\ntop.register_blueprint(bp)\napp.register_blueprint(top)\n"
    graph = web(HEAD + body)
    keys = {b.name: b.key for b in graph.blueprints}
    assert graph.within(keys["shop"]) == {keys["shop"], keys["top"]}
    assert graph.within(keys["top"]) == {keys["top"]}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "text",
    [
        HEAD + "a = [b, 1]\nb = [a, 2]\n" * 2000 + "app.register_blueprint(a)\n",
        HEAD
        + "".join(f"b{i} = Blueprint('b{i}', __name__)\nb{i}.register_blueprint(b{i - 1})\n" for i in range(1, 1500)),
        HEAD + "def f(e):\n    pass\n" + "app.errorhandler(404)(f)\n" * 3000,
        HEAD + "".join(f"x{i} = x{i + 1}\n" for i in range(3000)) + "app.register_blueprint(x0)\n",
        HEAD + "bp.register_blueprint(bp, url_prefix='/a')\napp.register_blueprint(bp)\n",
    ],
    ids=["mutual lists", "deep nesting", "many handlers", "long chain", "in itself"],
)
def test_hostile_graphs_end(text: str) -> None:
    """Circles, chains and heaps of registrations are answered, with a bounded number of prefixes."""
    graph = web(text)
    assert len(graph.callbacks("errorhandler")) in (0, 3000)
    assert all(len(graph.prefixes(b)) <= 8 for b in graph.blueprints)
