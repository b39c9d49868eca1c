"""One parse and one walk of a Python file: its :class:`Module` facts.

Statements are walked recursively (Python itself bounds their nesting to 100 levels; ``elif`` chains are unrolled),
expressions with a stack of our own, so that hostile depth cannot exhaust the interpreter's.
"""

from __future__ import annotations

import ast
from collections.abc import Callable

from evidence.facts.plain import is_generated
from evidence.facts.python import statements
from evidence.facts.python.calls import Expressions
from evidence.facts.python.checking import checks, hushes, is_skipped, leaves, suppresses
from evidence.facts.python.complexity import complexities
from evidence.facts.python.expressions import is_call, last_segment
from evidence.facts.python.parsing import parsed
from evidence.facts.python.records import Assign, Check, Decorator, Definition, Handler, Import, Module, Raise
from evidence.facts.python.scopes import Function, Scope, arguments, bindings, import_targets, parameters
from evidence.facts.records import Lost

_MAX_RETURNS = 20
_SEQUENCES = (ast.Tuple, ast.List)


def extract_module(content: bytes) -> Module:
    """The facts of one file. Never raises: what cannot be read is in ``lost``."""
    tree, lost = parsed(content)
    lines = content.count(b"\n") + (not content.endswith(b"\n") and bool(content))
    if tree is None:
        unread = lost or (Lost(1, max(lines, 1), "python_syntax"),)
        return Module(lines, "", (), (), (), (), (), (), ((),), (), 0, lost=unread)
    return _Walk(tree).module(lines, is_generated(content[:2048]), lost)


class _Walk:
    def __init__(self, tree: ast.Module) -> None:
        self.tree = tree
        self.bound, functions = bindings(tree)
        self.imports: list[Import] = []
        self.definitions: list[Definition | None] = []
        self.found = Expressions()
        self.raises: list[Raise] = []
        self.handlers: list[Handler] = []
        self.checks: list[Check] = []
        self.refs: list[tuple[str, ...]] = [()]
        self.dead: list[tuple[int, int]] = []
        self.annotated = 0
        self.main = 0
        self.complexity = complexities(functions, self.bound[id(tree)].aliases.values())

    def module(self, lines: int, generated: bool, lost: tuple[Lost, ...]) -> Module:
        scope = Scope(0, self.bound[id(self.tree)], None, False)
        self._block(self.tree.body, scope, "")
        self.refs[0] = tuple(sorted(scope.refs))
        return Module(
            lines=lines,
            docstring=statements.first_line(ast.get_docstring(self.tree, clean=False)),
            imports=tuple(self.imports),
            definitions=tuple(d for d in self.definitions if d is not None),
            calls=tuple(self.found.calls),
            assigns=tuple(self.found.assigns),
            raises=tuple(self.raises),
            handlers=tuple(self.handlers),
            refs=tuple(self.refs),
            strings=tuple(self.found.strings.items()),
            annotations=self.annotated,
            checks=tuple(self.checks),
            main=self.main,
            dead=tuple(self.dead),
            generated=generated,
            lost=lost,
            created=statements.created(ast.get_docstring(self.tree, clean=False)),
        )

    # ------------------------------------------------------------------------------------------ statements

    def _block(self, body: list[ast.stmt], scope: Scope, owner: str) -> None:
        for position, node in enumerate(body, 1):
            _STATEMENTS.get(type(node), _Walk._plain)(self, node, scope, owner)
            if leaves(node):
                self._bury(body[position:])
                return

    def _bury(self, body: list[ast.stmt]) -> None:
        if body:
            self.dead.append((body[0].lineno, body[-1].end_lineno or body[-1].lineno))

    def _plain(self, node: ast.stmt, scope: Scope, owner: str) -> None:
        """A statement without a rule of its own: its expressions, then its blocks."""
        for name in node._fields:
            value = getattr(node, name)
            if isinstance(value, ast.expr):
                self.found.walk(value, scope)
            elif isinstance(value, list) and value:
                if isinstance(value[0], ast.stmt):
                    self._block(value, scope, owner)
                elif isinstance(value[0], ast.expr):
                    for item in value:
                        self.found.walk(item, scope)
                elif isinstance(value[0], ast.match_case):
                    for case in value:
                        self._block(case.body, scope, owner)

    def _import(self, node: ast.Import | ast.ImportFrom, scope: Scope, _owner: str, typing: bool = False) -> None:
        for target, alias, module in import_targets(node):
            self.imports.append(Import(target, alias, module, node.lineno, scope.index, typing))

    def _if(self, node: ast.If, scope: Scope, owner: str) -> None:
        branch: ast.If | None = node
        while branch is not None:
            verdict = statements.constant_test(branch.test)
            if verdict == "main" and scope.index == 0:
                self.main = branch.lineno
            self.found.walk(branch.test, scope)
            if verdict in ("never", "typing"):
                self._bury(branch.body)
                for statement in branch.body if verdict == "typing" else ():
                    if isinstance(statement, ast.Import | ast.ImportFrom):
                        self._import(statement, scope, owner, typing=True)
            else:
                self._block(statements.bounded(branch), scope, owner)
            rest = branch.orelse
            if verdict == "always":
                self._bury(rest)
                return
            branch = rest[0] if len(rest) == 1 and isinstance(rest[0], ast.If) else None
            if branch is None:
                self._block(rest, scope, owner)

    def _while(self, node: ast.While, scope: Scope, owner: str) -> None:
        if statements.constant_test(node.test) == "never":
            self._bury(node.body)
            return
        self._plain(node, scope, owner)

    def _for(self, node: ast.For | ast.AsyncFor, scope: Scope, owner: str) -> None:
        self.found.iterate(node.target, node.iter, node.lineno, scope)
        self._plain(node, scope, owner)

    def _with(self, node: ast.With | ast.AsyncWith, scope: Scope, owner: str) -> None:
        for item in node.items:
            self.found.walk(item.context_expr, scope, "with")
            if isinstance(item.optional_vars, ast.Name) and isinstance(item.context_expr, ast.Call):
                value = scope.reader.read(item.context_expr)
                self.found.assigns.append(
                    Assign(item.optional_vars.id, value, node.lineno, item.context_expr.end_lineno or 0, scope.index)
                )
        self._unheard(node.body, scope, owner, suppresses(node))

    def _unheard(self, body: list[ast.stmt], scope: Scope, owner: str, unheard: bool) -> None:
        """A block; what it asserts is nothing where no failure of it would be heard of."""
        asserts, checked = scope.asserts, len(self.checks)
        self._block(body, scope, owner)
        if unheard:
            scope.asserts = asserts
            del self.checks[checked:]

    def _try(self, node: ast.Try | ast.TryStar, scope: Scope, owner: str) -> None:
        self._unheard(node.body, scope, owner, hushes(node))
        for handler in node.handlers:
            given = handler.type
            caught = given.elts if isinstance(given, ast.Tuple) else [given] if given else []
            names = tuple(scope.reader.dotted(c) for c in caught)
            end = handler.end_lineno or handler.lineno
            self.handlers.append(Handler(names, handler.lineno, end, scope.index, statements.handler_does(handler)))
            scope.refs.update(n for n in names if n)
            self._block(handler.body, scope, owner)
        self._block(node.orelse, scope, owner)
        self._block(node.finalbody, scope, owner)

    def _assign(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, scope: Scope, _owner: str) -> None:
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        names = [name for t in targets if (name := scope.reader.dotted(t))]
        if isinstance(node, ast.AnnAssign):
            self.found.reference(node.annotation, scope)
        if node.value is None:
            return
        first = names[0] if names else ""
        self.found.walk(node.value, scope, first)
        for target in targets:
            if isinstance(target, _SEQUENCES):
                self.found.unpack(target, node.value, scope)
            if not isinstance(target, ast.Name):
                self.found.walk(target, scope)
        added = isinstance(node, ast.AugAssign)
        if is_call(node.value) and not added and len(targets) == 1:
            return
        value = scope.reader.read(node.value, 0, last_segment(first))
        end = node.end_lineno or node.lineno
        self.found.assigns += [Assign(n, value, node.lineno, end, scope.index, added) for n in names]

    def _return(self, node: ast.Return, scope: Scope, _owner: str) -> None:
        if node.value is not None:
            if len(scope.returns) < _MAX_RETURNS:
                scope.returns.append(scope.reader.read(node.value, 3))
            self.found.walk(node.value, scope, "return")

    def _raise(self, node: ast.Raise, scope: Scope, _owner: str) -> None:
        exc = node.exc.func if isinstance(node.exc, ast.Call) else node.exc
        self.raises.append(Raise(scope.reader.dotted(exc) if exc else "", node.lineno, scope.index))
        if node.exc is not None:
            self.found.walk(node.exc, scope, "raise")

    def _assert(self, node: ast.Assert, scope: Scope, _owner: str) -> None:
        if checks(node.test):
            scope.asserts += 1
            self.checks.append(Check(scope.reader.read(node.test, 3), node.lineno, scope.index))
        self.found.walk(node.test, scope)

    def _function(self, node: Function, scope: Scope, owner: str) -> None:
        index = self._open(scope)
        decorators = self._decorators(node, scope)
        for default in (*node.args.defaults, *node.args.kw_defaults):
            if default is not None:
                self.found.walk(default, scope)
        named = arguments(node)
        for annotation in (*[a.annotation for a in named], node.returns):
            if annotation is not None:
                self.found.reference(annotation, scope)
        annotated = statements.is_annotated(node, named)
        inner = Scope(index, self.bound[id(node)], scope, owner.startswith("class "))
        qualname = statements.joined(owner, node.name)
        self._body(node, inner, qualname)
        self.refs[index] = tuple(sorted(inner.refs))
        docstring = statements.is_docstring(node.body)
        self.annotated += annotated
        self.definitions[index - 1] = Definition(
            "function",
            *statements.place(node, qualname),
            scope.index,
            decorators,
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

    def _class(self, node: ast.ClassDef, scope: Scope, owner: str) -> None:
        index = self._open(scope)
        decorators = self._decorators(node, scope)
        bases = tuple(scope.reader.read(b, 3) for b in node.bases)
        for given in (*node.bases, *(k.value for k in node.keywords)):
            self.found.walk(given, scope)
        inner = Scope(index, self.bound[id(node)], scope, owner.startswith("class "))
        qualname = statements.joined(owner, node.name)
        self._body(node, inner, "class " + qualname)
        self.refs[index] = tuple(sorted(inner.refs))
        docstring = statements.is_docstring(node.body)
        self.definitions[index - 1] = Definition(
            "class",
            *statements.place(node, qualname),
            scope.index,
            decorators,
            statements=len(node.body) - docstring,
            bases=bases,
            keywords=tuple(k.arg or "**" for k in node.keywords),
            docstring=docstring,
        )

    def _body(self, node: Function | ast.ClassDef, inner: Scope, owner: str) -> None:
        if is_skipped(node):
            self._bury(node.body)
        else:
            self._block(node.body, inner, owner)

    def _open(self, _scope: Scope) -> int:
        """Reserve the next definition's place, so that a definition stands before what it contains."""
        self.definitions.append(None)
        self.refs.append(())
        return len(self.definitions)

    def _decorators(self, node: Function | ast.ClassDef, scope: Scope) -> tuple[Decorator, ...]:
        for decorator in node.decorator_list:
            self.found.walk(decorator, scope, "decorator")
        return tuple([Decorator(scope.reader.read(d, 1), d.lineno) for d in node.decorator_list])


_HANDLED: tuple[tuple[Callable[..., None], tuple[type[ast.AST], ...]], ...] = (
    (_Walk._import, (ast.Import, ast.ImportFrom)),
    (_Walk._if, (ast.If,)),
    (_Walk._while, (ast.While,)),
    (_Walk._for, (ast.For, ast.AsyncFor)),
    (_Walk._with, (ast.With, ast.AsyncWith)),
    (_Walk._try, (ast.Try, ast.TryStar)),
    (_Walk._assign, (ast.Assign, ast.AnnAssign, ast.AugAssign)),
    (_Walk._return, (ast.Return,)),
    (_Walk._raise, (ast.Raise,)),
    (_Walk._assert, (ast.Assert,)),
    (_Walk._function, (ast.FunctionDef, ast.AsyncFunctionDef)),
    (_Walk._class, (ast.ClassDef,)),
)
_STATEMENTS = {kind: method for method, kinds in _HANDLED for kind in kinds}
