"""Settings as code gives them: names in capitals with their values, wherever they are set; and claims of tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator

from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.patterns import regex

_OFF = frozenset({"False", "None", "0", "", "false", "*"})
_READERS = ("environ.get", "getenv", ".get")
_FOR_WHOM = ("audience", "issuer")
_MAPPINGS = (".update", ".from_mapping", "dict")
# What mappings of settings, and the variables that hold them, are called; any other mapping is data.
_SETTINGS = regex(r"conf|setting|default|option|param|environ", re.IGNORECASE)


def assigned_settings(file: PyFile) -> Iterator[tuple[str, Expr, Assign | Call]]:
    """(name, value, place) of everything a file sets under a name in capitals: variables, class attributes,
    ``app.config["X"]``, and keys of mappings of settings and keywords that are given to one."""
    called = [c for c in file.module.calls if c.target]
    both: list[Assign | Call] = [*file.module.assigns, *called]
    for item in both:
        value = item.expr if isinstance(item, Call) else item.value
        name = _name(item.target)
        if name:
            yield name, value, item
        if value.kind == "dict" and _SETTINGS.search(item.target):
            yield from ((k, v, item) for k, v in _pairs(value) if k.isupper())
    for call in file.module.calls:
        if call.name.endswith(_MAPPINGS) and _SETTINGS.search(f"{call.name} {call.target}"):
            for value in (call.expr, *(a for a in call.expr.args if a.kind == "dict")):
                yield from ((k, v, call) for k, v in _pairs(value) if k.isupper())


def _pairs(value: Expr) -> Iterator[tuple[str, Expr]]:
    """Keys of a mapping, or keywords of a call, with their values."""
    return zip(value.keys, value.items[len(value.items) - len(value.keys) :], strict=True)


def _name(target: str) -> str:
    """``SESSION_COOKIE_SECURE`` of that name itself, ``self.X`` and ``app.config[X]``."""
    if target.islower():
        return ""
    last = target.rpartition("[")[2].removesuffix("]").strip("\"'") if target.endswith("]") else ""
    last = last or target.rpartition(".")[2]
    return last if last.isupper() else ""


def is_off(value: Expr) -> bool:
    """Whether a value is plainly off: False, None, empty, ``*``, or read from the environment and off without it."""
    if value.kind in ("const", "num", "str"):
        return value.text in _OFF
    if value.kind == "call" and len(value.args) > 1 and value.text.endswith(_READERS):
        return value.args[1].text in _OFF
    if value.kind in ("op", "call"):
        return any(is_off(i) for i in value.items[:1] if i.kind == "call")
    return False


def claims(file: PyFile, call: Call, position: int = 0) -> frozenset[str]:
    """The keys of what a call encodes as a token: of the mapping itself, or of the variable that holds it;
    ``position`` is the argument's."""
    given = next(iter(call.expr.args[position : position + 1]), None)
    payload = call.expr.kwarg("payload") or call.expr.kwarg("claims") or given
    if payload is None:
        return frozenset()
    found = {k for value in _values(file, call.scope, payload) for e in value.walk() for k in e.keys}
    if payload.kind == "name":
        found.update(_added(file, call, payload.text))
    return frozenset(found)


def _values(file: PyFile, scope: int, value: Expr) -> Iterator[Expr]:
    if value.kind != "name":
        yield value
        return
    for item in file.assigned.get((scope, value.text), ()):
        yield item.expr if isinstance(item, Call) else item.value


def _added(file: PyFile, call: Call, variable: str) -> Iterator[str]:
    """Keys put into a mapping after it was made, in the same function."""
    around = file.function_of(call.scope)
    both: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
    for item in both:
        if item.target.startswith(f"{variable}[") and file.function_of(item.scope) is around:
            yield item.target.rpartition("[")[2].strip("\"']")
    for other in file.module.calls:
        if other.name == f"{variable}.update" and file.function_of(other.scope) is around:
            yield from (k for e in other.expr.walk() for k in e.keys)


def asks_for_whom(file: PyFile, call: Call) -> bool:
    """Whether a token's audience or issuer is checked, also where the arguments stand in a table: ``**scheme``."""
    if any((v := call.expr.kwarg(k)) is not None and v.text != "None" for k in _FOR_WHOM):
        return True
    unpacked = call.expr.kwarg("**")
    names = [unpacked.text] if unpacked is not None else []
    for name in names:
        for item in (*file.assigned.get((call.scope, name), ()), *file.assigned.get((0, name), ())):
            value = item.expr if isinstance(item, Call) else item.value
            if any(set(e.keys) & set(_FOR_WHOM) for e in value.walk()):
                return True
            names += [e.text for e in value.walk() if e.kind == "name" and e.text not in names]
    return False
