"""Feature flags: what switches a feature at run time, where it is read, for whom, and whether tests try both ways."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.operations.flag_table import (
    ANSWERS,
    ASKING,
    COLUMNS,
    CONFIG_GET,
    FEATURES_OBJECT,
    FUNCTION_NAME,
    GROUPED,
    KEEPER_NAME,
    MODEL_NAME,
    PACKAGES,
    PERCENT,
    PLAIN_SWITCH,
    TARGETED,
)
from evidence.facts.operations.flag_tests import flag_kind, last_segment, settled, tried_both_ways
from evidence.facts.python.records import Assign, Call, Definition, Expr

if TYPE_CHECKING:
    from evidence.facts.project import Project


# A function of more lines than a reader sees at once is no place to be shown where a flag is read.
_LONGEST = 40
_WHO = frozenset({"user", "user_id", "account_id", "org_id", "tenant"})


class FlagUse(Struct, frozen=True):
    """One place. ``kind``: asked (a flag package is asked), setup (it is set up), targeted (for a user or a share), own
    (a model or function of the project's), declared (a setting named as a feature), switch (an on/off setting), single
    (one setting of a product, read by name), read (either is read), both_ways (tests). ``name`` is the flag's, where
    known."""

    path: str
    start: int
    end: int
    kind: str
    name: str


class _Setting(Struct, frozen=True):
    name: str
    file: PyFile
    start: int
    end: int
    scope: int
    attribute: str


class FeatureFlags:
    """The flags of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def uses(self) -> tuple[FlagUse, ...]:
        """Every place that can run, in path and line order."""
        found = {*self._asked(), *self._own(), *self._settings(), *self._grouped(), *self._single()}
        names = {u.name for u in found if u.kind in ("declared", "switch", "own")}
        for name, file, definition in tried_both_ways(self._project.scenarios, names):
            end = min(definition.end, definition.start + 39)
            found.add(FlagUse(file.path, definition.start, end, "both_ways", name))
        return tuple(sorted(found, key=lambda u: (u.path, u.start, u.end, u.kind, u.name)))

    def _live(self, file: PyFile, scope: int) -> bool:
        return self._project.reach.live(file.path, scope)

    # ------------------------------------------------------------------------------------------------ packages

    def _asked(self) -> Iterator[FlagUse]:
        """Calls of flag packages; and, in files that import one or get its client, calls that ask for a flag."""
        asking: list[FlagUse] = []
        setup: list[FlagUse] = []
        for file, call, name in self._project.calls(self._project.app, *PACKAGES):
            if self._live(file, call.scope):
                kind = "targeted" if TARGETED.match(name) else "asked" if name.rpartition(".")[2] in ASKING else "setup"
                (asking if kind != "setup" else setup).append(FlagUse(file.path, call.start, call.end, kind, ""))
        yield from (*asking, *setup)
        if not asking and not setup:
            return
        homes = {u.path for u in (*asking, *setup)}
        for file in self._project.app:
            for call in file.module.calls:
                receiver, _, method = call.name.rpartition(".")
                known = file.path in homes or re.search(
                    r"flag|feature|toggle|unleash|ld_?client|posthog", receiver, re.IGNORECASE
                )
                if receiver and method in ASKING and method != "evaluate" and known and self._live(file, call.scope):
                    yield FlagUse(file.path, call.start, call.end, "asked", _first(call))
                    context = call.expr.kwarg("context")  # of Unleash: who asks
                    if context is not None and context.text not in ("None", "{}"):
                        yield FlagUse(file.path, call.start, call.end, "targeted", _first(call))

    # ------------------------------------------------------------------------------------------------ own mechanisms

    def _own(self) -> Iterator[FlagUse]:
        """A function that answers whether a feature is on and that something else calls; a table of flags that is
        queried."""
        called = {name.rpartition(".")[2] for f in self._project.app for refs in f.module.refs for name in refs}
        for file in self._project.app:
            for number, definition in enumerate(file.module.definitions, 1):
                end = min(definition.end, definition.start + 39)
                if definition.kind == "function" and (
                    FUNCTION_NAME.fullmatch(definition.name) or _kept(file, definition)
                ):
                    asked = definition.name in called and definition.statements and definition.params
                    if asked and self._live(file, number) and not settled(file, number, definition):
                        yield FlagUse(file.path, definition.start, end, "own", definition.name)
                        if any(PERCENT.search(p) for p in definition.params) or _WHO.intersection(definition.params):
                            yield FlagUse(file.path, definition.start, end, "targeted", definition.name)
                elif definition.kind == "class" and MODEL_NAME.fullmatch(definition.name):
                    yield from self._table(file, number, definition, called)

    @cached_property
    def _asked_of(self) -> frozenset[str]:
        """Names of which application code uses an attribute."""
        names = {n for f in self._project.app for refs in f.module.refs for n in refs if "." in n}
        return frozenset(part for n in names for part in n.split(".")[:-1])

    def _table(self, file: PyFile, scope: int, definition: Definition, called: set[str]) -> Iterator[FlagUse]:
        columns = [c for c in file.calls_in(scope) if c.last in COLUMNS]
        named = [c.target for c in columns if c.target]
        boolean = any(re.search(r"enabled|active|is_on|state|on$|value", t) for t in named)
        queried = definition.name in self._asked_of
        if columns and boolean and (queried or definition.name in called) and self._live(file, scope):
            end = min(definition.end, definition.start + 39)
            yield FlagUse(file.path, definition.start, end, "own", definition.name)
            if any(PERCENT.search(t) or re.search(r"user|account|org|tenant", t) for t in named):
                yield FlagUse(file.path, definition.start, end, "targeted", definition.name)

    # ------------------------------------------------------------------------------------------------ settings

    @cached_property
    def _named(self) -> list[_Setting]:
        """Settings named as features or switches: variables read from the environment, attributes of settings classes
        and modules, fields of typed settings (which are often in lower case)."""
        held: dict[str, dict[int, str]] = {}
        found = []
        for read in self._project.settings.reads:
            if read.file.path not in held:
                held[read.file.path] = _held(read.file)
            # what a function calls its own variable is nothing that other code reads
            local = read.file.function_of(read.scope) is not None
            attribute = read.name if local else held[read.file.path].get(read.start, read.name)
            found.append(_Setting(read.name, read.file, read.start, read.end, read.scope, attribute))
        found += [_Setting(n, f, c.start, c.end, c.scope, n) for f, c, n in self._got()]
        typed = {(s.file.path, s.scope) for s in (*self._project.settings.classes, *self._project.settings.typed)}
        for file in self._project.app:
            whole = file.path in self._project.settings.modules
            items: list[Assign | Call] = [*file.module.assigns, *file.module.calls]
            for item in items:
                name = item.target
                local = file.function_of(item.scope) is not None
                inside = not local and (whole or (file.path, item.scope) in typed or _settings_class(file, item.scope))
                switch = not _collects(item.expr) if isinstance(item, Call) else _boolean(item.value)
                if name and inside and name.isidentifier() and switch:
                    found.append(_Setting(name.upper(), file, item.start, item.end, item.scope, name))
        return [s for s in found if flag_kind(s.name)]

    def _got(self) -> Iterator[tuple[PyFile, Call, str]]:
        """``config.get("X_ENABLED")`` in a function: settings of installations are declared outside the repository."""
        for file in self._project.app:
            for call in file.module.calls:
                name = _first(call) if call.last == "get" and call.scope else ""
                if name.isupper() and CONFIG_GET.search(call.name):
                    yield file, call, name

    def _readers(self) -> dict[str, list[tuple[PyFile, Definition]]]:
        """For each such setting, the functions that refer to it or get it from the configuration."""
        readers: dict[str, list[tuple[PyFile, int]]] = {}
        wanted = {s.attribute for s in self._named} | {s.name for s in self._named}
        for file in self._project.app:
            for scope, refs in enumerate(file.module.refs):
                for last in wanted.intersection(n for name in refs for n in _read_as(name)):
                    readers.setdefault(last, []).append((file, scope))
            for call in file.module.calls:
                first = _first(call) if call.last == "get" else ""
                if first in wanted and "environ" not in call.name:
                    readers.setdefault(first, []).append((file, call.scope))
        return {
            k: [(f, d) for f, s in v if (d := f.function_of(s)) is not None and self._live(f, s)]
            for k, v in readers.items()
        }

    @cached_property
    def _read_at_start(self) -> frozenset[str]:
        """Names that modules refer to as they are imported, outside the settings: a decorator that a flag is handed, a
        blueprint that it registers."""
        settings = self._project.settings.modules
        files = (f for f in self._project.app if f.path not in settings and f.module.refs)
        return frozenset(n for f in files for name in f.module.refs[0] for n in _read_as(name) if n.isupper())

    def _settings(self) -> Iterator[FlagUse]:
        readers = self._readers()
        told: set[tuple[str, str]] = set()
        for setting in self._named:
            around = setting.file.function_of(setting.scope) if setting.scope else None
            keys = (setting.attribute, setting.name)
            read = any(readers.get(key) or key in self._read_at_start for key in keys) or (
                around is not None and "__init__" not in setting.file.path
            )
            if read and self._live(setting.file, 0):
                yield FlagUse(setting.file.path, setting.start, setting.end, flag_kind(setting.name), setting.name)
            if keys not in told:
                told.add(keys)
                yield from _readings(setting.name, [r for key in sorted(set(keys)) for r in readers.get(key, ())])

    def _grouped(self) -> Iterator[FlagUse]:
        """``config.feature.new_search`` in functions: settings that stand together under the name of features."""
        for file in self._project.app:
            for scope, refs in enumerate(file.module.refs):
                definition = file.function_of(scope)
                grouped = (r for r in refs if "feature" in r or "toggles" in r)
                names = sorted({m[1] for r in grouped if (m := GROUPED.search(r)) is not None})
                if definition is not None and names and self._live(file, scope):
                    end = min(definition.end, definition.start + _LONGEST - 1)
                    yield from (FlagUse(file.path, definition.start, end, "declared", n) for n in names)

    def _single(self) -> Iterator[FlagUse]:
        """``get("sms.enabled")`` where code runs: one setting of a product."""
        for file in self._project.app:
            for call in file.module.calls:
                for given in call.expr.items:
                    if (
                        given.kind == "str"
                        and PLAIN_SWITCH.fullmatch(given.text)
                        and file.function_of(call.scope)
                        and self._live(file, call.scope)
                    ):
                        yield FlagUse(file.path, call.start, call.end, "single", given.text)


def _kept(file: PyFile, definition: Definition) -> bool:
    """Whether a method answers for a class that keeps flags: ``FeatureFlags.is_enabled``."""
    around = file.definition(definition.parent)
    named = around is not None and around.kind == "class" and KEEPER_NAME.fullmatch(around.name) is not None
    return named and definition.name in ANSWERS and len(definition.params) > 1


def _readings(name: str, readers: list[tuple[PyFile, Definition]]) -> Iterator[FlagUse]:
    for file, definition in readers:
        if definition.end - definition.start < _LONGEST:
            yield FlagUse(file.path, definition.start, definition.end, "read", name)


def _held(file: PyFile) -> dict[int, str]:
    """For each line, the name that what stands there is assigned to: code elsewhere reads a variable by it."""
    found: dict[int, str] = {}
    for (_, target), items in file.assigned.items():
        for item in items:
            for line in range(item.start, min(item.end, item.start + 9) + 1):
                found.setdefault(line, last_segment(target))
    return found


def _settings_class(file: PyFile, scope: int) -> bool:
    definition = file.definition(scope)
    return (
        definition is not None
        and definition.kind == "class"
        and any("onfig" in b.text or "ettings" in b.text for b in definition.bases)
    )


def _collects(value: Expr) -> bool:
    """Whether a field holds a collection: what is listed there is enabled, no feature is."""
    factory = value.kwarg("default_factory")
    return factory is not None and factory.text in ("set", "list", "dict", "frozenset", "tuple")


def _boolean(value: Expr) -> bool:
    return value.text in ("True", "False") or value.kind == "op"


def _read_as(name: str) -> tuple[str, ...]:
    """The settings that a reference may read: itself, and for ``features.X`` the setting ``FEATURE_X``."""
    last = last_segment(name)
    return (last, f"FEATURE_{last}") if last.isupper() and FEATURES_OBJECT.search(name) else (last,)


def _first(call: Call) -> str:
    args = call.expr.args
    return args[0].text if args and args[0].kind == "str" else ""
