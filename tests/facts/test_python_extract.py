"""What is read of a Python file: names resolved, calls, assignments, definitions, checks, and what can never run."""

from __future__ import annotations

import string
from textwrap import dedent

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.facts.python.extract import extract_module
from evidence.facts.python.records import Expr, Module


def _read(source: str) -> Module:
    return extract_module(dedent(source).encode())


def _value(source: str) -> Expr:
    """The expression that ``x`` is given."""
    module = _read(source)
    found = [a.value for a in module.assigns if a.target == "x"] + [c.expr for c in module.calls if c.target == "x"]
    return found[-1]


@pytest.mark.parametrize(
    ("imports", "call", "name"),
    [
        ("import flask", "flask.Flask()", "flask.Flask"),
        ("from flask import Flask", "Flask()", "flask.Flask"),
        ("from flask import Flask as F", "F()", "flask.Flask"),
        ("import flask.views as v", "v.MethodView.as_view()", "flask.views.MethodView.as_view"),
        ("import flask.views", "flask.views.View()", "flask.views.View"),
        ("from . import models", "models.save()", ".models.save"),
        ("from ..core.db import session as s", "s.add()", "..core.db.session.add"),
        ("", "unknown.thing()", "unknown.thing"),
        ("from a import b", "b().c()", "a.b().c"),
        ("from a import b", "b['k'].c()", "a.b[k].c"),
        ("from a import b", "b[3].c()", "a.b[3].c"),
        ("from a import b", "b[i].c()", "a.b[].c"),
        ("from flask import Flask\nFlask = make()", "Flask()", "flask.Flask"),
        ("try:\n    from a import b\nexcept ImportError:\n    from .stub import b", "b()", "a.b"),
        ("if quick:\n    from a import b\nelse:\n    from .stub import b", "b()", "a.b"),
    ],
)
def test_callees_are_resolved_through_imports(imports: str, call: str, name: str) -> None:
    """A call is known by the dotted name that its file's imports give it, whatever it is called locally."""
    assert name in [c.name for c in _read(f"{imports}\n{call}\n").calls]


def test_local_names_hide_imports() -> None:
    """A parameter or variable of a function is not the import of the same name; methods do not see a class body."""
    module = _read(
        """
        from shop import app, db

        def one(app):
            app.run()

        def two():
            db = connect()
            db.close()

        class Three:
            app = None

            def four(self):
                app.stop()
        """
    )
    assert {c.name for c in module.calls} == {"app.run", "connect", "db.close", "shop.app.stop"}


def test_imports_keep_their_shape() -> None:
    """Targets, aliases, the part that is certainly a module, the scope, and whether only the type checker sees it."""
    module = _read(
        """
        import os.path
        from a.b import c as d, e
        from . import f
        from g import *
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from h import i

        def late():
            import j
        """
    )
    assert [(i.target, i.alias, i.module, i.scope, i.typing) for i in module.imports] == [
        ("os.path", "os", "os.path", 0, False),
        ("a.b.c", "d", "a.b", 0, False),
        ("a.b.e", "e", "a.b", 0, False),
        (".f", "f", ".", 0, False),
        ("g", "*", "g", 0, False),
        ("typing.TYPE_CHECKING", "TYPE_CHECKING", "typing", 0, False),
        ("h.i", "i", "h", 0, True),
        ("j", "j", "j", 1, False),
    ]


@pytest.mark.parametrize(
    "source",
    [
        "if False:\n    gone()\n",
        "if 0:\n    gone()\n",
        "if not True:\n    gone()\n",
        "if None:\n    gone()\n",
        "if True:\n    kept()\nelse:\n    gone()\n",
        "while False:\n    gone()\n",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    gone()\n",
        "import typing\nif typing.TYPE_CHECKING:\n    gone()\n",
        "def f():\n    return 1\n    gone()\n",
        "def f():\n    raise ValueError\n    gone()\n",
        "for x in y:\n    continue\n    gone()\n",
        "while x:\n    break\n    gone()\n",
        '"""gone()"""\n',
        "# gone()\n",
        "x = 'gone()'\n",
    ],
)
def test_what_cannot_run_is_not_reported(source: str) -> None:
    """Code behind a constant condition or after the end of its block, comments and strings leave no call behind."""
    assert "gone" not in {c.name for c in _read(source).calls}
    assert "gone" not in {name for scope in _read(source).refs for name in scope}


def test_dead_lines_are_told() -> None:
    """The spans that can never run are listed, so that a reader can be shown them."""
    assert _read("def f():\n    return 1\n    a()\n    b()\n").dead == ((3, 4),)
    assert _read("if False:\n    a()\nelif x:\n    b()\nelse:\n    c()\n").dead == ((2, 2),)


@pytest.mark.parametrize(
    ("source", "kind", "text", "items"),
    [
        ("x = 'a' 'b'", "str", "ab", 0),
        ("x = 1_000", "num", "1000", 0),
        ("x = None", "const", "None", 0),
        ("x = ...", "const", "...", 0),
        ("x = a.b", "name", "a.b", 0),
        ("x = [1, y, f()]", "list", "", 3),
        ("x = {'k': 1, **y}", "dict", "", 2),
        ("x = f'/users/{name}/{id!r:>10}'", "fstring", "/users/{}/{}", 2),
        ("x = '/users/{}/{id!r:>10}'.format(a, id=b)", "fstring", "/users/{}/{}", 2),
        ("x = a or 'b'", "op", "or", 2),
        ("x = not a", "op", "not", 1),
        ("x = a if b else c", "op", "if", 3),
        ("x = a not in b", "op", "not in", 2),
        ("x = a[1]", "index", "a", 1),
        ("x = await f(1)", "call", "f", 1),
        ("x = lambda: 1", "other", "", 0),
        ("x = 1e999", "other", "", 0),
        ("x = b'bytes'", "str", "bytes", 0),
    ],
)
def test_expressions_are_compact(source: str, kind: str, text: str, items: int) -> None:
    """Each kind of expression keeps what rules ask of it."""
    value = _value(source)
    assert (value.kind, value.text, len(value.items)) == (kind, text, items)


def test_arguments_are_found_by_place_and_name() -> None:
    """A call's positional arguments and keywords are told apart, and a dict is asked by its keys."""
    call = _value("x = f(1, *rest, name='n', **more)")
    assert [a.text for a in call.args] == ["1", "rest"]
    assert call.kwarg("name") == Expr("str", "n")
    assert call.kwarg("other") is None
    assert _value("x = {'a': 1, 'b': 2}").kwarg("b") == Expr("num", "2")


def test_a_formatted_constant_is_no_call() -> None:
    """``"...".format(...)`` is read as the f-string it could be; what is called inside it is a call."""
    module = _read("url = '/u/{}'.format(quote(name))\nother.format(1)\n")
    assert [c.name for c in module.calls] == ["quote", "other.format"]
    assert [(a.target, a.value.kind) for a in module.assigns] == [("url", "fstring")]


def test_loops_are_assignments() -> None:
    """A loop or comprehension variable is given the operation ``for``; of several, each knows its position."""
    module = _read("for a in (p, q):\n    pass\nfor b, c in pairs:\n    pass\nx = [d for d in r]\n")
    found = {a.target: a.value for a in module.assigns if a.value.text == "for"}
    assert found["a"] == Expr("op", "for", (Expr("list", "", (Expr("name", "p"), Expr("name", "q"))),))
    assert found["c"] == Expr("op", "for", (Expr("name", "pairs"), Expr("num", "1")))
    assert found["d"] == Expr("op", "for", (Expr("name", "r"),))


def test_unpacking_gives_each_name_its_part() -> None:
    """Of two sides of the same length each name has its own value; else each has its position in the whole."""
    module = _read("a, b = f(), 2\n(c, d) = pair()\n[e, *f] = rest\n")
    found = {a.target: a.value for a in module.assigns}
    assert found["a"] == Expr("call", "f")
    assert found["b"] == Expr("num", "2")
    assert found["d"] == Expr("op", "item", (Expr("call", "pair"), Expr("num", "1")))
    assert found["e"] == Expr("op", "item", (Expr("name", "rest"), Expr("num", "0")))
    assert {c.name for c in module.calls} == {"f", "pair"}


def test_calls_know_what_becomes_of_them() -> None:
    """The target of a call is the name it is assigned to, or the role it plays."""
    module = _read(
        """
        app = Flask()
        self.db = SQLAlchemy()
        app.config["X"] = env()
        with client() as c:
            pass

        @route("/")
        def view():
            if check():
                raise Refused()
            return render()
        """
    )
    targets = {c.name: c.target for c in module.calls}
    assert targets == {
        "Flask": "app", "SQLAlchemy": "self.db", "env": "app.config[X]", "client": "with", "route": "decorator",
        "check": "", "Refused": "raise", "render": "return",
    }  # fmt: skip


def test_definitions_tell_what_they_are() -> None:
    """Names, places, parents, parameters, returns, bases and the rest, a definition before what it contains."""
    module = _read(
        '''
        @bp.route("/")
        @login_required
        async def view(a, /, b: int = 1, *c, d, **e) -> str:
            """Answers."""
            return make(a)

        class Users(Base, metaclass=Meta):
            def get(self):
                yield 1
        '''
    )
    view, users, get = module.definitions
    assert (view.kind, view.qualname, view.start, view.line, view.end, view.parent) == ("function", "view", 2, 4, 6, 0)
    assert [d.expr.text for d in view.decorators] == ["bp.route", "login_required"]
    assert view.params == ("a", "b", "c", "d", "e")
    assert [r.text for r in view.returns] == ["make"]
    assert (view.is_async, view.docstring, view.statements, view.annotated, view.yields) == (True, True, 1, True, False)
    assert (users.kind, [b.text for b in users.bases], users.keywords) == ("class", ["Base"], ("metaclass",))
    assert (get.qualname, get.parent, get.yields, get.annotated) == ("Users.get", 2, True, False)


@pytest.mark.parametrize(
    ("body", "asserts"),
    [
        ("assert f() == 1", 1),
        ("assert x", 1),
        ("self.assertEqual(f(), 1)", 1),
        ("with pytest.raises(ValueError):\n        f()", 1),
        ("with raises(ValueError):\n        f()", 1),
        ("mock.assert_called_once()", 1),
        ("assert True", 0),
        ("assert 1 == 1", 0),
        ("assert x == x", 0),
        ("assert (x, 'always true')", 0),
        ("assert 'a string'", 0),
        ("print(f())", 0),
    ],
)
def test_only_checks_that_can_fail_count(body: str, asserts: int) -> None:
    """An assertion of a constant, of a tuple or of a thing with itself checks nothing."""
    module = _read(f"import pytest\nfrom pytest import raises\n\ndef test():\n    {body}\n")
    assert module.definitions[0].asserts == asserts


@pytest.mark.parametrize(
    ("body", "does"),
    [
        ("pass", "pass"),
        ("continue", "pass"),
        ("'nothing to do'", "pass"),
        ("raise", "raise"),
        ("log.exception('x')", "log"),
        ("print(1)", "log"),
        ("log.error('x')\n    return None", "return"),
        ("x = 1", "work"),
    ],
)
def test_handlers_tell_what_they_do(body: str, does: str) -> None:
    """What an except clause does with what it caught, and the dotted names it catches."""
    module = _read(f"import a\ndef f():\n  for _ in y:\n   try:\n    g()\n   except (a.B, KeyError):\n    {body}\n")
    assert [(h.names, h.does) for h in module.handlers] == [(("a.B", "KeyError"), does)]


def test_complexity_is_radons() -> None:
    """Views of a module that imports Flask carry radon's count; plain functions elsewhere are not measured."""
    body = "    if a and b:\n        return 1\n    return [c for c in a if c]\n"
    measured = _read(f"from flask import request\n\ndef view(a, b):\n{body}")
    plain = _read(f"def view(a, b):\n{body}")
    assert [measured.definitions[0].complexity, plain.definitions[0].complexity] == [5, 0]


def test_strings_that_may_name_modules_are_kept() -> None:
    """Dotted paths in strings are kept with their line: they may be loaded by name."""
    module = _read("a = 'app.models'\nb = 'shop.wsgi:app'\nc = 'A sentence. Two.'\nd = '3.14'\ne = 'nodots'\n")
    assert module.strings == (("app.models", 1), ("shop.wsgi:app", 2))


def test_the_main_block_is_seen() -> None:
    """A file that can be run says so."""
    assert _read("x = 1\nif __name__ == '__main__':\n    run()\n").main == 2
    assert _read("def f():\n    if __name__ == '__main__':\n        run()\n").main == 0


def test_references_follow_the_scope() -> None:
    """Each scope lists the dotted names it loads, annotations and decorators included, strings left out."""
    module = _read("from a import b\n\n@b.c\ndef f(x: b.D) -> 'b.E':\n    return b.g[b.h]\n")
    assert module.refs[0] == ("a.b", "a.b.c")
    assert set(module.refs[1]) >= {"a.b.h"}


def test_secrets_do_not_reach_the_facts() -> None:
    """A key in the code is known by its kind alone; not even a piece of it is in what is stored."""
    key = "sk_live_" + "4eC39HqLyjWDarjtT1zdp7dc"
    module = _read(f"API_KEY = '{key}'\nclient = Client(api_key='{key}')\nurl = f'https://x/{{a}}?key={key}'\n")
    stored = msgspec.msgpack.encode(module)
    assert not [piece for piece in (key[i : i + 12] for i in range(len(key) - 12)) if piece.encode() in stored]
    assert next(a.value.kind for a in module.assigns if a.target == "API_KEY") == "secret"


def test_python_2_is_read() -> None:
    """Print statements, old except clauses, backticks and octal numbers do not lose the rest of a file."""
    module = extract_module(
        b"import flask\napp = flask.Flask(__name__)\nprint 'starting', app\ntry:\n    x = 0777\n"
        b"except Exception, e:\n    print >>sys.stderr, e\n\n@app.route('/')\ndef home():\n    return u'home'\n"
    )
    assert [d.name for d in module.definitions] == ["home"]
    assert "flask.Flask" in {c.name for c in module.calls}


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "content",
    [
        b"x = " + b"(" * 5000 + b")" * 5000,
        b"x = a" + b".b" * 20_000,
        b"x = " + b"- " * 20_000 + b"1",
        b"x = 1" + b" + 1" * 20_000,
        b"x = " + b"f(" * 3000 + b")" * 3000,
        b"if a:\n  x\n" + b"elif b:\n  y\n" * 5000,
        b"x = [" + b"'a.b', " * 50_000 + b"]",
        b"\xff\xfe\x00",
        b"x = '\\udce2'\n",
        b"",
        b"def f(:\n",
    ],
    ids=lambda content: repr(content[:12]),
)
def test_hostile_files_are_survived(content: bytes) -> None:
    """Deep, long, broken and strange files end in facts that can be stored."""
    module = extract_module(content)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(module), type=Module) == module


@settings(max_examples=150, deadline=None)
@given(st.text(string.printable + "éß\u202e\ud7ff", max_size=120))
def test_any_text_is_survived(text: str) -> None:
    """Whatever a file holds, reading it ends in facts within its lines."""
    module = extract_module(text.encode())
    assert all(1 <= c.start <= c.end for c in module.calls)
    assert all(d.start <= d.line <= d.end <= max(1, module.lines + 1) for d in module.definitions)
    assert len(module.refs) == len(module.definitions) + 1
