"""Which functions of the application read or write data themselves, and which leave that to a layer of their own.

A function touches data when it uses a session, a model's query, a cursor or a document store. A layer is what views
call and what touches data on their behalf: told by who calls whom, never by the name of a folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.callees import callee
from evidence.facts.data.dispatch import Dispatch
from evidence.facts.data.layers import layer
from evidence.facts.names import PyFile, Ref
from evidence.facts.python.records import Call, Definition
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# Reading through a session, a cursor or a store; writing alone marks where a transaction begins and ends.
_READS = regex(
    r"(?i:session|sess|uow)(?:\(\)|\[\])?\.(?:query|execute|scalars?|get|get_one|stream|exec)\b"
    r"|(?i:cursor|cur|conn?|connection|engine|db|database)(?:\(\))?\.(?:execute|executemany|fetchone|fetchall|select|get_or_404)\b"
    r"|\.cypher_query\b|\b[A-Z]\w{1,40}\.nodes\.(?:get|filter|all|first|exclude|order_by|search)"
    r"|(?i:\buow|unit_of_work)\.\w{1,40}\.(?:get|add|list|find|filter|remove|delete|save|update)"
    r"|\.(?:find_one|insert_one|insert_many|update_one|update_many|delete_one|delete_many|find_one_and_update|bulk_write"
    r"|put_item|get_item|batch_write_item)\b"
)
_WRITES = regex(r"(?i:session|sess)(?:\(\)|\[\])?\.(?:add|add_all|commit|flush|merge|delete|bulk_\w{1,40})\b")
# Flask's and requests' own sessions have no rows to get.
_OTHER_SESSIONS = ("flask.session", "requests.", "aiohttp.", "httpx.", "boto3.")
_BUILDERS = frozenset(
    {"sqlalchemy.select", "sqlalchemy.insert", "sqlalchemy.update", "sqlalchemy.delete", "sqlmodel.select"}
)
_QUERIES = frozenset({
    "query", "objects", "select", "get_or_none", "get_or_create", "insert", "update", "delete", "create", "scan",
    "batch_get", "get", "find", "filter", "find_one", "get_by_id",
})  # fmt: skip
# Attributes of a model that make an object, say what it is, or are no data access at all.
_NOT_ACCESS = regex(r"^(?:from_|to_|[A-Z_]|__|validate|parse|schema)")
# An attribute of so many letters says which class its object is of.
_SAYS_ITS_CLASS = 8
# Looking one object up by its key, before the layer is told what to do with it, decides nothing.
_LOOKUP = regex(
    r"\.(?:get|get_or_404|get_by_\w{1,40}|find_by_\w{1,40}|find_one_by_\w{1,40}|get_or_none|first_or_404|one_or_404)$"
    r"|\.query\.filter_by(?:\(\)\.(?:first|first_or_404|one|one_or_none))?$"
)
# Handing a task to a queue is no delegation of a view's rules.
_QUEUED = frozenset(
    {"delay", "apply_async", "send", "queue", "enqueue", "s", "si", "signature", "schedule", "send_with_options"}
)


class ViewWork(Struct, frozen=True, eq=False):
    """What one view does: ``inline`` that it touches data itself, ``calls`` the layer's functions that it calls."""

    file: PyFile
    definition: Definition
    inline: bool
    calls: frozenset[Ref]


class DataAccess:
    """Who touches data in one project."""

    def __init__(self, project: Project) -> None:
        self._project = project
        self._known: dict[tuple[str, int, int], bool] = {}
        self._scopes: dict[str, dict[int, tuple[int, ...]]] = {}

    def touches(self, file: PyFile, scope: int) -> bool:
        """Whether the function at ``scope`` (nested ones included) reads or writes data by itself."""
        return self.reads(file, scope) or self._any(file, scope, self._is_write, 1)

    def reads(self, file: PyFile, scope: int) -> bool:
        """Whether the function at ``scope`` (nested ones included) asks for data, or calls what a model does for
        itself."""
        return self._any(file, scope, self._is_read, 0)

    def _any(self, file: PyFile, scope: int, test: Callable[[PyFile, str], bool], kind: int) -> bool:
        key = (file.path, scope, kind)
        if key not in self._known:
            inside = self._nested(file).get(scope, (scope,))
            self._known[key] = any(test(file, n) for number in inside for n in file.module.refs[number] if "." in n)
        return self._known[key]

    def _nested(self, file: PyFile) -> dict[int, tuple[int, ...]]:
        if file.path not in self._scopes:
            found: dict[int, list[int]] = {}
            for number in range(1, len(file.module.definitions) + 1):
                outer = number
                while outer:
                    found.setdefault(outer, []).append(number)
                    outer = file.module.definitions[outer - 1].parent
            self._scopes[file.path] = {k: tuple(v) for k, v in found.items()}
        return self._scopes[file.path]

    @staticmethod
    def _is_write(_file: PyFile, name: str) -> bool:
        return bool(_WRITES.search(name)) and not name.startswith(_OTHER_SESSIONS)

    def _is_read(self, file: PyFile, name: str) -> bool:
        if name in _BUILDERS or _asks(name):
            return True
        model = self._project.models.find(file, name)
        if model is None:
            return False
        head = name.partition(f"{model.name}.")[2].partition(".")[0].partition("(")[0]
        return head in _QUERIES or (head in self._methods and not _NOT_ACCESS.search(head))

    @cached_property
    def _methods(self) -> frozenset[str]:
        """Names of the class methods of models and their mixins."""
        return frozenset(
            d.name
            for f in self._project.app
            for d in f.module.definitions
            if d.kind == "function" and any(x.expr.text in ("classmethod", "staticmethod") for x in d.decorators)
        )

    # --------------------------------------------------------------------------------------------- the layer

    @cached_property
    def layer(self) -> dict[Ref, Definition]:
        """Functions and methods that may form a layer: see :func:`evidence.facts.data.layers.layer`."""
        return layer(self._project, self.touches)

    @cached_property
    def _layer_names(self) -> frozenset[str]:
        return frozenset(definition.name for definition in self.layer.values())

    @cached_property
    def _layer_methods(self) -> dict[str, list[Ref]]:
        """Methods of the layer's classes by name: how a view calls what was handed to it."""
        found: dict[str, list[Ref]] = {}
        for ref, definition in self.layer.items():
            if definition.parent:
                found.setdefault(definition.name, []).append(ref)
        return found

    @cached_property
    def views(self) -> tuple[ViewWork, ...]:
        """Every view with what it does about data."""
        return tuple(self._view(file, definition) for file, definition in self._project.web.views)

    def _view(self, file: PyFile, definition: Definition) -> ViewWork:
        scope = file.scopes.get(definition.qualname, 0)
        own = self._own_methods(file, scope)
        inside = [n for s in (scope, *own) for n in self._nested(file).get(s, (s,))]
        calls = frozenset(
            ref
            for number in inside
            for name in file.module.refs[number]
            if (ref := self.called(file, number, name)) is not None
        )
        calls |= {ref for call in file.calls_in(scope) for ref in self.dispatched(file, call)}
        inline = self.reads(file, scope) and not (self._works(calls) and self._only_looks_up(file, scope))
        inline = inline or (not calls and self.touches(file, scope)) or any(self.reads(file, s) for s in own)
        return ViewWork(file, definition, inline, calls)

    def _own_methods(self, file: PyFile, scope: int) -> list[int]:
        """The methods of its own class that a view of a class leaves a part of its work to (``self.answer(body)``)."""
        view = file.definition(scope)
        around = file.definition(view.parent) if view is not None else None
        if around is None or around.kind != "class":
            return []
        named = (f"{around.qualname}.{n[5:]}" for n in file.module.refs[scope] if n.startswith("self."))
        return [file.scopes[n] for n in sorted(named) if n in file.scopes]

    def _works(self, calls: frozenset[Ref]) -> bool:
        """Whether one of these functions of the layer works with data itself."""
        files = self._project.python
        return any(self.touches(files[r.path], files[r.path].scopes.get(r.name, 0)) for r in calls)

    def _only_looks_up(self, file: PyFile, scope: int) -> bool:
        """Whether all that a function reads itself are single objects by their keys."""
        inside = self._nested(file).get(scope, (scope,))
        read = {n for number in inside for n in file.module.refs[number] if "." in n and self._is_read(file, n)}
        return bool(read) and all(_LOOKUP.search(n) or any(_goes_on(n, m) for m in read) for n in read)

    @cached_property
    def _dispatch(self) -> Dispatch:
        return Dispatch(self._project.names, self._project.app)

    def dispatched(self, file: PyFile, call: Call) -> frozenset[Ref]:
        """The functions of the layer that a message handed to a bus runs."""
        found = self._dispatch.handlers(file, call)
        return frozenset(r for r in found if r in self.layer) if found else found

    def called(self, file: PyFile, scope: int, name: str) -> Ref | None:
        """The function of the layer that a name, called in ``scope``, runs; None for none."""
        receiver, _, last = name.rpartition(".")
        if last in _QUEUED:
            return None
        if last.removesuffix("()") not in self._layer_names:
            # only under the alias of an import is one called by another name than its own
            other = self._project.resolve(file, name.replace("()", ""))
            return other if other in self.layer else None
        ref = callee(self._project.names, file, scope, name)
        if ref is not None:
            return ref if ref in self.layer else None
        return self._handed(file, scope, receiver, last) if receiver else None

    def _handed(self, file: PyFile, scope: int, receiver: str, method: str) -> Ref | None:
        """A method of the layer called on an object that was injected: an attribute of ``self``, or a parameter."""
        found = self._layer_methods.get(method, ())
        if not found:
            return None
        around = file.function_of(scope)
        injected = receiver.startswith("self.") or (around is not None and receiver in around.params)
        stem = receiver.rpartition(".")[2].replace("_", "").lower()
        if not injected and len(stem) >= _SAYS_ITS_CLASS:
            # ``app.registry.orders_controller.list()``: an attribute that is called like the class of its object
            return next((r for r in sorted(found) if r.name.partition(".")[0].lower().endswith(stem)), None)
        if not injected or receiver.count(".") > 2:
            return None
        return max(found, key=lambda r: (r.name.partition(".")[0].lower() in (stem, stem + "service"), r))

    @cached_property
    def used(self) -> Counter[Ref]:
        """How many views call each function of the layer."""
        return Counter(ref for view in self.views for ref in view.calls)


@lru_cache(1 << 14)
def _asks(name: str) -> bool:
    """Whether a name asks a session, a cursor or a store for data; many functions use the same few."""
    return _READS.search(name) is not None and not name.startswith(_OTHER_SESSIONS)


def _goes_on(name: str, other: str) -> bool:
    """Whether a longer name of the same expression says how it ends: ``Order.query`` in ``Order.query.get``."""
    return other.startswith((f"{name}.", f"{name}()."))
