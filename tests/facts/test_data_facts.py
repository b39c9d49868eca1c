"""Models, data access, transactions, caches and messages, as facts."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.facts.testing.stems import stem
from evidence.testkit import Case, project_of

DB = "from flask_sqlalchemy import SQLAlchemy\n\ndb = SQLAlchemy()\n"


def _project(**files: str) -> Project:
    named = {path.replace("__", "/") + ".py": text for path, text in files.items()}
    return project_of(Case("Data", named, (), ()))


def _model(base: str, body: str, imports: str = "") -> Project:
    return _project(main=f"{DB}{imports}\nclass Thing({base}):\n    {body}\n")


@pytest.mark.parametrize(
    ("base", "body", "imports", "stores"),
    [
        ("db.Model", "id = db.Column(db.Integer)", "", ["relational"]),
        ("SQLModel, table=True", "id: int = Field()", "from sqlmodel import Field, SQLModel", ["relational"]),
        ("SQLModel", "id: int = Field()", "from sqlmodel import Field, SQLModel", []),
        ("Document", "name = StringField()", "from mongoengine import Document, StringField", ["document"]),
        ("Model", "id = UnicodeAttribute()", "from pynamodb.models import Model", ["key-value"]),
        ("db.Model", "__abstract__ = True\n    id = db.Column(db.Integer)", "", []),
        ("object", "id = db.Column(db.Integer)", "", []),
        ("db.Model", "pass", "", []),
        ("Form", "name = StringField()", "from wtforms import Form, StringField", []),
    ],
)
def test_models_are_told_by_base_and_columns(base: str, body: str, imports: str, stores: list[str]) -> None:
    """A model has columns and a mapper's base; abstract bases, mixins, schemas and forms are no models."""
    assert [m.store for m in _model(base, body, imports).models.all] == stores


@pytest.mark.parametrize(
    ("column", "links"),
    [
        ('db.ForeignKey("user.id")', {"user", "id"}),
        ('db.ForeignKey("auth.user.id")', {"user", "id"}),
        ("db.Integer", set()),
    ],
)
def test_links_name_the_table_referred_to(column: str, links: set[str]) -> None:
    """A foreign key links to its table, with a schema or without."""
    (model,) = _model("db.Model", f"other = db.Column({column})").models.all
    assert model.links == links
    assert model.linked == bool(links)


def test_models_know_who_mentions_them() -> None:
    """A model that others refer to by table or class is counted once for each of them."""
    text = (
        f"{DB}\nclass UserAccount(db.Model):\n    id = db.Column(db.Integer)\n"
        "\nclass A(db.Model):\n    x = db.Column(db.ForeignKey('user_account.id'))\n"
        "    y = db.relationship('UserAccount')\n"
        "\nclass B(db.Model):\n    id = db.Column(db.Integer)\n    z = db.relationship('UserAccount')\n"
    )
    assert _project(main=text).models.mentions["main.py", "UserAccount"] == 2


VIEW = (
    "from flask import Flask, session\nfrom store import find\n\napp = Flask(__name__)\n"
    "\n\n@app.get('/')\ndef view():\n    {}\n"
)
STORE = f"{DB}\ndef find(key):\n    return db.session.execute(key).scalars()\n"


@pytest.mark.parametrize(
    ("body", "inline", "calls"),
    [
        ("return find(1)", False, 1),
        ("from store import db\n    return db.session.execute('x').all()", True, 0),
        ("return session.get('x')", False, 0),
        ("find.delay(1)", False, 0),
        ("return 'x'", False, 0),
    ],
)
def test_views_are_told_by_what_they_do_about_data(body: str, inline: bool, calls: int) -> None:
    """A view touches data itself or calls what does; the visitor's session and queued tasks are neither."""
    project = _project(main=VIEW.format(body), store=STORE)
    (view,) = project.data_access.views
    assert (view.inline, len(view.calls)) == (inline, calls)


@pytest.mark.parametrize(
    ("body", "kinds"),
    [
        ("db.session.commit()", ["commit"]),
        ("with db.session.begin():\n        pass", ["begin"]),
        ("db.session.begin_nested()", ["savepoint"]),
        ("db.session.execute('SELECT 1 FOR UPDATE')", ["lock"]),
        ("db.create_engine('x', isolation_level='SERIALIZABLE')", ["isolation"]),
        ("db.create_engine('x', isolation_level='AUTOCOMMIT')", []),
        ("repo.index.commit('message')", []),
    ],
)
def test_transactions_are_found_by_kind(body: str, kinds: list[str]) -> None:
    """Ends, begins, savepoints, locks and levels are told apart; commits of other things are left out."""
    project = _project(main=f"{DB}\nrepo = None\n\n\ndef run():\n    {body}\n\n\nrun()\n")
    assert [o.kind for o in project.transactions] == kinds


@pytest.mark.parametrize(
    ("value", "kinds"),
    [('"max-age=60"', ["header"]), ('"no-store"', []), ('"max-age=0"', []), ('"public, max-age=5"', ["header"])],
)
def test_headers_that_allow_caching_are_kept(value: str, kinds: list[str]) -> None:
    """Only a header that lets a response be kept for a while counts."""
    text = f"def run(response):\n    response.headers['Cache-Control'] = {value}\n\n\nrun(None)\n"
    assert [o.kind for o in _project(main=text).caches.kept] == kinds


def test_messages_carry_their_class_and_version() -> None:
    """A class that is published is a contract; a field for the version makes it versioned."""
    text = (
        "from dataclasses import dataclass\n\n\n@dataclass\nclass Placed:\n    version: int = 1\n\n\n"
        "def run(producer):\n    producer.produce('topic', Placed())\n\n\nrun(None)\n"
    )
    found = {(o.kind, o.subject) for o in _project(main=text).messages}
    assert found == {("published", "Placed"), ("contract", "Placed"), ("versioned", "Placed"), ("plain", "produce")}


def test_code_that_only_tests_call_does_not_run_for_the_application() -> None:
    """A function that tests alone lead to can run, but not for the application."""
    files = {
        "main": "import store\n\nstore.used()\n",
        "store": (
            "def used():\n    helper()\n\n\ndef helper():\n    pass\n\n\n"
            "def spare():\n    inner()\n\n\ndef inner():\n    pass\n"
        ),
        "tests__test_store": "from store import spare\n\n\ndef test_spare():\n    assert spare() is None\n",
    }
    project = _project(**files)
    store = project.python["store.py"]
    runs = {d.name: project.runs_for_app(store, i + 1) for i, d in enumerate(store.module.definitions)}
    assert runs == {"used": True, "helper": True, "spare": False, "inner": False}
    assert project.reach.live("store.py", 3)


@pytest.mark.parametrize("path", ["app/users.py", "tests/test_users.py", "users_test.py", "tests/users_tests.py"])
def test_a_test_file_is_named_after_its_module(path: str) -> None:
    """The stem of a test file is its module's."""
    assert stem(path) == "users"
