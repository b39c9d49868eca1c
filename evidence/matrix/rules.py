"""The rule language of cells: parsed from text into an immutable tree, evaluated in three-valued logic.

    flask.app_factory >= practised and (flask.blueprints >= sustained or flask.blueprints.registered >= 5)

Two dotted parts name a signal and are compared with a grade; three name a measure of that signal's finding and are
compared with a number. ``any_of(2, a, b, c)`` holds when at least two of its conditions do, and ``or`` is
``any_of(1, ...)``. ``not`` takes one graded signal. Nothing else is accepted. Why the language is so small:
docs/decisions/matrix-rules.md.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import combinations, product

from msgspec import Struct

from evidence.model import Grade
from evidence.patterns import regex

Truth = bool | None
"""True, False, or None for "not known"."""


class RuleError(ValueError):
    """A rule's text is not of the language; the message says what and where."""


class Graded(Struct, frozen=True):
    """The signal was found with at least this grade."""

    signal: str
    grade: Grade


class Measured(Struct, frozen=True):
    """The signal was found practised or better, and this measure of its finding is at least this number."""

    signal: str
    measure: str
    at_least: float


class Not(Struct, frozen=True):
    """The condition does not hold; only over counter-evidence (the lint sees to it)."""

    part: Graded


class All(Struct, frozen=True):
    """Every part holds."""

    parts: tuple[Rule, ...]


class AnyOf(Struct, frozen=True):
    """At least ``count`` of the parts hold."""

    count: int
    parts: tuple[Rule, ...]


Atom = Graded | Measured
Rule = Graded | Measured | Not | All | AnyOf

_GRADES = {"practised": Grade.PRACTISED, "sustained": Grade.SUSTAINED}  # a trace is a lead, so no rule may ask for it

_NAME_AFTER_DOT = regex(r"\.(?=[A-Za-z_])")


def parse_rule(text: str) -> Rule:
    """The tree of a rule's text. Raises :class:`RuleError` for anything outside the language."""
    # Names after a dot may be Python keywords (``scale.async``), so they are parsed with an underscore in front.
    marked = _NAME_AFTER_DOT.sub("._", " ".join(text.split()))
    try:
        tree = ast.parse(marked, mode="eval")
    except SyntaxError as error:
        raise RuleError(f"not a rule: {text!r} ({error.msg})") from error
    return _rule(tree.body)


def _source(node: ast.expr) -> str:
    return ast.unparse(node).replace("._", ".")


def _rule(node: ast.expr) -> Rule:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return All(tuple(_rule(v) for v in values))
        case ast.BoolOp(values=values):
            return AnyOf(1, tuple(_rule(v) for v in values))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            part = _rule(operand)
            if isinstance(part, Graded):
                return Not(part)
            raise RuleError(f"'not' takes one graded signal, not {_source(operand)!r}")
        case ast.Compare(left=left, ops=[ast.GtE()], comparators=[right]):
            return _atom(_dotted(left), right)
        case ast.Call(func=ast.Name(id="any_of"), args=[ast.Constant(value=int(count)), *parts], keywords=[]):
            if not 1 <= count < len(parts):
                raise RuleError(f"any_of({count}, ...) needs more than {count} conditions: {_source(node)!r}")
            return AnyOf(count, tuple(_rule(p) for p in parts))
    raise RuleError(f"not part of the rule language: {_source(node)!r}")


def _dotted(node: ast.expr) -> list[str]:
    match node:
        case ast.Name(id=name):
            return [name]
        case ast.Attribute(value=value, attr=attr):
            return [*_dotted(value), attr.removeprefix("_")]
    raise RuleError(f"not a signal or a measure: {_source(node)!r}")


def _atom(path: list[str], right: ast.expr) -> Atom:
    match path, right:
        case [family, name], ast.Name(id=grade) if grade in _GRADES:
            return Graded(f"{family}.{name}", _GRADES[grade])
        case [family, name, measure], ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return Measured(f"{family}.{name}", measure, number)
    wanted = f"{'.'.join(path)} >= {_source(right)}"
    raise RuleError(f"a signal is compared with practised or sustained, its measure with a number: {wanted!r}")


def rule_text(rule: Rule) -> str:
    """The rule as text in one fixed spelling; ``parse_rule`` of it gives the same tree."""
    match rule:
        case Graded(signal, grade):
            return f"{signal} >= {grade.value}"
        case Measured(signal, measure, at_least):
            return f"{signal}.{measure} >= {at_least:g}"
        case Not(part):
            return f"not {rule_text(part)}"
        case All(parts):
            return " and ".join(_nested(p) for p in parts)
        case AnyOf(1, parts):
            return " or ".join(_nested(p) for p in parts)
        case AnyOf(count, parts):
            return f"any_of({count}, {', '.join(rule_text(p) for p in parts)})"


def _nested(rule: Rule) -> str:
    bare = isinstance(rule, Graded | Measured | Not) or (isinstance(rule, AnyOf) and rule.count > 1)
    return rule_text(rule) if bare else f"({rule_text(rule)})"


def evaluate(rule: Rule, truth: Callable[[Atom], Truth]) -> Truth:
    """The rule's truth by Kleene's strong logic, where ``truth`` answers for one atom."""
    match rule:
        case Graded() | Measured():
            return truth(rule)
        case Not(part):
            inner = truth(part)
            return None if inner is None else not inner
        case All(parts):
            return _at_least(len(parts), [evaluate(p, truth) for p in parts])
        case AnyOf(count, parts):
            return _at_least(count, [evaluate(p, truth) for p in parts])


def _at_least(count: int, truths: list[Truth]) -> Truth:
    """Kleene's AND and OR are the two ends of this: known when the unknown ones could not change the answer."""
    holds, unknown = truths.count(True), truths.count(None)
    if holds >= count:
        return True
    return None if holds + unknown >= count else False


def positive_atoms(rule: Rule) -> Iterator[Atom]:
    """The conditions that speak for the practice, in the order of the text (those under ``not`` left out)."""
    match rule:
        case Graded() | Measured():
            yield rule
        case All(parts) | AnyOf(_, parts):
            for part in parts:
                yield from positive_atoms(part)


def negated_atoms(rule: Rule) -> Iterator[Graded]:
    """The conditions under ``not``."""
    match rule:
        case Not(negated):
            yield negated
        case All(parts) | AnyOf(_, parts):
            for part in parts:
                yield from negated_atoms(part)


def implies(known: Atom, asked: Atom) -> bool:
    """Whether one condition makes another true: a higher grade, a larger number, or a measure (it needs practised)."""
    if known.signal != asked.signal:
        return False
    if isinstance(asked, Graded):
        return asked.grade <= known.grade if isinstance(known, Graded) else asked.grade is Grade.PRACTISED
    return isinstance(known, Measured) and known.measure == asked.measure and known.at_least >= asked.at_least


def conjoin(*rules: Rule) -> Rule:
    """All of these at once, flattened; a part that the others already entail is left out (the meaning is the same)."""
    kept = list(dict.fromkeys(part for rule in rules for part in _conjuncts(rule)))
    for part in list(kept):
        others = [p for p in kept if p is not part]
        if not isinstance(part, Not) and entails(All(tuple(others)), part):
            kept = others
    return kept[0] if len(kept) == 1 else All(tuple(kept))


def _conjuncts(rule: Rule) -> Iterator[Rule]:
    if isinstance(rule, All):
        for part in rule.parts:
            yield from _conjuncts(part)
    else:
        yield rule


def minimal_models(rule: Rule) -> tuple[frozenset[Atom], ...]:
    """The smallest sets of conditions that satisfy the rule while no counter-evidence is found."""
    match rule:
        case Graded() | Measured():
            return (frozenset({rule}),)
        case Not():
            return (frozenset(),)
        case All(parts):
            return _joined([parts])
        case AnyOf(count, parts):
            return _joined(list(combinations(parts, count)))


def _joined(choices: list[tuple[Rule, ...]]) -> tuple[frozenset[Atom], ...]:
    models = (
        frozenset[Atom]().union(*picked) for parts in choices for picked in product(*(minimal_models(p) for p in parts))
    )
    return tuple(dict.fromkeys(models))


def entails(stronger: Rule, weaker: Rule) -> bool:
    """Whether the weaker rule holds wherever the stronger one does, counter-evidence aside.

    Exact for rules without ``not`` over a supporting signal: such rules are monotone, so their minimal models decide.
    """
    return all(
        evaluate(weaker, lambda asked, model=model: any(implies(k, asked) for k in model))  # type: ignore[misc]
        for model in minimal_models(stronger)
    )
