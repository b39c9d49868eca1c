"""What can run: entry points, what they import and load by name, and the functions that something refers to."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.projects import project

APP = "from flask import Flask\n\napp = Flask(__name__)\n"


def _live(files: Mapping[str, str], path: str, name: str) -> bool:
    shop = project(files)
    return shop.reach.live(path, shop.python[path].scopes[name])


@pytest.mark.parametrize(
    "files",
    [
        {"wsgi.py": "import lib\n"},
        {"manage.py": "import lib\n"},
        {"odd_name.py": "import lib\nif __name__ == '__main__':\n    lib.go()\n"},
        {"odd_name.py": f"import lib\n{APP}"},
        {"tests/test_lib.py": "import lib\n"},
        {"Procfile": "web: gunicorn lib:app\n"},
        {"Dockerfile": 'FROM python:3\nCMD ["python", "lib.py"]\n'},
        {"docker-compose.yml": "services:\n  web:\n    command: python -m lib.main\n"},
        {"setup.cfg": "[options.entry_points]\nconsole_scripts =\n    tool = lib:main\n"},
        {"pyproject.toml": '[project.scripts]\ntool = "lib:main"\n'},
        {"main.py": "NAMES = ['lib.go']\n"},
        {"main.py": "import importlib\nimportlib.import_module(name())\n"},
        {"main.py": "def late():\n    import lib\n"},
        {"main.py": "import pkg\n", "pkg/__init__.py": "from importlib import import_module\nimport_module('lib')\n"},
        {"run.sh": "#!/bin/sh\npython lib.py\n"},
    ],
    ids=lambda files: next(iter(files.items()))[0] + " " + next(iter(files.values()))[:20].replace("\n", " "),
)
def test_modules_that_something_runs(files: Mapping[str, str]) -> None:
    """Entry points by name, by content, by command and by configuration; loading by name counts as importing."""
    assert "lib.py" in project({**files, "lib.py": "def go():\n    pass\n"}).reach.modules


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"other.py": "import lib\n"},
        {"main.py": "# import lib\n"},
        {"main.py": "TEXT = 'import lib'\n"},
        {"main.py": "if False:\n    import lib\n"},
        {"main.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import lib\n"},
        {"README.md": "Run `python lib.py`.\n"},
        {"sub/main.py": "import importlib\nimportlib.import_module(name())\n"},
    ],
    ids=lambda files: next(iter(files.items()), ("nothing", ""))[0],
)
def test_modules_that_nothing_runs(files: Mapping[str, str]) -> None:
    """A module that only prose, dead code or another unused module names cannot run."""
    assert "lib.py" not in project({**files, "lib.py": "def go():\n    pass\n"}).reach.modules


CODE = """
from functools import lru_cache

import lib


def called():
    return inner()


def inner():
    pass


def unused():
    only_from_unused()


def only_from_unused():
    pass


def passed_on():
    pass


@lru_cache
def cached_and_unused():
    pass


@lib.register
def registered():
    pass


def made():
    def nested():
        pass

    return nested


class Used:
    def method(self):
        helper_of_method()


class Unused:
    def method_of_unused(self):
        pass


def helper_of_method():
    pass


def by_attribute():
    pass


called()
Used()
lib.run(passed_on)
made()
lib.thing.by_attribute()
"""


@pytest.mark.parametrize(
    ("name", "live"),
    [
        ("called", True),
        ("inner", True),
        ("unused", False),
        ("only_from_unused", False),
        ("passed_on", True),
        ("cached_and_unused", False),
        ("registered", True),
        ("made", True),
        ("made.nested", True),
        ("Used", True),
        ("Used.method", True),
        ("helper_of_method", True),
        ("Unused", False),
        ("Unused.method_of_unused", False),
        ("by_attribute", True),
    ],
)
def test_functions_that_something_refers_to(name: str, live: bool) -> None:
    """Called, passed on, registered by a decorator, nested, of a class in use; what cannot be told counts as live."""
    assert _live({"main.py": CODE}, "main.py", name) is live


def test_references_cross_files() -> None:
    """A function that another module imports and calls is live, and what it calls in turn."""
    files = {
        "main.py": "from lib import go\ngo()\n",
        "lib.py": "import deep\ndef go():\n    deep.down()\ndef rest():\n    pass\n",
        "deep.py": "def down():\n    pass\ndef up():\n    pass\n",
        "attic.py": "import deep\ndeep.up()\n",
    }
    assert [_live(files, "lib.py", n) for n in ("go", "rest")] == [True, False]
    assert [_live(files, "deep.py", n) for n in ("down", "up")] == [True, False]


def test_module_level_is_live_with_its_module() -> None:
    """Scope 0 runs when the module is loaded, and not at all when nothing loads it."""
    shop = project({"main.py": "import lib\n", "lib.py": "", "attic.py": ""})
    assert [shop.reach.live(p) for p in ("main.py", "lib.py", "attic.py", "nowhere.py")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.no_cover
def test_many_functions_of_one_name_stay_cheap() -> None:
    """Three thousand methods called alike, each called by the others, are a graph of some thousand edges."""
    classes = "".join(f"class C{i}:\n    def x(self):\n        self.other.x()\n" for i in range(3000))
    shop = project({"main.py": classes + "C0().x()\n"})
    assert shop.reach.live("main.py", shop.python["main.py"].scopes["C2999.x"])
    assert shop.reach.calls.number_of_edges() < 20_000
