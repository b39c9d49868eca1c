"""Regular expressions are compiled late: all of them can be, and once they are they do what ``re`` does."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import detectors
import evidence
from evidence.patterns import regex


def _modules(package: ModuleType) -> Iterator[str]:
    yield from (m.name for m in pkgutil.walk_packages(package.__path__, f"{package.__name__}."))


def _patterns(value: object) -> Iterator[re.Pattern[str]]:
    """The patterns in a module's constant, and in tables of them."""
    if type(value) is type(regex("")):
        yield value
    elif isinstance(value, dict):
        yield from (p for pair in value.items() for each in pair for p in _patterns(each))
    elif isinstance(value, tuple | list | frozenset | set):
        yield from (p for each in value for p in _patterns(each))


@pytest.mark.parametrize("name", sorted([*_modules(evidence), *_modules(detectors)]))
def test_every_pattern_of_a_module_can_be_compiled(name: str) -> None:
    """A slip in a pattern that no other test uses shows here, and not in a scan."""
    for value in vars(importlib.import_module(name)).values():
        for pattern in _patterns(value):
            assert pattern.groups >= 0, pattern


def test_a_pattern_does_what_re_does() -> None:
    """Flags, groups, attributes and bytes."""
    word = regex(r"(?P<first>[a-z])\w*", re.IGNORECASE)
    assert [m["first"] for m in word.finditer("Ada lovelace")] == ["A", "l"]
    assert word.sub("x", "Ada L") == "x x"
    assert (word.pattern, word.groups, bool(word.flags & re.IGNORECASE)) == (r"(?P<first>[a-z])\w*", 1, True)
    assert regex(rb"\d").search(b"a1") is not None
    assert word.fullmatch("Ada") is not None and word.fullmatch("1") is None


def test_a_slip_shows_at_the_first_use() -> None:
    """That is when a pattern is compiled."""
    slip = regex("(")
    with pytest.raises(re.error):
        slip.search("text")


def test_nothing_is_compiled_while_it_is_imported() -> None:
    """What ``re.compile`` is given in a module's own statements would be paid for by every scan."""
    root = Path(evidence.__file__).parents[1]
    files = [f for name in ("evidence", "detectors") for f in sorted((root / name).rglob("*.py"))]
    found = [
        f"{file.relative_to(root)}:{line}" for file in files for line in _compiled_early(ast.parse(file.read_text()))
    ]
    assert found == []


def _compiled_early(node: ast.AST) -> Iterator[int]:
    """Lines of calls of ``re.compile`` outside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Call) and ast.unparse(child.func) == "re.compile":
            yield child.lineno
        if not isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from _compiled_early(child)
