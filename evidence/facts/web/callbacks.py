"""Functions hung on an application, blueprint or extension: hooks, error handlers, loaders, processors."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Decorator, Definition, Expr
from evidence.facts.web.kin import Instance, Kin, enclosing
from evidence.facts.web.records import Blueprint, Callback

# What ``FlaskView.make_proxy_method`` of Flask-Classful calls around a view.
_AROUND = frozenset({"before_request", "after_request"})


class Callbacks:
    """Finds callbacks by the name of the registering method."""

    def __init__(self, files: list[PyFile], blueprints: list[Blueprint], names: Names, kin: Kin) -> None:
        self._files = files
        self._names = names
        self._kin = kin
        self._by_place = {(b.file.path, b.call.start): b for b in blueprints}
        self._decorators: dict[str, list[tuple[PyFile, Definition, Decorator]]] = {}
        for file in files:
            for definition in file.module.definitions:
                for decorator in definition.decorators:
                    method = decorator.expr.text.rpartition(".")[2]
                    self._decorators.setdefault(method, []).append((file, definition, decorator))

    def find(self, methods: frozenset[str]) -> list[Callback]:
        """Every callback registered through one of ``methods``, in path and line order."""
        found = [c for method in methods for c in self._decorated(method)]
        found += (c for file in self._files for c in self._called(file, methods))
        if around := _AROUND & methods:
            found += (c for file in self._files for c in self._of_views(file, around))
        return sorted(found, key=lambda c: (c.file.path, c.start, c.method))

    def _decorated(self, method: str) -> Iterator[Callback]:
        for file, definition, decorator in self._decorators.get(method, ()):
            receiver = decorator.expr.text.rpartition(".")[0]
            if receiver:
                yield self._callback(
                    file, definition.parent, method, receiver, decorator.expr.args, (file, definition),
                    (decorator.line, definition.end),
                )  # fmt: skip

    def _called(self, file: PyFile, methods: frozenset[str]) -> Iterator[Callback]:
        if methods.isdisjoint(file.called):
            return
        calls = [c for c in file.module.calls if c.last.removesuffix("()") in methods]
        first = {(c.start, c.name): c for c in reversed(calls)}
        for call in calls:
            name = call.name.removesuffix("()")
            receiver, _, method = name.rpartition(".")
            if not receiver or call.target == "decorator" or receiver.startswith("super"):
                continue
            if name == call.name and (call.start, name + "()") in first:
                # only the first half of ``app.errorhandler(X)(f)``
                continue
            args = call.expr.args
            inner = first.get((call.start, name)) if name != call.name else None
            outer = args[:-1] if name == call.name else inner.expr.args if inner is not None else ()
            handler = self._handler(file, call.scope, args[-1]) if args else (None, None)
            yield self._callback(file, call.scope, method, receiver, outer, handler, (call.start, call.end))

    def _of_views(self, file: PyFile, methods: frozenset[str]) -> Iterator[Callback]:
        """Methods that Flask-Classful calls around each request of a class of views, by their name."""
        for definition in file.module.definitions:
            owner = file.definition(definition.parent) if definition.name in methods else None
            if owner is None or owner.kind != "class":
                continue
            if any(self._kin.class_kind(file.path, base.text) == "flask_view" for base in owner.bases):
                yield self._callback(
                    file, definition.parent, definition.name, owner.name, (), (file, definition),
                    (definition.start, definition.end),
                )  # fmt: skip

    def _handler(self, file: PyFile, scope: int, value: Expr) -> tuple[PyFile | None, Definition | None]:
        if value.kind == "call" and value.text == "functools.partial" and value.args:
            value = value.args[0]
        elif value.kind == "call":
            return self._made(file, value.text)
        if value.kind == "name" and value.text.startswith("self."):
            # an extension's class that hangs its own methods on the application
            around = next((d for d in enclosing(file, scope) if d.kind == "class"), None)
            number = file.scopes.get(f"{around.qualname}.{value.text[5:]}", 0) if around is not None else 0
            return (file, file.definition(number)) if number else (None, None)
        ref = self._names.resolve(file.path, value.text) if value.kind == "name" else None
        if ref is None:
            return None, None
        if ref.external:
            # a function nested in the one that registers it
            nested = next((d for d in file.module.definitions if d.kind == "function" and d.name == value.text), None)
            return (file, nested) if nested is not None else (None, None)
        other = self._names.files[ref.path]
        return other, other.definition(other.scopes.get(ref.name, 0))

    def _made(self, file: PyFile, name: str) -> tuple[PyFile | None, Definition | None]:
        """The inner function that one of the project returns (``app.before_request(asking(role))``)."""
        ref = self._names.resolve(file.path, name)
        if ref.external:
            return None, None
        other = self._names.files[ref.path]
        number = other.scopes.get(ref.name, 0)
        maker = other.definition(number)
        given = {v.text for v in maker.returns if v.kind == "name"} if maker is not None else set()
        inner = (d for d in other.module.definitions if d.parent == number and d.kind == "function" and d.name in given)
        found = next(inner, None)
        return (other, found) if found is not None else (None, None)

    def _callback(
        self,
        file: PyFile,
        scope: int,
        method: str,
        receiver: str,
        args: tuple[Expr, ...],
        handler: tuple[PyFile | None, Definition | None],
        span: tuple[int, int],
    ) -> Callback:
        onto: Instance | None = self._kin.instance(file, scope, receiver)
        owner = self._by_place.get((onto.file.path, onto.call.start)) if onto and onto.call else None
        kind = onto.kind if onto else ""
        return Callback(file, scope, method, receiver, kind, owner.key if owner else "", args, *handler, *span)
