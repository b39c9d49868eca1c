"""Message buses: a command that is handed to a bus is work of the function that a table names for its class."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.python.records import Call, Expr

# What a bus is told to do with a message.
_VERBS = frozenset({"handle", "dispatch", "execute", "send", "publish", "emit", "ask", "invoke", "call"})
# A table of handlers has as many functions.
_HANDLERS = 2


class Dispatch:
    """Which functions answer the messages of a project, by the class of the message."""

    def __init__(self, names: Names, files: Iterable[PyFile]) -> None:
        self._names = names
        self._files = tuple(files)

    def handlers(self, file: PyFile, call: Call) -> frozenset[Ref]:
        """The functions that may answer the message which a call hands to a bus; none where it is no such call."""
        if call.last not in _VERBS or "." not in call.name:
            return frozenset()
        found: set[Ref] = set()
        for value in call.expr.args[:2]:
            given = (i.expr for i in file.assigned.get((call.scope, value.text), ()) if isinstance(i, Call))
            for made in (value, *given) if value.kind in ("call", "name") else ():
                if made.kind == "call":
                    found |= self._tables.get(self._names.resolve(file.path, made.text), frozenset())
        return frozenset(found)

    @cached_property
    def _tables(self) -> dict[Ref, frozenset[Ref]]:
        """By message class, the functions in the tables of the modules that name the class."""
        found: dict[Ref, frozenset[Ref]] = {}
        for file in self._files:
            functions = frozenset(
                ref
                for item in file.module.assigns
                if item.scope == 0 and item.value.kind == "dict" and not any(item.value.keys)
                for ref in self._functions(file, item.value)
            )
            if len(functions) >= _HANDLERS:
                for name in file.module.refs[0]:
                    ref = self._names.resolve(file.path, name)
                    if self._kind(ref) == "class":
                        found[ref] = found.get(ref, frozenset()) | functions
        return found

    def _functions(self, file: PyFile, table: Expr) -> list[Ref]:
        refs = [self._names.resolve(file.path, e.text) for e in table.walk() if e.kind == "name"]
        return [r for r in refs if self._kind(r) == "function"]

    def _kind(self, ref: Ref) -> str:
        if ref.external:
            return ""
        file = self._names.files[ref.path]
        found = file.definition(file.scopes.get(ref.name, 0))
        return found.kind if found is not None else ""
