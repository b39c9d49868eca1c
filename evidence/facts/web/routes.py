"""URL rules and the functions that answer them: decorators, add_url_rule, resources and class-based views."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Decorator, Definition, Expr
from evidence.facts.web.kin import Kin
from evidence.facts.web.records import Blueprint, Route

_ALWAYS = frozenset({"route", "expose"})
_VERBS = frozenset({"get", "post", "put", "patch", "delete"})
HTTP_METHODS = frozenset({*_VERBS, "head", "options", "trace", "dispatch_request"})


class Routes:
    """Finds the routes of a set of files."""

    def __init__(self, files: list[PyFile], blueprints: list[Blueprint], names: Names, kin: Kin) -> None:
        self._files = files
        self._names = names
        self._kin = kin
        self._by_place = {(b.file.path, b.call.start): b for b in blueprints}

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
                found.extend(self._called(file, call))
        return sorted(found, key=lambda r: (r.file.path, r.start, r.rule))

    def views(self, routes: list[Route]) -> list[tuple[PyFile, Definition]]:
        """The functions that answer requests: route handlers, and the HTTP-method methods of handler classes; each
        once."""
        seen: dict[tuple[str, str], tuple[PyFile, Definition]] = {}
        for route in routes:
            for file, definition in self._functions(route):
                seen.setdefault((file.path, definition.qualname), (file, definition))
        for file in self._files:
            for definition in file.module.definitions:
                if definition.kind == "class" and any(
                    self._kin.class_kind(file.path, b.text) == "view" for b in definition.bases
                ):
                    for method in _methods(file, definition):
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
        if not receiver or expr.kind != "call" or method not in _ALWAYS | _VERBS:
            return None
        instance = self._kin.instance(file, definition.parent, receiver)
        if instance is None and (method in _VERBS or not _is_rule(expr)):
            return None
        owner = self._by_place.get((instance.file.path, instance.call.start)) if instance and instance.call else None
        methods = _given_methods(expr) if method in _ALWAYS else (method.upper(),)
        endpoint = expr.kwarg("endpoint")
        return Route(
            file, file, definition, _rule(expr), methods, owner.key if owner else "",
            endpoint.text if endpoint else definition.name, decorator.line, definition.line,
        )  # fmt: skip

    def _called(self, file: PyFile, call: Call) -> Iterator[Route]:
        receiver, _, method = call.name.rpartition(".")
        if not receiver or method not in ("add_url_rule", "add_resource", "route") or call.target == "decorator":
            return
        instance = self._kin.instance(file, call.scope, receiver)
        owner = self._by_place.get((instance.file.path, instance.call.start)) if instance and instance.call else None
        key = owner.key if owner else ""
        args = call.expr.args
        if method == "add_resource" and len(args) > 1:
            handler_file, handler = self._handler(file, args[0])
            for rule in args[1:]:
                if rule.kind in ("str", "fstring"):
                    yield Route(
                        file,
                        handler_file,
                        handler,
                        rule.text,
                        (),
                        key,
                        handler.name if handler else "",
                        call.start,
                        call.end,
                    )
        elif method == "add_url_rule" and args:
            target = call.expr.kwarg("view_func") or (args[2] if len(args) > 2 else None)
            if target is not None:
                handler_file, handler = self._handler(file, target)
                endpoint = args[1].text if len(args) > 1 else (handler.name if handler else "")
                yield Route(
                    file,
                    handler_file,
                    handler,
                    args[0].text,
                    _given_methods(call.expr),
                    key,
                    endpoint,
                    call.start,
                    call.end,
                )

    def _handler(self, file: PyFile, value: Expr) -> tuple[PyFile, Definition | None]:
        """The definition a handler expression means; ``X.as_view("x")`` means the class X."""
        name = value.text.removesuffix(".as_view") if value.kind == "call" else value.text
        if value.kind == "call" and name == value.text and value.args:
            return self._handler(file, value.args[0])
        ref = self._names.resolve(file.path, name)
        if ref.external:
            return file, None
        other = self._names.files[ref.path]
        return other, other.definition(other.scopes.get(ref.name, 0))


def _methods(file: PyFile, definition: Definition) -> list[Definition]:
    """The HTTP-method (or routed) methods of a class."""
    prefix = definition.qualname + "."
    inside = [d for d in file.module.definitions if d.kind == "function" and d.qualname.startswith(prefix)]
    return [d for d in inside if d.name in HTTP_METHODS and d.qualname == prefix + d.name]


def _rule(expr: Expr) -> str:
    first = expr.args[0] if expr.args else expr.kwarg("rule")
    return first.text if first is not None and first.kind in ("str", "fstring") else "?"


def _is_rule(expr: Expr) -> bool:
    rule = _rule(expr)
    return rule.startswith(("/", "<", "{")) or rule == ""


def _given_methods(expr: Expr) -> tuple[str, ...]:
    value = expr.kwarg("methods")
    return tuple(i.text.upper() for i in value.items if i.kind == "str") if value is not None else ()
