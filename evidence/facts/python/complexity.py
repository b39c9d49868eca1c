"""Cyclomatic complexity by radon's visitor, for the functions where a rule may ask for it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from functools import cache
from typing import Any

from evidence.facts.python.nodes import add_children
from evidence.facts.python.scopes import Function

_WEB = ("flask", "connexion")
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "dispatch_request"})
# Nothing to count here or below; what is defined within a function is counted, but not in the function.
_STILL = frozenset(
    {ast.Name, ast.Constant, ast.Load, ast.Store, ast.Del, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef}
)
# Nothing to count here, perhaps below.
_PASSED = frozenset(
    {ast.Assign, ast.Attribute, ast.AugAssign, ast.Call, ast.Compare, ast.Dict, ast.Expr, ast.FormattedValue}
    | {ast.JoinedStr, ast.List, ast.Raise, ast.Return, ast.Subscript, ast.Tuple, ast.UnaryOp, ast.keyword}
)


def complexities(functions: Iterable[tuple[Function, bool]], imported: Iterable[str]) -> dict[int, int]:
    """radon's count by ``id`` of the function node, for these functions (each with whether it is a method).

    A module that imports from Flask, connexion or their kin (``imported`` are dotted names) is measured whole;
    elsewhere only decorated functions (other than pytest's) and methods named like HTTP methods are: radon costs half
    as much as the parse itself. Test functions and fixtures are never asked about.
    """
    web = any(word in name for name in imported for word in _WEB)
    return {id(node): _count(node) for node, in_class in functions if _asked(node, in_class, web)}


def _asked(node: Function, in_class: bool, web: bool) -> bool:
    if node.name.startswith(("test", "setUp", "tearDown")) or any(_is_pytest(d) for d in node.decorator_list):
        return False
    return web or bool(node.decorator_list) or (in_class and node.name in _HTTP_METHODS)


def _is_pytest(decorator: ast.expr) -> bool:
    node: ast.AST = decorator
    for _ in range(8):
        if isinstance(node, ast.Call):
            node = node.func
        elif isinstance(node, ast.Attribute):
            node = node.value
    return isinstance(node, ast.Name) and node.id in ("pytest", "mock", "patch", "fixture", "freeze_time")


def _count(node: Function) -> int:
    visitor = _decisions()(off=False)
    try:
        for statement in node.body:
            visitor.visit(statement)
    except (RecursionError, AttributeError, TypeError):
        # radon recurses and knows the syntax of its day: past either, the count stays unknown rather than wrong
        return 0
    return 1 + int(visitor.complexity)


@cache
def _decisions() -> type[Any]:
    """radon's visitor, which is shown no node where it counts nothing: nine in ten."""
    from radon.visitors import ComplexityVisitor  # type: ignore[import-untyped]

    return type("Decisions", (ComplexityVisitor,), {"visit": _visit})


def _visit(visitor: Any, node: ast.AST) -> None:
    stack = [node]
    while stack:
        node = stack.pop()
        kind = type(node)
        if kind in _PASSED:
            add_children(node, stack)
        elif kind not in _STILL:
            getattr(visitor, f"visit_{kind.__name__}", visitor.generic_visit)(node)
