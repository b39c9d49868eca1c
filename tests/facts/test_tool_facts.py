"""Which tools a repository configures, and which commands its files would run."""

from __future__ import annotations

import pytest

from evidence.facts.project import Project
from evidence.facts.shell.tool_uses import measures_coverage
from evidence.testkit import Case, project_of


def _project(files: dict[str, str]) -> Project:
    return project_of(Case("Tools", files, (), ()))


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("pyproject.toml", "[tool.ruff]\nline-length = 100\n", [("ruff", 1)]),
        ("pyproject.toml", "[tool.ruff.lint]\nselect = []\n", [("ruff", 1)]),
        ("pyproject.toml", "[tool.basedpyright]\nstrict = []\n", [("pyright", 1)]),
        ("pyproject.toml", "[project]\nname = 'x'\n[tool.poetry]\nname = 'x'\n", []),
        ("setup.cfg", "[metadata]\nname = x\n[flake8]\nmax-line-length = 80\n", [("flake8", 3)]),
        (
            "setup.cfg",
            "[coverage:report]\nfail_under = 3\n[tool:pytest]\naddopts = -q\n",
            [("coverage", 1), ("pytest", 3)],
        ),
        ("setup.cfg", "[mypy-requests.*]\nignore_missing_imports = true\n", [("mypy", 1)]),
        ("tox.ini", "[testenv]\ncommands = pytest\n[pep8]\nignore = E1\n", [("pycodestyle", 3)]),
        (".flake8", "[flake8]\nmax-line-length = 80\n", [("flake8", 1)]),
        ("api/ruff.toml", "line-length = 80\n", [("ruff", 1)]),
        (".coveragerc", "[run]\nbranch = true\n", [("coverage", 1)]),
        ("mypy.ini", "[other]\nx = 1\n", []),
        ("{{name}}/pyproject.toml.jinja", "[tool.black]\nline-length = 80\n", [("black", 1)]),
        ("vendor/x/setup.cfg", "[flake8]\nmax-line-length = 80\n", []),
        ("notes.toml", "[tool.ruff]\nline-length = 100\n", []),
    ],
)
def test_configurations_are_found_where_tools_read_them(path: str, text: str, found: list[tuple[str, int]]) -> None:
    """A table counts in the files its tool reads, of the project's own, and nowhere else."""
    assert [(c.tool, c.start) for c in _project({path: text}).tool_configs] == found


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("Makefile", "lint:\n\tflake8 shop\n", [("flake8", "lint", 2)]),
        ("Makefile", "test:\n\tpoetry run pytest -q && echo done\n", [("pytest", "test", 2)]),
        ("tox.ini", "[testenv:types]\ncommands =\n    mypy shop\n", [("mypy", "types", 3)]),
        ("noxfile.py", "def lint(session):\n    session.run('ruff', 'check')\n", [("ruff", "lint", 2)]),
        ("tasks.py", "def lint(c):\n    c.run('black --check .')\n", [("black", "lint", 2)]),
        ("shop/cli.py", "import subprocess\n\nsubprocess.call(['pylint', 'shop'])\n", [("pylint", "", 3)]),
        ("shop/cli.py", "import os\n\n\ndef f():\n    x = 'isort -c .'\n    os.system(x)\n", [("isort", "f", 6)]),
        ("shop/cli.py", "import pytest\n\npytest.main(['-q'])\n", [("pytest", "", 3)]),
        ("shop/cli.py", "def run(c):\n    c.run('black .')\n", []),
        ("scripts/ci.sh", "#!/bin/sh\nset -e\nmypy shop || true\n", [("mypy", "", 3)]),
        (".pre-commit-config.yaml", "repos:\n  - repo: x\n    hooks:\n      - id: black\n", [("black", "hook", 4)]),
        ("vendor/x/Makefile", "lint:\n\tflake8 shop\n", []),
    ],
)
def test_uses_are_the_commands_that_files_run(path: str, text: str, found: list[tuple[str, str, int]]) -> None:
    """Every command file is read, wrappers are looked through, and vendored files are not the project's."""
    uses = [u for u in _project({path: text}).tool_uses if u.kinds]
    assert [(u.tool, u.section, u.start) for u in uses] == found


def test_a_lost_failure_is_named() -> None:
    """A command whose failure nobody would notice says so."""
    (use,) = [u for u in _project({"ci.sh": "#!/bin/sh\nflake8 || true\n"}).tool_uses if u.kinds]
    assert use.muted


@pytest.mark.parametrize(
    ("command", "measures"),
    [
        ("coverage run -m pytest", True),
        ("python -m coverage run manage.py test", True),
        ("pytest --cov", True),
        ("pytest --cov=shop tests", True),
        ("nosetests --with-coverage", True),
        ("coverage report", False),
        ("jest --coverage", False),
        ("pytest tests/coverage", False),
    ],
)
def test_measuring_is_told_from_reporting(command: str, measures: bool) -> None:
    """Coverage is measured by running tests under it; a report, or another language's flag, measures nothing."""
    assert measures_coverage(tuple(command.split())) is measures
