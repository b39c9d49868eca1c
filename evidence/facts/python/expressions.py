"""Turns ``ast`` expressions into compact :class:`Expr` records, resolving names and masking secrets on the way."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from evidence.facts.python.records import Expr
from evidence.facts.secrets.masking import mask, mask_literal, secret_kind
from evidence.patterns import regex

# Shorter strings are shown whatever they are.
SHORTEST = 12
# Deeper operands become "other": no rule reads further than this, and it bounds recursion on hostile nesting.
MAX_DEPTH = 6
# A call with more arguments than this, or a longer literal, keeps its first ones.
MAX_ITEMS = 64
MAX_TEXT = 400
MAX_CHAIN = 24

OTHER = Expr("other")
NOTHING = Expr("const", "None")
_CONSTANTS = {value: Expr("const", str(value)) for value in (True, False, None)}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.And: "and", ast.Or: "or", ast.Not: "not", ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/",
    ast.Mod: "%", ast.Eq: "==", ast.NotEq: "!=", ast.In: "in", ast.NotIn: "not in", ast.Is: "is",
    ast.IsNot: "is not",
    ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">=", ast.USub: "-", ast.BitOr: "|", ast.BitAnd: "&",
    ast.Pow: "**", ast.FloorDiv: "//", ast.LShift: "<<", ast.RShift: ">>", ast.BitXor: "^",
}  # fmt: skip
_LITERALS = frozenset({ast.Constant, ast.JoinedStr})
# A tuple is told apart at once; a union is built anew each time it is asked for.
_NUMBERS = (int, float, complex)
_KEYS = (str, int)
# ``environ.get("SECRET_KEY", "x")``: the first argument names what the second one is.
_NAMED_BY_FIRST = frozenset({"get", "getenv", "setdefault", "config", "env", "str", "pop", "environ", "get_env"})

# A replacement field of ``str.format``.
_FIELD = regex(r"\{[^{}]{0,60}\}")


class Reader:
    """Reads expressions of one scope. ``names`` maps the first segment of a dotted name to what it was imported as."""

    __slots__ = ("_calls", "_cut", "_known", "_names")

    def __init__(self, names: Mapping[str, str]) -> None:
        self._names = names
        # a chain is asked for as a callee, as a reference, and again for each call around it; by the id of its node
        self._known: dict[int, str] = {}
        # and a call for each call around it: its record, and the depth to which that is whole
        self._calls: dict[int, tuple[Expr, int]] = {}
        self._cut = 0

    def dotted(self, node: ast.AST) -> str:
        """The dotted name of a chain of names, attributes, calls and indices; "" when it starts with anything else."""
        if type(node) is ast.Name:
            return self._names[node.id]
        known = self._known.get(id(node))
        if known is None:
            known = self._known[id(node)] = self._chained(node)
        return known

    def _chained(self, node: Any) -> str:
        tail = ""
        for _ in range(MAX_CHAIN):
            kind = type(node)
            if kind is ast.Attribute:
                tail = f".{node.attr}{tail}"
                node = node.value
            elif kind is ast.Name:
                return self._names[node.id] + tail
            elif kind is ast.Call:
                tail = f"(){tail}"
                node = node.func
            elif kind is ast.Subscript:
                tail = f"[{_key(node.slice)}]{tail}"
                node = node.value
            elif kind is ast.Await:
                node = node.value
            else:
                return tail if kind in _LITERALS else ""
        return ""

    def read(self, node: ast.AST | None, depth: int = 0, name: str = "") -> Expr:
        """The record of an expression; ``name`` is what the value is called, by which a secret is told."""
        if node is None or depth > MAX_DEPTH:
            self._cut += 1
            return OTHER
        method = _READERS.get(type(node))
        return method(self, node, depth, name) if method else OTHER

    def _constant(self, node: ast.Constant, _depth: int, name: str) -> Expr:
        value = node.value
        if isinstance(value, str):
            return self._string(value, name)
        if value is True or value is False or value is None:
            return _CONSTANTS[value]
        if isinstance(value, _NUMBERS) and abs(value) < 1e300:
            return Expr("num", repr(value))
        if isinstance(value, bytes):
            return self._string(value.decode("latin-1"), name)
        return Expr("const", "...") if value is ... else OTHER

    @staticmethod
    def _string(value: str, name: str) -> Expr:
        return _short_string(value, name) if len(value) <= MAX_TEXT else _read_string(value, name)

    def _name(self, node: ast.Name, _depth: int, _name: str) -> Expr:
        return Expr("name", self._names[node.id])

    def _attribute(self, node: ast.Attribute, depth: int, name: str) -> Expr:
        text = self.dotted(node)
        return Expr("name", text) if text else self.read(node.value, depth + 1, name)

    def _call_or_format(self, node: ast.Call, depth: int, name: str) -> Expr:
        return self._format(node, depth) if is_format(node) else self.call(node, depth, name)

    def call(self, node: ast.Call, depth: int = 0, name: str = "") -> Expr:
        """The record of what :func:`is_call` says is one; the other arguments as for :meth:`read`."""
        if name and len(node.args) < 2 and not any(k.arg == "default" for k in node.keywords):
            name = ""  # it is a name of further arguments and defaults alone
        known = self._calls.get(id(node)) if not name else None
        if known is not None and depth <= known[1]:
            return known[0]
        cut = self._cut
        expr = self._call_afresh(node, depth, name)
        if not name and self._cut == cut:
            self._calls[id(node)] = expr, depth
        return expr

    def _call_afresh(self, node: ast.Call, depth: int, name: str) -> Expr:
        callee = self.dotted(node.func)
        first = node.args[0] if node.args else None
        context = name
        if isinstance(first, ast.Constant) and isinstance(first.value, str):
            last = callee.rpartition(".")[2]
            context = first.value if last in _NAMED_BY_FIRST else name
        items = [
            hidden(self.read(a, depth + 1, context if i else ""), callee=callee)
            for i, a in enumerate(node.args[:MAX_ITEMS])
        ]
        if not node.keywords:
            return Expr("call", callee, tuple(items))
        keywords = node.keywords[:MAX_ITEMS]
        items += [self.read(k.value, depth + 1, context if k.arg == "default" else (k.arg or "")) for k in keywords]
        return Expr("call", callee, tuple(items), tuple([k.arg or "**" for k in keywords]))

    def _format(self, node: ast.Call, depth: int) -> Expr:
        template = node.func.value.value  # type: ignore[attr-defined]
        items = [self.read(v, depth + 1) for v in (*node.args, *(k.value for k in node.keywords))[:MAX_ITEMS]]
        return Expr("fstring", self._string(_FIELD.sub("{}", template[: 64 * MAX_TEXT]), "").text, tuple(items))

    def _list(self, node: ast.List | ast.Tuple | ast.Set, depth: int, name: str) -> Expr:
        return Expr("list", "", tuple([self.read(e, depth + 1, name) for e in node.elts[:MAX_ITEMS]]))

    def _each(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp, depth: int, name: str) -> Expr:
        return Expr("op", "each", (self.read(node.elt, depth + 1, name),))

    def _dict(self, node: ast.Dict, depth: int, _name: str) -> Expr:
        keys = [_key(k) if k else "**" for k in node.keys[:MAX_ITEMS]]
        items = [self.read(v, depth + 1, k) for k, v in zip(keys, node.values, strict=False)]
        return Expr("dict", "", tuple(items), tuple(keys))

    def _fstring(self, node: ast.JoinedStr, depth: int, name: str) -> Expr:
        parts = [
            p.value if isinstance(p, ast.Constant) and isinstance(p.value, str) else "{}"
            for p in node.values[:MAX_ITEMS]
        ]
        items = tuple(
            self.read(p.value, depth + 1) for p in node.values[:MAX_ITEMS] if isinstance(p, ast.FormattedValue)
        )
        text = self._string("".join(parts), "")
        return Expr("fstring", hidden(text, name).text, items)

    def _operation(self, node: ast.BoolOp | ast.BinOp | ast.UnaryOp | ast.Compare, depth: int, name: str) -> Expr:
        if isinstance(node, ast.BoolOp):
            operands: list[ast.expr] = list(node.values[:MAX_ITEMS])
            operator: ast.AST = node.op
        elif isinstance(node, ast.BinOp):
            operands, operator = [node.left, node.right], node.op
        elif isinstance(node, ast.UnaryOp):
            operands, operator = [node.operand], node.op
        else:
            operands, operator = [node.left, *node.comparators[:MAX_ITEMS]], node.ops[0]
            compared = last_segment(self.dotted(node.left))
            # what is compared is no secret in the code, and it may still be one that nobody should read
            items = tuple([hidden(self.read(o, depth + 1), compared) for o in operands])
            return Expr("op", _OPERATORS.get(type(operator), "?"), items)
        items = tuple([self.read(o, depth + 1, name) for o in operands])
        return Expr("op", _OPERATORS.get(type(operator), "?"), items)

    def _conditional(self, node: ast.IfExp, depth: int, name: str) -> Expr:
        branches = (self.read(node.body, depth + 1, name), self.read(node.orelse, depth + 1, name))
        return Expr("op", "if", (self.read(node.test, depth + 1), *branches))

    def _index(self, node: ast.Subscript, depth: int, _name: str) -> Expr:
        return Expr("index", self.dotted(node.value), (self.read(node.slice, depth + 1),))

    def _slice(self, node: ast.Slice, depth: int, _name: str) -> Expr:
        return Expr("op", ":", tuple(self.read(e, depth + 1) if e else NOTHING for e in (node.lower, node.upper)))

    def _inner(self, node: ast.Await | ast.Starred, depth: int, name: str) -> Expr:
        return self.read(node.value, depth, name)


def _read_string(value: str, name: str) -> Expr:
    if not value.isascii():
        # an escape such as "\udce2" makes a string that no encoding of the facts could hold
        value = value.encode("utf-8", "backslashreplace").decode()
    kind = secret_kind(name, value) if name else None
    if kind:
        return Expr("secret", kind)
    return Expr("str", mask_literal(name, value)[:MAX_TEXT])


# The same words come again and again, in one file and in the next; long ones do not, and would take memory.
_short_string = lru_cache(maxsize=4_096)(_read_string)


def hidden(expr: Expr, name: str = "", callee: str = "") -> Expr:
    """The expression with its text masked where it may be a secret that no rule counts as one."""
    if expr.kind != "str" or len(expr.text) < SHORTEST:
        return expr
    text = mask_literal(name, expr.text, callee)
    return expr if text == expr.text else Expr("str", text)


def is_call(node: ast.AST) -> bool:
    """Whether this is recorded as a call."""
    return isinstance(node, ast.Call) and not is_format(node)


def is_format(node: ast.Call) -> bool:
    """Whether this is ``"...".format(...)`` of a constant string: read as the f-string it could be."""
    func = node.func
    if type(func) is not ast.Attribute or func.attr != "format":
        return False
    return isinstance(func.value, ast.Constant) and isinstance(func.value.value, str)


def _key(node: ast.AST) -> str:
    """A constant key as text, masked; ``:`` for a slice whose first end is no constant; "" for other keys."""
    if isinstance(node, ast.Constant) and isinstance(node.value, _KEYS):
        text = str(node.value)[:2000].encode("utf-8", "backslashreplace").decode()
        return mask(text)[:80] if isinstance(node.value, str) else text[:20]
    if isinstance(node, ast.Slice):
        return ":" if node.lower is not None and not isinstance(node.lower, ast.Constant | ast.UnaryOp) else ""
    return ""


def last_segment(name: str) -> str:
    """The last segment of a target, by which a secret is told: ``app.config[SECRET_KEY]`` is named SECRET_KEY."""
    if name.endswith("]"):
        return name[name.rfind("[") + 1 : -1]
    return name.rpartition(".")[2]


_READERS: dict[type[ast.AST], Callable[..., Expr]] = {
    ast.Constant: Reader._constant,
    ast.Name: Reader._name,
    ast.Attribute: Reader._attribute,
    ast.Call: Reader._call_or_format,
    ast.List: Reader._list,
    ast.Tuple: Reader._list,
    ast.Set: Reader._list,
    ast.ListComp: Reader._each,
    ast.SetComp: Reader._each,
    ast.GeneratorExp: Reader._each,
    ast.Dict: Reader._dict,
    ast.JoinedStr: Reader._fstring,
    ast.BoolOp: Reader._operation,
    ast.BinOp: Reader._operation,
    ast.UnaryOp: Reader._operation,
    ast.Compare: Reader._operation,
    ast.IfExp: Reader._conditional,
    ast.Subscript: Reader._index,
    ast.Slice: Reader._slice,
    ast.Await: Reader._inner,
    ast.Starred: Reader._inner,
}
