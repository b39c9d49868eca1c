"""Shell text as simple commands, and which failures it hides."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.facts.shell.lines import runs, split


def _words(script: str) -> list[str]:
    return [command.text for command in split(script)]


@pytest.mark.parametrize(
    ("script", "expected"),
    [
        ("pytest -k 'a or b' > log 2>&1", ["pytest -k a or b"]),
        ("A=1 B=2 pytest", ["pytest"]),
        ("cd app && (pip install . ; pytest)", ["cd app", "pip install .", "pytest"]),
        ("if [ -f x ]; then\n  pytest\nelse\n  tox\nfi", ["[ -f x ]", "pytest", "tox"]),
        ("for f in a b; do flake8 $f; done", ["flake8 $f"]),
        ("cat <<EOF > setup.cfg\npytest || true\nEOF\nmypy .", ["cat", "mypy ."]),
        ("# pytest\nblack --check . # ruff", ["black --check ."]),
        ("ruff check ${{ inputs.dir || 'src' }}", ["ruff check ${{ inputs.dir || 'src' }}"]),
        ("pylint $(git ls-files '*.py' | head)", ["pylint $(git ls-files '*.py' | head)"]),
        ('bash -c "pytest && mypy"', ["bash -c pytest && mypy"]),
    ],
)
def test_names_the_commands(script: str, expected: list[str]) -> None:
    """Quotes, groups, keywords, here-documents and comments leave exactly the commands that run."""
    assert _words(script) == expected


def test_keeps_assignments_beside_the_command() -> None:
    """Assignments in front of a command are kept apart from its words."""
    (command,) = split("TOXENV=lint CI= tox run")
    assert command.words == ("tox", "run")
    assert command.assigned == ("TOXENV=lint", "CI=")


def test_counts_lines_through_continuations() -> None:
    """A command spans its continuation lines, and later commands keep their own lines."""
    first, second = split("pytest \\\n  -x \\\n  tests\nmypy", first_line=10)
    assert (first.start, first.end) == (10, 12)
    assert second.start == 13


@pytest.mark.parametrize(
    "script",
    [
        "pytest || true",
        "pytest || :",
        "pytest || echo failed",
        "pytest || exit 0",
        "pytest || { echo failed; }",
        "pytest && mypy || true",
        "(pytest; mypy) || true",
        "pytest ; true",
        "pytest | tee log",
        "set +e\npytest\necho done",
        "pytest\nexit 0",
        "pytest &\necho started",
        "if pytest; then echo ok; fi",
        "! pytest",
    ],
)
def test_sees_failures_that_are_swallowed(script: str) -> None:
    """What follows or surrounds a command can make its failure invisible."""
    command = next(c for c in split(script) if c.words[0] == "pytest")
    assert command.swallowed


@pytest.mark.parametrize(
    "script",
    [
        "pytest",
        "pytest && exit 0",
        "pytest || exit 1",
        "pytest || { echo failed; exit 1; }",
        "pytest || (echo failed && false)",
        "set -o pipefail\npytest | tee log",
        "set +e\npytest\nCODE=$?\ndown\nexit $CODE",
        "set +e\nmkdir x\nset -e\npytest",
        "if ! pytest; then\n  exit 1\nfi",
        "pytest || CODE=$?\ncleanup\nexit $CODE",
        "test -d venv && source venv/bin/activate || true\npytest",
        "echo start; pytest",
    ],
)
def test_keeps_failures_that_count(script: str) -> None:
    """A failure that is handed on, now or at the end, is not swallowed."""
    command = next(c for c in split(script) if c.words[0] == "pytest")
    assert command.swallowed == ""


def test_pipefail_of_the_shell_counts() -> None:
    """A shell that was started with pipefail notices the failure of an earlier part of a pipe."""
    assert split("pytest | tee log", pipefail=True)[0].swallowed == ""


def test_tells_functions_and_arms() -> None:
    """Commands know their function and their case arm; only the arm of the argument runs."""
    script = 'tests() {\n  pytest\n}\ncase "$1" in\n  lint)\n    flake8\n    ;;\n  unit | tests) tests ;;\nesac'
    commands = split(script)
    assert [(c.text, c.function, c.arm) for c in commands] == [
        ("pytest", "tests", ""),
        ("flake8", "", "lint"),
        ("tests", "", "unit | tests"),
    ]
    assert [c.text for c in runs(commands, ("unit",))] == ["pytest", "tests"]


@pytest.mark.no_cover
@pytest.mark.parametrize(
    "piece", ["(", "{ ", "a||", "a|", "'", "$(", "`", "<<a ", "case x in ", "{{", "a;", "if ", "\\"]
)
def test_is_linear_on_hostile_text(piece: str) -> None:
    """A quarter of a megabyte of any opening takes seconds; a quadratic reading, minutes."""
    before = time.process_time()
    split(piece * (262_144 // len(piece)))
    assert time.process_time() - before < 30


@given(st.text(alphabet="ab |&;()<>{}'\"`$\\\n#!=", max_size=200))
def test_never_fails_and_stays_within_the_text(script: str) -> None:
    """Any text gives commands whose lines lie within it."""
    last = script.count("\n") + 1
    for command in split(script):
        assert 1 <= command.start <= command.end <= last
