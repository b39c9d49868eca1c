"""What refuses, what stands guard, which scanners run, and how settings are given: from code as people write it."""

from __future__ import annotations

import time
from textwrap import dedent

import pytest

from evidence.api import assigned_settings, is_off
from evidence.facts.project import Project
from evidence.testkit import Case, project_of

APP = "from flask import Flask, abort, g, jsonify, redirect, request, url_for\napp = Flask(__name__)\n"


def _project(**files: str) -> Project:
    """A project of these files, named with ``__`` for a slash; a name without an ending is a Python module."""
    named = {k.replace("__", "/") + ("" if "." in k else ".py"): dedent(v) for k, v in files.items()}
    return project_of(Case("c", named, (), ()))


def _refusals(code: str) -> dict[str, set[str]]:
    return {r.definition.qualname: set(r.codes) for r in _project(app=APP + dedent(code)).access.refusals}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("abort(403)", "403"),
        ("abort(401)", "401"),
        ("abort(HTTPStatus.FORBIDDEN)", "403"),
        ("return jsonify(error='no'), 403", "403"),
        ("return redirect(url_for('auth.login'))", "401"),
        ("raise Forbidden()", "403"),
        ("raise Unauthorized", "401"),
        ("raise ApiError('no', 403)", "403"),
        ("raise Hidden()", "403"),
        ("raise InvalidTokenError()", "401"),
    ],
)
def test_what_refuses(body: str, code: str) -> None:
    """Status codes, exceptions that stand for them, and the way to the login page are refusals."""
    classes = "from http import HTTPStatus\nclass Hidden(Exception):\n    code = 403\n\n\n"
    assert _refusals(f"{classes}def view():\n    {body}\n") == {"view": {code}}


@pytest.mark.parametrize(
    "body", ["abort(404)", "return 'x', 200", "raise ValueError()", "raise PermissionError()", "redirect('/orders')"]
)
def test_what_does_not_refuse(body: str) -> None:
    """Other codes, errors and redirects refuse nobody."""
    assert _refusals(f"def view():\n    {body}\n") == {}


def test_error_handlers_refuse_nobody() -> None:
    """A handler that words a refusal made elsewhere is none itself."""
    assert _refusals("@app.errorhandler(403)\ndef forbidden(error):\n    return 'no', 403\n") == {}


def test_nested_functions_belong_to_the_decorator() -> None:
    """What the wrapper of a decorator refuses, the decorator refuses; views inside a factory stand for themselves."""
    code = """
    def guard(view):
        def wrapped():
            abort(403)
        return wrapped


    def create_app():
        app = Flask(__name__)

        @app.route("/")
        def index():
            abort(401)

        return app
    """
    assert _refusals(code) == {"guard": {"403"}, "create_app.index": {"401"}}


@pytest.mark.parametrize(
    ("decorator", "purpose"),
    [
        ("flask_login.login_required", "authentication"),
        ("auth.login_required(role='admin')", "authorization"),
        ("flask_security.roles_required('admin')", "authorization"),
        ("admin_permission.require(403)", "authorization"),
        ("allows.requires(IsAdmin())", "authorization"),
        ("jwt_required()", "authentication"),
    ],
)
def test_decorators_from_outside(decorator: str, purpose: str) -> None:
    """Decorators of extensions say by their names what they ask."""
    imports = "import flask_login, flask_security\nfrom flask_jwt_extended import jwt_required\nfrom x import *\n"
    uses = _project(app=f"{imports}{APP}@app.route('/')\n@{decorator}\ndef view():\n    return 'x'\n").access.uses
    assert [(u.how, u.purpose) for u in uses if u.how == "decorator"] == [("decorator", purpose)]


@pytest.mark.parametrize("name", ["csrf_protect", "check_maintenance", "rate_limited"])
def test_guards_of_other_things(name: str) -> None:
    """A guard against forged requests, load or closed hours asks neither who nor what may be done."""
    code = f"{APP}def {name}(view):\n    abort(403)\n\n\n@app.route('/')\n@{name}\ndef view():\n    return 'x'\n"
    assert {u.purpose for u in _project(app=code).access.uses} == {""}


def test_a_guard_made_of_another() -> None:
    """A short function that ends in calling a guard is one, and takes over what it asks."""
    code = """
    def require_role(role):
        def decorator(view):
            def wrapped():
                if role not in g.user.roles:
                    abort(403)
                return view()
            return wrapped
        return decorator


    def require_admin(view):
        return require_role("admin")(view)


    @app.route("/")
    @require_admin
    def index():
        return "x"
    """
    uses = _project(app=APP + dedent(code)).access.uses
    used = [u for u in uses if u.how == "decorator"]
    assert [(u.name, u.purpose) for u in used] == [("require_admin", "authorization")]
    assert [sorted(u.guard.codes) for u in used if u.guard is not None] == [["403"]]


@pytest.mark.no_cover
def test_many_bases_cost_little() -> None:
    """Classes whose bases fan out and meet again are each looked at once."""
    layers, width = 30, 8
    names = [[f"C{i}x{j}" for j in range(width)] for i in range(layers)]
    code = [f"{APP}class Root:\n    def check_access(self):\n        abort(403)\n"]
    for i, layer in enumerate(names):
        bases = ", ".join(names[i - 1]) if i else "Root"
        code.extend(f"class {name}({bases}):\n    def get(self):\n        return 'x'\n" for name in layer)
    start = time.perf_counter()
    uses = _project(app="\n".join(code)).access.uses
    assert sum(u.how == "inherited" for u in uses) == layers * width
    assert time.perf_counter() - start < 20


@pytest.mark.parametrize(
    ("check", "code"),
    [
        ("assert client.get('/').status_code == 401", "401"),
        ("client.get('/', expected_status=403)", "403"),
        ("with pytest.raises(Forbidden):\n        client.get('/')", "403"),
    ],
)
def test_refusals_that_tests_expect(check: str, code: str) -> None:
    """Asserted codes, codes told to a client, and expected exceptions are refusals that a test expects."""
    tests = f"import pytest\nfrom werkzeug.exceptions import Forbidden\n\n\ndef test_x(client):\n    {check}\n"
    assert [t.code for t in _project(app=APP, tests__test_x=tests).access.refused_tests] == [code]


def test_stand_ins_expect_nothing() -> None:
    """The answer that a test puts into another service's mouth is no refusal of this one."""
    tests = "def test_x(requests_mock):\n    requests_mock.get('https://x.test', status=403)\n"
    assert _project(app=APP, tests__test_x=tests).access.refused_tests == ()


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("app.config['SESSION_COOKIE_SECURE'] = True", ("SESSION_COOKIE_SECURE", False)),
        ("app.config.update(SESSION_COOKIE_SECURE=False)", ("SESSION_COOKIE_SECURE", True)),
        ("app.config.from_mapping({'DEBUG': None})", ("DEBUG", True)),
        ("SECURE = os.environ.get('SECURE', 'false')", ("SECURE", True)),
        ("SECURE = os.environ.get('SECURE', '1')", ("SECURE", False)),
    ],
)
def test_settings_as_given(line: str, expected: tuple[str, bool]) -> None:
    """A setting is found however it is given, and is off where its value says so."""
    file = _project(app=f"import os\n{APP}{line}\n").python["app.py"]
    assert [(name, is_off(value)) for name, value, _ in assigned_settings(file)] == [expected]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ("app", False),
        ("app, origins='*'", False),
        ("app, resources={r'/*': {'origins': '*'}}", False),
        ("app, origins=['https://example.org']", True),
        ("app, origins=ORIGINS", True),
        ("app, origins=ANY", False),
    ],
)
def test_origins_that_are_let_in(arguments: str, named: bool) -> None:
    """CORS names its origins or lets all in, directly or through a variable."""
    code = f"from flask_cors import CORS\n{APP}ORIGINS = ['https://x.test']\nANY = '*'\nCORS({arguments})\n"
    assert [o.named for o in _project(app=code).cross_origins] == [named]


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("run: bandit -r app", ("code", True, "")),
        ("run: bandit -r app || true", ("code", False, "its failure is swallowed")),
        ("run: pip-audit", ("dependencies", True, "")),
        ("run: safety --version", None),
        ("uses: github/codeql-action/analyze@v3", ("code", False, "")),
        ("uses: github/codeql-action/init@v3", None),
        ("uses: actions/dependency-review-action@v4", ("dependencies", True, "")),
        ("uses: gitleaks/gitleaks-action@v2", ("secrets", True, "")),
        ("uses: actions/checkout@v4", None),
    ],
)
def test_scanners_in_a_pipeline(step: str, expected: tuple[str, bool, str] | None) -> None:
    """A scanner is told by its command or action; it gates where its findings fail the build."""
    workflow = f"on: push\njobs:\n  t:\n    steps:\n      - {step}\n"
    project = project_of(Case("c", {".github/workflows/ci.yml": workflow}, (), ()))
    found = [(s.kind, s.gates, bool(s.off)) for s in project.scans]
    assert found == ([] if expected is None else [(expected[0], expected[1], bool(expected[2]))])
