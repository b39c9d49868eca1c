"""Scopes: which names each binds (found in one pass over statements), and what is gathered while one is walked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from evidence.facts.python.expressions import Reader
from evidence.facts.python.records import Expr

Function = ast.FunctionDef | ast.AsyncFunctionDef
# Tuples of what is asked for at every statement: a union would be built anew each time.
_IMPORTS = (ast.Import, ast.ImportFrom)
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_SIMPLE = frozenset({ast.Expr, ast.Return, ast.Assert, ast.Raise, ast.Pass, ast.Delete, ast.Break, ast.Continue})
_ONE_TARGET = (ast.AnnAssign, ast.AugAssign, ast.For, ast.AsyncFor)
_WITHS = (ast.With, ast.AsyncWith)
_OUTER = (ast.Global, ast.Nonlocal)
_SEQUENCES = (ast.Tuple, ast.List)
_OFFERED = "flask.ext."


class Names:
    """The names one scope binds: ``aliases`` (imported name -> dotted target) and ``stores`` (everything else)."""

    __slots__ = ("aliases", "stores")

    def __init__(self) -> None:
        self.aliases: dict[str, str] = {}
        self.stores: set[str] = set()


def import_targets(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, str, str]]:
    """(dotted target, local name, module) of each name of an import statement."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            # ``import a.b`` binds ``a``; ``import a.b as c`` binds c to a.b
            yield alias.name, alias.asname or alias.name.partition(".")[0], alias.name
        return
    base = _package(f"{'.' * node.level}{node.module or ''}")
    for alias in node.names:
        joined = base + alias.name if base.endswith(".") else _package(f"{base}.{alias.name}")
        yield (base if alias.name == "*" else joined), alias.asname or alias.name, base


def _package(target: str) -> str:
    """A target as it is installed: until version 1.0, Flask offered ``flask_login`` as ``flask.ext.login`` too."""
    return f"flask_{target.removeprefix(_OFFERED)}" if target.startswith(_OFFERED) else target


def arguments(node: Function) -> list[ast.arg]:
    """The parameters that can be given one by one (``*args`` and ``**kwargs`` left out)."""
    return [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]


def parameters(node: Function) -> list[str]:
    """Names of all parameters, in order."""
    args = node.args
    names = [a.arg for a in (*args.posonlyargs, *args.args)]
    if args.vararg:
        names.append(args.vararg.arg)
    names.extend(a.arg for a in args.kwonlyargs)
    if args.kwarg:
        names.append(args.kwarg.arg)
    return names


class Bound(NamedTuple):
    """``names`` of every scope by ``id`` of its module, class or function node, and the ``functions`` of a module, each
    with whether it is a method: stands in a class without any condition."""

    names: dict[int, Names]
    functions: list[tuple[Function, bool]]


def bindings(tree: ast.Module) -> Bound:
    """The scopes of a module, and what binds its names in them."""
    top = Names()
    found = Bound({id(tree): top}, [])
    pending: list[tuple[ast.AST, Names, bool]] = [(s, top, False) for s in tree.body]
    while pending:
        node, names, in_class = pending.pop()
        kind = type(node)
        if kind in _SIMPLE:
            continue
        if isinstance(node, _IMPORTS):
            _bind_import(node, names)
        elif isinstance(node, _SCOPES):
            names.stores.add(node.name)
            found.names[id(node)] = inner = Names()
            is_class = isinstance(node, ast.ClassDef)
            if not isinstance(node, ast.ClassDef):
                inner.stores.update(parameters(node))
                found.functions.append((node, in_class))
            pending.extend([(s, inner, is_class) for s in node.body])
        else:
            _bind_statement(node, names)
            if kind is not ast.Assign:
                pending.extend([(s, names, False) for s in _blocks(node)])
    return found


def _bind_import(node: ast.Import | ast.ImportFrom, names: Names) -> None:
    for target, alias, _module in import_targets(node):
        if alias != "*":
            plain = isinstance(node, ast.Import) and target.partition(".")[0] == alias
            # statements are read from the last to the first: of two that are alternatives (``except ImportError``,
            # ``else``) the first is meant, the other stands in for it
            names.aliases[alias] = alias if plain else target


def _bind_statement(node: ast.AST, names: Names) -> None:
    if isinstance(node, ast.Assign):
        targets: list[ast.expr] = node.targets
    elif isinstance(node, _ONE_TARGET):
        targets = [node.target]
    elif isinstance(node, _WITHS):
        targets = [i.optional_vars for i in node.items if i.optional_vars]
    elif isinstance(node, _OUTER):
        names.stores.difference_update(node.names)
        return
    else:
        return
    for target in targets:
        for element in target.elts if isinstance(target, _SEQUENCES) else [target]:
            if isinstance(element, ast.Name):
                names.stores.add(element.id)


def _blocks(node: ast.AST) -> Iterator[ast.AST]:
    """The statements directly inside a compound statement."""
    for name in ("body", "orelse", "finalbody"):
        block = getattr(node, name, None)
        if isinstance(block, list):
            yield from block
    for handler in getattr(node, "handlers", ()):
        yield from handler.body
    for case in getattr(node, "cases", ()):
        yield from case.body


class Scope:
    """A scope while it is walked: its number, what its names resolve to, and what its function gathers."""

    __slots__ = ("_resolved", "asserts", "index", "names", "outer", "reader", "refs", "returns", "yields")

    def __init__(self, index: int, names: Names, outer: Scope | None, skip_outer: bool) -> None:
        self.index = index
        self.names = names
        # a class body's names are not visible in its methods
        self.outer: Scope | None = outer.outer if outer is not None and skip_outer else outer
        self.refs: set[str] = set()
        self.returns: list[Expr] = []
        self.asserts = 0
        self.yields = False
        self._resolved: dict[str, str] = {}
        self.reader = Reader(self.resolve)

    def resolve(self, name: str) -> str:
        """What the first segment of a dotted name stands for here."""
        known = self._resolved.get(name)
        if known is None:
            known = self._resolved[name] = self._looked_up(name)
        return known

    def _looked_up(self, name: str) -> str:
        scope: Scope | None = self
        while scope is not None:
            target = scope.names.aliases.get(name)
            if target is not None:
                return target
            if name in scope.names.stores:
                return name
            scope = scope.outer
        return name
