"""Functions of a project that add URL rules for whoever calls them.

Flask's own documents show one for class-based views: ``register_api(UserAPI, "users", "/users/")``, which makes the
view of the class and hands it to ``add_url_rule`` once or several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.python.records import Call, Definition, Expr

_ADDING = frozenset({"add_url_rule", "add_resource"})


class Shape(Struct, frozen=True):
    """A call that adds URL rules: on what, which view, and the rules. Without a receiver, the call is by a name that is
    to be looked up."""

    receiver: str
    target: Expr
    rules: tuple[Expr, ...]


class Added(Struct, frozen=True):
    """One rule that a call of such a function adds: the call that adds it there, the rule as it stands there, and what
    its parameters are given here."""

    file: PyFile
    call: Call
    home: PyFile
    inner: Call
    receiver: str
    view: Expr
    rule: Expr
    given: Mapping[str, Expr]


# What a call adds in this file, if anything.
Shapes = Callable[[PyFile, Call], Shape | None]


def added(files: list[PyFile], names: Names, shape: Shapes) -> Iterator[Added]:
    """Every rule that is added through a function of the project which is told the view and the rule."""
    adders = {Ref(f.path, d.qualname): (f, d, calls) for f in files for d, calls in _adders(f, shape)}
    called = frozenset(ref.name.rpartition(".")[2] for ref in adders)
    for file in files:
        for call in file.module.calls if not called.isdisjoint(file.called) else ():
            found = adders.get(names.resolve(file.path, call.name)) if call.last in called else None
            if found is None:
                continue
            home, definition, inside = found
            given = _given(definition, call)
            for inner, its, view in inside:
                if view in given:
                    for rule in its.rules:
                        yield Added(file, call, home, inner, its.receiver, given[view], rule, given)


def _adders(file: PyFile, shape: Shapes) -> Iterator[tuple[Definition, list[tuple[Call, Shape, str]]]]:
    """Functions that are told a view, with the calls that add its rules and the parameter that the view is."""
    found: dict[str, tuple[Definition, list[tuple[Call, Shape, str]]]] = {}
    for call in file.module.calls:
        adds = call.last in _ADDING or "view_func" in call.expr.keys
        definition = file.function_of(call.scope) if adds else None
        its = shape(file, call) if definition is not None else None
        if definition is None or its is None:
            continue
        view = _view(file, call.scope, definition, its.target)
        if view and any(_names(rule) & set(definition.params) for rule in its.rules):
            found.setdefault(definition.qualname, (definition, []))[1].append((call, its, view))
    yield from found.values()


def _view(file: PyFile, scope: int, definition: Definition, target: Expr) -> str:
    """The parameter that a view is, or whose ``as_view`` made it."""
    if target.kind == "call":
        made = target.text
    elif target.text in definition.params:
        return target.text
    else:
        items = file.assigned.get((scope, target.text), ())
        made = next((item.expr.text for item in items if isinstance(item, Call)), "")
    owner, _, method = made.rpartition(".")
    return owner if method == "as_view" and owner in definition.params else ""


def _names(rule: Expr) -> set[str]:
    return {part.text for part in rule.walk() if part.kind == "name"}


def _given(definition: Definition, call: Call) -> dict[str, Expr]:
    """What each parameter is given."""
    given = dict(zip(definition.params, call.expr.args, strict=False))
    for key in call.expr.keys:
        value = call.expr.kwarg(key)
        if key and value is not None:
            given[key] = value
    return given


def filled(rule: Expr, given: Mapping[str, Expr]) -> Expr:
    """The rule with what the parameters are given in their places."""
    if rule.kind == "name":
        return given.get(rule.text, rule)
    return replace(rule, items=tuple(filled(item, given) for item in rule.items)) if rule.items else rule
