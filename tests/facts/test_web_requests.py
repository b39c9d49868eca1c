"""The web graph: routes, the views that answer them, and the requests that tests make of them."""

from __future__ import annotations

import pytest

from tests.projects import HEAD, project, web


@pytest.mark.parametrize(
    ("body", "routes"),
    [
        ("@app.route('/a')\ndef f():\n    pass\n", [("/a", (), "", "f")]),
        ("@bp.route('/a', methods=['post'])\ndef f():\n    pass\n", [("/a", ("POST",), "shop", "f")]),
        ("@bp.get('/a')\ndef f():\n    pass\n", [("/a", ("GET",), "shop", "f")]),
        ("@app.route('/a')\n@app.route('/b')\ndef f():\n    pass\n", [("/a", (), "", "f"), ("/b", (), "", "f")]),
        ("@app.route('/a', endpoint='g')\ndef f():\n    pass\n", [("/a", (), "", "g")]),
        ("@app.route(PREFIX + '/a')\ndef f():\n    pass\n", [("{}/a", (), "", "f")]),
        ("def f():\n    pass\napp.add_url_rule('/a', 'f', f)\n", [("/a", (), "", "f")]),
        ("def f():\n    pass\nbp.add_url_rule('/a', view_func=f, methods=['PUT'])\n", [("/a", ("PUT",), "shop", "f")]),
        ("class V(View):\n    pass\napp.add_url_rule('/a', view_func=V.as_view('v'))\n", [("/a", (), "", "V")]),
        ("class V(View):\n    pass\nv = V.as_view('v')\napp.add_url_rule('/a', view_func=v)\n", [("/a", (), "", "V")]),
        (
            "class V(View):\n    pass\n"
            "def wire(bp):\n    v = V.as_view('v')\n    app.add_url_rule('/a', view_func=v)\n",
            [("/a", (), "", "V")],
        ),
        ("v = decorate()\napp.add_url_rule('/a', view_func=v)\n", [("/a", (), "", "")]),
        ("class R(Resource):\n    pass\napi.add_resource(R, '/a', '/b')\n", [("/a", (), "", "R"), ("/b", (), "", "R")]),
        ("@api.route('/a')\nclass R(Resource):\n    pass\n", [("/a", (), "", "R")]),
        ("@other.route('/a')\ndef f():\n    pass\n", [("/a", (), "", "f")]),
        ("plug(bp, routes=['/a', '/b'], view_func=f)\n", [("/a", (), "shop", ""), ("/b", (), "shop", "")]),
        ("@other.get('key')\ndef f():\n    pass\n", []),
        ("@other.route('queue')\ndef f():\n    pass\n", []),
        ("requests.get('/a')\n", []),
        ("rule = bp.add_url_rule\ndef f():\n    pass\nrule('/a', view_func=f)\n", [("/a", (), "shop", "f")]),
        ("rule = bp.add_url_rule\ndef f():\n    pass\nrule('/a', 'g', view_func=f)\n", [("/a", (), "shop", "g")]),
        ("rule = bp.before_request\ndef f():\n    pass\nrule('/a', view_func=f)\n", []),
        ("def f():\n    pass\nrule('/a', view_func=f)\n", []),
    ],
)
def test_routes(body: str, routes: list[tuple[str, tuple[str, ...], str, str]]) -> None:
    """URL rules by decorator, by call, of resources and of class-based views, with methods, blueprint and endpoint."""
    head = HEAD + "from flask.views import View\nfrom flask_restful import Api, Resource\napi = Api(app)\n"
    graph = web(head + body)
    names = {b.key: b.name for b in graph.blueprints}
    assert [(r.rule, r.methods, names.get(r.owner, r.owner), r.endpoint) for r in graph.routes] == routes


def test_an_apis_prefix_is_part_of_its_rules() -> None:
    """Resources of an API that sits on a blueprint belong to the blueprint, under the API's own prefix."""
    graph = web(
        HEAD + "from flask_restful import Api, Resource\napi = Api(bp, prefix='/api')\n"
        "class R(Resource):\n    def get(self):\n        pass\napi.add_resource(R, '/r')\n"
    )
    assert [(r.rule, r.owner) for r in graph.routes] == [("/api/r", graph.blueprints[0].key)]


def test_a_method_may_be_kept_elsewhere() -> None:
    """A module that keeps a blueprint's method under a name of its own lends it to others."""
    api = "import flask as f\napi: f.Blueprint = f.Blueprint('api', __name__)\nrule = api.add_url_rule\n"
    view = "from ._api import rule\ndef ping():\n    pass\nrule('/ping/', view_func=ping)\n"
    routes = project({"app/__init__.py": "", "app/_api.py": api, "app/ping.py": view}).web.routes
    assert [(r.rule, r.file.path, bool(r.owner)) for r in routes] == [("/ping/", "app/ping.py", True)]


def test_a_function_may_add_rules_for_others() -> None:
    """The function of Flask's documents that registers a class-based view adds its rules where it is called."""
    adds = (
        "def register_api(view, endpoint, url, pk='id', pk_type='int'):\n"
        "    view_func = view.as_view(endpoint)\n"
        "    bp.add_url_rule(url, defaults={pk: None}, view_func=view_func, methods=['GET'])\n"
        "    bp.add_url_rule(f'{url}<{pk_type}:{pk}>', view_func=view_func, methods=['GET', 'PUT'])\n"
        "    rule(url + 'all', view_func=view.as_view('all'))\n"
        "    rule('%s%s' % (url, endpoint), view_func=view.as_view('one'))\n"
    )
    head = HEAD + "from flask.views import MethodView\nrule = bp.add_url_rule\nclass UserAPI(MethodView):\n    pass\n"
    graph = web(head + adds + "register_api(UserAPI, 'users', '/users/', pk='user_id')\nregister_api(1)\n")
    known = [(r.rule, r.methods, r.handler.name) for r in graph.routes if r.handler is not None]
    assert known == [
        ("/users/", ("GET",), "UserAPI"),
        ("/users/<{}:user_id>", ("GET", "PUT"), "UserAPI"),
        ("/users/all", (), "UserAPI"),
        ("/users/users", (), "UserAPI"),
    ]
    assert {r.owner for r in graph.routes if r.handler is not None} == {graph.blueprints[0].key}


@pytest.mark.parametrize(
    ("body", "views"),
    [
        ("@app.route('/a')\n@app.route('/b')\ndef f():\n    pass\n", ["f"]),
        ("class R(Resource):\n    def get(self):\n        pass\n    def helper(self):\n        pass\n", ["R.get"]),
        ("class B(Resource):\n    pass\nclass R(B):\n    def post(self):\n        pass\n", ["R.post"]),
        ("class V(FlaskView):\n    def index(self):\n        pass\n    def _no(self):\n        pass\n", ["V.index"]),
        ("class V(MethodView):\n    def get(self):\n        def put():\n            pass\n", ["V.get"]),
        ("class K:\n    def get(self):\n        pass\n", []),
        ("def get():\n    pass\n", []),
    ],
)
def test_views(body: str, views: list[str]) -> None:
    """Functions that answer requests, each once: route handlers and methods of class-based views."""
    head = (
        HEAD
        + "from flask.views import MethodView\n"
        + "from flask_restful import Resource\nfrom flask_classful import FlaskView\n"
    )
    assert [d.qualname for _, d in web(head + body).views] == views


ROUTED = HEAD + (
    "@bp.route('/items/<int:item_id>', endpoint='item')\ndef item(item_id):\n    pass\n"
    "@bp.route('/items/new')\ndef new():\n    pass\n"
    "@bp.route('/items/<path:rest>/files')\ndef files(rest):\n    pass\n"
    "@app.route('/')\ndef home():\n    pass\n"
    "app.register_blueprint(bp, url_prefix='/shop')\n"
)


@pytest.mark.parametrize(
    ("request_", "handler"),
    [
        ("client.get('/shop/items/3')", "item"),
        ("client.get('/shop/items/new')", "new"),
        ("client.get('/shop/items/3?page=2#top')", "item"),
        ("client.get('/shop/items/3/')", "item"),
        ("client.get(f'/shop/items/{n}')", "item"),
        ("client.get('/shop/items/{}'.format(n))", "item"),
        ("client.get('/shop/items/%d' % n)", "item"),
        ("client.get('/shop/items/' + str(n))", "item"),
        ("client.get(BASE + '/items/new')", "new"),
        ("client.get(f'{BASE}/items/new')", "new"),
        ("client.get(f'{unknown}/items/new')", "new"),
        ("client.get(f'{unknown}/a/files')", "files"),
        ("client.get(URL)", "new"),
        ("client.get(path)", "new"),
        ("client.get(url_for('shop.item', item_id=1))", "item"),
        ("client.open('/shop/items/1', method='PUT')", "item"),
        ("admin_request.get('shop.new', _expected_status=200)", "new"),
        ("client.post(path='/shop/items/1')", "item"),
        ("client.get('/')", "home"),
        ("self.client.get('/shop/items/1')", "item"),
        ("client.get('/items/3')", None),
        ("client.get('/shop/items')", None),
        ("client.get('/shop/elsewhere/3')", None),
        ("client.get('key')", None),
        ("client.get(unknown)", None),
        ("client.get(f'{unknown}/{also}')", None),
        ("cache.get('/')", "home"),
        ("make('/shop/items/1')", None),
    ],
)
def test_requests_are_matched_to_routes(request_: str, handler: str | None) -> None:
    """A request leads to the route that would answer it, however its address is written."""
    given = "BASE = '/shop'\nURL = '/shop/items/new'\n"
    test = f"{given}\n\ndef test(client, n):\n    path = URL\n    assert {request_}.status_code\n"
    graph = web(ROUTED, tests__test_shop=test)
    assert [route.handler.name for _, route in graph.exercised if route.handler] == ([handler] if handler else [])


def test_requests_follow_objects_loops_and_parameters() -> None:
    """Addresses kept on ``self``, gone through in a loop, given by parametrize or imported are followed."""
    test = """
import pytest
from tests.urls import NEW


class TestShop:
    base = "/shop"

    def setup_method(self):
        self.url = f"{self.base}/items/7"

    def test_item(self, client):
        assert client.get(self.url).status_code == 200


def test_loop(client):
    for url in ("/", "/shop/items/new"):
        assert client.get(url).status_code == 200


@pytest.mark.parametrize(("url", "code"), [("/shop/items/1", 200), pytest.param("/", 404)])
def test_each(client, url, code):
    assert client.get(url).status_code == code


def test_imported(client):
    assert client.get(NEW).status_code == 200
"""
    graph = web(ROUTED, tests__test_shop=test, tests__urls="NEW = '/shop/items/new'\n", tests____init__="")
    assert [route.handler.name for _, route in graph.exercised if route.handler] == [
        "item", "home", "new", "item", "home", "new",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("body", "checked"),
    [
        ("def test():\n    assert client.get('/').status_code\n", True),
        ("def test():\n    client.get('/', expected_status=404)\n", True),
        ("def test():\n    check_page(client.get('/'))\n", True),
        ("def fetch():\n    return client.get('/')\n", True),
        ("def test():\n    client.get('/')\n", False),
        ("def test():\n    client.get('/')\n    assert True\n", False),
        ("def test():\n    print(client.get('/').data)\n", False),
    ],
)
def test_requests_that_nobody_looks_at(body: str, checked: bool) -> None:
    """A request proves something when its test checks something, when it says what it expects, or in a helper."""
    assert [r.checked for r in web(ROUTED, tests__test_home=body).requests] == [checked]


def test_requests_of_the_application_are_none() -> None:
    """Only tests make requests to the application; its own calls go elsewhere."""
    assert web(ROUTED + "requests.get('/shop/items/1')\n").requests == []


@pytest.mark.no_cover
def test_many_routes_and_requests_are_matched_soon() -> None:
    """Three thousand requests meet three thousand rules; an address with many unknown parts finds some rule."""
    routes = "".join(f"@app.route('/a/<x>/{i}')\ndef f{i}(x):\n    pass\n" for i in range(3000))
    asked = "".join(f"    assert client.get('/a/b/{i}').status_code\n" for i in range(3000))
    test = f"def test(client):\n{asked}    assert client.get(f'/a/{{x}}/{{y}}').status_code\n"
    exercised = web(HEAD + routes, tests__test_app=test).exercised
    assert [route.endpoint for _, route in exercised[:3000]] == [f"f{i}" for i in range(3000)]
    assert len(exercised) == 3001
