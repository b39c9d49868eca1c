"""Which blueprints each registering call registers: direct, in loops over lists, nested, or loaded by name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property

from evidence.facts.constants import Constants
from evidence.facts.loading import LOADERS, loaded_from
from evidence.facts.names import Names, PyFile
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.apis import Apis, Place
from evidence.facts.web.blueprints import constant_prefix
from evidence.facts.web.kin import Instance, Kin, enclosing
from evidence.facts.web.records import Blueprint, Registration

_REGISTERING = frozenset(
    {"register_blueprint", "add_namespace", "register_api", "add_api", "init_blueprint", "namespace"}
)
# Callables whose result cannot be known from the code: what they load counts as registered.
_DYNAMIC = (*LOADERS, "getattr")
# Callables that hand on the elements of their argument, in whatever order.
_PASSING = frozenset({"list", "tuple", "set", "sorted", "reversed", "iter", "filter"})
# What a method can register; the others take anything.
_KINDS = {"register_blueprint": "blueprint", "add_namespace": "namespace"}
_MAX_DEPTH = 8
_MAX_PREFIXES = 8
_MAX_PREFIX = 400


class Registrations:
    """Finds which blueprints each registering call registers."""

    def __init__(
        self, files: list[PyFile], blueprints: list[Blueprint], names: Names, kin: Kin, constants: Constants
    ) -> None:
        self._files = files
        self._constants = constants
        self._names = names
        self._kin = kin
        self._apis = Apis(files, blueprints, kin)
        self._by_call = {(b.file.path, b.call.start, b.call.expr.text): b for b in blueprints}
        self._by_variable = {(b.file.path, b.variable): b for b in blueprints}
        self._all = blueprints
        self._held: dict[tuple[str, int, str, int, str], tuple[Blueprint, ...]] = {}
        self._loading: dict[tuple[str, int], bool] = {}

    def find(self) -> list[Registration]:
        """All registrations, in path and line order."""
        found: list[Registration] = []
        for file in self._files:
            for call in file.module.calls:
                receiver, _, method = call.name.rpartition(".")
                if method in _REGISTERING and receiver:
                    found.extend(self._registered(file, call, receiver))
        return found

    def _registered(self, file: PyFile, call: Call, receiver: str) -> Iterator[Registration]:
        onto = self._kin.instance(file, call.scope, receiver)
        place = self._place(onto)
        if not place.bound:
            return
        kind = onto.kind if onto else "app"
        own = self._by_call.get((file.path, call.start, call.expr.text))
        arguments = (*call.expr.args[:1], *(v for k in ("blueprint", "ns", "bp") if (v := call.expr.kwarg(k))))
        parts = [own] if own is not None else [b for a in arguments for b in self._blueprints(file, call.scope, a, 0)]
        if not parts and call.last == "register_blueprint":
            parts = [b for a in arguments for b in self._discovered(file, call.scope, a)]
        given = constant_prefix(self._constants, file, call)
        fitting = _KINDS.get(call.last)
        for blueprint in dict.fromkeys(b for b in parts if fitting in (None, b.kind)):
            prefix = given if given is not None or not place.prefix else blueprint.prefix or ""
            full = prefix if prefix is None else place.prefix.rstrip("/") + prefix
            yield Registration(file, call, blueprint, kind, place.parent, full)

    def _discovered(self, file: PyFile, scope: int, value: Expr) -> Iterator[Blueprint]:
        """The blueprints beside and below a file that registers whatever a loop finds, where modules are loaded by
        name somewhere there: which ones cannot be followed."""
        loops = (v.kind == "op" and v.text == "for" for _, v in _given(file, scope, value.text))
        folder = f"{file.folder}/" if file.folder else ""
        if value.kind == "name" and any(loops) and any(f.startswith(folder) for f in self._loaders):
            yield from (b for b in self._all if b.file.path.startswith(folder))

    @cached_property
    def _loaders(self) -> tuple[str, ...]:
        """Paths of files that load modules by name."""
        return tuple(f.path for f in self._files if any(c.name.endswith(LOADERS) for c in f.module.calls))

    def _place(self, onto: Instance | None) -> Place:
        """Where the receiver of a registration hangs; one that is not known is taken for the application."""
        if onto is None or onto.call is None or onto.kind == "app":
            return Place(True, "", "")
        if onto.kind == "api":
            return self._apis.place(onto)
        found = self._by_call.get((onto.file.path, onto.call.start, onto.call.expr.text))
        return Place(True, found.key if found else "", "")

    # ------------------------------------------------------------------------------- what an expression holds

    def _blueprints(
        self, file: PyFile, scope: int, value: Expr, depth: int, position: int = -1, attribute: str = ""
    ) -> Iterator[Blueprint]:
        """The blueprints that a value is or holds. ``position`` tells which part of each element is meant (a loop over
        pairs), ``attribute`` what is taken of it (``.bp`` of modules)."""
        if depth > _MAX_DEPTH:
            return
        if value.kind in ("list", "dict"):
            for item in value.items:
                part = item.items[position] if item.kind == "list" and -1 < position < len(item.items) else item
                yield from self._blueprints(file, scope, part, depth + 1, -1, attribute)
        elif value.kind == "op":
            for item in value.items:
                yield from self._blueprints(file, scope, item, depth + 1, position, attribute)
        elif value.kind == "call":
            yield from self._called(file, scope, value, depth, position, attribute)
        elif value.kind in ("name", "index"):
            yield from self._named(file, scope, value.text, depth, position, attribute)

    def _called(
        self, file: PyFile, scope: int, value: Expr, depth: int, position: int, attribute: str
    ) -> Iterator[Blueprint]:
        name, _, method = value.text.rpartition(".")
        if value.text.endswith(_DYNAMIC):
            yield from self._below(file, scope)
        elif method in ("items", "values") and name:
            yield from self._blueprints(file, scope, Expr("name", name), depth + 1, -1, attribute)
        elif value.text == "enumerate" and value.args:
            yield from self._blueprints(file, scope, value.args[0], depth + 1, -1, attribute)
        elif value.text in _PASSING:
            for argument in value.args:
                yield from self._blueprints(file, scope, argument, depth + 1, position, attribute)
        else:
            yield from self._made(file, scope, value, depth)

    def _made(self, file: PyFile, scope: int, value: Expr, depth: int) -> Iterator[Blueprint]:
        found = self._kin.instance(file, scope, value.text + "()")
        if found is not None:
            yield from self._of_instance(found)
            return
        for argument in value.items:
            yield from self._blueprints(file, scope, argument, depth + 1)
        ref = self._names.resolve(file.path, value.text)
        other = self._names.files.get(ref.path)
        number = other.scopes.get(ref.name, 0) if other is not None else 0
        definition = other.definition(number) if other is not None else None
        if other is None or definition is None:
            return
        if self._loads(other, number, 0):
            yield from self._below(other, number)
        for returned in definition.returns:
            yield from self._blueprints(other, number, returned, depth + 1)

    def _loads(self, file: PyFile, scope: int, depth: int) -> bool:
        """Whether a function of the project loads modules by name, itself or through another one."""
        key = (file.path, scope)
        if key not in self._loading:
            self._loading[key] = False
            called = {c.name for c in file.calls_in(scope)}
            self._loading[key] = any(n.endswith(_DYNAMIC) for n in called) or (
                depth < 2 and any(self._called_loads(file, n, depth) for n in sorted(called) if n)
            )
        return self._loading[key]

    def _called_loads(self, file: PyFile, name: str, depth: int) -> bool:
        ref = self._names.resolve(file.path, name)
        other = self._names.files.get(ref.path)
        number = other.scopes.get(ref.name, 0) if other is not None else 0
        return other is not None and number > 0 and self._loads(other, number, depth + 1)

    def _named(
        self, file: PyFile, scope: int, name: str, depth: int, position: int, attribute: str
    ) -> Iterable[Blueprint]:
        key = (file.path, scope, name, position, attribute)
        if key not in self._held:
            # names that hold each other would go on for ever
            self._held[key] = ()
            self._held[key] = tuple(dict.fromkeys(self._holding(file, scope, name, depth, position, attribute)))
        return self._held[key]

    def _holding(
        self, file: PyFile, scope: int, name: str, depth: int, position: int, attribute: str
    ) -> Iterator[Blueprint]:
        found = self._kin.instance(file, scope, name + attribute)
        if found is not None:
            yield from self._of_instance(found)
            return
        called, call, _ = name.partition("()")
        if call and called.endswith(_DYNAMIC):
            yield from self._below(file, scope)
            return
        head, dot, rest = name.partition(".")
        given = list(_given(file, scope, head))
        for number, value in given:
            looped = value.kind == "op" and value.text == "for"
            part = position
            if looped:
                part = int(value.items[1].text) if len(value.items) > 1 else -1
            over = value.items[0] if looped else value
            yield from self._blueprints(file, number, over, depth + 1, part, dot + rest + attribute)
        if not given:
            yield from self._elsewhere(file, name, depth, position, attribute)
        yield from self._passed(file, scope, head, depth, position, dot + rest + attribute)

    def _elsewhere(self, file: PyFile, name: str, depth: int, position: int, attribute: str) -> Iterator[Blueprint]:
        """A list (or alias) of blueprints defined in another module."""
        ref = self._names.resolve(file.path, name)
        if ref.external or (ref.path, ref.name) == (file.path, name):
            return
        other = self._names.files[ref.path]
        for number, value in _given(other, 0, ref.name):
            yield from self._blueprints(other, number, value, depth + 1, position, attribute)

    def _passed(
        self, file: PyFile, scope: int, name: str, depth: int, position: int, attribute: str
    ) -> Iterator[Blueprint]:
        """What the callers of the function around hand to it under this name: ``create_app(blueprints)``."""
        function = next((d for d in enclosing(file, scope) if name in d.params), None)
        if function is None or function.kind != "function":
            return
        place = function.params.index(name) - (function.params[0] in ("self", "cls"))
        for caller, call in self._calls.get(function.name, ()):
            ref = self._names.resolve(caller.path, call.name)
            # a method's class is seldom known: its name must do
            if function.parent or (ref.path, ref.name) == (file.path, function.qualname):
                keyed = call.expr.kwarg(name)
                value = keyed if keyed is not None else next(iter(call.expr.args[place : place + 1]), None)
                if value is not None:
                    yield from self._blueprints(caller, call.scope, value, depth + 1, position, attribute)

    @cached_property
    def _calls(self) -> dict[str, list[tuple[PyFile, Call]]]:
        """Calls by the last segment of what they call."""
        found: dict[str, list[tuple[PyFile, Call]]] = {}
        for file in self._files:
            for call in file.module.calls:
                found.setdefault(call.last, []).append((file, call))
        return found

    def _of_instance(self, found: Instance) -> Iterator[Blueprint]:
        made = found.call and self._by_call.get((found.file.path, found.call.start, found.call.expr.text))
        named = made or self._by_variable.get((found.file.path, found.variable))
        if named is not None:
            yield named

    def _below(self, file: PyFile, scope: int) -> Iterator[Blueprint]:
        """The blueprints in and below the folders from which a scope loads modules by name."""
        folders = tuple(loaded_from(self._names, file, scope))
        for blueprint in self._all:
            if blueprint.file.path.startswith(folders):
                yield blueprint


def _given(file: PyFile, scope: int, name: str) -> Iterator[tuple[int, Expr]]:
    """What a name is given, in the nearest scope that gives it something: (scope, value)."""
    while True:
        found = file.assigned.get((scope, name), ())
        if found or not scope:
            yield from ((scope, item.expr if isinstance(item, Call) else item.value) for item in found)
            return
        definition = file.definition(scope)
        scope = definition.parent if definition else 0


def url_prefixes(registrations: Iterable[Registration]) -> dict[str, frozenset[str]]:
    """By blueprint key, every URL prefix that its registrations give it, from the application down."""
    found: dict[str, set[str]] = {}
    below: dict[str, list[Registration]] = {}
    for item in registrations:
        below.setdefault(item.parent, []).append(item)
    # what hangs on a parent that hangs nowhere has its own prefix alone
    hanging = {i.blueprint.key for items in below.values() for i in items}
    pending = [("", "")] + [(p, "") for p in below if p and p not in hanging]
    while pending:
        parent, above = pending.pop()
        for item in below.get(parent, ()):
            own = item.prefix if item.prefix is not None else item.blueprint.prefix
            prefix = f"{above.rstrip('/')}{own or ''}"
            known = found.setdefault(item.blueprint.key, set())
            # blueprints nested in each other would go on for ever
            if prefix not in known and len(known) < _MAX_PREFIXES and len(prefix) < _MAX_PREFIX:
                known.add(prefix)
                pending.append((item.blueprint.key, prefix))
    return {key: frozenset(prefixes) for key, prefixes in found.items()}
