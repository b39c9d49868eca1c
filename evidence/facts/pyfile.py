"""A Python file in its place: its facts, looked up by scope."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from functools import cached_property
from operator import itemgetter
from typing import TypeVar

from evidence.facts.python.records import Assign, Call, Definition, Import, Module, Raise
from evidence.facts.roles import Role


def bare(segment: str) -> str:
    """A segment of a dotted name without its call or index mark."""
    return segment if segment.isidentifier() else segment.partition("(")[0].partition("[")[0]


class PyFile:
    """A Python file in its place: path, role, and its facts with look-ups by scope."""

    def __init__(self, path: str, module: Module, role: Role) -> None:
        self.path = path
        self.module = module
        self.role = role

    def __repr__(self) -> str:
        return f"PyFile({self.path!r})"

    @property
    def folder(self) -> str:
        """The path of its folder, "" at the root."""
        return self.path.rpartition("/")[0]

    def definition(self, scope: int) -> Definition | None:
        """The definition a scope number stands for; None for the module itself."""
        return self.module.definitions[scope - 1] if scope else None

    def function_of(self, scope: int) -> Definition | None:
        """The innermost function around a scope."""
        found = self.definition(scope)
        while found is not None and found.kind != "function":
            found = self.definition(found.parent)
        return found

    def function_at(self, line: int) -> Definition | None:
        """The innermost function around a line."""
        found = self.definition(bisect_right(self._starts, line))
        while found is not None and (found.end < line or found.kind != "function"):
            found = self.definition(found.parent)
        return found

    @cached_property
    def _starts(self) -> list[int]:
        """First lines of the definitions, which stand in file order."""
        return [d.start for d in self.module.definitions]

    def outermost(self, scope: int) -> Definition | None:
        """The top-level definition around a scope."""
        found = self.definition(scope)
        while found is not None and found.parent:
            found = self.definition(found.parent)
        return found

    def outermost_function(self, scope: int) -> Definition | None:
        """The outermost function around a scope: a method, where that is in a class."""
        found, outer = self.definition(scope), None
        while found is not None:
            outer = found if found.kind == "function" else outer
            found = self.definition(found.parent)
        return outer

    @cached_property
    def scopes(self) -> dict[str, int]:
        """Scope number by qualified name (the first of equals)."""
        numbers: dict[str, int] = {}
        for index, definition in enumerate(self.module.definitions):
            numbers.setdefault(definition.qualname, index + 1)
        return numbers

    @cached_property
    def imports(self) -> dict[str, Import]:
        """Imports by local name; those at module level win."""
        found: dict[str, Import] = {}
        for item in sorted(self.module.imports, key=lambda i: i.scope):
            found.setdefault(item.alias, item)
        return found

    @cached_property
    def _targets(self) -> frozenset[str]:
        return frozenset(i.target for i in self.module.imports)

    @cached_property
    def imported_modules(self) -> frozenset[str]:
        """The parts of its imports that are certainly modules (``a.b`` of ``from a.b import c``)."""
        return frozenset(i.module for i in self.module.imports)

    @cached_property
    def imported_packages(self) -> frozenset[str]:
        """The packages that the imported modules are in: ``a`` and ``a.b`` for ``import a.b.c``."""
        parts = (module.split(".") for module in self.imported_modules)
        return frozenset(".".join(segments[:end]) for segments in parts for end in range(1, len(segments)))

    def imported(self, name: str) -> bool:
        """Whether a dotted name begins with the target of one of this file's imports."""
        prefix = ""
        for segment in name.split("."):
            prefix = f"{prefix}.{bare(segment)}" if prefix else bare(segment)
            if prefix in self._targets:
                return True
        return False

    @cached_property
    def defined(self) -> frozenset[str]:
        """Names of the functions and classes at module level."""
        return frozenset(d.name for d in self.module.definitions if d.parent == 0)

    @cached_property
    def top_level(self) -> frozenset[str]:
        """Names bound at module level by definitions, assignments and calls."""
        names = {d.name for d in self.module.definitions if d.parent == 0}
        names.update(a.target for a in self.module.assigns if a.scope == 0)
        names.update(c.target for c in self.module.calls if c.scope == 0 and c.target)
        return frozenset(names)

    def inside(self, scope: int, outer: int) -> bool:
        """Whether ``scope`` is ``outer`` or nested in it."""
        while scope and scope != outer:
            scope = self.module.definitions[scope - 1].parent
        return scope == outer

    def attribute_scopes(self, scope: int, name: str) -> list[int]:
        """The scopes of the class around ``scope`` that give ``self.x`` a value."""
        found = self.definition(scope)
        while found is not None and found.kind != "class":
            scope, found = found.parent, self.definition(found.parent)
        return self._attributes.get((scope, name), []) if found is not None else []

    @cached_property
    def _attributes(self) -> dict[tuple[int, str], list[int]]:
        """The scopes that give an attribute of ``self`` or ``cls`` a value, by the class around them and the name."""
        found: dict[tuple[int, str], list[int]] = {}
        for scope, name in self.assigned:
            if name.startswith(("self.", "cls.")):
                around = scope
                while around and self.module.definitions[around - 1].kind != "class":
                    around = self.module.definitions[around - 1].parent
                found.setdefault((around, name), []).append(scope)
        return {key: sorted(scopes) for key, scopes in found.items()}

    @cached_property
    def called(self) -> frozenset[str]:
        """The last segments of what it calls: most questions about calls are answered by what is not among them."""
        return frozenset(c.last.removesuffix("()") for c in self.module.calls)

    def calls_in(self, scope: int) -> list[Call]:
        """Calls in a scope and the scopes nested in it, in file order."""
        return _within(self._calls, scope, self._last_inside)

    def assigns_in(self, scope: int) -> list[Assign]:
        """Assignments in a scope and the scopes nested in it, in file order."""
        return _within(self._assigns, scope, self._last_inside)

    def raises_in(self, scope: int) -> list[Raise]:
        """Raises in a scope and the scopes nested in it, in file order."""
        return _within(self._raises, scope, self._last_inside)

    @cached_property
    def _last_inside(self) -> list[int]:
        """By scope, the last one nested in it: definitions are numbered in the order in which they stand."""
        last = list(range(len(self.module.definitions) + 1))
        for scope in range(len(last) - 1, 0, -1):
            parent = self.module.definitions[scope - 1].parent
            last[parent] = max(last[parent], last[scope])
        return last

    @cached_property
    def _calls(self) -> dict[int, list[tuple[int, Call]]]:
        return _by_scope(self.module.calls)

    @cached_property
    def _assigns(self) -> dict[int, list[tuple[int, Assign]]]:
        return _by_scope(self.module.assigns)

    @cached_property
    def _raises(self) -> dict[int, list[tuple[int, Raise]]]:
        return _by_scope(self.module.raises)

    @cached_property
    def assigned(self) -> dict[tuple[int, str], list[Assign | Call]]:
        """What each name of each scope is assigned, in file order."""
        found: dict[tuple[int, str], list[Assign | Call]] = {}
        both: list[Assign | Call] = [*self.module.assigns, *(c for c in self.module.calls if c.target)]
        for item in sorted(both, key=lambda i: (i.start, i.end)):
            found.setdefault((item.scope, item.target), []).append(item)
        return found

    @cached_property
    def assigned_names(self) -> frozenset[str]:
        """What is assigned in any scope: most names that are asked for are not."""
        return frozenset(name for _, name in self.assigned)


Placed = TypeVar("Placed", Assign, Call, Raise)


def _by_scope(items: Iterable[Placed]) -> dict[int, list[tuple[int, Placed]]]:
    """Items by the scope they stand in, each with its position in the file."""
    found: dict[int, list[tuple[int, Placed]]] = {}
    for position, item in enumerate(items):
        found.setdefault(item.scope, []).append((position, item))
    return found


def _within(items: Mapping[int, list[tuple[int, Placed]]], scope: int, last: list[int]) -> list[Placed]:
    inside = [pair for number in range(scope, last[scope] + 1) for pair in items.get(number, ())]
    return [item for _, item in sorted(inside, key=itemgetter(0))]
