"""One parse and one walk of a Python file: its :class:`Module` facts.

Statements are walked recursively (Python itself bounds their nesting to 100 levels; ``elif`` chains are unrolled),
expressions with a stack of our own, so that hostile depth cannot exhaust the interpreter's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator

from evidence.facts.plain import is_generated
from evidence.facts.python.complexity import complexities
from evidence.facts.python.expressions import Reader
from evidence.facts.python.records import (
    Assign,
    Call,
    Check,
    Decorator,
    Definition,
    Expr,
    Handler,
    Import,
    Module,
    Raise,
)
from evidence.facts.python.repair import parse
from evidence.facts.python.scopes import Function, Names, bindings, import_targets, parameters
from evidence.facts.records import Lost

VERSION = "1"

_DOTTED_PATH = re.compile(r"[A-Za-z_]\w{0,60}(?:\.[A-Za-z_]\w{0,60}){1,8}(?::[A-Za-z_][\w.]{0,60}(?:\(\))?)?")
_CREATE_DATE = re.compile(r"\bCreate Date: {0,4}(\d{4}-\d\d-\d\d)")
_MAX_STRINGS = 500
_MAX_RETURNS = 20
_LOGGERS = frozenset({"debug", "info", "warning", "warn", "error", "exception", "critical", "log", "print", "capture_exception"})
_CHECKING_CONTEXTS = frozenset({"raises", "assertRaises", "assertRaisesRegex", "warns", "pytest.raises", "pytest.warns"})


def extract_module(content: bytes) -> Module:
    """The facts of one file. Never raises: what cannot be read is in ``lost``."""
    tree, lost = parse(content)
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    if tree is None:
        return Module(lines, "", (), (), (), (), (), (), ((),), (), 0, lost=lost or (Lost(1, max(lines, 1), "python_syntax"),))
    walk = _Walk(tree)
    return walk.module(lines, is_generated(content[:2048]), lost)


class _Scope:
    """A scope while it is walked: its number, what its names resolve to, and what its function gathers."""

    __slots__ = ("asserts", "index", "names", "outer", "reader", "refs", "returns", "yields")

    def __init__(self, index: int, names: Names, outer: _Scope | None, skip_outer: bool) -> None:
        self.index = index
        self.names = names
        # a class body's names are not visible in its methods
        self.outer = outer.outer if outer is not None and skip_outer else outer
        self.refs: set[str] = set()
        self.returns: list[Expr] = []
        self.asserts = 0
        self.yields = False
        self.reader = Reader(self.resolve)

    def resolve(self, name: str) -> str:
        """What the first segment of a dotted name stands for here."""
        scope: _Scope | None = self
        while scope is not None:
            target = scope.names.aliases.get(name)
            if target is not None:
                return target
            if name in scope.names.stores:
                return name
            scope = scope.outer
        return name


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.bound = bindings(tree)
        self.imports: list[Import] = []
        self.definitions: list[Definition | None] = []
        self.calls: list[Call] = []
        self.assigns: list[Assign] = []
        self.raises: list[Raise] = []
        self.handlers: list[Handler] = []
        self.checks: list[Check] = []
        self.refs: list[tuple[str, ...]] = [()]
        self.strings: dict[str, int] = {}
        self.dead: list[tuple[int, int]] = []
        self.annotated = 0
        self.main = 0
        self.complexity = complexities(tree, any("flask" in a for a in self.bound[id(tree)].aliases.values()))

    def module(self, lines: int, generated: bool, lost: tuple[Lost, ...]) -> Module:
        scope = _Scope(0, self.bound[id(self.tree)], None, False)
        self._block(self.tree.body, scope, "")
        self.refs[0] = tuple(sorted(scope.refs))
        return Module(
            lines=lines,
            docstring=_first_line(ast.get_docstring(self.tree, clean=False)),
            imports=tuple(self.imports),
            definitions=tuple(d for d in self.definitions if d is not None),
            calls=tuple(self.calls),
            assigns=tuple(self.assigns),
            raises=tuple(self.raises),
            handlers=tuple(self.handlers),
            refs=tuple(self.refs),
            strings=tuple(self.strings.items()),
            annotations=self.annotated,
            checks=tuple(self.checks),
            main=self.main,
            dead=tuple(self.dead),
            generated=generated,
            lost=lost,
            created=_created(ast.get_docstring(self.tree, clean=False)),
        )

    # ------------------------------------------------------------------------------------------ statements

    def _block(self, body: list[ast.stmt], scope: _Scope, owner: str) -> None:
        for position, node in enumerate(body):
            method = _STATEMENTS.get(type(node))
            if method:
                method(self, node, scope, owner)
            else:
                self._plain(node, scope, owner)
            if isinstance(node, ast.Return | ast.Raise | ast.Continue | ast.Break) and position + 1 < len(body):
                self._bury(body[position + 1 :])
                return

    def _bury(self, body: list[ast.stmt]) -> None:
        if body:
            self.dead.append((body[0].lineno, body[-1].end_lineno or body[-1].lineno))

    def _plain(self, node: ast.stmt, scope: _Scope, owner: str) -> None:
        """A statement without a rule of its own: its expressions, then its blocks."""
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, ast.expr):
                self._expression(value, scope)
            elif isinstance(value, list) and value:
                if isinstance(value[0], ast.stmt):
                    self._block(value, scope, owner)
                elif isinstance(value[0], ast.expr):
                    for item in value:
                        self._expression(item, scope)
                elif isinstance(value[0], ast.match_case):
                    for case in value:
                        self._block(case.body, scope, owner)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: _Scope, _owner: str, typing: bool = False) -> None:
        for target, alias, module in import_targets(node):
            self.imports.append(Import(target, alias, module, node.lineno, scope.index, typing))

    def _if(self, node: ast.If, scope: _Scope, owner: str) -> None:
        branch: ast.If | None = node
        while branch is not None:
            verdict = _constant_test(branch.test)
            if verdict == "main" and scope.index == 0:
                self.main = branch.lineno
            self._expression(branch.test, scope)
            if verdict in ("never", "typing"):
                self._bury(branch.body)
                for statement in branch.body if verdict == "typing" else ():
                    if isinstance(statement, ast.Import | ast.ImportFrom):
                        self._import(statement, scope, owner, typing=True)
            else:
                self._block(branch.body, scope, owner)
            rest = branch.orelse
            if verdict == "always":
                self._bury(rest)
                return
            branch = rest[0] if len(rest) == 1 and isinstance(rest[0], ast.If) else None
            if branch is None:
                self._block(rest, scope, owner)

    def _while(self, node: ast.While, scope: _Scope, owner: str) -> None:
        if _constant_test(node.test) == "never":
            self._bury(node.body)
            return
        self._plain(node, scope, owner)

    def _for(self, node: ast.For | ast.AsyncFor, scope: _Scope, owner: str) -> None:
        self._iterate(node.target, node.iter, node.lineno, scope)
        self._plain(node, scope, owner)

    def _iterate(self, target: ast.expr, iterable: ast.expr, line: int, scope: _Scope) -> None:
        """``for x in (a, b)`` is kept as an assignment of the operation ``for`` to ``x``."""
        if isinstance(target, ast.Name):
            value = Expr("op", "for", (scope.reader.read(iterable, 2),))
            self.assigns.append(Assign(target.id, value, line, iterable.end_lineno or line, scope.index))

    def _with(self, node: ast.With | ast.AsyncWith, scope: _Scope, owner: str) -> None:
        for item in node.items:
            self._expression(item.context_expr, scope, "with")
            if isinstance(item.optional_vars, ast.Name) and isinstance(item.context_expr, ast.Call):
                value = scope.reader.read(item.context_expr)
                self.assigns.append(Assign(item.optional_vars.id, value, node.lineno, item.context_expr.end_lineno or 0, scope.index))
        self._block(node.body, scope, owner)

    def _try(self, node: ast.Try | ast.TryStar, scope: _Scope, owner: str) -> None:
        self._block(node.body, scope, owner)
        for handler in node.handlers:
            caught = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type] if handler.type else []
            names = tuple(scope.reader.dotted(c) for c in caught)
            end = handler.end_lineno or handler.lineno
            self.handlers.append(Handler(names, handler.lineno, end, scope.index, _handler_does(handler)))
            scope.refs.update(n for n in names if n)
            self._block(handler.body, scope, owner)
        self._block(node.orelse, scope, owner)
        self._block(node.finalbody, scope, owner)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: _Scope, _owner: str) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [scope.reader.dotted(t) for t in targets]
        if isinstance(node, ast.AnnAssign):
            self._reference(node.annotation, scope)
        if node.value is None:
            return
        first = next((n for n in names if n), "")
        self._expression(node.value, scope, first)
        for target in targets:
            if not isinstance(target, ast.Name):
                self._expression(target, scope)
        if isinstance(node.value, ast.Call) and not isinstance(node, ast.AugAssign) and len(names) == 1:
            return
        value = scope.reader.read(node.value, 0, _last(first))
        end = node.end_lineno or node.lineno
        augmented = isinstance(node, ast.AugAssign)
        self.assigns.extend(Assign(n, value, node.lineno, end, scope.index, augmented) for n in names if n)

    def _return(self, node: ast.Return, scope: _Scope, _owner: str) -> None:
        if node.value is not None:
            self._expression(node.value, scope, "return")
            if len(scope.returns) < _MAX_RETURNS:
                scope.returns.append(scope.reader.read(node.value, 3))

    def _raise(self, node: ast.Raise, scope: _Scope, _owner: str) -> None:
        exc = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        self.raises.append(Raise(scope.reader.dotted(exc) if exc else "", node.lineno, scope.index))
        if node.exc is not None:
            self._expression(node.exc, scope, "raise")

    def _assert(self, node: ast.Assert, scope: _Scope, _owner: str) -> None:
        if _checks(node.test):
            scope.asserts += 1
            self.checks.append(Check(scope.reader.read(node.test, 3), node.lineno, scope.index))
        self._expression(node.test, scope)

    def _function(self, node: Function, scope: _Scope, owner: str) -> None:
        index = self._open(scope)
        decorators = self._decorators(node, scope)
        for default in (*node.args.defaults, *(d for d in node.args.kw_defaults if d)):
            self._expression(default, scope)
        annotated = self._annotations(node, scope)
        inner = _Scope(index, self.bound[id(node)], scope, owner.startswith("class "))
        qualname = _join(owner, node.name)
        self._block(node.body, inner, qualname)
        self.refs[index] = tuple(sorted(inner.refs))
        docstring = _is_docstring(node.body)
        self.annotated += annotated
        self.definitions[index - 1] = Definition(
            kind="function",
            name=node.name,
            qualname=qualname,
            start=min([node.lineno, *(d.lineno for d in node.decorator_list)]),
            line=node.lineno,
            end=node.end_lineno or node.lineno,
            parent=scope.index,
            decorators=decorators,
            params=tuple(parameters(node)),
            returns=tuple(inner.returns),
            complexity=self.complexity.get(id(node), 0),
            asserts=inner.asserts,
            statements=len(node.body) - docstring,
            annotated=annotated,
            yields=inner.yields,
            is_async=isinstance(node, ast.AsyncFunctionDef),
            docstring=docstring,
        )

    def _class(self, node: ast.ClassDef, scope: _Scope, owner: str) -> None:
        index = self._open(scope)
        decorators = self._decorators(node, scope)
        for base in node.bases:
            self._expression(base, scope)
        for keyword in node.keywords:
            self._expression(keyword.value, scope)
        inner = _Scope(index, self.bound[id(node)], scope, owner.startswith("class "))
        qualname = _join(owner, node.name)
        self._block(node.body, inner, "class " + qualname)
        self.refs[index] = tuple(sorted(inner.refs))
        docstring = _is_docstring(node.body)
        self.definitions[index - 1] = Definition(
            kind="class",
            name=node.name,
            qualname=qualname,
            start=min([node.lineno, *(d.lineno for d in node.decorator_list)]),
            line=node.lineno,
            end=node.end_lineno or node.lineno,
            parent=scope.index,
            decorators=decorators,
            statements=len(node.body) - docstring,
            bases=tuple(scope.reader.read(b, 3) for b in node.bases),
            keywords=tuple(k.arg or "**" for k in node.keywords),
            docstring=docstring,
        )

    def _open(self, _scope: _Scope) -> int:
        """Reserve the next definition's place, so that a definition stands before what it contains."""
        self.definitions.append(None)
        self.refs.append(())
        return len(self.definitions)

    def _decorators(self, node: Function | ast.ClassDef, scope: _Scope) -> tuple[Decorator, ...]:
        for decorator in node.decorator_list:
            self._expression(decorator, scope, "decorator")
        return tuple(Decorator(scope.reader.read(d, 1), d.lineno) for d in node.decorator_list)

    def _annotations(self, node: Function, scope: _Scope) -> bool:
        args = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        for annotation in (*(a.annotation for a in args), node.returns):
            if annotation is not None:
                self._reference(annotation, scope)
        own = [a for a in args if a.arg not in ("self", "cls")]
        return node.returns is not None or (bool(own) and all(a.annotation for a in own))

    # ----------------------------------------------------------------------------------------- expressions

    def _reference(self, node: ast.expr, scope: _Scope) -> None:
        """Names in an annotation count as references; its calls and strings do not."""
        for child in ast.walk(node):
            if isinstance(child, ast.Name):
                scope.refs.add(scope.resolve(child.id))

    def _expression(self, root: ast.expr, scope: _Scope, target: str = "") -> None:
        """Record the calls, references and dotted strings of an expression."""
        stack: list[tuple[ast.AST, str]] = [(root, target)]
        while stack:
            node, role = stack.pop()
            kind = type(node)
            if kind is ast.Call:
                self._record_call(node, scope, role)  # type: ignore[arg-type]
                stack.extend((k.value, "") for k in reversed(node.keywords))  # type: ignore[attr-defined]
                stack.extend((a, "") for a in reversed(node.args))  # type: ignore[attr-defined]
                self._chain(node.func, scope, stack)  # type: ignore[attr-defined]
            elif kind is ast.Name or kind is ast.Attribute or kind is ast.Subscript:
                self._chain(node, scope, stack)
            elif kind is ast.Constant:
                self._string(node)  # type: ignore[arg-type]
            elif kind is ast.Await:
                stack.append((node.value, role))  # type: ignore[attr-defined]
            else:
                if kind is ast.Yield or kind is ast.YieldFrom:
                    scope.yields = True
                elif kind is ast.comprehension:
                    self._iterate(node.target, node.iter, node.iter.lineno, scope)  # type: ignore[attr-defined]
                stack.extend((child, "") for child in _children(node))

    def _record_call(self, node: ast.Call, scope: _Scope, role: str) -> None:
        expr = scope.reader.read(node)
        self.calls.append(Call(expr, node.lineno, node.end_lineno or node.lineno, scope.index, role))
        last = expr.text.rpartition(".")[2]
        if last.startswith("assert") or expr.text in _CHECKING_CONTEXTS or last in _CHECKING_CONTEXTS:
            scope.asserts += 1

    def _chain(self, node: ast.AST, scope: _Scope, stack: list[tuple[ast.AST, str]]) -> None:
        """A dotted chain is one reference; what hides inside it (call arguments, indices) is walked on its own."""
        name = scope.reader.dotted(node)
        if name:
            scope.refs.add(name)
        while True:
            if isinstance(node, ast.Attribute):
                node = node.value
            elif isinstance(node, ast.Subscript):
                stack.append((node.slice, ""))
                node = node.value
            elif isinstance(node, ast.Name):
                if not name:
                    scope.refs.add(scope.resolve(node.id))
                return
            else:
                stack.append((node, ""))
                return

    def _string(self, node: ast.Constant) -> None:
        value = node.value
        if isinstance(value, str) and "." in value and len(value) < 120 and len(self.strings) < _MAX_STRINGS:
            if _DOTTED_PATH.fullmatch(value):
                self.strings.setdefault(value, node.lineno)


_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Import: _Walk._import,
    ast.ImportFrom: _Walk._import,
    ast.If: _Walk._if,
    ast.While: _Walk._while,
    ast.For: _Walk._for,
    ast.AsyncFor: _Walk._for,
    ast.With: _Walk._with,
    ast.AsyncWith: _Walk._with,
    ast.Try: _Walk._try,
    ast.TryStar: _Walk._try,
    ast.Assign: _Walk._assign,
    ast.AnnAssign: _Walk._assign,
    ast.AugAssign: _Walk._assign,
    ast.Return: _Walk._return,
    ast.Raise: _Walk._raise,
    ast.Assert: _Walk._assert,
    ast.FunctionDef: _Walk._function,
    ast.AsyncFunctionDef: _Walk._function,
    ast.ClassDef: _Walk._class,
}


def _children(node: ast.AST) -> Iterator[ast.AST]:
    for name in reversed(node._fields):
        value = getattr(node, name, None)
        if isinstance(value, list):
            for item in reversed(value):
                if isinstance(item, ast.AST):
                    yield item
        elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context | ast.operator | ast.cmpop | ast.boolop):
            yield value


def _constant_test(test: ast.expr) -> str:
    """``never``, ``always``, ``typing``, ``main`` or "" for a test that depends on something."""
    if isinstance(test, ast.Constant):
        return "always" if test.value else "never"
    if isinstance(test, ast.Name | ast.Attribute):
        return "typing" if (test.id if isinstance(test, ast.Name) else test.attr) == "TYPE_CHECKING" else ""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) and isinstance(test.operand, ast.Constant):
        return "never" if test.operand.value else "always"
    if isinstance(test, ast.Compare) and isinstance(test.left, ast.Name) and test.left.id == "__name__":
        return "main"
    return ""


def _checks(test: ast.expr) -> bool:
    """Whether an assertion can fail for a reason in the code: not a constant, a filled tuple or a comparison with itself."""
    if isinstance(test, ast.Constant | ast.Tuple):
        return False
    if isinstance(test, ast.Compare) and len(test.comparators) == 1:
        left, right = test.left, test.comparators[0]
        if isinstance(left, ast.Constant) and isinstance(right, ast.Constant):
            return False
        if isinstance(left, ast.Name) and isinstance(right, ast.Name) and left.id == right.id:
            return False
    return True


def _handler_does(handler: ast.ExceptHandler) -> str:
    body = [s for s in handler.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if all(isinstance(s, ast.Pass | ast.Continue | ast.Break) for s in body):
        return "pass"
    last = body[-1]
    if isinstance(last, ast.Raise):
        return "raise"
    if all(_is_log(s) for s in body):
        return "log"
    return "return" if isinstance(last, ast.Return) else "work"


def _is_log(statement: ast.stmt) -> bool:
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call):
        return False
    name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return name in _LOGGERS


def _is_docstring(body: list[ast.stmt]) -> bool:
    first = body[0]
    return isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and isinstance(first.value.value, str)


def _join(owner: str, name: str) -> str:
    owner = owner.removeprefix("class ")
    return f"{owner}.{name}" if owner else name


def _last(name: str) -> str:
    """The last segment of a target, by which a secret is told: ``app.config[SECRET_KEY]`` is named SECRET_KEY."""
    if name.endswith("]"):
        return name[name.rfind("[") + 1 : -1]
    return name.rpartition(".")[2]


def _created(docstring: str | None) -> str:
    """The day in the line that Alembic's template writes into every revision's docstring."""
    found = _CREATE_DATE.search((docstring or "")[:2000])
    return found[1] if found else ""


def _first_line(text: str | None) -> str:
    from evidence.facts.masking import mask

    return mask((text or "").strip().partition("\n")[0][:200].encode("utf-8", "backslashreplace").decode())
