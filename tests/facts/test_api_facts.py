"""What an API checks, pages, limits and documents, as facts."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.testkit import Case, project_of


def _project(**files: str) -> Project:
    named = {path.replace("__", "/") + ".py": text for path, text in files.items()}
    return project_of(Case("API", named, (), ()))


VIEW = (
    "from flask import Flask, request\n{imports}\napp = Flask(__name__)\n\n\n@app.post('/x')\ndef view():\n    {body}\n"
)


@pytest.mark.parametrize(
    ("imports", "body", "styles"),
    [
        ("import jsonschema", "jsonschema.validate(request.json, {})", ["call"]),
        ("from jsonschema import Draft7Validator", "Draft7Validator({}).validate(request.json)", ["call", "call"]),
        ("from schemas import load", "load.schema.load(request.get_json())", ["call"]),
        ("import json", "json.loads(request.data)", []),
        ("import yaml", "yaml.load(request.data)", []),
        ("from forms import form", "form.validate_on_submit()", ["form"]),
        ("from flask_restful import reqparse", "reqparse.RequestParser().parse_args()", ["parser"]),
        ("from argparse import ArgumentParser", "ArgumentParser().parse_args()", []),
        ("from models import check", "check.validate(1)", []),
    ],
)
def test_checks_of_requests_are_told_from_other_calls(imports: str, body: str, styles: list[str]) -> None:
    """A check is a call of a library that checks data; decoders and parsers of the command line are none."""
    project = _project(app=VIEW.format(imports=imports, body=body))
    assert [c.style for c in project.schema_checks.of_requests] == styles


def test_a_wrapper_is_one_only_for_what_it_is_handed() -> None:
    """A function that checks its own parameter is a wrapper; one that checks data of its own is not."""
    wrapper = (
        "import jsonschema\n\n\ndef handed(data):\n    jsonschema.validate(data, {})\n\n\n"
        "def own(x):\n    jsonschema.validate(load(), {})\n"
    )
    project = _project(
        checks=wrapper,
        app=VIEW.format(imports="from checks import handed, own", body="handed(request.json)\n    own(request.json)"),
    )
    (check,) = project.schema_checks.of_requests
    assert (check.style, check.start) == ("wrapper", 8)
    assert [(c.file.path, c.start) for c in project.schema_checks.central] == [("checks.py", 5)]


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        (
            "return Order.query.paginate(page=request.args.get('page'), max_per_page=50)",
            {"query", "capped", "parameter"},
        ),
        ("return Order.query.offset(request.args['offset']).limit(5)", {"query", "capped", "parameter"}),
        ("return Order.query.limit(10).offset(20)", set()),
        ("return Order.query.limit(int(request.args['limit'])).all()", set()),
        ("return db.execute('SELECT 1 LIMIT :n OFFSET :m', {'m': 1})", {"query"}),
    ],
)
def test_pages_are_told_from_limits(body: str, kinds: set[str]) -> None:
    """A result is paged where an offset or page varies; a limit alone only shortens it."""
    project = _project(app=VIEW.format(imports="", body=body))
    assert {u.kind for u in project.page_uses} == kinds


def test_documents_are_matched_with_routes() -> None:
    """A document is the project's own when one of its paths ends like a route, whatever the prefix."""
    document = "openapi: 3.0.0\npaths:\n  {path}:\n    get: {{}}\n"
    files = {
        "app.py": VIEW.format(imports="", body="return ''").replace("/x", "/orders/<int:n>"),
        "own.yaml": document.format(path="/api/orders/{id}"),
        "other.yaml": document.format(path="/refunds/{id}"),
        "examples/own.yaml": document.format(path="/orders/{id}"),
        "empty.yaml": "openapi: 3.0.0\npaths: {}\n",
    }
    project = project_of(Case("Documents", files, (), ()))
    assert [(d.path, d.own) for d in project.api_documents] == [("other.yaml", False), ("own.yaml", True)]


@pytest.mark.parametrize(
    ("answer", "keys"),
    [
        ("jsonify(error=str(e)), 404", {"error"}),
        ("{'error': 1, 'detail': 2}, 404", {"error", "detail"}),
        ("make_response(jsonify({'error': 1}), 404)", {"error"}),
        ("render_template('404.html'), 404", None),
        ("make_response(render_template('404.html'), 404)", None),
        ("e.get_response()", None),
        ("'gone', 404", None),
    ],
)
def test_handlers_that_answer_data_are_told_from_pages(answer: str, keys: set[str] | None) -> None:
    """A handler answers data when its body is a mapping or is made by a JSON function; a page is none."""
    source = (
        f"from flask import *\n\napp = Flask(__name__)\n\n\n@app.errorhandler(404)\ndef gone(e):\n    return {answer}\n"
    )
    project = _project(app=source.replace("import *", "import Flask, jsonify, make_response, render_template"))
    assert [set(h.keys) for h in project.error_handlers] == ([] if keys is None else [keys])
