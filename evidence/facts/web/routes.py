"""URL rules and the functions that answer them: decorators, add_url_rule, resources and class-based views."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.constants import UNKNOWN, Constants
from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Assign, Call, Decorator, Definition, Expr
from evidence.facts.web.adders import Added, Shape, added, filled
from evidence.facts.web.apis import Apis
from evidence.facts.web.kin import Instance, Kin
from evidence.facts.web.records import Blueprint, Route

_ALWAYS = frozenset({"route", "expose"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete"})
_DECORATING = _ALWAYS | _VERBS
# Calls that add a rule, unless they are told a view by its keyword.
_ADDING = frozenset({"add_resource", "add_url_rule", "route()"})
HTTP_METHODS = frozenset({*_VERBS, "head", "options", "trace", "dispatch_request"})


class Routes:
    """Finds the routes of a set of files."""

    def __init__(
        self, files: list[PyFile], blueprints: list[Blueprint], names: Names, kin: Kin, constants: Constants
    ) -> None:
        self._files = files
        self._constants = constants
        self._names = names
        self._kin = kin
        self._by_place = {(b.file.path, b.call.start): b for b in blueprints}
        self._apis = Apis(files, blueprints, kin)

    def find(self) -> list[Route]:
        """All routes, in path and line order."""
        found: list[Route] = []
        for file in self._files:
            for definition in file.module.definitions:
                for decorator in definition.decorators:
                    route = self._decorated(file, definition, decorator)
                    if route is not None:
                        found.append(route)
            for call in file.module.calls:
                if call.last in _ADDING or "view_func" in call.expr.keys:
                    found.extend(self._called(file, call))
        found.extend(map(self._told, added(self._files, self._names, self._shape)))
        return sorted(found, key=lambda r: (r.file.path, r.start, r.rule))

    def views(self, routes: list[Route]) -> list[tuple[PyFile, Definition]]:
        """The functions that answer requests: route handlers, the HTTP-method methods of handler classes, and the
        public methods of Flask-Classful's views; each once."""
        seen: dict[tuple[str, str], tuple[PyFile, Definition]] = {}
        for route in routes:
            for file, definition in self._functions(route):
                seen.setdefault((file.path, definition.qualname), (file, definition))
        for file in self._files:
            for definition in file.module.definitions:
                kinds = {self._kin.class_kind(file.path, b.text) for b in definition.bases}
                if kinds & {"view", "flask_view"}:
                    for method in _methods(file, definition, every="flask_view" in kinds):
                        seen.setdefault((file.path, method.qualname), (file, method))
        return [seen[k] for k in sorted(seen, key=lambda k: (k[0], seen[k][1].line))]

    def _functions(self, route: Route) -> Iterator[tuple[PyFile, Definition]]:
        if route.handler is None:
            return
        if route.handler.kind == "function":
            yield route.handler_file, route.handler
        else:
            for method in _methods(route.handler_file, route.handler):
                yield route.handler_file, method

    def _decorated(self, file: PyFile, definition: Definition, decorator: Decorator) -> Route | None:
        expr = decorator.expr
        receiver, _, method = expr.text.rpartition(".")
        if not receiver or expr.kind != "call" or method not in _DECORATING:
            return None
        instance = self._kin.instance(file, definition.parent, receiver)
        rule = self._rule(file, definition.parent, expr)
        if instance is None and (method in _VERBS or not (rule.startswith(("/", "<", "{")) or rule == "")):
            return None
        key, prefix = self._owner(instance)
        methods = _given_methods(expr) if method in _ALWAYS else (method.upper(),)
        given = expr.kwarg("endpoint")
        endpoint = given.text if given else definition.name
        return Route(
            file, file, definition, _below(prefix, rule), methods, key, endpoint, decorator.line, definition.line
        )

    def _owner(self, instance: Instance | None) -> tuple[str, str]:
        """The key of the blueprint that a receiver is or hangs on ("" for the application), and an API's prefix."""
        if instance is None or instance.call is None:
            return "", ""
        if instance.kind == "api":
            place = self._apis.place(instance)
            return place.parent, place.prefix
        owner = self._by_place.get((instance.file.path, instance.call.start))
        return (owner.key if owner is not None else ""), ""

    def _called(self, file: PyFile, call: Call) -> Iterator[Route]:
        shape = (self._shape(file, call) or _applied(file, call)) if call.target != "decorator" else None
        if shape is None:
            return
        home = (file, call.scope, shape.receiver) if shape.receiver else self._method_kept(file, call)
        if home is None:
            return
        key, prefix = self._owner(self._kin.instance(*home))
        handler_file, handler = self._handler(file, shape.target, call.scope)
        args = call.expr.args
        adds = not shape.receiver or call.name.endswith(".add_url_rule")
        named = call.expr.kwarg("endpoint") or (args[1] if adds and args[1:] else None)
        endpoint = named.text if named is not None else handler.name if handler else ""
        methods = _given_methods(call.expr)
        for rule in shape.rules:
            text = self._text(file, call.scope, rule)
            yield Route(file, handler_file, handler, _below(prefix, text), methods, key, endpoint, call.start, call.end)

    def _shape(self, file: PyFile, call: Call) -> Shape | None:
        """A call that adds rules: by the method's own name, by a name that it was kept under, or through a helper that
        is handed the application or blueprint first, a ``view_func``, and the rules in whatever way."""
        found, view, args = _shape(call), call.expr.kwarg("view_func"), call.expr.args
        if found is not None or view is None or not args:
            return found
        if self._method_kept(file, call) is not None:
            return Shape("", view, args[:1])
        if args[0].kind == "name":
            texts = (e for value in call.expr.items[1:] if value is not view for e in value.walk() if e.kind == "str")
            return Shape(args[0].text, view, tuple(e for e in texts if e.text.startswith("/")))
        return None

    def _told(self, one: Added) -> Route:
        """A rule that a function of the project adds for whoever calls it."""
        scope = one.inner.scope
        home = (one.home, scope, one.receiver) if one.receiver else self._method_kept(one.home, one.inner)
        key, prefix = self._owner(self._kin.instance(*home)) if home is not None else ("", "")
        handler_file, handler = self._handler(one.file, one.view)
        methods, endpoint = _given_methods(one.inner.expr), handler.name if handler is not None else ""
        told = self._constants.text
        given = {name: Expr("str", told(one.file, one.call.scope, value)) for name, value in one.given.items()}
        rule = _below(prefix, self._text(one.home, scope, filled(one.rule, given)))
        return Route(one.file, handler_file, handler, rule, methods, key, endpoint, one.call.start, one.call.end)

    def _method_kept(self, file: PyFile, call: Call) -> tuple[PyFile, int, str] | None:
        """Whose method a name stands for that calls under a name of its own: ``rule = api.add_url_rule``, also in
        another module."""
        ref = self._names.resolve(file.path, call.name)
        home = self._names.files.get(ref.path)
        for item in home.assigned.get((0, ref.name), ()) if home is not None else ():
            if isinstance(item, Assign) and item.value.kind == "name":
                receiver, _, method = item.value.text.rpartition(".")
                if method == "add_url_rule" and home is not None:
                    return home, 0, receiver
        return None

    def _rule(self, file: PyFile, scope: int, expr: Expr) -> str:
        first = expr.args[0] if expr.args else expr.kwarg("rule")
        return self._text(file, scope, first) if first is not None else "?"

    def _text(self, file: PyFile, scope: int, value: Expr) -> str:
        """A rule: constants are followed, ``{}`` stands for what is not constant in it, "?" for one that is not at
        all."""
        text = self._constants.text(file, scope, value)
        return "?" if text == UNKNOWN and value.kind != "fstring" else text

    def _handler(self, file: PyFile, value: Expr, scope: int = 0) -> tuple[PyFile, Definition | None]:
        """The definition a handler expression means; ``X.as_view("x")``, and a variable that holds it, mean the
        class X."""
        name = value.text.removesuffix(".as_view") if value.kind == "call" else value.text
        if value.kind == "call" and name == value.text and value.args:
            return self._handler(file, value.args[0], scope)
        ref = self._names.resolve(file.path, name)
        local = file.assigned.get((scope, name), ()) if scope else ()
        other = self._names.files.get(ref.path, file)
        definition = other.definition(other.scopes.get(ref.name, 0)) if not local and not ref.external else None
        if definition is None and value.kind == "name":
            for item in local or other.assigned.get((0, ref.name), ()):
                if isinstance(item, Call) and item.last == "as_view":
                    return self._handler(file if local else other, item.expr)
        return other, definition


def _shape(call: Call) -> Shape | None:
    """``x.add_url_rule(rule, name, view)`` and ``x.add_resource(view, *rules)``."""
    receiver, _, method = call.name.rpartition(".")
    args = call.expr.args
    if method == "add_resource" and receiver and args:
        urls = call.expr.kwarg("urls")
        return Shape(receiver, args[0], args[1:] or ((urls,) if urls is not None else ()))
    if method == "add_url_rule" and receiver:
        target = call.expr.kwarg("view_func") or (args[2] if len(args) > 2 else None)
        rule = args[0] if args else call.expr.kwarg("rule")
        return Shape(receiver, target, (rule,)) if target is not None and rule is not None else None
    return None


def _applied(file: PyFile, call: Call) -> Shape | None:
    """``app.route(rule)(view)``: a decorator that is called by hand."""
    receiver, _, made = call.name.rpartition(".")
    if made != "route()" or not receiver or not call.expr.args:
        return None
    inner = (c for c in file.module.calls if c.name == f"{receiver}.route" and c.scope == call.scope)
    rules = next((c.expr.args[:1] for c in inner if call.start <= c.start <= call.end), ())
    return Shape(receiver, call.expr.args[0], rules) if rules else None


def _methods(file: PyFile, definition: Definition, every: bool = False) -> list[Definition]:
    """The HTTP-method methods of a class, or ``every`` public one."""
    scope = file.scopes[definition.qualname]
    inside = [d for d in file.module.definitions if d.kind == "function" and d.parent == scope]
    return [d for d in inside if d.name in HTTP_METHODS or (every and not d.name.startswith("_"))]


def _below(prefix: str, rule: str) -> str:
    return f"{prefix.rstrip('/')}/{rule.lstrip('/')}" if prefix else rule


def _given_methods(expr: Expr) -> tuple[str, ...]:
    value = expr.kwarg("methods")
    return tuple(i.text.upper() for i in value.items if i.kind == "str") if value is not None else ()
