"""The way from a node of a syntax tree to those below it, for walks with a stack of their own."""

from __future__ import annotations

import ast

_OPERATORS = frozenset({"ctx", "op", "ops"})
# The fields of a node in which more than an operator may stand, last one first; found when the first such node comes.
_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {}


def add_children(node: ast.AST, stack: list[ast.AST]) -> None:
    """Put what stands below a node on the stack, so that the first of it is taken first."""
    kind = type(node)
    fields = _FIELDS.get(kind)
    if fields is None:
        fields = _FIELDS[kind] = tuple(name for name in reversed(kind._fields) if name not in _OPERATORS)
    for name in fields:
        value = getattr(node, name, None)
        if type(value) is list:
            stack += [item for item in reversed(value) if isinstance(item, ast.AST)]
        elif isinstance(value, ast.AST):
            stack.append(value)
