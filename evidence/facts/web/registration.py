"""Blueprints and their registrations: direct, in loops over lists, nested, and by packages that register what they
find."""

from __future__ import annotations

from collections.abc import Iterator

from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.web.kin import Instance, Kin
from evidence.facts.web.records import Blueprint, Registration

_REGISTERING = frozenset({"register_blueprint", "add_namespace", "register_api", "add_api", "init_blueprint"})
# Methods that make and register in one step: the kind of their receiver, and of what they make.
_MAKING = {".add_api": ("app", "api"), ".namespace": ("api", "namespace")}
_PREFIXES = ("url_prefix", "path", "base_path", "prefix")
# Callables whose result cannot be known from the code: what they load counts as registered.
_DYNAMIC = ("import_module", "import_string", "getattr", "find_modules", "iter_modules", "walk_packages", "__import__")
_MAX_DEPTH = 4


def find_blueprints(files: list[PyFile], kin: Kin) -> list[Blueprint]:
    """Every Blueprint (or kin) made in ``files``, in path and line order."""
    found = []
    for file in files:
        for call in file.module.calls:
            kind = kin.made_by(file, call)
            if kind in ("blueprint", "namespace") and call.target != "return":
                found.append(_blueprint(file, call, kind))
            elif kind == "" and call.name.endswith(tuple(_MAKING)):
                receiver, _, method = call.name.rpartition(".")
                instance = kin.instance(file, call.scope, receiver)
                if instance is not None and instance.kind == _MAKING["." + method][0]:
                    found.append(_blueprint(file, call, _MAKING["." + method][1]))
    return found


def _blueprint(file: PyFile, call: Call, kind: str) -> Blueprint:
    first = call.expr.args[0] if call.expr.args else call.expr.kwarg("name")
    name = first.text if first is not None and first.kind == "str" else call.target
    prefix = constant_prefix(call.expr)
    if kind == "namespace" and prefix is None:
        # flask-restx serves a namespace without a path under its name
        prefix = f"/{name}"
    return Blueprint(file, call, kind, name, call.target, prefix)


def constant_prefix(call: Expr) -> str | None:
    """The URL prefix among a call's keywords: its text, "?" when it is not constant, None when it is not there."""
    for key in _PREFIXES:
        value = call.kwarg(key)
        if value is not None and not (value.kind == "const" and value.text == "None"):
            return value.text if value.kind == "str" else "?"
    return None


class Registrations:
    """Finds which blueprints each registering call registers."""

    def __init__(self, files: list[PyFile], blueprints: list[Blueprint], names: Names, kin: Kin) -> None:
        self._files = files
        self._names = names
        self._kin = kin
        self._by_call = {(b.file.path, b.call.start, b.call.expr.text): b for b in blueprints}
        self._by_variable = {(b.file.path, b.variable): b for b in blueprints}
        self._all = blueprints

    def find(self) -> list[Registration]:
        """All registrations, in path and line order."""
        found: list[Registration] = []
        for file in self._files:
            for call in file.module.calls:
                receiver, _, method = call.name.rpartition(".")
                if (method in _REGISTERING or f".{method}" in _MAKING) and receiver:
                    found.extend(self._registered(file, call, receiver))
        return found

    def _registered(self, file: PyFile, call: Call, receiver: str) -> Iterator[Registration]:
        onto = self._kin.instance(file, call.scope, receiver)
        parent = self._parent(onto)
        prefix = constant_prefix(call.expr)
        own = self._by_call.get((file.path, call.start, call.expr.text))
        if own is not None:
            yield Registration(
                file, call, own, onto.kind if onto else "app", "", prefix if prefix is not None else own.prefix
            )
            return
        for argument in (*call.expr.args[:1], *(v for k in ("blueprint", "ns", "bp") if (v := call.expr.kwarg(k)))):
            for blueprint in dict.fromkeys(self._blueprints(file, call.scope, argument, 0)):
                yield Registration(file, call, blueprint, onto.kind if onto else "app", parent, prefix)

    def _parent(self, onto: Instance | None) -> str:
        if onto is None or onto.kind not in ("blueprint", "namespace") or onto.call is None:
            return ""
        found = self._by_call.get((onto.file.path, onto.call.start, onto.call.expr.text))
        return found.key if found else ""

    def _blueprints(self, file: PyFile, scope: int, value: Expr, depth: int) -> Iterator[Blueprint]:
        if depth > _MAX_DEPTH:
            return
        if value.kind in ("list", "dict"):
            for item in value.items:
                yield from self._blueprints(file, scope, item, depth + 1)
        elif value.kind == "call":
            if value.text.endswith(_DYNAMIC):
                yield from self._below(file)
            else:
                yield from self._made(file, scope, value, depth)
        elif value.kind in ("name", "index"):
            yield from self._named(file, scope, value.text, depth)

    def _made(self, file: PyFile, scope: int, value: Expr, depth: int) -> Iterator[Blueprint]:
        found = self._kin.instance(file, scope, value.text + "()")
        yield from self._of_instance(found)
        if found is not None:
            return
        for argument in value.items:
            yield from self._blueprints(file, scope, argument, depth + 1)
        loader = self._loader(file, value.text, 0)
        if loader is not None:
            yield from self._below(loader)

    def _loader(self, file: PyFile, callee: str, depth: int) -> PyFile | None:
        """The file of a function of the project that loads modules by name, itself or through another one."""
        ref = self._names.resolve(file.path, callee)
        other = self._names.files.get(ref.path)
        scope = other.scopes.get(ref.name, 0) if other is not None else 0
        if other is None or not scope or depth > 2:
            return None
        calls = other.calls_in(scope)
        if any(c.name.endswith(_DYNAMIC) for c in calls) or any(self._loader(other, c.name, depth + 1) for c in calls):
            return other
        return None

    def _named(self, file: PyFile, scope: int, name: str, depth: int) -> Iterator[Blueprint]:
        found = self._kin.instance(file, scope, name)
        if found is not None:
            yield from self._of_instance(found)
            return
        head, dot, rest = name.partition(".")
        loops = [a for a in self._assigns(file, scope, head) if a.value.kind in ("op", "list", "dict", "name", "call")]
        for item in loops:
            values = item.value.items[0] if item.value.kind == "op" and item.value.text == "for" else item.value
            yield from self._elements(file, item.scope, values, dot + rest, depth + 1)
        if not loops:
            yield from self._elsewhere(file, name, depth)

    def _elements(self, file: PyFile, scope: int, values: Expr, attribute: str, depth: int) -> Iterator[Blueprint]:
        """The blueprints among what a loop goes over; ``attribute`` is what is taken of each (``.bp`` of modules)."""
        if values.kind == "name" and attribute:
            ref = self._names.resolve(file.path, values.text)
            if not ref.external and depth <= _MAX_DEPTH:
                other = self._names.files[ref.path]
                for assigned in self._assigns(other, 0, ref.name):
                    yield from self._elements(other, 0, assigned.value, attribute, depth + 1)
            return
        if values.kind == "call" and values.text.endswith(_DYNAMIC):
            yield from self._below(file)
            return
        if values.kind in ("list", "dict") and attribute:
            for item in values.items:
                if item.kind == "name":
                    yield from self._blueprints(file, scope, Expr("name", item.text + attribute), depth)
            return
        yield from self._blueprints(file, scope, values, depth)

    def _elsewhere(self, file: PyFile, name: str, depth: int) -> Iterator[Blueprint]:
        """A list (or alias) of blueprints defined in another module."""
        ref = self._names.resolve(file.path, name)
        if ref.external or (ref.path, ref.name) == (file.path, name):
            return
        other = self._names.files[ref.path]
        for item in self._assigns(other, 0, ref.name):
            yield from self._blueprints(other, 0, item.value, depth + 1)

    @staticmethod
    def _assigns(file: PyFile, scope: int, name: str) -> list[Assign]:
        while True:
            found = [i for i in file.assigned.get((scope, name), ()) if isinstance(i, Assign)]
            if found or not scope:
                return found
            definition = file.definition(scope)
            scope = definition.parent if definition else 0

    def _of_instance(self, found: Instance | None) -> Iterator[Blueprint]:
        if found is None:
            return
        made = found.call and self._by_call.get((found.file.path, found.call.start, found.call.expr.text))
        named = made or self._by_variable.get((found.file.path, found.variable))
        if named is not None:
            yield named

    def _below(self, file: PyFile) -> Iterator[Blueprint]:
        """The blueprints in and below the folder of a file that loads modules by name."""
        prefix = f"{file.folder}/" if file.folder else ""
        for blueprint in self._all:
            if blueprint.file.path.startswith(prefix):
                yield blueprint
