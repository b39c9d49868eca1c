"""The change that a pasted address names, in sentences: who wrote it, how it was reviewed, which signals it adds.

Everything restates the digest's ``subject.change``. A digest of others may hold anything, so each value is taken only
where it has the form that is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from evidence.model import Grade
from evidence.report.outline import Outline
from evidence.report.summary import Link, Part, Place, Quote, Sentence, quoted
from evidence.report.words import GRADE, capital, counted, day, number

_REVIEWS = {
    "approved": "approved it",
    "changes_requested": "asked for changes",
    "commented": "commented",
    "dismissed": "gave a review that was dismissed",
}
_MOST_REVIEWS = 50
_SHORT = 10


@dataclass(frozen=True)
class ToldChange:
    """``told`` says what it is and who wrote it, ``reviewed`` and ``compared`` how and with what; ``reviews`` and
    ``adds`` are the lists after them."""

    told: tuple[Sentence, ...]
    reviewed: Sentence
    reviews: tuple[Sentence, ...]
    compared: Sentence
    adds: tuple[Sentence, ...]


def told_changes(page: Outline) -> tuple[ToldChange, ...]:
    """The change of each repository whose address named one."""
    subject = page.digest.subject
    several = subject.get("changes")
    found = several if isinstance(several, list) else [subject.get("change")]
    names = {repository.id: repository.name for repository in page.digest.repositories}
    return tuple(_change(each, page, names) for each in found if isinstance(each, Mapping) and "number" in each)


def _change(change: Mapping[str, Any], page: Outline, names: Mapping[str, str]) -> ToldChange:
    reviews = _records(change, "reviews")
    return ToldChange(
        told=(_title(change, names), *_author(change)),
        reviewed=_reviewed(change, len(reviews)),
        reviews=tuple(_review(each, _text(change, "login")) for each in reviews[:_MOST_REVIEWS]),
        compared=_compared(change),
        adds=tuple(_added(each, page) for each in _records(change, "adds")),
    )


def _title(change: Mapping[str, Any], names: Mapping[str, str]) -> Sentence:
    name = names.get(_text(change, "repository"), "")
    label = f"Change {_count(change, 'number')}"
    head: tuple[Part, ...] = (Link(label, _text(change, "url")),)
    title: tuple[Part, ...] = (", ", Quote(_text(change, "title"))) if _text(change, "title") else ()
    of: tuple[Part, ...] = (" of ", Quote(name)) if name else ()
    return (*head, *of, *title, ".")


def _author(change: Mapping[str, Any]) -> Iterator[Sentence]:
    if "state" not in change:
        return
    who: tuple[Part, ...] = (Quote(_text(change, "login")),) if _text(change, "login") else ("an account that is gone",)
    created, merged = _text(change, "created"), _text(change, "merged")
    state = {"open": "it is open", "closed": "it was closed and not merged"}.get(_text(change, "state"), "")
    end = f"; it was merged on {day(merged)}" if merged else f"; {state}" if state else ""
    draft = " and is a draft" if change.get("draft") is True and not merged else ""
    yield ("Opened by ", *who, f" on {day(created)}" if created else "", end, draft, ".")


def _reviewed(change: Mapping[str, Any], count: int) -> Sentence:
    if not isinstance(change.get("reviews"), list):
        return ("Who wrote it and how it was reviewed is not known: the forge was not asked, or did not tell.",)
    comments, threads = _count(change, "comments"), _count(change, "threads")
    said = f"{counted(comments, 'comment')}, {counted(threads, 'thread')} on lines among them"
    head = capital(counted(count, "review was", "reviews were")) + " handed in"
    shown = f", of which {number(_MOST_REVIEWS)} are shown" if count > _MOST_REVIEWS else ""
    return (f"{head}{shown}; it has {said}.",)


def _review(review: Mapping[str, Any], author: str) -> Sentence:
    login = _text(review, "login")
    who: Part = Quote(login) if login else "An account that is gone"
    did = _REVIEWS.get(_text(review, "state"), "reviewed it")
    itself = ", on a change of their own" if login and login == author else ""
    when = _text(review, "submitted")
    return (who, " ", Link(did, _text(review, "url")), f" on {day(when)}" if when else "", itself, ".")


def _compared(change: Mapping[str, Any]) -> Sentence:
    base, head = _text(change, "base"), _text(change, "head")
    if not base or not isinstance(change.get("adds"), list):
        return ("The commit that it started from could not be told, so neither can what it adds.",)
    held = f"Its commit {head[:_SHORT]} was held against {base[:_SHORT]}, from which it started. "
    if not change["adds"]:
        return (f"{held}It adds nothing to the signals that files show.",)
    return (f"{held}Of the signals that files show, it makes a difference to these:",)


def _added(added: Mapping[str, Any], page: Outline) -> Sentence:
    name = _text(added, "signal")
    titles = {signal.id: signal.title for signal in page.digest.signals}
    anchors = {evidence.signal.id: evidence.anchor for evidence in page.evidence}
    title: Part = Place(titles[name], anchors[name]) if name in anchors else titles.get(name, "A signal unknown here")
    before, after = _grade(added, "before"), _grade(added, "after")
    grades = f"{before} before and after" if before == after else f"{before} before, {after} after"
    found = added.get("places")
    places = [each for each in found if isinstance(each, str)] if isinstance(found, list) else []
    count = max(_count(added, "count"), len(places))
    against = "this speaks against; " if added.get("polarity") == "against" else ""
    more = f" and {number(count - len(places))} more" if count > len(places) else ""
    at = ("; new at ", *quoted(places), more) if places else ()
    return (title, f": {against}{grades}", *at, ".")


def _grade(added: Mapping[str, Any], key: str) -> str:
    value = added.get(key)
    return GRADE[Grade(value)].label.lower() if value in [grade.value for grade in Grade] else "not found"


def _records(record: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = record.get(key)
    return [each for each in found if isinstance(each, Mapping)] if isinstance(found, list) else []


def _text(record: Mapping[str, Any], key: str) -> str:
    found = record.get(key)
    return found if isinstance(found, str) else ""


def _count(record: Mapping[str, Any], key: str) -> int:
    found = record.get(key)
    return found if isinstance(found, int) and not isinstance(found, bool) and found >= 0 else 0
