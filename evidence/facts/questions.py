"""The questions that many detectors ask: what a name means, who calls what, and what runs for the application."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from evidence.facts.joined import Joined
from evidence.facts.names import PyFile, Ref
from evidence.facts.python.records import Call, Definition

# Decorators that leave a function for others to call.
_PLAIN_DECORATORS = frozenset({
    "staticmethod", "classmethod", "property", "contextmanager", "asynccontextmanager", "wraps", "lru_cache", "cache",
    "cached_property", "abstractmethod", "overload", "dataclass", "setter",
})  # fmt: skip
# A function that makes an object may be followed into others so far.
_GIVEN_BACK = 3


class Questions(Joined):
    """Look-ups over all files, indexed once."""

    def resolve(self, file: PyFile, name: str) -> Ref:
        """Where a dotted name of ``file``'s facts leads."""
        return self.names.resolve(file.path, name)

    def defined(self, file: PyFile, name: str) -> tuple[PyFile, Definition] | None:
        """The function or class of the project that a name means."""
        ref = self.resolve(file, name)
        if ref.external:
            return None
        other = self.python[ref.path]
        definition = other.definition(other.scopes.get(ref.name, 0))
        return (other, definition) if definition is not None else None

    def external(self, file: PyFile, name: str) -> str:
        """The dotted name outside the project that a name means through re-exports, "" when it is the project's own."""
        path, outside = self.names.resolve(file.path, name)
        return "" if path else outside

    def calls(self, files: Iterable[PyFile], *packages: str) -> Iterator[tuple[PyFile, Call, str]]:
        """Calls whose callee is in one of these outside packages (dotted prefixes), with the callee's full name."""
        wanted = {f.path for f in files}
        found = [e for top in sorted({p.partition(".")[0] for p in packages}) for e in self._outside.get(top, ())]
        for _, file, call, name in sorted(found, key=lambda e: e[0]):
            if file.path in wanted and any(name == p or name.startswith((p + ".", p + "(")) for p in packages):
                yield file, call, name

    @cached_property
    def _outside(self) -> dict[str, list[tuple[int, PyFile, Call, str]]]:
        """Every call of something outside the project, by the first segment of its name, with its place in the
        order."""
        found: dict[str, list[tuple[int, PyFile, Call, str]]] = {}
        number = 0
        for file in self.python.values():
            for call in file.module.calls:
                name = self._callee(file, call.name)
                if name:
                    number += 1
                    top = name.partition(".")[0].partition("(")[0]
                    found.setdefault(top, []).append((number, file, call, name))
        return found

    def _callee(self, file: PyFile, name: str) -> str:
        return self.external(file, name) if name else ""

    def variable_class(self, file: PyFile, scope: int, name: str, depth: int = 0) -> str:
        """The outside class (dotted) of the object that a variable holds, through imports, module-level assignments,
        what callers hand over and what a class keeps; "" when it cannot be told. ``db.session`` asks for ``db``."""
        while True:
            made = self._assigned_class(file, scope, name, depth)
            if made is not None:
                return made
            definition = file.definition(scope)
            if definition is None:
                break
            if made := self._handed(file, definition, name, depth) or self._kept(file, scope, definition, name, depth):
                return made
            scope = definition.parent
        ref = self.resolve(file, name)
        if ref.external or (ref.path == file.path and ref.name == name):
            return ""
        return self.variable_class(self.python[ref.path], 0, ref.name, depth)

    def _assigned_class(self, file: PyFile, scope: int, name: str, depth: int) -> str | None:
        """The outside class of what a variable is given in this very scope; None where it is given nothing that is
        made by a call."""
        for item in file.assigned.get((scope, name), ()):
            expr = item.expr if isinstance(item, Call) else item.value
            if expr.kind == "call":
                return self.class_of(file, expr.text) or self._given_back(file, expr.text, depth)
        return None

    def _kept(self, file: PyFile, scope: int, owner: Definition, name: str, depth: int) -> str:
        """The outside class of what a class keeps under this name, as one of its methods says: ``self.socket``."""
        if owner.kind != "class" or not name.startswith("self."):
            return ""
        methods = (number for number, d in enumerate(file.module.definitions, 1) if d.parent == scope)
        return next((c for number in methods if (c := self._assigned_class(file, number, name, depth))), "")

    def _handed(self, file: PyFile, function: Definition, name: str, depth: int) -> str:
        """The outside class of what callers hand to a module's function under this name (``register(Sock(app))``)."""
        if name not in function.params or function.parent or depth >= _GIVEN_BACK:
            return ""
        place = function.params.index(name)
        for caller, call in self.called.get(function.name, ()):
            keyed = call.expr.kwarg(name)
            value = keyed if keyed is not None else next(iter(call.expr.args[place : place + 1]), None)
            if value is None or self.defined(caller, call.name) != (file, function):
                continue
            made = self.class_of(caller, value.text) if value.kind == "call" else ""
            if value.kind == "name":
                made = self.variable_class(caller, call.scope, value.text, depth + 1)
            if made:
                return made
        return ""

    def _given_back(self, file: PyFile, callee: str, depth: int) -> str:
        """The outside class of what a function of the project makes and returns (``make_socketio(app)``)."""
        found = self.defined(file, callee) if depth < _GIVEN_BACK else None
        if found is None or found[1].kind != "function":
            return ""
        home, function = found
        scope = home.scopes.get(function.qualname, 0)
        for value in function.returns:
            made = self.class_of(home, value.text) if value.kind == "call" else ""
            if value.kind == "name":
                made = self.variable_class(home, scope, value.text, depth + 1)
            if made:
                return made
        return ""

    def class_of(self, file: PyFile, callee: str, depth: int = 0) -> str:
        """The outside class (dotted) that a class name means, through the project's own subclasses."""
        ref = self.resolve(file, callee)
        if ref.external:
            return ref.name
        found = self.defined(file, callee)
        if found is None or found[1].kind != "class" or depth > 6:
            return ""
        return next((c for b in found[1].bases if (c := self.class_of(found[0], b.text, depth + 1))), "")

    def tested_names(self) -> Mapping[str, list[tuple[PyFile, int]]]:
        """For each name referred to in tests (last segment), the (file, scope) pairs that refer to it."""
        return self._tested_names

    @cached_property
    def _tested_names(self) -> dict[str, list[tuple[PyFile, int]]]:
        found: dict[str, list[tuple[PyFile, int]]] = {}
        for file in self.tests:
            for scope, refs in enumerate(file.module.refs):
                for name in refs:
                    found.setdefault(name.rpartition(".")[2].partition("(")[0], []).append((file, scope))
        return found

    @cached_property
    def has_python(self) -> bool:
        """Whether there is Python code of the project's own."""
        return bool(self.app)

    @cached_property
    def called(self) -> Mapping[str, tuple[tuple[PyFile, Call], ...]]:
        """Calls of application code by the last segment of what is called, in path order: one index for all who ask."""
        found: dict[str, list[tuple[PyFile, Call]]] = {}
        for file in self.app:
            for call in file.module.calls:
                found.setdefault(call.last, []).append((file, call))
        return {name: tuple(places) for name, places in found.items()}

    def live_calls(self, *names: str) -> Iterator[tuple[PyFile, Call]]:
        """Calls of application code to one of these (last segments) that can run."""
        for name in names:
            yield from ((f, c) for f, c in self.called.get(name, ()) if self.reach.live(f.path, c.scope))

    @cached_property
    def _referred(self) -> dict[str, list[tuple[str, int]]]:
        """Where application code refers to each name (last segment): (path, scope) pairs."""
        found: dict[str, list[tuple[str, int]]] = {}
        for file in self.app:
            for scope, refs in enumerate(file.module.refs):
                for name in refs:
                    last = name.rpartition(".")[2].partition("(")[0].partition("[")[0]
                    found.setdefault(last, []).append((file.path, scope))
        return found

    def runs_for_app(self, file: PyFile, scope: int) -> bool:
        """Whether code in ``scope`` can run, and not for the tests alone: what leads to it is application code that
        a module runs, a decorator registers, or a base class calls."""
        if not self.reach.live(file.path, scope):
            return False
        pending, seen = [(file, scope)], set[tuple[str, int]]()
        while pending:
            current, number = pending.pop()
            around = current.function_of(number)
            if around is None or self._starts_by_itself(current, around):
                return True
            own = current.scopes.get(around.qualname, 0)
            if (current.path, own) in seen:
                continue
            seen.add((current.path, own))
            for path, place in self._referred.get(around.name, ()):
                if path != current.path or not current.inside(place, own):
                    pending.append((self.python[path], place))
        return False

    def _starts_by_itself(self, file: PyFile, function: Definition) -> bool:
        """Whether a function runs without being named: a decorator registers it, it answers requests, or it is a
        special method or one that a base class from outside may call."""
        special = function.name.startswith("__") and function.name.endswith("__")
        registered = any(d.expr.text.rpartition(".")[2] not in _PLAIN_DECORATORS for d in function.decorators)
        called = function.parent != 0 and self._overrides(file, function)
        return special or registered or called or id(function) in self._view_ids

    @cached_property
    def _view_ids(self) -> frozenset[int]:
        return frozenset(id(d) for _, d in self.web.views)

    def _overrides(self, file: PyFile, method: Definition) -> bool:
        """Whether a method may be called by a base class from outside the project."""
        owner = file.definition(method.parent)
        return owner is not None and any(b.text and not self.defined(file, b.text) for b in owner.bases)
