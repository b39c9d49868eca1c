"""Names across files: which file a dotted module is, where a name was defined, and which function a call runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from evidence.facts.callees import callee
from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.python.extract import extract_module
from evidence.facts.roles import Role, role_of


def _names(files: Mapping[str, str]) -> Names:
    return Names({p: PyFile(p, extract_module(t.encode()), role_of(p)) for p, t in files.items()})


def _paths(*paths: str) -> Names:
    return _names(dict.fromkeys(paths, ""))


@pytest.mark.parametrize(
    ("importer", "dotted", "found"),
    [
        ("app/views.py", "app.models", "app/models.py"),
        ("app/views.py", "app", "app/__init__.py"),
        ("app/views.py", ".models", "app/models.py"),
        ("app/views.py", ".", "app/__init__.py"),
        ("app/api/users.py", "..models", "app/models.py"),
        ("app/api/users.py", "..", "app/__init__.py"),
        ("app/api/users.py", "....models", ""),
        ("app/views.py", "models", "app/models.py"),
        ("tests/test_app.py", "app.models", "app/models.py"),
        ("wsgi.py", "app.models", "app/models.py"),
        ("wsgi.py", "models", ""),
        ("wsgi.py", "flask", ""),
        ("src/tool/main.py", "tool.core", "src/tool/core.py"),
        ("tests/test_tool.py", "tool.core", "src/tool/core.py"),
        ("", "tool.core", "src/tool/core.py"),
        ("backend/service/run.py", "service.db", "backend/service/db.py"),
        ("app/views.py", "logging", ""),
    ],
)
def test_modules_are_found_from_where_they_are_imported(importer: str, dotted: str, found: str) -> None:
    """Absolute, relative, below a source folder and in a monorepo: the file that the import statement would load."""
    names = _paths(
        "app/__init__.py", "app/models.py", "app/views.py", "app/logging.py", "app/api/__init__.py", "app/api/users.py",
        "src/tool/__init__.py", "src/tool/core.py", "src/tool/main.py", "backend/service/__init__.py",
        "backend/service/db.py", "backend/service/run.py", "tests/test_app.py", "tests/test_tool.py", "wsgi.py",
    )  # fmt: skip
    assert names.module(importer, dotted) == found


def test_the_nearest_source_root_wins() -> None:
    """Of two services with the same package name, each imports its own."""
    names = _paths("a/app/__init__.py", "a/app/db.py", "a/run.py", "b/app/__init__.py", "b/app/db.py", "b/run.py")
    assert [names.module(p, "app.db") for p in ("a/run.py", "b/run.py")] == ["a/app/db.py", "b/app/db.py"]


def test_a_package_hides_a_module_of_its_name() -> None:
    """``app.py`` is started and ``app/`` is imported, by the rule of Python's own finder."""
    names = _names(
        {"app.py": "", "app/__init__.py": "from app.extensions import db", "app/extensions.py": "db = SQLA()"}
    )
    assert names.module("app/views.py", "app") == "app/__init__.py"
    assert names.resolve("app.py", "app.db") == Ref("app/extensions.py", "db")


def test_a_test_package_of_the_same_name_does_not_hide_the_application() -> None:
    """``tests/app`` beside ``app`` is not what ``from app import create_app`` means."""
    names = _paths("app/__init__.py", "tests/__init__.py", "tests/app/__init__.py", "tests/conftest.py")
    assert names.module("tests/conftest.py", "app") == "app/__init__.py"


def test_a_package_in_a_source_folder_with_an_init_is_found() -> None:
    """A stray ``src/__init__.py`` does not hide the packages in it; a name of the standard library stays what it is."""
    names = _paths(
        "src/__init__.py", "src/shop/__init__.py", "src/logging/__init__.py", "src/logging/config.py", "run.py"
    )
    assert names.module("run.py", "shop") == "src/shop/__init__.py"
    assert names.module("src/logging/config.py", "logging") == ""


def test_the_parts_of_a_folder_that_commands_run_in_are_found() -> None:
    """Several files inside import ``server.x`` without the stray package around it; where one says ``app.server``, the
    folder is a package, and a library of a part's name stays outside."""
    inside = {f"app/server/{n}.py": "from server.models import user\n" for n in ("users", "orders", "carts")}
    plain = {
        "app/__init__.py": "",
        "app/server/__init__.py": "",
        "app/server/models/__init__.py": "",
        "app/server/models/user.py": "",
    }
    assert (
        _names({**plain, **inside}).module("app/server/users.py", "server.models.user") == "app/server/models/user.py"
    )
    through = {"run.py": "", "app/server/cli.py": "from app.server.models import user\n"}
    assert _names({**plain, **inside, **through}).module("app/server/users.py", "server.models.user") == ""
    few = dict(list(inside.items())[:2])
    assert _names({**plain, **few}).module("app/server/users.py", "server.models.user") == ""


def test_templates_of_projects_are_read_as_what_they_generate() -> None:
    """Placeholders in paths and code become the same names, and a template's suffix is looked through."""
    names = _names(
        {
            "{{cookiecutter.app}}/{{cookiecutter.app}}/__init__.py": "",
            "{{cookiecutter.app}}/{{cookiecutter.app}}/app.py": "def create_app():\n    pass\n",
            "{{cookiecutter.app}}/run.py": "from {{ cookiecutter.app }}.app import create_app\ncreate_app()\n",
            "template/{{name}}/src/core.py.jinja": "{% if a %}\nx = 1\n{% endif %}\ny = {{ value|int }}\n",
            "template/{{name}}/src/__init__.py.jinja": "from .core import x\n",
            "template/{{name}}/main.py.jinja": "from src import x\n",
        }
    )
    run = "{{cookiecutter.app}}/run.py"
    assert names.files[run].module.lost == ()
    assert [names.resolve(run, c.name).path for c in names.files[run].module.calls] == [
        "{{cookiecutter.app}}/{{cookiecutter.app}}/app.py"
    ]
    assert names.files["template/{{name}}/src/core.py.jinja"].top_level == {"x", "y"}
    assert names.resolve("template/{{name}}/main.py.jinja", "src.x") == Ref("template/{{name}}/src/core.py.jinja", "x")


@pytest.mark.parametrize(
    ("path", "name", "found"),
    [
        ("app/views.py", "app.db", Ref("app/extensions.py", "db")),
        ("app/views.py", "app.db.session.add", Ref("app/extensions.py", "db.session.add")),
        ("app/views.py", "app.models.User", Ref("app/models.py", "User")),
        ("app/views.py", "app.Member", Ref("app/models.py", "User")),
        ("app/views.py", "app.models", Ref("app/models.py", "")),
        ("app/views.py", "local", Ref("app/views.py", "local")),
        ("app/views.py", "flask.Flask", Ref("", "flask.Flask")),
        ("app/views.py", "app.Flask", Ref("", "flask.Flask")),
        ("app/views.py", "app.everything.User", Ref("app/models.py", "User")),
        ("app/views.py", "nowhere.at.all", Ref("", "nowhere.at.all")),
        ("app/models.py", ".extensions.db.Model", Ref("app/extensions.py", "db.Model")),
    ],
)
def test_names_are_followed_to_their_definition(path: str, name: str, found: Ref) -> None:
    """Re-exports, aliases, submodules and star imports lead to the file that defines it, or out of the project."""
    names = _names(
        {
            "app/__init__.py": "from flask import Flask\nfrom .extensions import db\n"
            "from .models import User as Member\n",
            "app/extensions.py": "from flask_sqlalchemy import SQLAlchemy\ndb = SQLAlchemy()\n",
            "app/models.py": "from .extensions import db\nclass User(db.Model):\n    pass\n",
            "app/everything.py": "from app.extensions import *\nfrom app.models import *\n",
            "app/views.py": "import app\nimport app.everything\ndef local():\n    pass\n",
        }
    )
    assert names.resolve(path, name) == found


def test_a_package_may_name_an_object_like_its_module() -> None:
    """After ``from .users import users`` in the package, ``package.users`` is the object and not the module."""
    files = {
        "app/__init__.py": "from .users import users\n",
        "app/users.py": "users = make()\n",
        "wsgi.py": "from app import users\nusers.go()\n",
    }
    assert _names(files).resolve("wsgi.py", "app.users.go") == Ref("app/users.py", "users.go")


@pytest.mark.parametrize(
    "files",
    [
        {"a.py": "from b import x\n", "b.py": "from a import x\n"},
        {"a.py": "from b import *\n", "b.py": "from a import *\n"},
        {"a.py": "from a import x\n", "b.py": ""},
        {f"{c}.py": "".join(f"from {d} import *\n" for d in "abcdefgh") for c in "abcdefgh"},
    ],
)
def test_circles_of_imports_end(files: Mapping[str, str]) -> None:
    """A name that files pass around in a circle leads somewhere, soon."""
    ref = _names(files).resolve("a.py", "b.x")
    assert ref.external or ref.path in files


def test_star_imports_bring_what_a_module_imports() -> None:
    """The star of a module that itself imports a name brings that name along."""
    files = {
        "a.py": "from b import *\n",
        "b.py": "from c import *\n",
        "c.py": "from flask import Flask\n",
        "d.py": "import a\n",
    }
    assert _names(files).resolve("d.py", "a.Flask") == Ref("", "flask.Flask")


def test_star_imports_bring_names_to_the_file_itself() -> None:
    """A name that only ``import *`` can have brought is followed there, through what that module imports too."""
    names = _names({"a.py": "from b import *\nuse(Model)", "b.py": "from c import Model", "c.py": "class Model: ..."})
    assert names.resolve("a.py", "Model") == Ref("c.py", "Model")
    assert names.resolve("a.py", "Other").external


SERVER = """
class Base:
    def stop(self):
        pass


class Server(Base):
    def start(self):
        self.stop()
        self.missing()

    @classmethod
    def default(cls):
        return cls()


def make():
    return Server()


server = Server()
"""


@pytest.mark.parametrize(
    ("path", "scope", "name", "found"),
    [
        ("server.py", 0, "make", Ref("server.py", "make")),
        ("server.py", 0, "server.start", Ref("server.py", "Server.start")),
        ("server.py", 4, "self.stop", Ref("server.py", "Base.stop")),
        ("server.py", 4, "self.missing", None),
        ("run.py", 0, "server.Server().start", Ref("server.py", "Server.start")),
        ("run.py", 0, "server.Server.default().start", None),
        ("run.py", 0, "server.server.stop", Ref("server.py", "Base.stop")),
        ("run.py", 0, "mine.start", Ref("server.py", "Server.start")),
        ("run.py", 1, "mine.start", Ref("server.py", "Server.start")),
        ("run.py", 1, "other.start", None),
        ("run.py", 0, "flask.Flask", None),
        ("run.py", 0, "()", None),
    ],
)
def test_calls_lead_to_functions_and_methods(path: str, scope: int, name: str, found: Ref | None) -> None:
    """By name, on a new object, on one that a variable holds, through a base class, and on ``self``."""
    run = "import server\nmine = server.Server()\n\n\ndef main(other):\n    mine.start()\n"
    names = _names({"server.py": SERVER, "run.py": run})
    assert callee(names, names.files[path], scope, name) == found


NESTED = """a()


def f():
    b()

    def g():
        c()
        x = 1
        raise E

    d()


class K:
    e()
"""


def test_scopes_are_numbered_like_definitions() -> None:
    """What stands in a scope, or in one nested in it, is found by the scope's number."""
    file = _names({"m.py": NESTED}).files["m.py"]
    assert [[c.name for c in file.calls_in(s)] for s in range(4)] == [list("abcde"), list("bcd"), ["c"], ["e"]]
    assert [a.target for a in file.assigns_in(1)] == ["x"]
    assert [r.name for r in file.raises_in(3)] == []
    assert [_name(file.function_of(s)) for s in range(4)] == ["", "f", "f.g", ""]
    assert [_name(file.outermost(s)) for s in range(4)] == ["", "f", "f", "K"]
    assert [_name(file.function_at(line)) for line in (1, 5, 8, 12, 16)] == ["", "f", "f.g", "f", ""]
    assert (file.inside(2, 1), file.inside(3, 1), file.inside(3, 0)) == (True, False, True)


def _name(definition: Any) -> str:
    return definition.qualname if definition is not None else ""


@pytest.mark.parametrize(
    ("path", "role"),
    [
        ("app/views.py", Role.APP),
        ("tests/conftest.py", Role.TEST),
        ("app/test_views.py", Role.TEST),
        ("app/views_test.py", Role.TEST),
        ("app/mocks/gateway.py", Role.TEST),
        ("app/testing.py", Role.APP),
        ("app/contest.py", Role.APP),
        ("migrations/versions/0001_users.py", Role.MIGRATION),
        ("alembic/env.py", Role.APP),
        ("shop/migrations/059fd6da96ee_cleanup_access.py", Role.MIGRATION),
        ("shop/migrations/201503222157_514ca0a3282c_messages.py", Role.MIGRATION),
        ("shop/business_model_migrations/versions/0a1b2c3d4e5f_.py", Role.MIGRATION),
        ("shop/migrations/env.py", Role.APP),
        ("shop/migrations/decade_facade.py", Role.APP),
        ("examples/app.py", Role.EXAMPLE),
        ("docs/conf.py", Role.EXAMPLE),
        ("vendor/flask/app.py", Role.VENDORED),
        ("venv/lib/python3/site-packages/x.py", Role.VENDORED),
        ("api/orders_pb2.py", Role.GENERATED),
    ],
)
def test_paths_play_parts(path: str, role: Role) -> None:
    """What a file is for is told by its path: only the application's own code is credited."""
    assert role_of(path) is role


def test_generated_files_say_so() -> None:
    """A file that calls itself generated is, wherever it lies; a vendored one stays vendored."""
    assert role_of("app/client.py", generated=True) is Role.GENERATED
    assert role_of("vendor/client.py", generated=True) is Role.VENDORED
    assert role_of("migrations/versions/1_users.py", generated=True) is Role.MIGRATION, (
        "begun by a tool, kept by people"
    )
    assert role_of("shop/migrations/059fd6da96ee_users.py", generated=True) is Role.MIGRATION
