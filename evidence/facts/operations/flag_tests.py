"""What becomes of a flag: tests that set it on, off, or both, and functions that answer the same whatever is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from itertools import pairwise

from evidence.facts.names import PyFile
from evidence.facts.operations.flag_table import FALSE, FLAG_NAME, NOT_FEATURES, SWITCH_NAME, TRUE
from evidence.facts.python.records import Assign, Definition, Expr
from evidence.facts.testing.scenarios import Scenario


def tried_both_ways(scenarios: Iterable[Scenario], names: set[str]) -> list[tuple[str, PyFile, Definition]]:
    """(flag, file, test) for the flags among ``names``, or named as features, that some tests set on and some off."""
    tried: dict[str, list[tuple[str, Scenario]]] = {}
    assigned: dict[str, dict[int, list[Assign]]] = {}
    for scenario in scenarios:
        file = scenario.file
        if file.path not in assigned:
            assigned[file.path] = {}
            for item in file.module.assigns:
                assigned[file.path].setdefault(item.scope, []).append(item)
        set_ = assigned[file.path].get(scenario.scope, [])
        for name, way in _tried(scenario, set_, names) if scenario.checks else ():
            tried.setdefault(name, []).append((way, scenario))
    found: list[tuple[str, PyFile, Definition]] = []
    for name, tests in sorted(tried.items()):
        ways = {way for way, _ in tests}
        if "both" in ways or {"on", "off"} <= ways:
            found.extend((name, s.file, s.definition) for _, s in tests)
    return found


def flag_kind(name: str) -> str:
    """``declared`` for a setting named as a feature, ``switch`` for another on/off setting, "" for any other name."""
    if NOT_FEATURES.search(name):
        return ""
    if FLAG_NAME.fullmatch(name):
        return "declared"
    return "switch" if SWITCH_NAME.fullmatch(name) else ""


def last_segment(name: str) -> str:
    """``FEATURE_X`` of ``settings.FEATURE_X`` and of ``current_app.config[FEATURE_X]``."""
    return name.rpartition("[")[2].rstrip("]").strip("'\"") if name.endswith("]") else name.rpartition(".")[2]


def _tried(scenario: Scenario, assigned: list[Assign], names: set[str]) -> Iterator[tuple[str, str]]:
    """(flag, way) pairs: ``on``, ``off``, or ``both`` where the value is a parameter with both."""
    decorated = [d.expr for d in scenario.definition.decorators]
    varied = (
        {p for d in decorated if d.text.endswith("parametrize") for p in _words(d)} if _tries_both(decorated) else set()
    )
    values = TRUE | FALSE | varied
    for expr in (*decorated, *(c.expr for c in scenario.calls)):
        for name, value in _set_in(expr, values):
            if name in names or flag_kind(name):
                yield name, "both" if value in varied else "on" if value in TRUE else "off"
    for item in assigned:
        name = last_segment(item.target)
        if name in names and item.value.text in TRUE | FALSE:
            yield name, "on" if item.value.text in TRUE else "off"


def _words(expr: Expr) -> list[str]:
    first = expr.args[0] if expr.args else None
    return (
        [w.strip() for w in first.text.split(",")]
        if first is not None and first.kind == "str"
        else [e.text for e in first.items]
        if first
        else []
    )


def _tries_both(decorators: list[Expr]) -> bool:
    values = {
        e.text for d in decorators if d.text.endswith("parametrize") for e in d.walk() if e.kind in ("const", "str")
    }
    return bool(values & {"True", "true", "1"}) and bool(values & {"False", "false", "0"})


def _set_in(expr: Expr, values: AbstractSet[str]) -> Iterator[tuple[str, str]]:
    """(name, value) pairs that a call sets to one of these: ``set_config(app, "X", True)``, ``patch("mod.X", False)``,
    ``f(X=True)``, dictionaries."""
    for part in expr.walk():
        if not part.items:
            continue
        for key in part.keys:
            value = part.kwarg(key)
            if key and value is not None and value.text in values:
                yield last_segment(key), value.text
        if part.kind == "call":
            arguments = part.args
            for given, value in pairwise(arguments):
                if value.text in values and given.kind in ("str", "name"):
                    yield last_segment(given.text), value.text
            answer = part.kwarg("return_value")
            if answer is not None and answer.text in values and arguments and arguments[0].kind == "str":
                yield last_segment(arguments[0].text), answer.text


def settled(file: PyFile, scope: int, definition: Definition) -> bool:
    """Whether a function gives the same answer always: it returns a constant and looks at nothing."""
    constant = definition.returns and all(r.kind == "const" for r in definition.returns)
    return bool(constant) and len(set(definition.returns)) == 1 and not file.module.refs[scope]
