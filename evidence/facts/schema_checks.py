"""Where data is checked against schemas: by libraries, and through the project's own wrappers of them."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from evidence.facts.callees import callee
from evidence.facts.names import PyFile, Ref
from evidence.facts.python.records import Call, Definition, Expr
from evidence.facts.roles import Role
from evidence.facts.schema_libraries import LibraryChecks, SchemaCheck
from evidence.patterns import regex

# A wrapper of a wrapper of a library is as far as a reader follows.
_DEPTH = 3
# Under these names functions are handed the request of a layer above.
_HANDED = regex(r"(?:\w{1,20}_)?(?:request|req)")


class SchemaChecks(LibraryChecks):
    """What of one project is checked against schemas: in requests, in one central place, in tests."""

    @cached_property
    def _wrappers(self) -> tuple[frozenset[tuple[str, str]], tuple[SchemaCheck, ...]]:
        """Functions of the project that check what they are handed, and the calls of them, wave by wave."""
        known: set[tuple[str, str]] = set()
        calls: list[SchemaCheck] = []
        wave = [c for c in self.direct if c.style in ("call", "form", "parser")]
        for _ in range(_DEPTH):
            fresh = {w for c in wave if (w := self._wrapper_around(c)) is not None} - known
            if not fresh:
                break
            known |= fresh
            wave = self._calls_of(fresh)
            calls.extend(wave)
        return frozenset(known), tuple(calls)

    def _wrapper_around(self, check: SchemaCheck) -> tuple[str, str] | None:
        """The function whose own parameter (or object) is checked here; None where the data comes from elsewhere."""
        definition = check.file.function_of(check.scope)
        if definition is None or check.data is None:
            return None
        around: Definition | None = definition
        while around is not None:
            heads = {
                e.text.partition(".")[0].partition("[")[0]
                for e in check.data.walk()
                if e.kind in ("name", "index", "call")
            }
            if heads & ({*around.params} - {"cls"}):
                return check.file.path, around.qualname
            around = check.file.definition(around.parent)
        # a decorator of the project's own: the check stands in the function it returns
        outer = check.file.outermost_function(check.scope)
        if outer is not None and outer is not definition and self.reads_request(check.file, check.scope):
            return check.file.path, outer.qualname
        return None

    def _calls_of(self, wrappers: set[tuple[str, str]]) -> list[SchemaCheck]:
        last_names = {q.rpartition(".")[2] for _, q in wrappers} - {"__init__"}
        found = []
        for file in (*self._project.app, *self._project.tests):
            for call in file.module.calls if not file.called.isdisjoint(last_names) else ():
                if call.last not in last_names or call.target == "decorator":
                    continue
                ref = self._wrapper(file, call.scope, call.name, last_names, wrappers)
                if ref is not None:
                    data = call.expr.args[0] if call.expr.args else next(iter(call.expr.items), None)
                    receiver = Expr("name", call.name.rpartition(".")[0])
                    found.append(SchemaCheck(file, call.start, call.end, call.scope, "wrapper", data or receiver, ref))
            for index, definition in enumerate(file.module.definitions):
                for decorator in definition.decorators:
                    ref = self._wrapper(file, definition.parent, decorator.expr.text, last_names, wrappers)
                    if ref is not None:
                        found.append(
                            SchemaCheck(file, decorator.line, definition.line, index + 1, "decorator", None, ref)
                        )
        return found

    def _wrapper(
        self, file: PyFile, scope: int, name: str, last_names: set[str], wrappers: set[tuple[str, str]]
    ) -> Ref | None:
        if name.rpartition(".")[2] not in last_names:
            return None
        ref = callee(self._project.names, file, scope, name)
        return ref if ref is not None and (ref.path, ref.name) in wrappers else None

    # ----------------------------------------------------------------------------------------- the answers

    @cached_property
    def _views(self) -> frozenset[tuple[str, str]]:
        return frozenset((f.path, d.qualname) for f, d in self._project.web.views)

    @cached_property
    def of_requests(self) -> tuple[SchemaCheck, ...]:
        """Checks in functions that answer requests or read them, in code that can run."""
        found = [c for c in (*self.direct, *self._wrappers[1]) if c.file.role is Role.APP and self._answers(c)]
        return _ordered(c for c in found if self._project.reach.live(c.file.path, c.scope))

    def _answers(self, check: SchemaCheck) -> bool:
        definition = check.file.function_of(check.scope)
        if definition is not None and any(d.expr.text.endswith(".command") for d in definition.decorators):
            return False  # a command of a shell answers who typed it
        if check.style in ("decorator", "form", "parser") or self.reads_request(check.file, check.scope):
            return True
        if definition is None:
            return False
        # a layer of the project's own that is handed the request: ``def handle(self, http_request)``
        heads = {e.text.partition(".")[0] for e in check.data.walk()} if check.data is not None else set[str]()
        handed = check.style == "wrapper" and any(p in heads and _HANDED.fullmatch(p) for p in definition.params)
        return handed or (check.file.path, definition.qualname) in self._views

    @cached_property
    def central(self) -> tuple[SchemaCheck, ...]:
        """The checks inside the wrappers that endpoints go through: the one place for many."""
        called = {c.through for c in self.of_requests if c.through is not None}
        inside = (c for c in self.direct if c.file.role is Role.APP and self._wrapper_around(c) in called)
        return _ordered(inside)

    @cached_property
    def inputs(self) -> frozenset[tuple[str, str]]:
        """Schemas that functions which check requests refer to: (path, qualified name)."""
        found = set()
        for check in self.of_requests:
            for name in self._named_near(check):
                ref = self._project.resolve(check.file, name.replace("()", ""))
                found.add((ref.path, ref.name.partition(".")[0]))
                made = self._project.python[ref.path].assigned.get((0, ref.name), ()) if not ref.external else ()
                for item in made:
                    if isinstance(item, Call):
                        inner = self._project.resolve(self._project.python[ref.path], item.name)
                        found.add((inner.path, inner.name))
        return frozenset(found & {(f.path, d.qualname) for f, d, _ in self.definitions})

    def _named_near(self, check: SchemaCheck) -> set[str]:
        """Names that the function around a check, its decorators and its class refer to."""
        refs, scope, found = check.file.module.refs, check.scope, set[str]()
        while scope:
            definition = check.file.module.definitions[scope - 1]
            found.update(refs[scope] if scope < len(refs) else ())
            found.update(e.text for d in definition.decorators for e in d.expr.walk() if e.kind in ("name", "call"))
            scope = definition.parent
        return found

    @cached_property
    def in_tests(self) -> tuple[SchemaCheck, ...]:
        """Checks made by tests, directly or through wrappers of theirs or of the application."""
        return _ordered(c for c in (*self.direct, *self._wrappers[1]) if c.file.role is Role.TEST)


def _ordered(checks: Iterable[SchemaCheck]) -> tuple[SchemaCheck, ...]:
    return tuple(sorted(checks, key=lambda c: (c.file.path, c.start, c.end, c.style)))
