"""How access is guarded: functions that refuse, the routes they stand before, and tests that expect to be refused."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from evidence.facts.callees import callee
from evidence.facts.names import Ref
from evidence.facts.pyfile import PyFile
from evidence.facts.python.records import Decorator, Definition
from evidence.facts.security import purpose as purposes
from evidence.facts.security.answering_hooks import answered_by
from evidence.facts.security.guards import Guard, GuardUse, hands_on, listed_decorators
from evidence.facts.security.refusals import Refusal, handled_codes, refusals, units
from evidence.facts.security.refused_tests import RefusedTest, refused_tests
from evidence.facts.security.timed_tokens import signed_logins
from evidence.facts.web.routes import HTTP_METHODS

if TYPE_CHECKING:
    from evidence.facts.project import Project

_BEFORE = ("before_request", "before_app_request")
# Methods by which classes answer requests: Flask's views, Flask-AppBuilder's and Flask-Admin's, and controllers' own.
_ANSWERS = frozenset({*HTTP_METHODS, "_process", "process", "handle", "index", "is_accessible"})
_MAX_ROUNDS = 6
# What a function is handed that registers guards and is none itself.
_APPLICATIONS = frozenset({"app", "application", "flask_app", "bp", "blueprint"})


class Access:
    """The guards of one project."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def refusals(self) -> tuple[Refusal, ...]:
        """Functions of the application that refuse requests."""
        return tuple(refusals(self._project))

    @cached_property
    def signed_logins(self) -> tuple[tuple[PyFile, Definition], ...]:
        """Functions that read back a signed token, and by their names do so to know who asks."""
        return tuple(signed_logins(self._project))

    @cached_property
    def handled(self) -> dict[tuple[str, str], str]:
        """The statuses that error handlers answer for the project's own exceptions."""
        return handled_codes(self._project)

    @cached_property
    def guards(self) -> dict[tuple[str, str], Guard]:
        """Functions and classes that refuse, by path and qualified name; those that call one to do so included."""
        found: dict[tuple[str, str], Guard] = {}
        factories = {(f.file.path, f.definition.qualname) for f in self._project.web.factories}
        for item in self.refusals:
            if (item.file.path, item.definition.qualname) in factories:
                continue
            owner = self._outer(item.file, item.definition)
            known = found.get((item.file.path, owner.qualname))
            codes, names = item.codes, item.names
            if known is not None:
                codes, names = codes | known.codes, names | known.names
            found[item.file.path, owner.qualname] = Guard(item.file, owner, codes, names)
        for guard in self._by_shape():
            found.setdefault(guard.key, guard)
        for _ in range(_MAX_ROUNDS):
            more = {key: g for key, g in self._through(found) if key not in found}
            if not more:
                break
            found.update(more)
        return dict(sorted(found.items()))

    def _by_shape(self) -> Iterator[Guard]:
        """Decorators that say they require a login or a right, however they refuse: through a helper that words the
        answer, by an exception of another package, by calling what another class keeps."""
        for file in self._project.app:
            wrapping = {d.parent for d in file.module.definitions if d.kind == "function" and _wraps(d)}
            for number in sorted(wrapping - {0}):
                outer = file.outermost_function(number)
                if outer is None:
                    continue
                scope = file.scopes.get(outer.qualname, 0)
                scopes = [n for n in range(scope, len(file.module.refs)) if file.inside(n, scope)]
                reads = frozenset(r for n in scopes for r in file.module.refs[n])
                # called after a role alone (``admin``), a decorator must look at who is asking
                role = purposes.speaks_of_rights(outer.name) and any(purposes.speaks_of_identity(r) for r in reads)
                if (role or purposes.demands(outer.name)) and not hands_on(file, scopes, reads):
                    yield Guard(file, outer, frozenset(), reads)

    @staticmethod
    def _outer(file: PyFile, definition: Definition) -> Definition:
        """The class where a decorator class refuses in ``__call__``, else the function itself."""
        parent = file.definition(definition.parent)
        return parent if parent is not None and definition.name in ("__call__", "__init__", "decorated") else definition

    def _through(self, known: dict[tuple[str, str], Guard]) -> Iterator[tuple[tuple[str, str], Guard]]:
        """Short functions that end in calling a guard: ``require_admin`` made of ``require_permission("admin")``."""
        lasts = {key[1].rpartition(".")[2] for key in known}
        for file in self._project.app:
            owner = units(file)
            for call in file.module.calls:
                unit = owner[call.scope]
                if not unit or call.last.replace("()", "") not in lasts:
                    continue
                definition = file.module.definitions[unit - 1]
                guard = self._named(file, call.scope, call.name, known)
                if (
                    guard is not None
                    and definition.statements <= 8
                    and self._is_decorator_like(file, definition)
                    and not (definition.params and definition.params[0] in _APPLICATIONS)
                ):
                    names = guard.names | {definition.name, *(e.text for e in call.expr.items if e.kind == "str")}
                    passed = Guard(file, definition, guard.codes, names, guard.key)
                    yield passed.key, passed

    def _is_decorator_like(self, file: PyFile, definition: Definition) -> bool:
        owner = file.definition(definition.parent)
        # a method that passes a guard on is one itself where it says so: ``login_required`` of the project's blueprints
        offered = owner is not None and owner.kind == "class" and purposes.named(definition.name) != purposes.OTHER
        return (definition.parent == 0 or offered) and not any(
            d.expr.text.endswith((".route", ".get", ".post", ".put", ".delete", ".patch"))
            for d in definition.decorators
        )

    def _named(self, file: PyFile, scope: int, name: str, known: dict[tuple[str, str], Guard]) -> Guard | None:
        ref = callee(self._project.names, file, scope, name)
        return known.get((ref.path, ref.name)) if ref is not None else None

    @cached_property
    def uses(self) -> tuple[GuardUse, ...]:
        """Every place where a guard of the project, or a decorator from outside, is put before something."""
        found = [
            u for file in self._project.app for u in (*self._decorated(file), *self._listed(file), *self._called(file))
        ]
        found.extend(self._hooks())
        found.extend(self._inherited(found))
        return tuple(sorted(found, key=lambda u: (u.file.path, u.start, u.end, u.name)))

    @property
    def idle(self) -> Iterator[tuple[PyFile, Definition]]:
        """Decorators of the project that demand a right and answer 403, and that stand before nothing."""
        used = {u.guard.key for u in self.uses if u.guard is not None}
        for key, guard in self.guards.items():
            wraps = any(d.parent == guard.file.scopes.get(key[1], 0) for d in guard.file.module.definitions)
            asks = guard.purpose == purposes.MAY and purposes.demands(guard.definition.name)
            if asks and wraps and "403" in guard.codes and key not in used and self._project.reach.live(key[0]):
                yield guard.file, guard.definition

    def _decorated(self, file: PyFile) -> Iterator[GuardUse]:
        for definition in file.module.definitions:
            for decorator in definition.decorators:
                use = self._decorator(file, definition, decorator)
                if use is not None:
                    yield use

    def _decorator(self, file: PyFile, definition: Definition, decorator: Decorator) -> GuardUse | None:
        name = decorator.expr.text
        ref: Ref | None = callee(self._project.names, file, definition.parent, name)
        guard = self.guards.get((ref.path, ref.name)) if ref is not None else self._of_an_object(name)
        told = purposes.demands_by_key(name, decorator.expr.keys)
        if guard is None and not told and (ref is not None or not purposes.named(name)):
            return None
        keys = decorator.expr.keys
        text = any(v.kind == "str" for v in decorator.expr.args)
        return GuardUse(file, decorator.line, definition.line, "decorator", name, guard, keys, definition, text)

    def _of_an_object(self, name: str) -> Guard | None:
        """The one method of this name that guards, where it is asked of an object that came from elsewhere:
        ``@auth.requires_bearer`` in a function that is handed ``auth``."""
        receiver, _, last = name.replace("()", "").rpartition(".")
        found = self._methods.get(last, ()) if receiver else ()
        return found[0] if len(found) == 1 else None

    @cached_property
    def _methods(self) -> dict[str, list[Guard]]:
        """Decorators that are methods of the project's classes, by name."""
        found: dict[str, list[Guard]] = {}
        for guard in self.guards.values():
            owner = guard.file.definition(guard.definition.parent)
            if owner is not None and owner.kind == "class" and purposes.demands(guard.definition.name):
                found.setdefault(guard.definition.name, []).append(guard)
        return found

    def _listed(self, file: PyFile) -> Iterator[GuardUse]:
        """Decorators named in a class, for all of its methods, or added to the views that are wired."""
        for item, value, around in listed_decorators(file):
            guard = self._named(file, item.scope, value.text, self.guards)
            if guard is not None or purposes.named(value.text):
                yield GuardUse(file, item.start, item.end, "listed", value.text, guard, value.keys, around)

    def _called(self, file: PyFile) -> Iterator[GuardUse]:
        lasts = self._last_names
        for call in file.module.calls:
            if call.target == "decorator" or not call.scope:
                continue
            imported = purposes.insists(call.name) and file.imported(call.name)
            if purposes.asks_permission(call.name) or (imported and self._project.external(file, call.name)):
                yield GuardUse(
                    file, call.start, call.end, "call", call.name, None, call.expr.keys, file.function_of(call.scope)
                )
                continue
            if call.last.replace("()", "") not in lasts:
                continue
            guard = self._named(file, call.scope, call.name, self.guards)
            around = file.function_of(call.scope)
            if guard is not None and around is not None and guard.central and (file.path, around.qualname) != guard.key:
                yield GuardUse(file, call.start, call.end, "call", call.name, guard, call.expr.keys, around)

    @cached_property
    def _last_names(self) -> frozenset[str]:
        return frozenset(key[1].rpartition(".")[2] for key in self.guards)

    def _hooks(self) -> Iterator[GuardUse]:
        for callback in self._project.web.callbacks(*_BEFORE):
            if callback.handler is None or callback.handler_file is None:
                continue
            guard = self._asked_in(callback.handler_file, callback.handler)
            end = min(callback.end, callback.start + 39)
            if guard is not None:
                yield GuardUse(callback.file, callback.start, end, "hook", callback.handler.name, guard, (), None)
            elif name := answered_by(self._project, callback.handler_file, callback.handler):
                yield GuardUse(callback.file, callback.start, end, "hook", name, None, (), None)

    def _asked_in(self, file: PyFile, function: Definition) -> Guard | None:
        """The guard that a function is, where that tells what is asked for; else the one that it calls."""
        own = self.guards.get((file.path, function.qualname))
        if own is not None and own.purpose:
            return own
        scope = file.scopes.get(function.qualname, 0)
        asked = (c for c in file.calls_in(scope) if c.name.replace("()", "").rpartition(".")[2] in self._last_names)
        return next((g for c in asked if (g := self._named(file, scope, c.name, self.guards))), own)

    def _inherited(self, uses: list[GuardUse]) -> Iterator[GuardUse]:
        """Classes that answer requests and are built on a guarded one, whose decorators or methods refuse."""
        guarded: dict[tuple[str, str], GuardUse] = {}
        for use in uses:
            owner = use.around
            if use.how == "call" and owner is not None:
                owner = use.file.definition(owner.parent)
            if use.how in ("listed", "call") and owner is not None and owner.kind == "class" and use.purpose:
                guarded.setdefault((use.file.path, owner.qualname), use)
        for key, guard in self.guards.items():
            owner = guard.file.definition(guard.definition.parent)
            if owner is not None and owner.kind == "class" and guard.purpose:
                place = guard.definition.start, guard.definition.line
                use = GuardUse(guard.file, *place, "call", key[1], guard, (), guard.definition)
                guarded.setdefault((guard.file.path, owner.qualname), use)
        for file, definition in self._handlers():
            found = self._guarded_base(file, definition, guarded) if guarded else None
            if found is not None and (file.path, definition.qualname) not in guarded:
                yield GuardUse(
                    file,
                    definition.start,
                    definition.line,
                    "inherited",
                    found.name,
                    found.guard,
                    found.keys,
                    definition,
                )

    def _handlers(self) -> Iterator[tuple[PyFile, Definition]]:
        """Classes with bases that answer requests: those with a method for it."""
        for file in self._project.app:
            answering = {d.parent for d in file.module.definitions if d.kind == "function" and d.name in _ANSWERS}
            for number in sorted(answering - {0}):
                definition = file.module.definitions[number - 1]
                if definition.kind == "class" and definition.bases:
                    yield file, definition

    def _guarded_base(
        self, file: PyFile, definition: Definition, guarded: dict[tuple[str, str], GuardUse]
    ) -> GuardUse | None:
        """The guard of the nearest guarded class that a class is built on; each class is looked at once."""
        ahead, seen = [(file, definition)], {(file.path, definition.qualname)}
        for other, current in ahead:
            for base in current.bases:
                found = self._project.defined(other, base.text)
                if found is None or (key := (found[0].path, found[1].qualname)) in seen:
                    continue
                if key in guarded:
                    return guarded[key]
                seen.add(key)
                ahead.append(found)
        return None

    @cached_property
    def refused_tests(self) -> tuple[RefusedTest, ...]:
        """Checks of tests that expect 401 or 403, or an exception that stands for them."""
        return refused_tests(self._project)


def _wraps(definition: Definition) -> bool:
    """Whether a function stands in for another one: it is decorated with ``functools.wraps``."""
    return any(d.expr.text in ("functools.wraps", "wraps") for d in definition.decorators)
