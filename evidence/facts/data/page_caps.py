"""Bounds of the size of a page: what fixes or caps it where a query is cut, and where a parameter is declared."""

from __future__ import annotations

import re

from evidence.facts.names import PyFile
from evidence.facts.python.records import Call, Expr
from evidence.patterns import regex

_FIXED_CAPS = ("max_per_page", "max_page_size", "max_limit")
_MAXIMUM = regex(r"(?:^|[_.])max(?:imum)?(?:_|$)", re.IGNORECASE)
_GREATER, _LESS = frozenset({">", ">="}), frozenset({"<", "<="})
_UPPER_BOUNDS = ("max", "le", "lt", "maximum", "max_value")


def is_capped(call: Call) -> bool:
    """The size is a constant or setting, or the call is given a maximum."""
    if any(call.expr.kwarg(k) is not None for k in _FIXED_CAPS):
        return True
    positional = [a for a in call.expr.args if a.kind != "name" or not _is_query(a)]
    size = call.expr.kwarg("per_page") or (positional[1] if len(positional) > 1 else None)
    return size is not None and _is_fixed(size)


def size_is_fixed(file: PyFile, call: Call) -> bool:
    """Whether a query that is cut at an offset is told a constant for its size: ``query.limit(12).offset(start)``."""
    if call.last != "offset":
        return False
    beside = (c for c in file.calls_in(call.scope) if c.last == "limit" and c.start <= call.end and c.end >= call.start)
    return any(
        c.expr.args and (c.name in call.name or call.name in c.name) and _is_fixed(c.expr.args[0]) for c in beside
    )


def _is_query(value: Expr) -> bool:
    return any(w in value.text.lower() for w in ("query", "select", "stmt", "statement"))


def _is_fixed(value: Expr) -> bool:
    if value.kind == "num":
        return True
    if value.kind == "index" or (value.kind == "call" and value.text.endswith("config.get")):
        return "config" in value.text
    if value.kind == "call" and value.text == "min":
        return True
    return value.kind == "name" and value.text.rpartition(".")[2].isupper()


def has_maximum(value: Expr) -> bool:
    """A validator or type with an upper bound: ``Range(max=100)``, ``int_range(1, 100)``, ``le=100``, ``maximum``."""
    for part in value.walk():
        if any((v := part.kwarg(k)) is not None and v.kind in ("num", "name") for k in _UPPER_BOUNDS):
            return True
        if part.kind == "call" and part.text.endswith("int_range") and part.args:
            return True
    return False


def names_maximum(value: Expr) -> bool:
    """A variable or setting that is called a maximum: ``max_limit``, ``config["MAX_PER_PAGE"]``."""
    if value.kind == "name":
        return _MAXIMUM.search(value.text) is not None
    inside = (e for e in value.items if e.kind == "str") if value.kind == "index" else ()
    return any(_MAXIMUM.search(e.text) for e in inside)


def chooses_the_lesser(value: Expr) -> bool:
    """``100 if int(limit) > 100 else int(limit)``: a conditional expression that ends in a constant or a maximum where
    the size is greater. ``10 if limit < 1 else limit`` is a default."""
    if value.kind != "op" or value.text != "if" or len(value.items) != 3:
        return False
    test, then, otherwise = value.items
    compared = [e for e in test.walk() if e.kind == "op" and e.text in _GREATER | _LESS and len(e.items) == 2]
    return any(_is_bound(then if _when_greater(e) else otherwise) for e in compared)


def _when_greater(compared: Expr) -> bool:
    """Whether a comparison of a size with a bound, on either side of it, holds for what is beyond the bound."""
    return (compared.text in _GREATER) != _is_bound(compared.items[0])


def _is_bound(value: Expr) -> bool:
    return value.kind == "num" or names_maximum(value) or (value.kind == "name" and value.text.isupper())
