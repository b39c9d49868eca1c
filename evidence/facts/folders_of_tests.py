"""Folders of tests that are named after what they test: ``shop_test`` beside ``shop``, ``test_app``.

Such a name alone tells nothing (``flask_test`` is many a beginner's application), so the folder has to look like one:
most of its modules are tests by their own names, and none of the others makes an application or a part of one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate

from evidence.facts.python.records import Module
from evidence.facts.roles import Role, is_test_file, role_of
from evidence.patterns import regex

_NAMED = regex(r"tests?[_-][\w-]{1,80}|[\w-]{1,80}[_-]tests?")
_FEWEST = 3
_MAKES = frozenset({"flask.Flask", "flask.Blueprint", "quart.Quart", "quart.Blueprint", "apiflask.APIFlask"})


def folders_of_tests(modules: Mapping[str, Module]) -> frozenset[str]:
    """The folders, by their paths, whose every module serves tests."""
    inside: dict[str, list[str]] = {}
    for path in modules:
        for folder in _named(path):
            inside.setdefault(folder, []).append(path)
    return frozenset(folder for folder, paths in inside.items() if _holds_tests(paths, modules))


def below(path: str, folders: Iterable[str]) -> bool:
    """Whether a path lies in one of the folders."""
    return any(path.startswith(f"{folder}/") for folder in folders)


def _named(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    whole = accumulate(parts, lambda above, part: f"{above}/{part}")
    return (folder for folder, part in zip(whole, parts, strict=True) if _NAMED.fullmatch(part.lower()))


def _holds_tests(paths: list[str], modules: Mapping[str, Module]) -> bool:
    written = [p for p in paths if not p.endswith("/__init__.py")]
    others = [p for p in written if not is_test_file(p)]
    if len(written) - len(others) < max(_FEWEST, len(others)):
        return False
    return not any(_makes(modules[p]) for p in others if role_of(p) is Role.APP)


def _makes(module: Module) -> bool:
    return any(item.target in _MAKES for item in module.imports)
