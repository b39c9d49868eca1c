"""Who runs a factory: calls, references handed to a command line or server, and start commands that name it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from evidence.facts.callees import callee
from evidence.facts.mentions import Mention
from evidence.facts.names import Names, PyFile, Ref
from evidence.facts.python.records import Call, Expr
from evidence.facts.web.records import Factory, Use
from evidence.patterns import regex

_OBJECT = regex(r"(?<![\w./])([A-Za-z_][\w.]{0,200}):([A-Za-z_]\w{0,100})")
_FLASK_APP = regex(r"(?:FLASK_APP=|QUART_APP=|\bflask (?:--app|-A)[ =])[\"']?([\w./]{1,200})")
# The names under which ``flask`` looks for a factory, and those of the application it looks for first.
_FOUND_BY_FLASK = ("create_app", "make_app")
_FIRST = frozenset({"app", "application"})
# What may be done with a function without ever calling it.
_LOOKS_AT = frozenset(
    {"print", "repr", "str", "len", "id", "callable", "isinstance", "hasattr", "getattr", "type", "update_wrapper"}
)


class Uses:
    """Finds the uses of a set of factories."""

    def __init__(self, factories: Iterable[Factory], names: Names) -> None:
        self._names = names
        self._by_place = {(f.file.path, f.definition.qualname): f for f in factories}
        self._last_names = {f.definition.name for f in self._by_place.values()}

    def find(self, files: Iterable[PyFile], mentions: Iterable[Mention]) -> list[Use]:
        """Every use, in the order of ``files`` and then of ``mentions``."""
        found = [u for file in files for call in file.module.calls for u in self._in_call(file, call)]
        # an exported variable is a command line and a variable at once
        named = {(f.key, m.path, m.start): (f, m) for m in mentions for f in self._mentioned(m)}
        found.extend(Use(f, m.path, m.start, m.end, None, 0, False) for f, m in named.values())
        return found

    def _in_call(self, file: PyFile, call: Call) -> Iterator[Use]:
        if call.last in self._last_names:
            ref = callee(self._names, file, call.scope, call.name)
            factory = self._by_place.get(ref) if ref is not None else None
            if factory is not None and file.function_of(call.scope) is not factory.definition:
                yield Use(factory, file.path, call.start, call.end, file, call.scope, bool(call.expr.items))
        if call.name in _LOOKS_AT:
            return
        for value in call.expr.items:
            factory = self._handed_over(file, value)
            if factory is not None:
                yield Use(factory, file.path, call.start, call.end, file, call.scope, False, by_reference=True)

    def _handed_over(self, file: PyFile, value: Expr) -> Factory | None:
        """The factory that an argument names: as an object, or as ``"module:function"`` for a server to import."""
        if value.kind == "name" and value.text.rpartition(".")[2] in self._last_names:
            return self._by_place.get(self._names.resolve(file.path, value.text))
        if value.kind == "str" and ":" in value.text:
            match = _OBJECT.match(value.text)
            return self._object(file.path, match[1], match[2]) if match else None
        return None

    def _mentioned(self, mention: Mention) -> Iterator[Factory]:
        for module, attribute in _OBJECT.findall(mention.text):
            factory = self._object(mention.path, module, attribute)
            if factory is not None:
                yield factory
        for module in _FLASK_APP.findall(mention.text):
            path = self._names.module(mention.path, module.removesuffix(".py").strip("./").replace("/", "."))
            if path and not _FIRST & self._names.files[path].top_level:
                yield from (f for name in _FOUND_BY_FLASK if (f := self._by_place.get(self._names.inside(path, name))))

    def _object(self, importer: str, module: str, attribute: str) -> Factory | None:
        if attribute not in self._last_names:
            return None
        path = self._names.module(importer, module)
        ref: Ref | None = self._names.inside(path, attribute) if path else None
        return self._by_place.get(ref) if ref is not None else None
