"""How code meets the failure of what it calls: timeouts, retries, circuit breakers, fallbacks, and tests of them.

Only calls that leave the process count. What a task queue retries is the queue's business and not looked at here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from evidence.facts.names import PyFile
from evidence.facts.operations.fault_table import (
    AGAIN,
    ATTEMPTS,
    BREAKER_CLASS,
    BREAKERS,
    CLEAR,
    HANDED_ON,
    IN_TEXT,
    INSIDE,
    INSIDE_CALLS,
    LEAVING,
    OPTIONAL,
    PLAIN,
    QUEUES,
    RETRIERS,
    RETRY_KEYS,
    SENDING,
    TASKS,
    VERBS,
)
from evidence.facts.operations.fault_tests import failing_tests
from evidence.facts.python.records import Assign, Call, Expr, Handler
from evidence.facts.roles import Role, role_of
from evidence.patterns import regex

if TYPE_CHECKING:
    from evidence.facts.project import Project

# A counter of tries stands within so many lines of where the errors are caught.
_NEAR = 10
# A loop that waits does so within so many lines.
_LOOP = 40
_LOOPS = regex(r"(?:.{0,80}[;&|]\s*)?(?:while|until|for)\b")


class FaultUse(Struct, frozen=True):
    """One place. ``kind``: options (timeouts in a set of options), timeout (of a client or an engine), call_timeout
    (of one call), retry, breaker, fallback, tested, or waiting (a shell loop that tries again)."""

    path: str
    start: int
    end: int
    kind: str
    name: str


class Faults:
    """What a project does about failures of what it calls."""

    def __init__(self, project: Project) -> None:
        self._project = project

    @cached_property
    def uses(self) -> tuple[FaultUse, ...]:
        """Every place that can run, in path and line order; tests only where there is something to test."""
        found = {
            u
            for f in self._project.app
            for u in (*self._calls(f), *self._settings(f), *self._loops(f), *self._named(f), *self._handled(f))
        }
        found.update(self._waiting())
        if any(u.kind in ("retry", "breaker", "fallback") for u in found):
            tests = failing_tests(self._project.scenarios)
            homes = {u.path for u in found}
            near = [s for s in tests if homes & self._uses_of(s.file)]
            # a failing neighbour that only other files know is tested too, but of those tests one is enough to tell
            for test in near or tests[:1]:
                start, end = test.definition.start, min(test.definition.end, test.definition.start + 39)
                found.add(FaultUse(test.file.path, start, end, "tested", test.name))
        return tuple(sorted(found, key=lambda u: (u.path, u.start, u.end, u.kind, u.name)))

    def _uses_of(self, file: PyFile) -> frozenset[str]:
        """The files whose names a test file imports."""
        return frozenset(self._project.resolve(file, i.target).path for i in file.module.imports)

    def _live(self, file: PyFile, scope: int) -> bool:
        return self._project.reach.live(file.path, scope)

    def _calls(self, file: PyFile) -> Iterator[FaultUse]:
        for call in file.module.calls:
            name = self._project.external(file, call.name) if call.name else ""
            last = call.last
            kind = _timed(call) or _awaited(file, call) or _defaulted(file, call) or self._retried(call, name)
            if not kind and any(
                e.kind in ("str", "fstring") and "timeout" in e.text and IN_TEXT.search(e.text) for e in call.expr.items
            ):
                kind = "timeout"
            if kind == "timeout" and self._project.models.find(file, call.name) is not None:
                kind = ""  # a column of that name is what others are told
            if kind == "timeout" and last in VERBS:
                kind = "call_timeout"
            if kind and self._live(file, call.scope):
                yield FaultUse(file.path, call.start, min(call.end, call.start + 39), kind, name or call.name)

    def _retried(self, call: Call, name: str) -> str:
        if name.startswith(RETRIERS):
            return "retry"
        if name.startswith(BREAKERS):
            return "breaker"
        if call.expr.keys and not TASKS.search(call.name):
            given = [v for k in sorted(RETRY_KEYS & set(call.expr.keys)) if (v := call.expr.kwarg(k)) is not None]
            if any(v.text not in ("0", "None", "False") for v in given) and not name.startswith(
                ("celery", "rq.", "dramatiq", "huey")
            ):
                return "retry"
        return ""

    def _settings(self, file: PyFile) -> Iterator[FaultUse]:
        """Timeouts in dictionaries of options, and as attributes of a class that a library reads (``class Meta``)."""
        for item in file.module.assigns:
            keys = [k for e in item.value.walk() if e.kind == "dict" for k in e.keys if _is_timeout(e, k)]
            around = file.definition(item.scope)
            owned = (
                around is not None and around.kind == "class" and item.target.islower() and CLEAR.fullmatch(item.target)
            )
            if not (keys or owned) and _handed_on(file, item.target.partition("[")[0], item.scope):
                keys = ["timeout"] if item.target.endswith("[timeout]") else []
            if (keys or owned) and item.value.text != "None" and self._live(file, item.scope):
                yield FaultUse(
                    file.path, item.start, min(item.end, item.start + 39), "options", keys[0] if keys else item.target
                )

    def _loops(self, file: PyFile) -> Iterator[FaultUse]:
        """Loops of the project's own that try again: attempts counted or waited between, in a function that handles
        errors, or a counted number of attempts with a wait where the answer tells."""
        handlers: dict[int, Handler] = {}
        for handler in file.module.handlers:
            if handler.scope:
                handlers.setdefault(handler.scope, handler)
        assigned: dict[int, list[Assign]] = {}
        for item in file.module.assigns if handlers else ():
            assigned.setdefault(item.scope, []).append(item)
        sleeps: dict[int, list[int]] = {}
        for call in file.module.calls if handlers else ():
            if call.last == "sleep":
                sleeps.setdefault(call.scope, []).append(call.start)
        for scope, handler in sorted(handlers.items()):
            line = _attempt(assigned.get(scope, []), handler, sleeps.get(scope, []))
            if line and self._live(file, scope):
                start, end = min(line, handler.start), max(line, handler.end)
                yield FaultUse(file.path, start, min(end, start + 39), "retry", "loop")
        counted = (i for i in file.module.assigns if i.scope and i.scope not in handlers)
        for item in counted:
            if _is_counted(item) and (waits := _wait_after(file, item)) and self._live(file, item.scope):
                yield FaultUse(file.path, item.start, min(waits, item.start + 39), "retry", "loop")

    def _named(self, file: PyFile) -> Iterator[FaultUse]:
        """Functions and classes that say they try again, and wait or count somewhere inside while they catch errors: a
        decorator of the project's own, a call that repeats itself."""
        found = [(n, d) for n, d in enumerate(file.module.definitions, 1) if AGAIN.search(d.name)]
        for number, definition in found:
            catches = any(h.does != "pass" and file.inside(h.scope, number) for h in file.module.handlers)
            waits = any(c.last == "sleep" and file.inside(c.scope, number) for c in file.module.calls)
            if catches and waits and self._live(file, number):
                yield FaultUse(
                    file.path, definition.start, min(definition.end, definition.start + 39), "retry", definition.name
                )

    def _handled(self, file: PyFile) -> Iterator[FaultUse]:
        queued = any(i.module.partition(".")[0] in QUEUES for i in file.module.imports)
        for handler in file.module.handlers:
            caught = (
                [self._project.external(file, n) for n in handler.names]
                if handler.does != "raise" and not queued
                else []
            )
            if any(OPTIONAL.fullmatch(n) for n in caught) and self._live(file, handler.scope):
                yield FaultUse(file.path, handler.start, handler.end, "fallback", caught[0])
        # a class with methods works; an exception called CircuitBreakerOpen has none
        owners = {d.parent for d in file.module.definitions}
        for number, definition in enumerate(file.module.definitions, 1):
            named = definition.kind == "class" and BREAKER_CLASS.search(definition.name)
            if named and number in owners and self._live(file, number):
                yield FaultUse(
                    file.path, definition.start, min(definition.end, definition.start + 39), "breaker", definition.name
                )

    def _waiting(self) -> Iterator[FaultUse]:
        for path, commands in self._project.commands.items():
            if commands.kind == "shell" and role_of(path) is Role.APP:
                loops = [line.start for line in commands.lines if _LOOPS.match(line.text)]
                for first, then in zip(commands.lines, commands.lines[1:], strict=False):
                    # without a loop around it, what comes before the pause is not tried again
                    again = bool(loops) and loops[0] <= first.start and then.section == first.section
                    if (again and re.match(r"sleep\b", then.text)) or re.search(
                        r"\b(?:while|until)\b.{0,200}\bsleep\b", then.text
                    ):
                        yield FaultUse(path, first.start, then.end, "waiting", path)
                        break


def _attempt(assigned: list[Assign], handler: Handler, waits: list[int]) -> int:
    """The line where a function counts its attempts; 0 where it does not try again. What is counted far from where
    errors are caught, or from where it waits, is not the tries."""
    for item in assigned:
        within = any(item.start < line <= item.start + _LOOP for line in waits) and handler.start > item.start
        ranged = _is_ranged(item) and (within or ATTEMPTS.search(item.target) is not None)
        named = ATTEMPTS.search(item.target) is not None
        adds = item.augmented or (item.value.text == "+" and any(e.text == item.target for e in item.value.items))
        near = handler.start - _NEAR <= item.start <= handler.end + _NEAR
        if ranged or (named and waits and adds and near):
            return item.start
    return 0


def _is_ranged(item: Assign) -> bool:
    return item.value.kind == "op" and item.value.text == "for" and any(e.text == "range" for e in item.value.items)


def _is_counted(item: Assign) -> bool:
    """Whether a loop counts attempts: ``for attempt in range(3)``."""
    return _is_ranged(item) and ATTEMPTS.search(item.target) is not None


def _wait_after(file: PyFile, item: Assign) -> int:
    """The last line of the first wait below a loop's head, close enough to stand in it; 0 where there is none."""
    waits = (c for c in file.module.calls if c.last == "sleep" and c.scope == item.scope)
    return next((c.end for c in waits if 0 < c.start - item.start < _LOOP), 0)


def _awaited(file: PyFile, call: Call) -> str:
    """``call_timeout`` where a message that was just published is waited for with an end: the future of a publisher
    (Pub/Sub's ``result``, Kafka's ``get``) leaves the process as any call does."""
    receiver = call.name.rpartition(".")[0] if call.last in ("result", "get") else ""
    given = call.expr.kwarg("timeout") if receiver else None
    if given is None or given.text in ("None", "0"):
        return ""
    held = (c for c in file.module.calls if c.scope == call.scope and c.target == receiver)
    return "call_timeout" if any(c.last in ("publish", "send") for c in held) else ""


def _handed_on(file: PyFile, name: str, scope: int) -> bool:
    """Whether a name holds what a method that sends hands on to the library's: ``kwargs`` in ``send``."""
    function = file.function_of(scope)
    return function is not None and function.name in SENDING and HANDED_ON.fullmatch(name) is not None


def _defaulted(file: PyFile, call: Call) -> str:
    """``timeout`` for one that holds for all calls of a client: ``kwargs.setdefault("timeout", 5)`` in its method that
    sends, ``partial(session.request, timeout=5)``."""
    if call.last not in ("setdefault", "partial"):
        return ""
    args = call.expr.args
    if call.last == "setdefault" and len(args) > 1 and args[0].text == "timeout" and args[1].text != "None":
        return "timeout" if _handed_on(file, call.name.rpartition(".")[0], call.scope) else ""
    if call.last == "partial" and args and args[0].text.rpartition(".")[2] in ("request", "send", "get", "post"):
        given = call.expr.kwarg("timeout")
        return "timeout" if given is not None and given.text != "None" and "." in args[0].text else ""
    return ""


def _is_timeout(options: Expr, key: str) -> bool:
    """Whether a key of a dictionary is given a timeout, not words that describe one."""
    value = options.kwarg(key)
    words = value is not None and value.kind == "str" and not any(map(str.isdigit, value.text))
    return CLEAR.fullmatch(key) is not None and not words


def _timed(call: Call) -> str:
    last = call.last
    for key in call.expr.keys:
        value = call.expr.kwarg(key)
        if value is None or value.text in ("None", "True", "False"):
            continue
        if CLEAR.fullmatch(key) and last not in INSIDE_CALLS:
            return "timeout"
        if value.kind == "dict" and any(CLEAR.fullmatch(k) for k in value.keys):
            return "timeout"
        leaves = last in LEAVING or last.endswith(("Client", "Session"))
        if key in PLAIN and leaves and not INSIDE.search(call.name.rpartition(".")[0]):
            return "timeout"
    return "timeout" if last in ("Timeout", "ClientTimeout") and call.expr.args else ""
