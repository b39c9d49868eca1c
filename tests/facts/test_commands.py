"""Makefiles, scripts and their kin become command lines with sections and lines."""

from __future__ import annotations

import pytest

from evidence.facts.formats.ini_nodes import extract as read_ini
from evidence.facts.formats.json_nodes import extract as read_json
from evidence.facts.formats.toml_nodes import extract as read_toml
from evidence.facts.records import Commands, Node
from evidence.facts.shell.commands import extract_justfile, extract_makefile, extract_procfile, extract_shell
from evidence.facts.shell.declared_commands import commands_of

Row = tuple[str, str, int, int]


def rows(found: Commands | None) -> list[Row]:
    """Section, text, first and last line of each command line."""
    assert found is not None
    return [(c.section, c.text, c.start, c.end) for c in found.lines]


_MAKEFILE = b"""\
PY ?= python3
RUN := $(PY) -m
SRC = app
SRC += tests
.PHONY: test lint
all: test lint
test: | venv
\t@$(RUN) pytest \\
\t  $(SRC)
\t# a comment
\t-echo $$HOME $@ $(UNKNOWN)
ifdef CI
lint types:: venv ; ruff check
endif
\t$(MAKE) deep
deep: export VAR = 1
define BLOCK
no: rule
endef
"""


def test_makefile_recipes_and_needs() -> None:
    """Recipes keep their marks, known variables are substituted, and ``needs`` has every target in the file's order."""
    found = extract_makefile(_MAKEFILE)
    assert rows(found) == [
        ("test", "@python3 -m pytest app tests", 8, 9),
        ("test", "-echo $HOME test $(UNKNOWN)", 11, 11),
        ("lint", "ruff check", 13, 13),
        ("types", "ruff check", 13, 13),
        ("lint", "$(MAKE) deep", 15, 15),
        ("types", "$(MAKE) deep", 15, 15),
    ]
    assert list(found.needs) == [".PHONY", "all", "test", "lint", "types", "deep"]
    assert found.needs["all"] == ("test", "lint") and found.needs["test"] == ("venv",)
    assert found.needs["deep"] == ()
    assert found.variables["SRC"] == ("app tests", 3)


def test_makefile_that_defines_itself_is_left_alone() -> None:
    """A variable that grows without end is not substituted any further."""
    found = extract_makefile(b"A = $(A)$(A)\nx:\n\trun $(A)\n")
    assert len(found.lines) == 1 and len(found.lines[0].text) <= 4_096


_SCRIPT = b"""\
#!/bin/bash
set -euo pipefail
export FLASK_ENV=production
name="a b"
cat <<EOF | kubectl apply -f -
hidden: true
EOF
build() {
  # a comment
  docker build \\
    -t app .
  { nested; }
}
function check
{
    pytest
}
one() { ruff check; }
if [ "$1" = x ]; then build; fi
n=$((1<<2))
exec "$@"
"""


def test_shell_functions_heredocs_and_lines() -> None:
    """Functions are sections; here-documents, comments and function braces are no command lines."""
    found = extract_shell(_SCRIPT)
    assert rows(found) == [
        ("", "set -euo pipefail", 2, 2),
        ("", "export FLASK_ENV=production", 3, 3),
        ("", 'name="a b"', 4, 4),
        ("", "cat  | kubectl apply -f -", 5, 5),
        ("build", "docker build -t app .", 10, 11),
        ("build", "{ nested; }", 12, 12),
        ("check", "pytest", 16, 16),
        ("one", "ruff check", 18, 18),
        ("", 'if [ "$1" = x ]; then build; fi', 19, 19),
        ("", "n=$((1<<2))", 20, 20),
        ("", 'exec "$@"', 21, 21),
    ]
    assert found.variables["FLASK_ENV"] == ("production", 3)
    assert found.variables["name"] == ("a b", 4)


def test_procfile_processes() -> None:
    """Each process type is a section; other lines are lost."""
    found = extract_procfile(b"web: gunicorn app:app\n# c\nrelease: flask db \\\n  upgrade\n!\n")
    assert rows(found) == [("web", "gunicorn app:app", 1, 1), ("release", "flask db upgrade", 3, 4)]
    assert [lost.start for lost in found.lost] == [5]


def test_justfile_recipes() -> None:
    """Recipes have their dependencies, bodies their variables."""
    found = extract_justfile(
        b'set dotenv-load\npy := "python3"\n[group("x")]\n@test a="1" *args: lint (build "x") && after\n'
        b"    {{py}} -m pytest \\\n      {{args}}\nlint:\n    @ruff check\n"
    )
    assert rows(found) == [("test", "python3 -m pytest {{args}}", 5, 6), ("lint", "@ruff check", 8, 8)]
    assert found.needs == {"test": ("lint", "build", "after"), "lint": ()}
    assert found.variables == {"py": ("python3", 2)}


_TOX = b"""\
[testenv]
commands =
    pytest \\
      tests
    # c
    mypy .
[testenv:lint]
commands = ruff check
"""
_TASKS = b"""\
[tool.poe.tasks]
test = "pytest"
all = ["test", {cmd = "ruff check"}]
[tool.taskipy.tasks]
x = "y"
[tool.pdm.scripts]
p = {shell = "q"}
[tool.hatch.envs.dev.scripts]
h = ["a", "b"]
[tool.tox.env.t]
commands = [["pytest", "-q"]]
"""


@pytest.mark.parametrize(
    ("path", "root", "kind", "expected"),
    [
        (
            "tox.ini",
            read_ini(_TOX).root,
            "tox",
            [("testenv", "pytest tests", 3, 4), ("testenv", "mypy .", 6, 6), ("lint", "ruff check", 8, 8)],
        ),
        (
            "package.json",
            read_json(b'{"scripts": {\n"test": "jest",\n"build": "vite build"}}').root,
            "npm",
            [("test", "jest", 2, 2), ("build", "vite build", 3, 3)],
        ),
        (
            "pyproject.toml",
            read_toml(_TASKS).root,
            "tasks",
            [
                ("test", "pytest", 2, 2),
                ("all", "test", 3, 3),
                ("all", "ruff check", 3, 3),
                ("x", "y", 5, 5),
                ("p", "q", 7, 7),
                ("h", "a", 9, 9),
                ("h", "b", 9, 9),
                ("t", "pytest -q", 11, 11),
            ],
        ),
    ],
)
def test_declared_commands(path: str, root: Node, kind: str, expected: list[Row]) -> None:
    """tox environments, npm scripts and task tables are command lines with the lines they stand on."""
    found = commands_of(path, root)
    assert found is not None and found.kind == kind
    assert rows(found) == expected


def test_tox_depends_are_needs() -> None:
    """An environment that depends on others runs them first."""
    found = commands_of("tox.ini", read_ini(b"[testenv:a]\ndepends = b, c\ncommands = x\n").root)
    assert found is not None and found.needs == {"a": ("b", "c")}
