"""Who worked here, in sentences: the candidate as far as known, the question that is left, contributors, bots, tools.

Everything restates the digest's ``subject``. Names are quoted; a digest of others may hold anything, so each value is
taken only where it has the form that is written.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.report.outline import Outline
from evidence.report.summary import Part, Quote, Sentence, quoted
from evidence.report.words import capital, counted, day, number

_SHORT = len("commit:") + 12


@dataclass(frozen=True)
class Contributors:
    """``asked`` is what is known of the candidate; each of ``questions`` is a sentence with its choices; ``main`` are
    the people with most commits (told where nobody was found), ``others`` bots and assistants."""

    asked: tuple[Sentence, ...]
    questions: tuple[tuple[Sentence, tuple[Sentence, ...]], ...]
    main: tuple[Sentence, ...]
    others: tuple[Sentence, ...]

    def __bool__(self) -> bool:
        return bool(self.asked or self.questions or self.main or self.others)


def contributors(page: Outline) -> Contributors:
    """What the page says of people."""
    subject = page.digest.subject
    candidate = subject.get("candidate")
    asked = candidate if isinstance(candidate, Mapping) else {}
    candidates = [asked] if "status" in asked else _records(asked, "repositories")
    found = any(each.get("status") == "found" for each in candidates)
    places = {repository.id: repository.url or "PATH" for repository in page.digest.repositories}
    sources = {"": next(iter(places.values()), "PATH"), **places}
    return Contributors(
        asked=tuple(dict.fromkeys(sentence for each in candidates for sentence in _asked(each))),
        questions=tuple(
            _question(q, _source(each, sources)) for each in candidates for q in _records(each, "questions")
        ),
        main=() if found else tuple(_person(p, _source(p, sources)) for p in _records(subject, "contributors")),
        others=tuple(_others(subject)),
    )


def _source(told: Mapping[str, Any], sources: Mapping[str, str]) -> str:
    """What the command for a person names: their repository, where a digest of several tells it."""
    return sources.get(_text(told, "repository"), "PATH")


def _asked(candidate: Mapping[str, Any]) -> Iterator[Sentence]:
    for value in _texts(candidate, "unmatched"):
        place = _text(candidate, "repository")
        where: tuple[Part, ...] = (" in ", Quote(place)) if place else (" here",)
        yield ("No commit and no account", *where, " is known ", *_by(value), ".")
    identities = _records(candidate, "identities")
    names = dict.fromkeys(name for i in identities for name in (_text(i, "name"), *_texts(i, "names")))
    if len(names) > 1:
        shared = len(names) > len(identities)
        yield ("The candidate's commits go by ", *quoted(names), _ONE_ADDRESS if shared else ".")
    if identities and not any(i.get("linked") for i in identities):
        yield (
            "No account of the forge vouches for these commits: whose they are is what their author lines claim, "
            "and an author line can be written by anybody.",
        )
    if alike := _records(candidate, "alike"):
        yield (
            f"{capital(counted(len(alike), 'further contributor'))} of the same name ",
            "was" if len(alike) == 1 else "were",
            " not taken for the candidate: ", *_alike(alike), ". Name them too if they are.",
        )  # fmt: skip
    if hints := _texts(candidate, "mailmap"):
        yield (
            "The repository's mailmap would join ", *quoted(hints), " to the candidate. "
            "It is written in the repository itself, so it is shown and joins nobody.",
        )  # fmt: skip


def _by(value: str) -> tuple[Part, ...]:
    """By what somebody was asked about: a name, or an address, which a digest never tells."""
    return ("by the e-mail address that was asked about",) if value == _AN_ADDRESS else ("as ", Quote(value))


# What a digest has in the place of an e-mail address.
_AN_ADDRESS = "an e-mail address"
_ONE_ADDRESS = ": what one address or account did is one person's here, under whatever name."


def _alike(others: list[Mapping[str, Any]]) -> Iterator[Part]:
    """Their names, each with what names this one alone."""
    for place, other in enumerate(others):
        yield from (", ",) if place else ()
        yield Quote(_text(other, "name"))
        if value := _text(other, "value")[:_SHORT]:
            yield from (" (", Quote(f"--candidate {shlex.quote(value)}", code=True), ")")


def _question(question: Mapping[str, Any], source: str) -> tuple[Sentence, tuple[Sentence, ...]]:
    choices = _records(question, "choices")
    asked = (
        "The name ", Quote(_text(question, "asked")), f" is carried by {number(len(choices))} contributors. "
        "Which of them is meant? Nobody was chosen, so this is about the repository.",
    )  # fmt: skip
    return asked, tuple(_person(choice, source) for choice in choices)


_NAMELESS = " Only commits of others name them: ask about them by their e-mail address."


def _person(person: Mapping[str, Any], source: str) -> Sentence:
    """One contributor, and the command that asks about them."""
    commits, coauthored = _count(person, "commits"), _count(person, "coauthored")
    first, last = _text(person, "first"), _text(person, "last")
    more = f" and {counted(coauthored, 'co-authored one')}" if coauthored else ""
    span = (
        "" if not (first and last) else f", on {day(first)}" if first == last else f", from {day(first)} to {day(last)}"
    )
    done = f"{counted(commits, 'commit')}{more}" if commits or coauthored else "merges alone"
    value = _text(person, "value")[:_SHORT]
    command: tuple[Part, ...] = (_NAMELESS,) if coauthored and not commits else ()
    if value:
        command = (" Ask about them: ", Quote(_command(source, value), code=True))
    place: tuple[Part, ...] = (" in ", Quote(where)) if (where := _text(person, "repository")) else ()
    return (Quote(_text(person, "name")), *place, f": {done}{span}.", *command)


def _command(source: str, value: str) -> str:
    return f"evidence scan {shlex.quote(source)} --candidate {shlex.quote(value)}"


def _others(subject: Mapping[str, Any]) -> Iterator[Sentence]:
    if bots := _records(subject, "bots"):
        parts: list[Part] = []
        for bot in bots:
            parts += [", ", Quote(_text(bot, "name")), f" ({counted(_count(bot, 'commits'), 'commit')})"]
        yield ("Bots and tools are counted apart: ", *parts[1:], ".")
    if tools := _records(subject, "assistants"):
        named = [f"{_text(t, 'tool')} in {counted(_count(t, 'commits'), 'commit')}" for t in tools]
        yield (
            "Commits name assistants that write code: ", Quote(", ".join(named)),
            ". This is a fact about tools; it says nothing for or against the work.",
        )  # fmt: skip


def _records(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = record.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _texts(record: Mapping[str, Any], key: str) -> list[str]:
    found = record.get(key)
    return [each for each in found if isinstance(each, str)] if isinstance(found, list) else []


def _text(record: Mapping[str, Any], key: str) -> str:
    found = record.get(key)
    return found if isinstance(found, str) else ""


def _count(record: Mapping[str, Any], key: str) -> int:
    found = record.get(key)
    return found if isinstance(found, int) else 0
