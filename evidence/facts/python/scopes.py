"""Scopes: which names each binds (found in one pass over statements), and what is gathered while one is walked."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any, NamedTuple

from evidence.facts.python.expressions import Reader
from evidence.facts.python.records import Expr

Function = ast.FunctionDef | ast.AsyncFunctionDef
_IMPORTS = frozenset({ast.Import, ast.ImportFrom})
_SCOPES = frozenset({ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef})
_SIMPLE = frozenset({ast.Expr, ast.Return, ast.Assert, ast.Raise, ast.Pass, ast.Delete, ast.Break, ast.Continue})
# Tuples: a union would be built anew each time it is asked for.
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
    both = (*args.posonlyargs, *args.args, args.vararg, *args.kwonlyargs, args.kwarg)
    return [arg.arg for arg in both if arg is not None]


class Bound(NamedTuple):
    """``names`` of every scope by ``id`` of its module, class or function node, and the ``functions`` of a module, each
    with whether it is a method: stands in a class without any condition."""

    names: dict[int, Names]
    functions: list[tuple[Function, bool]]


def bindings(tree: ast.Module) -> Bound:
    """The scopes of a module, and what binds its names in them."""
    top = Names()
    found = Bound({id(tree): top}, [])
    pending: list[tuple[Any, Names, bool]] = [(s, top, False) for s in tree.body]
    while pending:
        node, names, in_class = pending.pop()
        kind = type(node)
        if kind in _SIMPLE:
            continue
        if kind is ast.Assign:
            _store(node.targets, names)
        elif kind in _IMPORTS:
            _bind_import(node, names)
        elif kind in _SCOPES:
            names.stores.add(node.name)
            found.names[id(node)] = inner = Names()
            is_class = kind is ast.ClassDef
            if not is_class:
                inner.stores.update(parameters(node))
                found.functions.append((node, in_class))
            pending += [(s, inner, is_class) for s in node.body]
        else:
            _bind_statement(node, names)
            pending += [(s, names, False) for s in _blocks(node)]
    return found


def _bind_import(node: ast.Import | ast.ImportFrom, names: Names) -> None:
    for target, alias, _module in import_targets(node):
        if alias != "*":
            plain = isinstance(node, ast.Import) and target.partition(".")[0] == alias
            # statements are read from the last to the first: of two that are alternatives (``except ImportError``,
            # ``else``) the first is meant, the other stands in for it
            names.aliases[alias] = alias if plain else target


def _bind_statement(node: ast.AST, names: Names) -> None:
    if isinstance(node, _ONE_TARGET):
        _store([node.target], names)
    elif isinstance(node, _WITHS):
        _store([i.optional_vars for i in node.items if i.optional_vars], names)
    elif isinstance(node, _OUTER):
        names.stores.difference_update(node.names)


def _store(targets: list[ast.expr], names: Names) -> None:
    for target in targets:
        for element in target.elts if isinstance(target, _SEQUENCES) else (target,):
            if type(element) is ast.Name:
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


class Visible(dict[str, str]):
    """What the first segment of a dotted name stands for in a scope, by that segment; found when first asked for."""

    __slots__ = ("_names", "_outer")

    def __init__(self, names: Names, outer: Visible | None) -> None:
        super().__init__()
        self._names = names
        self._outer = outer

    def __missing__(self, name: str) -> str:
        target = self._names.aliases.get(name)
        if target is None:
            outer = self._outer
            target = name if outer is None or name in self._names.stores else outer[name]
        self[name] = target
        return target


class Scope:
    """A scope while it is walked: its number, what its names stand for, and what its function gathers.

    Nothing in it leads back to it: a scope and all that was read in it are gone as soon as they are not needed."""

    __slots__ = ("asserts", "index", "names", "outer", "reader", "refs", "returns", "yields")

    def __init__(self, index: int, names: Names, outer: Scope | None, skip_outer: bool) -> None:
        self.index = index
        # a class body's names are not visible in its methods
        self.outer: Scope | None = outer.outer if outer is not None and skip_outer else outer
        self.names: Visible = Visible(names, self.outer.names if self.outer is not None else None)
        self.refs: set[str] = set()
        self.returns: list[Expr] = []
        self.asserts = 0
        self.yields = False
        self.reader = Reader(self.names)
