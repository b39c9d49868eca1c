"""What the description of a change tells: why, which alternatives and risks, how it was tested and is rolled out.

A part is told by the author's own sentences under a heading that asks for it, or by a sentence anywhere that answers it
by its words (``descriptions.toml``). A heading with nothing of the author's under it, a box that nobody ticked and what
a template asks tell nothing.
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
    text, table = passage.text.lower(), cues("descriptions")
    # a ticked box answers what it asks
    asked = text.rstrip("? ") if passage.ticked else text
    if table["nothing"].words.fullmatch(text.strip(" *_.!")) or table["asks"].words.search(asked):
        return set()
    if passage.ticked and table["consents"].words.match(text):
        return set()
    parts = {part for part in PARTS if table[part].words.search(text)}
    ordered = table["orders"].words.match(text) is not None
    if _says_what_is_wrong(text, ordered, parts):
        parts.add("why")
    if passage.ticked or len(text.split()) >= _FEWEST_WORDS:
        titles = {part: table[part].titles for part in PARTS}
        parts |= {part for part, title in titles.items() if title is not None and title.search(passage.heading)}
    elif "⟨code⟩" in text and _matches(table["test"].titles, passage.heading):
        parts.add("test")  # the command that was run
    # A ticked box says what was done; so does an order under "Purpose".
    supposed = table["supposes"].words.match(text) is not None
    if passage.ticked or supposed or (ordered and not _gives_reason(text)):
        parts.discard("why")
    if table["courtesy"].words.match(text):
        parts -= {"why", "alternatives", "risk"}
    return parts


def _says_what_is_wrong(text: str, ordered: bool, parts: Collection[str]) -> bool:
    """What is wrong or missing; of an order, only in the clause after it. A limit of the change is no reason for it."""
    if "risk" in parts:
        return False
    said = _after_order(text) if ordered else text
    return cues("descriptions")["wrong"].words.search(said) is not None


def _gives_reason(text: str) -> bool:
    table = cues("descriptions")
    return bool(table["why"].words.search(text) or table["wrong"].words.search(_after_order(text)))


def _after_order(text: str) -> str:
    """The clauses after the one that says what was done: "Remove the badge -- nobody uses it"."""
    turn = cues("descriptions")["turn"].words.search(text)
    return text[turn.end() :] if turn else ""


def _matches(titles: re.Pattern[str] | None, heading: str) -> bool:
    return titles is not None and titles.search(heading) is not None
