"""Checks by libraries: which classes are schemas or forms, and which calls and decorators check data against them.

Names come from the libraries' own documents. Comparisons written by hand do not count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.callees import callee
from evidence.facts.filled import fills_from_request, what_is_checked
from evidence.facts.names import PyFile, Ref
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.schema_table import (
    CALLS,
    CHECKING,
    DECORATORS,
    KINDS,
    LOADS,
    MAKERS,
    MODEL_LOADS,
    NOT_SCHEMAS,
    SCHEMA_NAMES,
)
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

_PARSERS = ("flask_restful", "flask_restx", "flask_restplus")
_INPUT_PARAMETERS = frozenset({"body", "query", "form", "path", "header", "cookie"})
_REQUEST = ("flask.request", "quart.request", "apiflask.request", "connexion.request")
# What reads signed texts back: serializers of itsdangerous, whatever function makes them.
_SIGNED = regex(r"serializ|sign|token|jws|jwt|cookie", re.IGNORECASE)


class SchemaCheck(Struct, frozen=True):
    """One place that checks data. ``scope`` is the function around it (or the one it decorates); ``style`` is call,
    decorator, form, parser or wrapper (a function of the project that checks what it is handed); ``data`` is what is
    checked, where that can be told; ``through`` the wrapper that is called."""

    file: PyFile
    start: int
    end: int
    scope: int
    style: str
    data: Expr | None = None
    through: Ref | None = None


class LibraryChecks:
    """The schemas of one project, and the calls and decorators of libraries that check data against them."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._kinds: dict[tuple[str, str], str] = {}

    def kind(self, file: PyFile, name: str, depth: int = 0) -> str:
        """The kind of schema (marshmallow, pydantic, form) that a class name means, "" for none."""
        key = (file.path, name)
        if key not in self._kinds:
            self._kinds[key] = ""
            self._kinds[key] = self._kind(file, name, depth) if depth < 8 else ""
        return self._kinds[key]

    def _kind(self, file: PyFile, name: str, depth: int) -> str:
        ref = self._project.resolve(file, name)
        last = ref.name.rpartition(".")[2]
        if ref.external:
            known = KINDS.get(ref.name.partition(".")[0], "")
            return known if last.endswith(SCHEMA_NAMES) else ""
        other = self._project.python[ref.path]
        definition = other.definition(other.scopes.get(ref.name, 0))
        if definition is None:
            # ``ma.Schema`` of an extension object: the class is an attribute of what ``Marshmallow()`` made
            owner = ref.name.rpartition(".")[0]
            made = self._project.variable_class(other, 0, owner) if owner and last.endswith(SCHEMA_NAMES) else ""
            return KINDS.get(made.partition(".")[0], "")
        bases = definition.bases if definition.kind == "class" else ()
        return next((k for b in bases if (k := self.kind(other, b.text, depth + 1))), "")

    @cached_property
    def definitions(self) -> tuple[tuple[PyFile, Definition, str], ...]:
        """Schemas and forms of the application's own, with their kind, in path and line order."""
        return tuple(
            (file, d, kind)
            for file in self._project.app
            for d in file.module.definitions
            if d.kind == "class"
            and d.bases
            and d.statements + d.end - d.line > 1
            and (kind := self.kind(file, d.qualname))
        )

    # -------------------------------------------------------------------------------------- single checks

    @cached_property
    def direct(self) -> tuple[SchemaCheck, ...]:
        """Checks by a library, in application and test code."""
        return tuple(c for f in (*self._project.app, *self._project.tests) for c in self._in_file(f))

    def _in_file(self, file: PyFile) -> Iterator[SchemaCheck]:
        for call in file.module.calls:
            style = self._style(file, call) if call.target != "decorator" else ""
            if style:
                yield SchemaCheck(file, call.start, call.end, call.scope, style, what_is_checked(call))
        for index, definition in enumerate(file.module.definitions):
            for decorator in definition.decorators:
                expr = decorator.expr
                if self._decorates(file, definition, expr) or self._by_maker(file, definition, expr):
                    yield SchemaCheck(file, decorator.line, definition.line, index + 1, "decorator")

    @cached_property
    def _makers(self) -> frozenset[tuple[str, str]]:
        """The project's own decorators that check by one of a library: ``def paged(schema)`` with
        ``use_args(schema)(view)``, or with a function inside that carries it."""
        found = set()
        for file in self._project.app:
            places = [
                (call.scope, call.expr)
                for call in file.module.calls
                if call.scope and call.target != "decorator" and call.last in DECORATORS
            ]
            places += [(d.parent, e.expr) for d in file.module.definitions if d.parent for e in d.decorators]
            for scope, expr in places:
                outer = file.outermost_function(scope)
                if outer is not None and self._checks(file, scope, expr):
                    found.add((file.path, outer.qualname))
        return frozenset(found)

    def _by_maker(self, file: PyFile, definition: Definition, expr: Expr) -> bool:
        """Whether a decorator is one of the project's own that checks."""
        ref = callee(self._project.names, file, definition.parent, expr.text) if self._makers else None
        return ref is not None and (ref.path, ref.name) in self._makers

    def _style(self, file: PyFile, call: Call) -> str:
        last = call.last
        if last == "validate_on_submit":
            return "form"
        if last == "parse_args":
            parser = self._made_in(file, call.scope, call.name.rpartition(".")[0])
            return "parser" if parser.startswith(_PARSERS) else ""
        if last in CHECKING or last in LOADS or last in MODEL_LOADS or last.endswith(MAKERS):
            return self._by_type(file, call)
        if not call.expr.keys or self._kind_near(file, call) != "pydantic":
            return ""
        filled = self._is_given(file, call) if "**" in call.expr.keys else fills_from_request(file, call)
        return "call" if filled else ""

    def _kind_near(self, file: PyFile, call: Call) -> str:
        """The kind of the class that a call makes an object of: one that a function around it defines comes first."""
        scope = call.scope
        while scope:
            if (scope, call.name) in self._inner(file):
                return self.kind(file, f"{file.module.definitions[scope - 1].qualname}.{call.name}")
            scope = file.module.definitions[scope - 1].parent
        return self.kind(file, call.name)

    def _inner(self, file: PyFile) -> frozenset[tuple[int, str]]:
        """The classes of a file that functions define: (scope of the function, name)."""
        if file.path not in self._inside:
            classes = (d for d in file.module.definitions if d.kind == "class" and d.parent and d.bases)
            self._inside[file.path] = frozenset((d.parent, d.name) for d in classes)
        return self._inside[file.path]

    @cached_property
    def _inside(self) -> dict[str, frozenset[tuple[int, str]]]:
        return {}

    def _is_given(self, file: PyFile, call: Call) -> bool:
        """Whether what a model is made of comes from the request, or was handed to the function around."""
        if self.reads_request(file, call.scope):
            return True
        around = file.function_of(call.scope)
        given = {e.text.partition(".")[0].partition("[")[0] for v in call.expr.items for e in v.walk()}
        return around is not None and bool(given & (set(around.params) - {"self", "cls"}))

    def _by_type(self, file: PyFile, call: Call) -> str:
        receiver, _, last = call.name.rpartition(".")
        outside = self._project.external(file, call.name)
        if _within(outside, CALLS):
            return "call" if call.expr.items else ""
        if not receiver or receiver.startswith(NOT_SCHEMAS):
            return ""
        made = self._made_in(file, call.scope, receiver)
        if _within(made, CALLS) and last in CHECKING:
            return "call"
        kind = self._object_kind(file, call.scope, receiver)
        if last in MODEL_LOADS:
            return "call" if self.kind(file, receiver) == "pydantic" and self._is_given(file, call) else ""
        if kind == "marshmallow" and last in LOADS:
            return "call"
        if kind == "form" and last == "validate":
            return "form"
        handed = any(_from_request(e) for a in call.expr.items for e in a.walk())
        if last == "loads" and _SIGNED.search(receiver):
            return ""
        return "call" if last in ("load", "loads") and handed and not made.startswith(NOT_SCHEMAS) else ""

    def _made_in(self, file: PyFile, scope: int, receiver: str) -> str:
        """The outside class of the object before the dot: of a variable, or of a call in the middle."""
        if receiver.endswith("()"):
            return self._returned(file, scope, receiver[:-2]) or self._project.class_of(file, receiver[:-2])
        made = self._project.variable_class(file, scope, receiver) if receiver else ""
        if made or not receiver:
            return made
        if receiver.startswith("self."):
            # made in another method of the class, as resources make their parsers
            given = (c for n in file.attribute_scopes(scope, receiver) for c in file.assigned.get((n, receiver), ()))
            return next((self._project.class_of(file, c.name) for c in given if isinstance(c, Call)), "")
        got = (i for i in file.assigned.get((scope, receiver), ()) if isinstance(i, Call))
        return next((m for i in got if (m := self._returned(file, scope, i.name))), "")

    def _returned(self, file: PyFile, scope: int, name: str) -> str:
        """The outside class of what a function of the project returns: of ``def validator(): return Validator()``."""
        ref = callee(self._project.names, file, scope, name)
        other = self._project.python[ref.path] if ref is not None else file
        number = other.scopes.get(ref.name, 0) if ref is not None else 0
        definition = other.definition(number) if number else None
        for value in definition.returns if definition is not None and definition.kind == "function" else ():
            text = value.text if value.kind == "call" else ""
            made = self._project.class_of(other, text) if text else ""
            if value.kind == "name":
                made = self._project.variable_class(other, number, value.text)
            if _within(made, CALLS):
                return made
        return ""

    def _object_kind(self, file: PyFile, scope: int, receiver: str) -> str:
        """The kind of schema that an object is: ``UserSchema()``, a variable made of it here or elsewhere,
        ``self.schema``."""
        if receiver.endswith("()"):
            return self.kind(file, receiver[:-2])
        while True:
            for item in file.assigned.get((scope, receiver), ()):
                if isinstance(item, Call) and (kind := self.kind(file, item.name)):
                    return kind
            if not scope:
                break
            definition = file.definition(scope)
            scope = definition.parent if definition else 0
        ref = self._project.resolve(file, receiver)
        if ref.external or (ref.path, ref.name) == (file.path, receiver):
            return ""
        return self._object_kind(self._project.python[ref.path], 0, ref.name)

    def _decorates(self, file: PyFile, definition: Definition, expr: Expr) -> bool:
        receiver, _, last = expr.text.rpartition(".")
        if last not in DECORATORS:
            inputs = _INPUT_PARAMETERS & set(definition.params)
            if inputs and last in ("get", "post", "put", "patch", "delete", "route"):
                return self._made_in(file, definition.parent, receiver).startswith("flask_openapi3")
            given = expr.kwarg("validate")
            return last == "expect" and (given.text == "True" if given else self._project.checks_what_it_expects)
        return self._checks(file, definition.parent, expr)

    def _checks(self, file: PyFile, scope: int, expr: Expr) -> bool:
        """Whether a decorator, or a call of one, is a library's that checks requests."""
        receiver, _, last = expr.text.rpartition(".")
        packages = DECORATORS.get(last)
        if not packages:
            return packages is not None and expr.kind == "call"
        outside = self._project.external(file, expr.text)
        return outside.startswith(packages) or self._made_in(file, scope, receiver).startswith(packages)

    def reads_request(self, file: PyFile, scope: int) -> bool:
        """Whether the function around ``scope`` (or one nested in it) reads the current request."""
        return scope in self._readers(file)

    def _readers(self, file: PyFile) -> frozenset[int]:
        if file.path not in self._read:
            found = set()
            for scope, refs in enumerate(file.module.refs):
                if any(r.startswith(_REQUEST) for r in refs):
                    while scope:
                        found.add(scope)
                        around = file.definition(scope)
                        scope = around.parent if around is not None and around.kind == "function" else 0
            self._read[file.path] = frozenset(found)
        return self._read[file.path]

    @cached_property
    def _read(self) -> dict[str, frozenset[int]]:
        return {}


def _within(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == p or name.startswith(p + ".") for p in packages)


def _from_request(expr: Expr) -> bool:
    return expr.kind in ("name", "call", "index") and expr.text.startswith(_REQUEST)
