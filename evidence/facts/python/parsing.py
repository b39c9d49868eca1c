"""The syntax tree of a Python file, or of the file that a template of one becomes."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from evidence.facts.placeholders import filled, has_placeholders
from evidence.facts.python.repair import parse
from evidence.facts.records import Lost


def parsed(content: bytes) -> tuple[ast.Module | None, tuple[Lost, ...]]:
    """The tree and what is lost. Where something is lost, placeholders of the file are filled in if that helps."""
    tree, lost = parse(content)
    if lost and has_placeholders(content):
        code = filled(content.decode("utf-8", "surrogateescape")).encode("utf-8", "surrogateescape")
        other, still = parse(code)
        if _lines(still) < _lines(lost):
            return other, still
    return tree, lost


def _lines(lost: Iterable[Lost]) -> int:
    return sum(item.end - item.start + 1 for item in lost)
