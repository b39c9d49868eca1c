"""Walks expressions: the calls, references and dotted strings in them, with a stack of our own."""

from __future__ import annotations

import ast
from typing import Any

from evidence.facts.python.checking import call_checks
from evidence.facts.python.expressions import is_format
from evidence.facts.python.nodes import add_children
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.python.scopes import Scope
from evidence.facts.secrets.masking import mask
from evidence.patterns import regex

_DOTTED_PATH = regex(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,8}(?::[A-Za-z_][\w.]{0,60}(?:\(\))?)?")
_MAX_STRING = 120
_MAX_STRINGS = 500
_CHECKING_CONTEXTS = frozenset(
    {"raises", "assertRaises", "assertRaisesRegex", "warns", "pytest.raises", "pytest.warns"}
)


class Expressions:
    """What the expressions of a module hold, in the order they are walked."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.assigns: list[Assign] = []
        self.strings: dict[str, int] = {}

    def iterate(self, target: ast.expr, iterable: ast.expr, line: int, scope: Scope) -> None:
        """``for x in (a, b)`` is kept as an assignment of the operation ``for`` to ``x``; of ``for x, y in pairs`` each
        name carries its position as the second operand."""
        over = scope.reader.read(iterable, 2)
        pairs = isinstance(target, ast.Tuple | ast.List)
        for position, name in enumerate(target.elts if isinstance(target, ast.Tuple | ast.List) else [target]):
            if isinstance(name, ast.Name):
                value = Expr("op", "for", (over, Expr("num", str(position))) if pairs else (over,))
                self.assigns.append(Assign(name.id, value, line, iterable.end_lineno or line, scope.index))

    def unpack(self, target: ast.Tuple | ast.List, value: ast.expr, scope: Scope) -> None:
        """``a, b = f(), 2`` gives each name its value; of ``a, b = pair`` each is given the operation ``item``."""
        parts = value.elts if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts) else None
        end = value.end_lineno or value.lineno
        for position, name in enumerate(target.elts):
            if isinstance(name, ast.Name) and parts is not None:
                given = scope.reader.read(parts[position], 1, name.id)
                self.assigns.append(Assign(name.id, given, target.lineno, end, scope.index))
            elif isinstance(name, ast.Name):
                given = Expr("op", "item", (scope.reader.read(value, 2), Expr("num", str(position))))
                self.assigns.append(Assign(name.id, given, target.lineno, end, scope.index))

    def reference(self, node: ast.expr, scope: Scope) -> None:
        """Names in an annotation count as references; its calls and strings do not."""
        for child in ast.walk(node):
            if isinstance(child, ast.Name):
                scope.refs.add(scope.names[child.id])

    def walk(self, root: ast.expr, scope: Scope, target: str = "") -> None:
        """Record the calls, references and dotted strings of an expression."""
        stack: list[ast.AST] = [root]
        while stack:
            node: Any = stack.pop()
            kind = type(node)
            if kind is ast.Constant:
                value = node.value
                if type(value) is str and "." in value:
                    self._string(value, node.lineno)
            elif kind is ast.Name:
                scope.refs.add(scope.names[node.id])
            elif kind is ast.Attribute or kind is ast.Subscript:
                self._chain(node, scope.reader.dotted(node), scope, stack)
            elif kind is ast.Call and not is_format(node):
                callee = self._record_call(node, scope, target)
                stack += [k.value for k in node.keywords[::-1]]
                stack += node.args[::-1]
                self._chain(node.func, callee, scope, stack)
            elif kind is ast.Await:
                stack.append(node.value)
                continue  # what is awaited stands in its place
            else:
                if kind is ast.Yield or kind is ast.YieldFrom:
                    scope.yields = True
                elif kind is ast.comprehension:
                    self.iterate(node.target, node.iter, node.iter.lineno, scope)
                add_children(node, stack)
            target = ""

    def _record_call(self, node: ast.Call, scope: Scope, role: str) -> str:
        """Keep a call; the dotted name of what is called."""
        expr = scope.reader.call(node)
        name = expr.text
        last = name.rpartition(".")[2]
        self.calls.append(Call(expr, node.lineno, node.end_lineno or node.lineno, scope.index, role, name, last))
        if (last.startswith("assert") and call_checks(node, last)) or last in _CHECKING_CONTEXTS:
            scope.asserts += 1
        return name

    def _chain(self, node: Any, name: str, scope: Scope, stack: list[ast.AST]) -> None:
        """A dotted chain is one reference; what hides inside it (call arguments, indices) is walked on its own."""
        if name:
            scope.refs.add(name)
        while True:
            kind = type(node)
            if kind is ast.Attribute:
                node = node.value
            elif kind is ast.Name:
                if not name:
                    scope.refs.add(scope.names[node.id])
                return
            elif kind is ast.Subscript:
                stack.append(node.slice)
                node = node.value
            else:
                stack.append(node)
                return

    def _string(self, value: str, line: int) -> None:
        if len(value) >= _MAX_STRING or len(self.strings) >= _MAX_STRINGS:
            return
        if _DOTTED_PATH.fullmatch(value) and mask(value) == value:
            self.strings.setdefault(value, line)
