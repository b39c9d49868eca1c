"""What is cached, for how long, and where it is dropped again."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.data import cache_table as table
from evidence.facts.data.kept_otherwise import kept_otherwise, static_lifetimes
from evidence.facts.names import PyFile
from evidence.facts.occurrences import Occurrence, at, between
from evidence.facts.python.records import Assign, Call, Expr
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

Reads = dict[tuple[str, int], list[str]]


class Caches:
    """The caches of one project. The subject of an occurrence is the name of the function around it."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def kept(self) -> tuple[Occurrence, ...]:
        """What is kept with an end: ``cached`` (a function, by its decorator), ``stored`` (a value written and read
        back), ``header`` (a response that others may cache)."""
        return (
            *self._decorated(),
            *self._fragments(),
            *self._stored(),
            *self._headers(),
            *kept_otherwise(self._project),
        )

    @staticmethod
    def speaks_of_one(text: str) -> bool:
        """Whether a name or a text speaks of a cache, or of caching."""
        return table.WORD.search(text) is not None

    @staticmethod
    def says_none(name: str) -> bool:
        """Whether a name says that nothing is cached: ``no_cache``, ``cache_buster``."""
        return table.NOT_CACHED.search(name) is not None

    def _kind(self, file: PyFile, scope: int, receiver: str) -> str:
        """``cache`` or ``store`` for what an object is, by its class or else by its name; "" for neither."""
        outside = self._project.variable_class(file, scope, receiver) if receiver else ""
        last = _last(receiver)
        named = self.speaks_of_one(last) and not self.says_none(last)
        if outside.startswith(table.CACHES) or named:
            return "cache"
        return "store" if outside.startswith(table.STORES) or table.STORE_NAME.search(last) else ""

    def _decorated(self) -> Iterator[Occurrence]:
        for file in self._project.app:
            for index, definition in enumerate(file.module.definitions):
                for decorator in definition.decorators:
                    kind = "cached" if self._caches(file, definition.parent, decorator.expr) else ""
                    if not kind and "cache" in decorator.expr.text:
                        outside = self._project.external(file, decorator.expr.text)
                        kind = "header" if outside in table.HEADER_DECORATORS else ""
                    if kind and self._project.reach.live(file.path, index + 1):
                        end = max(definition.line, decorator.line)
                        yield between(file.path, decorator.line, end, kind, definition.name)

    def _fragments(self) -> Iterator[Occurrence]:
        """Parts of templates that Flask-Caching's tag keeps, where a cache is bound to the application."""
        parts = [
            between(path, tag.line, tag.line, "cached", "")
            for path, template in self._project.templates.items()
            for tag in template.tags
            if tag.word == "cache" and role_of(path) is Role.APP
        ]
        yield from parts if parts and any(self._bound()) else ()

    def _caches(self, file: PyFile, scope: int, expr: Expr) -> bool:
        receiver, _, method = expr.text.rpartition(".")
        if method not in table.DECORATORS:
            return False
        if self._project.external(file, expr.text).startswith("cachetools"):
            return any(self._ends(file, e) for e in expr.items)
        return self._kind(file, scope, receiver) == "cache" and self._keeps(file, expr)

    def _keeps(self, file: PyFile, expr: Expr) -> bool:
        """Whether a decorator is a library's, or one of the project's own that stands on a cache or is told how long:
        many projects have a ``memoize`` of their own that keeps a value with its object."""
        found = self._project.defined(file, expr.text)
        if found is None or not table.LIFETIMES.isdisjoint(expr.keys):
            return True
        targets = [i.target for i in found[0].module.imports]
        return any(
            t.startswith((*table.CACHES, *table.STORES)) or table.STORE_NAME.search(t) or t.endswith("cache")
            for t in targets
        )

    def _ends(self, file: PyFile, value: Expr) -> bool:
        """Whether a cache that is handed over ends its entries: made on the spot, or held by a name."""
        name = value.text if value.kind == "call" else ""
        if value.kind == "name":
            name = self._project.variable_class(file, 0, value.text)
        return _last(name) in table.TTL_CLASSES

    def _stored(self) -> Iterator[Occurrence]:
        """Values written with an end and read back; caches made with one."""
        for file, call in self._project.live_calls(*table.TTL_CLASSES):
            if call.target != "decorator" and not _forgotten(file, call):
                yield at(file, call, "stored", _around(file, call.scope))
        for file, call, name in self._project.calls(self._project.app, *table.KEEPING_SESSIONS):
            end = call.expr.kwarg("expire_after")
            told = name.startswith("cachecontrol") or (end is not None and end.text not in table.NEVER)
            if told and self._project.reach.live(file.path, call.scope):
                yield at(file, call, "stored", _around(file, call.scope))
        for file, call in self._project.live_calls(*table.WRITES):
            receiver = _receiver(call)
            if not _key(call) or call.target == "decorator" or call.expr.kwarg("nx") is not None:
                continue
            kind = self._kind(file, call.scope, receiver)
            reads = self._reads.get(_last(receiver), {}) if kind else {}
            ends = kind == "cache" and (self._expires(file, call, receiver) or _last(receiver) in self._invalidated)
            if (ends and reads) or (kind == "store" and _lives(file, call) and _reads_back(file, call, reads)):
                yield at(file, call, "stored", _around(file, call.scope))

    def _expires(self, file: PyFile, call: Call, receiver: str) -> bool:
        """Whether a cache ends its entries: libraries of caches do unless told otherwise (a timeout of 0 is for ever,
        by the documents of cachelib and Flask-Caching); others must be told."""
        told = call.expr.kwarg("timeout")
        if told is not None and told.text == "0":
            return False
        return self._project.variable_class(file, call.scope, receiver).startswith(table.CACHES) or _lives(file, call)

    @cached_property
    def _invalidated(self) -> frozenset[str]:
        """The names of caches of which code that can run drops single entries: what is in them ends when it changes."""
        dropping = self._project.live_calls("delete", "delete_many", "invalidate", "evict")
        return frozenset(_last(_receiver(c)) for _, c in dropping if c.expr.args)

    @cached_property
    def _asked(self) -> frozenset[str]:
        """The names of what is read from, decorates or is cached: what is dropped elsewhere under a name that only
        sounds so, a file or a stand-in of tests, is none of it."""
        decorators = {
            _last(d.expr.text.rpartition(".")[0])
            for f in self._project.app
            for definition in f.module.definitions
            for d in definition.decorators
            if _last(d.expr.text) in table.DECORATORS
        }
        cached = {d.name for f in self._project.app for d in f.module.definitions if d.decorators}
        return frozenset(decorators | cached | set(self._reads))

    @cached_property
    def _reads(self) -> dict[str, Reads]:
        """Reads by the last segment of what is read from: the places, with the text of their keys."""
        found: dict[str, Reads] = {}
        for name in table.READS:
            for file, call in self._project.called.get(name, ()):
                last = _last(_receiver(call))
                if last and (key := _key(call)):
                    found.setdefault(last, {}).setdefault((file.path, call.scope), []).append(key)
        return found

    def _headers(self) -> Iterator[Occurrence]:
        for file in self._project.app:
            for item in file.module.assigns:
                if self._is_header(file, item) and self._project.reach.live(file.path, item.scope):
                    yield between(file.path, item.start, item.end, "header", _around(file, item.scope))
        for name in table.SENDERS:
            for file, call in self._project.called.get(name, ()):
                if self._sends(file, call) and self._project.reach.live(file.path, call.scope):
                    yield at(file, call, "header", _around(file, call.scope))
        for file, call in self._project.live_calls(*table.CONDITIONAL):
            yield at(file, call, "header", _around(file, call.scope))

    def _is_header(self, file: PyFile, item: Assign) -> bool:
        target = item.target.lower()
        if target.endswith("headers[expires]"):
            # a date that is written down is one long past
            return item.value.kind != "str" and item.value.text not in table.NEVER
        if target.endswith("headers[cache-control]"):
            return self._allows(file, item.scope, item.value)
        if target.endswith((".cache_control.max_age", ".cache_control.s_maxage")):
            return item.value.text not in ("0", "None")
        return target.endswith(".cache_control.public") and item.value.text == "True"

    def _sends(self, file: PyFile, call: Call) -> bool:
        """``headers.set("Cache-Control", "max-age=60")``, or a dictionary with that key."""
        args = call.expr.args
        if len(args) > 1 and args[0].text.lower() == "cache-control":
            return self._allows(file, call.scope, args[1])
        given = [v for e in call.expr.items if e.kind == "dict" and (v := e.kwarg("Cache-Control")) is not None]
        return any(self._allows(file, call.scope, v) for v in given)

    def _allows(self, file: PyFile, scope: int, value: Expr) -> bool:
        """Whether a header lets others cache: its own text, or that of a constant or setting that it names."""
        texts = [e.text for e in value.walk() if e.kind in ("str", "fstring")]
        if not texts:
            texts = [self._project.constants.text(file, scope, value)]
        return any(table.AGE.search(t) and not table.REFUSES.search(t) for t in texts)

    @cached_property
    def dropped(self) -> tuple[Occurrence, ...]:
        """Where entries are dropped (``dropped``): in a cache, or in a store under a key that is kept."""
        files = {o.path for o in self.kept if o.kind == "stored"}
        return tuple(
            at(file, call, "dropped", _around(file, call.scope))
            for file, call in self._project.live_calls(*table.DROPS)
            if self._drops(file, call, files)
        )

    def _drops(self, file: PyFile, call: Call, files: set[str]) -> bool:
        receiver = _receiver(call)
        kind = self._kind(file, call.scope, receiver) if receiver else ""
        key = _key(call)
        if kind == "cache":
            known = self._project.variable_class(file, call.scope, receiver).startswith(table.CACHES)
            return known or _last(receiver) in self._asked
        return kind == "store" and (self.speaks_of_one(key) or (file.path in files and _is_kept(file, key, receiver)))

    @cached_property
    def set_up(self) -> tuple[Occurrence, ...]:
        """What keeps nothing by itself: ``bound`` caches, and lifetimes of ``static`` files."""
        return (*self._bound(), *static_lifetimes(self._project))

    def _bound(self) -> Iterator[Occurrence]:
        for file, call in self._project.live_calls(*table.SET_UPS):
            if self._project.class_of(file, call.name).startswith(table.CACHES):
                yield at(file, call, "bound", call.target)


def _forgotten(file: PyFile, made: Call) -> bool:
    """Whether an object keeps a cache for itself that none of its other methods looks at."""
    refs = (n for scope, names in enumerate(file.module.refs) if scope != made.scope for n in names)
    return made.target.startswith("self.") and not any(f"{n}.".startswith(f"{made.target}.") for n in refs)


def _receiver(call: Call) -> str:
    return call.name.rpartition(".")[0]


def _key(call: Call) -> str:
    """The key that a call of a store is about, first or by its name; "" for none."""
    given = call.expr.args[0] if call.expr.args else call.expr.kwarg("key") or call.expr.kwarg("name")
    return given.text if given is not None else ""


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def _around(file: PyFile, scope: int) -> str:
    function = file.function_of(scope)
    return function.name if function is not None else ""


def _lives(file: PyFile, call: Call) -> bool:
    """Whether a write says when its entry ends: by keyword, third argument or method, or by ``expire`` beside it."""
    method = _last(call.name)
    third = method in ("set", "add") and len(call.expr.args) > 2
    if method in ("setex", "psetex") or third or not table.LIFETIMES.isdisjoint(call.expr.keys):
        return True
    ends = (
        c for c in file.module.calls if c.scope == call.scope and _last(c.name) in ("expire", "expireat", "pexpire")
    )
    return any(_key(c) == _key(call) for c in ends)


def _reads_back(file: PyFile, call: Call, reads: Reads) -> bool:
    """Whether a value is read where it is written, or under the same key in a file that speaks of caching there.

    Sessions, tokens and counters live in the same stores under the same calls; they are no copies of anything."""
    key = _key(call)
    if table.MARKS.search(key) and not table.WORD.search(key):
        return False
    if key in reads.get((file.path, call.scope), ()):
        return True
    around = file.definition(call.scope)
    # a method that others of its class hand a key to writes what they read
    handed = around is not None and key in around.params
    same = any(key in keys or handed for (path, _), keys in reads.items() if path == file.path)
    spoken = f"{around.qualname if around else ''} {key} {' '.join(file.module.refs[call.scope])}"
    return same and bool(table.WORD.search(spoken))


def _is_kept(file: PyFile, key: str, receiver: str) -> bool:
    """Whether a file writes this key, with an end, to the same store."""
    return any(
        _receiver(c) == receiver and _last(c.name) in table.WRITES and _key(c) == key and _lives(file, c)
        for c in file.module.calls
    )
