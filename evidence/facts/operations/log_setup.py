"""How a project logs: what gives log lines their form, what adds fields to them, where ids go on, what tests look at.

Names come from the libraries' own documents. Each place says whether it can run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.operations.keyword_logs import calls_with_fields
from evidence.facts.operations.log_configs import classes, factories, formatters
from evidence.facts.operations.log_table import (
    ANSWERS,
    CONFIGURING,
    CONTEXT,
    FIELD,
    ID_HEADER,
    ID_SET,
    ID_USED,
    IN_FILES,
    LOG_METHODS,
    ONWARDS,
    PLAIN_FIELDS,
    SENDERS,
    SERIALISERS,
    SETS_UP,
    STANDARD,
    STRUCTURED,
    WRAPPER,
)
from evidence.facts.python.records import Assign, Call, Definition, Expr
from evidence.facts.roles import Role, role_of

if TYPE_CHECKING:
    from evidence.facts.project import Project

_BASES = frozenset({
    "logging.Formatter", "logging.Filter", "logging.LoggerAdapter", "logging.StreamHandler", "logging.Handler",
})  # fmt: skip
# Options under which a server is handed a configuration of logging that it loads itself.
_HANDED_OVER = frozenset({"logconfig_dict", "log_config", "logconfig"})
# Classes of logging in one file that are looked into: each costs a walk over the file.
_CLASSES = 50


class LogUse(Struct, frozen=True):
    """One place. ``kind``: structured (a form for machines), context (ids or fields on every record), request_id (one
    is made and logged), wrapped (an organisation's own package sets logging up), configured (plainly), fields (one call
    with fields), passed_on, tested."""

    path: str
    start: int
    end: int
    kind: str
    name: str
    live: bool = True


class LogSetup:
    """What a project does about logging."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def uses(self) -> tuple[LogUse, ...]:
        """Every place, in path and line order."""
        found = {
            *self._calls(),
            *self._classes(),
            *self._strings(),
            *self._files(),
            *self._request_ids(),
            *self._passed_on(),
        }
        if not any(u.live and u.kind in ("structured", "context", "wrapped") for u in found):
            keyed = calls_with_fields(self._project)
            found.update(self._use(file, call, "structured", "keywords") for file, call in keyed)
        found.update(self._tested(found))
        return tuple(sorted(found, key=lambda u: (u.path, u.start, u.end, u.kind, u.name)))

    def _use(self, file: PyFile, item: Call | Assign, kind: str, name: str) -> LogUse:
        return LogUse(file.path, item.start, item.end, kind, name, self._project.reach.live(file.path, item.scope))

    # ------------------------------------------------------------------------------------------------ set-up in code

    def _calls(self) -> Iterator[LogUse]:
        for file in self._project.app:
            if any(i.module.partition(".")[0] == "alembic" for i in file.module.imports):
                continue
            for call in file.module.calls:
                last = call.last
                if last in LOG_METHODS and call.expr.kwarg("extra") is not None:
                    yield self._use(file, call, "fields", "extra")
                elif last in ("addFilter", "setFormatter", "Formatter"):
                    yield from self._attached(file, call, last)
                elif call.name and (kind := self._kind(file, call)):
                    yield self._use(file, call, kind, call.name)

    def _kind(self, file: PyFile, call: Call) -> str:
        name = self._project.external(file, call.name)
        if not name:
            return ""
        if STRUCTURED.fullmatch(name) or (name == "loguru.logger.add" and _true(call.expr.kwarg("serialize"))):
            return "structured"
        if CONTEXT.match(name):
            return "context"
        if name in CONFIGURING:
            return "configured"
        package = name.rpartition(".")[0]
        own = WRAPPER.search(package) and not package.startswith(("logging", "flask.", "gunicorn")) and "_" in package
        return "wrapped" if own and SETS_UP.search(name) and file.imported(call.name) else ""

    def _attached(self, file: PyFile, call: Call, last: str) -> Iterator[LogUse]:
        """A filter that is a function, or a plain formatter set by a function: one set in module after module is no
        set-up."""
        if last == "addFilter":
            given = call.expr.args[0] if call.expr.args else None
            found = self._project.defined(file, given.text) if given is not None and given.kind == "name" else None
            if found is not None and found[1].kind == "function":
                yield self._use(file, call, "context", found[1].name)
        elif last == "setFormatter" and file.function_of(call.scope) is not None:
            yield self._use(file, call, "configured", "formatter")

    def _classes(self) -> Iterator[LogUse]:
        """Formatters that write JSON, and filters, formatters and adapters that add fields."""
        for file in self._project.app:
            looked = 0
            for number, definition in enumerate(file.module.definitions, 1):
                if definition.kind == "class" and definition.bases and looked < _CLASSES:
                    base = self._project.class_of(file, definition.qualname)
                    kind = self._class_kind(file, number, base) if base else ""
                    looked += base in _BASES
                    if kind:
                        end = min(definition.end, definition.start + 39)
                        yield LogUse(
                            file.path,
                            definition.start,
                            end,
                            kind,
                            definition.name,
                            self._named(file, number, definition),
                        )

    def _class_kind(self, file: PyFile, scope: int, base: str) -> str:
        if STRUCTURED.fullmatch(base):
            return "structured"
        if base not in _BASES:
            return ""
        if base == "logging.Formatter" and any(SERIALISERS.search(c.name) for c in file.calls_in(scope)):
            return "structured"
        items: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
        fields = {m[1] for i in items if i.target and (m := FIELD.search(i.target)) and file.inside(i.scope, scope)}
        if fields - STANDARD or base == "logging.LoggerAdapter":
            return "context"
        return ""

    def _named(self, file: PyFile, scope: int, definition: Definition) -> bool:
        """Whether a class can be in use: something that runs refers to it, or a string names it."""
        if self._project.reach.live(file.path, scope):
            return True
        return definition.name in self._texts

    @cached_property
    def _texts(self) -> frozenset[str]:
        """The last segments of dotted names in strings of the code and in files of settings."""
        dotted = {t for f in self._project.app for t, _ in f.module.strings} | {m.text for m in self._project.mentions}
        joined = {t for f in self._project.app for t in factories(f)}
        return frozenset(t.rpartition(".")[2] for t in dotted | joined if "." in t)

    def _strings(self) -> Iterator[LogUse]:
        for file in self._project.app:
            for text, line in file.module.strings:
                if STRUCTURED.fullmatch(text):
                    yield LogUse(file.path, line, line, "structured", text, self._project.reach.live(file.path))
            for item, name in classes(file):
                if STRUCTURED.fullmatch(told := self._project.external(file, name)):
                    yield self._use(file, item, "structured", told)

    # ------------------------------------------------------------------------------------------------ set-up in files

    def _files(self) -> Iterator[LogUse]:
        """Configuration files of logging that something loads."""
        for path, data in self._project.data.items():
            if role_of(path, data.generated) is Role.APP:
                places = [p for root in data.roots for p in formatters(root)]
                loaded = self._loaded(path) if places else False
                yield from (LogUse(path, p.start, p.end, "structured", p.text, loaded) for p in places)
        for path, text in self._project.texts.items():
            seen: set[str] = set()
            for match in IN_FILES.finditer(text.text) if path.endswith((".conf", ".txt")) else ():
                if STRUCTURED.fullmatch(match[1]) and match[1] not in seen:
                    seen.add(match[1])
                    line = text.text.count("\n", 0, match.start(1)) + 1
                    yield LogUse(path, line, line, "structured", match[1], self._loaded(path))

    def _loaded(self, path: str) -> bool:
        """Whether code loads some configuration of logging, or a command or setting names this one."""
        if self._loads:
            return True
        name = path.rpartition("/")[2]
        return any(name in m.text for m in self._project.mentions)

    @cached_property
    def _loads(self) -> bool:
        return any(
            c.name.endswith(("dictConfig", "fileConfig")) and self._project.reach.live(f.path, c.scope)
            for f in self._project.app
            for c in f.module.calls
        ) or any(
            _HANDED_OVER.intersection(a.value.keys) for f in self._project.app for a in f.module.assigns if a.value.keys
        )

    # ------------------------------------------------------------------------------------------------ ids

    def _request_ids(self) -> Iterator[LogUse]:
        """An id kept for the request, where log lines or formats name one."""
        made: list[tuple[PyFile, Assign | Call]] = []
        for file in self._project.app:
            made += [(file, i) for i in file.module.assigns if ID_SET.search(i.target)]
            made += [(file, c) for c in file.module.calls if c.target and ID_SET.search(c.target)]
        if made and any(self._logs_id(f) for f in self._project.app):
            yield from (self._use(f, i, "request_id", i.target) for f, i in made)

    def _logs_id(self, file: PyFile) -> bool:
        for call in file.module.calls:
            last = call.last
            logs = last in LOG_METHODS or last == "Formatter"
            if logs and any(ID_USED.search(t) for e in call.expr.walk() for t in (e.text, *e.keys)):
                return True
        return any(
            a.value.kind in ("str", "dict") and any("%(" in e.text and ID_USED.search(e.text) for e in a.value.walk())
            for a in file.module.assigns
        )

    def _passed_on(self) -> Iterator[LogUse]:
        for file in self._project.app:
            for call in file.module.calls:
                last = call.last
                headers = call.expr.kwarg("headers") if last in SENDERS else None
                if last in ONWARDS or (headers is not None and _has_id(headers)):
                    yield self._use(file, call, "passed_on", last)
            for item in file.module.assigns:
                name, _, key = item.target.rpartition("[")
                if (
                    name.endswith("headers")
                    and ID_HEADER.fullmatch(key.rstrip("]").strip("'\""))
                    and not ANSWERS.search(name)
                ):
                    yield self._use(file, item, "passed_on", key)
                elif (
                    re.search(r"(?:^|[._])headers$", item.target) and item.value.kind == "dict" and _has_id(item.value)
                ):
                    yield self._use(file, item, "passed_on", item.target)

    # ------------------------------------------------------------------------------------------------ tests

    def _tested(self, found: set[LogUse]) -> Iterator[LogUse]:
        """Tests that look at what was logged, by the fields or form that the set-up gives, or that use the set-up
        itself."""
        places = {u.path for u in found if u.live and u.kind in ("structured", "context") and "log" in u.path.lower()}
        names = {u.name for u in found if u.live and u.kind in ("structured", "context")}
        for scenario in self._project.scenarios:
            if not scenario.checks:
                continue
            called = {c.name for c in scenario.calls if c.name} if places else ()
            about = scenario.mentions(*names) or any(
                self._project.resolve(scenario.file, name).path in places for name in called
            )
            if about or any(_reads_fields(expr) for expr, _ in scenario.checks):
                end = min(scenario.definition.end, scenario.definition.start + 39)
                yield LogUse(scenario.file.path, scenario.definition.start, end, "tested", scenario.name)


def _true(value: Expr | None) -> bool:
    return value is not None and value.text not in ("False", "None", "0")


def _has_id(expr: Expr) -> bool:
    return any(ID_HEADER.fullmatch(k) for e in expr.walk() if e.kind == "dict" for k in e.keys)


def _reads_fields(expr: Expr) -> bool:
    """Whether a check reads an attribute of a captured record that plain records do not have."""
    for part in expr.walk():
        if ".records[]" in part.text and part.kind in ("name", "call", "index"):
            last = part.text.rpartition(".")[2]
            if last not in PLAIN_FIELDS and not last.endswith("[]"):
                return True
    return False
