"""Tests that make a dependency fail: mocks that raise, servers that answer 503, stand-ins that refuse."""

from __future__ import annotations

from collections.abc import Iterable

from evidence.facts.names import PyFile
from evidence.facts.operations.fault_table import FAULT, FAULT_TEXT, INJECTED, STATUS_KEYS
from evidence.facts.python.records import Expr
from evidence.facts.testing.scenarios import Scenario


def failing_tests(scenarios: Iterable[Scenario]) -> list[Scenario]:
    """Those that make a dependency fail and check what comes of it."""
    raising: dict[str, set[int]] = {}
    effects: dict[str, dict[int, list[Expr]]] = {}
    found = []
    for scenario in scenarios:
        if not scenario.checks:
            continue
        file = scenario.file
        if file.path not in raising:
            raising[file.path] = _raising(file)
            effects[file.path] = _effects(file)
        exprs = [*(d.expr for d in scenario.definition.decorators), *(c.expr for c in scenario.calls)]
        fails = scenario.scope in raising[file.path] or any(_injects(e) for e in exprs)
        fails = fails or any(_faulty(e) for e in effects[file.path].get(scenario.scope, ()))
        if fails and not any(_about_a_queue(e) for e in exprs):
            found.append(scenario)
    return found


def _raising(file: PyFile) -> set[int]:
    """Scopes in which, or below which, an error of the network or a database is raised."""
    found: set[int] = set()
    for item in file.module.raises:
        scope = item.scope if item.name and FAULT.search(item.name) else 0
        while scope and scope not in found:
            found.add(scope)
            scope = file.module.definitions[scope - 1].parent
    return found


def _effects(file: PyFile) -> dict[int, list[Expr]]:
    """What mocks of each scope are told to do: ``mock.side_effect = ...``."""
    found: dict[int, list[Expr]] = {}
    for item in file.module.assigns:
        if item.target.endswith(".side_effect"):
            found.setdefault(item.scope, []).append(item.value)
    for call in file.module.calls:
        if call.target.endswith(".side_effect"):
            found.setdefault(call.scope, []).append(call.expr)
    return found


def _about_a_queue(expr: Expr) -> bool:
    """A stand-in for a task's own retry(): what is tested is the queue."""
    return any(a.kind == "str" and f".{a.text}".endswith(".retry") for a in expr.items)


def _injects(expr: Expr) -> bool:
    telling = [k for k in expr.keys if k in INJECTED or k in STATUS_KEYS]
    given = [(k, v) for k in telling if (v := expr.kwarg(k)) is not None]
    return any((k in INJECTED and _faulty(v)) or (k in STATUS_KEYS and _refuses(v)) for k, v in given)


def _refuses(value: Expr) -> bool:
    return value.kind == "num" and len(value.text) == 3 and (value.text.startswith("5") or value.text == "429")


def _faulty(expr: Expr) -> bool:
    for part in expr.walk():
        if part.kind in ("name", "call") and FAULT.search(part.text):
            return True
        error = part.kind == "call" and part.text.endswith(("Exception", "Error"))
        if error and any(a.kind == "str" and FAULT_TEXT.search(a.text) for a in part.items):
            return True
    return False
