"""What the description of a change tells: why, which alternatives and risks, how it was tested and is rolled out.

A part is told by the author's own sentences under a heading that asks for it, or by a sentence anywhere that answers it
by its words (``descriptions.toml``). A heading with nothing of the author's under it, a box that nobody ticked and what
a template asks tell nothing. How a sentence is built decides with: an order tells why by a sign of reason alone or in
the clause after it, what is feared in a clause of reason is no risk of the change, and what sounds wrong in a section
on what was done is how the change behaves.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from msgspec import Struct

from evidence.facts.conversations.cues import cues
from evidence.facts.conversations.passages import Passage, passages

PARTS = ("why", "alternatives", "risk", "test", "rollout")
# A title says what the words under it are about; two words are no answer to it.
_FEWEST_WORDS = 3


class Narrative(Struct, frozen=True):
    """The parts a description tells, in the order of :data:`PARTS`, and the passages that tell them."""

    parts: tuple[str, ...] = ()
    shown: dict[str, tuple[Passage, ...]] = {}


def read_description(body: str, boilerplate: Collection[str] = ()) -> Narrative:
    """What this description tells. ``boilerplate`` are sentences (as rules read them) of the project's template."""
    shown: dict[str, list[Passage]] = {}
    read = passages(body)
    for passage in sorted((*read.passages, *read.fenced), key=lambda passage: passage.start):
        if passage.text in boilerplate and not passage.ticked:
            continue
        for part in _parts(passage):
            shown.setdefault(part, []).append(passage)
    told = tuple(part for part in PARTS if part in shown)
    return Narrative(told, {part: tuple(shown[part]) for part in told})


def _parts(passage: Passage) -> set[str]:
    text, table = passage.text.lower().removeprefix(f"{passage.heading}: "), cues("descriptions")
    if _tells_nothing(passage, text):
        return set()
    ordered = table["orders"].words.match(text) is not None
    parts = _by_words(passage, text, ordered) | _by_title(passage, text)
    # A ticked box says what was done; so does an order under "Purpose".
    if passage.ticked or table["supposes"].words.match(text) or (ordered and not _gives_reason(text)):
        parts.discard("why")
    if "test" in _asked_by(passage.heading, *passage.above) and "why" not in _asked_by(passage.heading):
        parts.discard("why")  # what was seen when it was tried
    if table["courtesy"].words.match(text):
        parts -= {"why", "alternatives", "risk"}
    if table["undone"].words.match(text) or _matches(table["undone"].titles, passage.heading):
        parts -= {"test", "rollout"}
    return parts


def _tells_nothing(passage: Passage, text: str) -> bool:
    table = cues("descriptions")
    # a ticked box answers what it asks
    asked = text.rstrip("? ") if passage.ticked else text
    if table["nothing"].words.fullmatch(text.strip(" *_.!")) or table["asks"].words.search(asked):
        return True
    return passage.ticked and table["consents"].words.match(text) is not None


def _by_words(passage: Passage, text: str, ordered: bool) -> set[str]:
    table = cues("descriptions")
    parts = {part for part in PARTS if table[part].words.search(_main_clause(text) if part == "risk" else text)}
    if "risk" in parts and not (table["reason"].words.match(text) or table["why"].words.search(_main_clause(text))):
        parts.discard("why")  # the reason of a limit, or why there is no risk
    if "test" in parts and table["broke"].words.search(text):
        parts.discard("test")
    if not _matches(table["done"].titles, passage.heading) and _says_what_is_wrong(text, ordered, parts):
        parts.add("why")
    return parts


def _by_title(passage: Passage, text: str) -> set[str]:
    parts = _asked_by(passage.heading, *passage.above)
    if passage.ticked or len(text.split()) >= _FEWEST_WORDS:
        return parts
    # the command that was run
    return parts & {"test"} if "⟨code⟩" in text else set()


def _asked_by(*titles: str) -> set[str]:
    """The parts that the nearest title asks for which asks for any, or says that it is of what was done."""
    table = cues("descriptions")
    for title in titles:
        parts = {part for part in PARTS if _matches(table[part].titles, title)}
        if parts or _matches(table["done"].titles, title):
            return parts
    return set()


def _says_what_is_wrong(text: str, ordered: bool, parts: set[str]) -> bool:
    """What is wrong or missing; of an order, only in the clause after it. A limit of the change is no reason for it."""
    if parts & {"risk", "rollout"}:
        return False
    said = _after_order(text) if ordered else text
    return cues("descriptions")["wrong"].words.search(said) is not None


def _main_clause(text: str) -> str:
    """A sentence without its clause of reason or purpose: what is feared there is why the change is made."""
    reason = cues("descriptions")["reason"].words.search(text)
    if reason is None:
        return text
    if reason.start():
        return text[: reason.start()]
    return text.partition(",")[2]


def _gives_reason(text: str) -> bool:
    table = cues("descriptions")
    return bool(table["why"].words.search(text) or table["wrong"].words.search(_after_order(text)))


def _after_order(text: str) -> str:
    """The clauses after the one that says what was done: "Remove the badge -- nobody uses it"."""
    turn = cues("descriptions")["turn"].words.search(text)
    return text[turn.end() :] if turn else ""


def _matches(titles: re.Pattern[str] | None, heading: str) -> bool:
    return titles is not None and titles.search(heading) is not None
