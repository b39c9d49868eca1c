"""Cyclomatic complexity by radon's visitor, for the functions where a rule may ask for it."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from evidence.facts.python.scopes import Function, blocks

_WEB = ("flask", "connexion")
_HTTP_METHODS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "dispatch_request"})


def complexities(tree: ast.Module, imported: Iterable[str]) -> dict[int, int]:
    """radon's count by ``id`` of the function node.

    A module that imports from Flask, connexion or their kin (``imported`` are dotted names) is measured whole;
    elsewhere only decorated functions (other than pytest's) and methods named like HTTP methods are: radon costs more
    than the parse itself. Test functions and fixtures are never asked about.
    """
    web = any(word in name for name in imported for word in _WEB)
    counted: dict[int, int] = {}
    stack: list[tuple[ast.AST, bool]] = [(tree, False)]
    while stack:
        node, in_class = stack.pop()
        for child in blocks(node):
            if isinstance(child, Function):
                if _asked(child, in_class, web):
                    counted[id(child)] = _count(child)
                stack.append((child, False))
            else:
                stack.append((child, isinstance(child, ast.ClassDef)))
    return counted


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
    from radon.visitors import ComplexityVisitor  # type: ignore[import-untyped]

    visitor = ComplexityVisitor()
    try:
        visitor.visit(node)
    except (RecursionError, AttributeError, TypeError):
        # radon recurses and knows the syntax of its day: past either, the count stays unknown rather than wrong
        return 0
    return int(visitor.functions[0].complexity) if visitor.functions else 0
