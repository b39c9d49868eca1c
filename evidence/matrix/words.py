"""Rules in plain words: for the documentation, and for the sentence under each cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from evidence.matrix.load import load_vocabulary
from evidence.matrix.rules import All, AnyOf, Atom, Graded, Measured, Not, Rule, Truth, evaluate


def explain_rule(rule: Rule, titles: Mapping[str, str]) -> str:
    """The rule in plain words. ``titles`` maps signal ids to titles; a signal without one is called by its id."""
    match rule:
        case Graded(signal, grade):
            return f"{titles.get(signal, signal)} ({grade.value})"
        case Measured():
            return _measure(rule, titles)
        case Not(part):
            return f"no finding of {titles.get(part.signal, part.signal)}"
        case All(parts):
            return ", and ".join(_inner(p, titles) for p in parts)
        case AnyOf(1, parts):
            return "either " + " or ".join(_inner(p, titles) for p in parts)
        case AnyOf(count, parts):
            return f"at least {count} of: " + "; ".join(_inner(p, titles) for p in parts)


def _inner(rule: Rule, titles: Mapping[str, str]) -> str:
    words = explain_rule(rule, titles)
    return f"[{words}]" if isinstance(rule, All | AnyOf) else words


def _measure(atom: Measured, titles: Mapping[str, str]) -> str:
    askable = load_vocabulary().get(atom.signal)
    wording = askable.measures.get(atom.measure) if askable else None
    if wording is None:
        return f"{titles.get(atom.signal, atom.signal)}: {atom.measure} of at least {atom.at_least:g}"
    return wording.format(n=f"{atom.at_least:.0%}" if atom.at_least < 1 else f"{atom.at_least:g}")


def account(
    rule: Rule, truth: Callable[[Atom], Truth], titles: Mapping[str, str], why_unknown: Mapping[str, str]
) -> str:
    """One line on a rule's conditions: which hold, which are missing, which could not be looked for and why."""
    parts = rule.parts if isinstance(rule, All) else (rule,)
    told: dict[Truth, list[str]] = {True: [], False: [], None: []}
    for part in parts:
        holds = evaluate(part, truth)
        told[holds].append(_told(part, holds, truth, titles, why_unknown))
    labels: tuple[tuple[Truth, str], ...] = ((True, "Holds"), (False, "Missing"), (None, "Could not be looked for"))
    return " ".join(f"{label}: {'; '.join(told[holds])}." for holds, label in labels if told[holds])


def _told(
    part: Rule, holds: Truth, truth: Callable[[Atom], Truth], titles: Mapping[str, str], why_unknown: Mapping[str, str]
) -> str:
    """A condition as the sentence shows it; of a choice that holds, only what was found."""
    if isinstance(part, AnyOf):
        found = [explain_rule(p, titles) for p in part.parts if evaluate(p, truth)]
        if holds:
            return ", ".join(found)
        return explain_rule(part, titles) + (f" (found: {', '.join(found)})" if found else "")
    words = explain_rule(part, titles)
    why = why_unknown.get(part.signal) if holds is None and isinstance(part, Graded | Measured) else None
    return f"{words} ({why})" if why else words
