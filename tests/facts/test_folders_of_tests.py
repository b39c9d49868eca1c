"""Folders of tests that are named after the application."""

from __future__ import annotations

import pytest

from evidence.facts.folders_of_tests import below, folders_of_tests
from evidence.facts.python.extract import extract_module

_TESTS = {f"{{0}}/unit/test_{n}.py": "def test_it():\n    assert 1\n" for n in ("a", "b", "c")}


def _folders(name: str, **others: str) -> frozenset[str]:
    files = {path.format(name): text for path, text in _TESTS.items()}
    files |= {f"{name}/{stem}.py": text for stem, text in others.items()}
    return folders_of_tests({path: extract_module(text.encode()) for path, text in files.items()})


@pytest.mark.parametrize("name", ["shop_test", "test_app", "app/test_app", "shop-tests"])
def test_a_folder_of_mostly_tests_serves_tests(name: str) -> None:
    """What stands beside the tests there (factories, bases of test cases) is no application code."""
    found = _folders(name, factories="class UserFactory:\n    pass\n")
    assert found == {name}
    assert below(f"{name}/factories.py", found)
    assert not below("shop/factories.py", found)


def test_an_application_called_a_test_stays_one() -> None:
    """``flask_test`` with an application in it is a beginner's project, however many tests it has."""
    assert _folders("flask_test", app="from flask import Flask\napp = Flask(__name__)\n") == frozenset()


def test_few_tests_make_no_folder_of_tests() -> None:
    """A part of the application that is named so (``ab_test``) has more other modules than tests."""
    parts = {f"part{n}": "x = 1\n" for n in range(4)}
    assert _folders("ab_test", **parts) == frozenset()
