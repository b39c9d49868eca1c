"""The house: what keeps the rooms liveable, held by tests and not by memory."""

from __future__ import annotations

import ast
import re
import statistics
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

# Sources are read here, none is run: there is nothing to measure.
pytestmark = pytest.mark.no_cover

ROOT = Path(__file__).parent.parent
PACKAGES = ("evidence", "detectors", "tests", "docs", "bench")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
SHIPPED = [path for path in MODULES if path.relative_to(ROOT).parts[0] in ("evidence", "detectors")]
TESTS = [path for path in MODULES if path.name.startswith("test_")]
# Names that say nothing of what is in the room.
NAMELESS = {"utils", "util", "helpers", "helper", "common", "manager", "managers", "misc"}
LONGEST_FILE = 300
LONGEST_TABLE = 500
# Where images usually keep an application.
CONTAINERS = ("/app", "/code", "/opt", "/srv", "/usr", "/var", "/workspace")
LONGEST_FUNCTION = 60
MEDIAN_FUNCTION = 12


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _functions(path: Path) -> list[ast.FunctionDef | ast.AsyncFunctionDef]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]


def _length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return (function.end_lineno or function.lineno) - function.lineno + 1


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    return [ROOT / name for name in listed.decode().split("\0") if name and (ROOT / name).is_file()]


def _possessive_groups(path: Path) -> list[str]:
    """Texts with a possessive quantifier behind a group, once escapes and sets of characters count as letters."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        text = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes) else ""
        text = text.decode("latin-1") if isinstance(text, bytes) else text
        bare = re.sub(r"\[[^\]]*\]", "x", re.sub(r"\\.", "x", text))
        found += re.findall(r"\)(?:[*+?]|\{[0-9]*,?[0-9]*\})\+", bare)
    return found


def test_patterns_mean_the_same_to_every_python() -> None:
    """Before 3.11.5 Python stops too early in a possessive group of alternatives (CPython's issue 106052)."""
    assert not {_name(path): found for path in SHIPPED if (found := _possessive_groups(path))}


def test_files_stay_short() -> None:
    """A module fits in the reader's head; tests with tables of examples may take more room."""
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in MODULES}
    shipped = set(SHIPPED)
    assert not {
        _name(path): length
        for path, length in lengths.items()
        if length > (LONGEST_FILE if path in shipped else LONGEST_TABLE)
    }


def test_functions_stay_short() -> None:
    """Functions are short in the middle, and none is long."""
    lengths = {f"{_name(path)}:{each.name}": _length(each) for path in SHIPPED for each in _functions(path)}
    long = {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION}
    assert not long
    assert statistics.median(lengths.values()) <= MEDIAN_FUNCTION


def test_modules_are_named_after_what_is_in_them() -> None:
    """No module is called by a word that fits any module."""
    assert not [_name(path) for path in MODULES if path.stem.strip("_") in NAMELESS]


def test_what_is_offered_is_explained() -> None:
    """Every public module that has code, and every public function and class at its top, has a docstring."""
    public = [path for path in SHIPPED if not path.stem.startswith("_") or path.stem == "__init__"]
    assert not {_name(path): found for path in public if (found := _unexplained(path))}


def _unexplained(path: Path) -> list[str]:
    """What is public at the top of a module, or the module itself, and has no docstring."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    offered = [node for node in tree.body if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    found = [node.name for node in offered if not node.name.startswith("_") and not ast.get_docstring(node)]
    return found if not tree.body or ast.get_docstring(tree) else ["the module", *found]


def test_tests_say_what_must_hold() -> None:
    """Every test has a docstring that is one sentence, and checks something."""
    tests = {
        f"{_name(path)}:{function.name}": function
        for path in TESTS
        for function in _functions(path)
        if function.name.startswith("test_")
    }
    assert {name.partition(":")[0] for name in tests} == {_name(path) for path in TESTS}
    assert not [name for name, test in tests.items() if not (ast.get_docstring(test) or "").rstrip().endswith(".")]
    assert not [name for name, test in tests.items() if not _checks_something(test)]


def _checks_something(test: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a test asserts, expects an exception, or hands over to a function that is named after checking."""
    for node in ast.walk(test):
        if isinstance(node, ast.Assert):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if called == "raises" or re.match(r"_?(assert|check|expect|validate)", called):
                return True
    return False


def test_test_files_have_names_of_their_own() -> None:
    """pytest imports test files by their bare name, so no two share one."""
    names = sorted(path.name for path in TESTS)
    assert not [one for one, other in pairwise(names) if one == other]


@pytest.mark.skipif(str(ROOT).startswith(CONTAINERS), reason="examples of Dockerfiles may name this very folder")
def test_nothing_names_the_machine_it_was_written_on() -> None:
    """No tracked text holds the path of the checkout."""
    place = f"{ROOT}/"
    assert not [_name(path) for path in _tracked() if place.encode() in path.read_bytes()]


def test_locks_are_pinned_by_hash_and_name_no_registry() -> None:
    """Each locked requirement is one version with hashes, and no line says where it was found."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        requirements = re.split(r"\n(?=\S)", text.strip())
        assert len(requirements) > 10
        assert not [
            each
            for each in requirements
            if not re.match(r"[a-z0-9-]+(\[[a-z0-9,-]+\])?==\S+ .*--hash=sha256:", each, re.DOTALL)
        ]


def test_every_dependency_is_locked() -> None:
    """What pyproject.toml asks for is in the lock that installs it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    for lock, wanted in (
        ("requirements.lock", [*project["project"]["dependencies"], *groups["build"]]),
        ("requirements-dev.lock", [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]),
    ):
        locked = set(
            re.findall(r"^([a-z0-9-]+)(?:\[[a-z0-9,-]+\])?==", (ROOT / lock).read_text(encoding="utf-8"), re.MULTILINE)
        )
        names = {
            re.split(r"[^A-Za-z0-9_.-]", each)[0].lower().replace("_", "-") for each in wanted if isinstance(each, str)
        }
        assert names <= locked


def test_the_architecture_holds() -> None:
    """Every import goes down the straight line, and detectors know the api alone (contracts in pyproject.toml)."""
    linter = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_contract_of_the_architecture_is_there() -> None:
    """Nobody takes a contract out unnoticed."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    assert {each["id"] for each in contracts} >= {
        "straight-line",
        "detectors-see-the-api",
        "detectors-alone",
        "core-names-no-detector",
    }
