"""What a review comment raises: design, invariants, risk, tests, and whether it gives a reason.

One table of word patterns (``comments.toml``), tried on every sentence of the author's own. A sentence that asks for a
name, a format or a typo is style, and then the weaker signs of design in it do not count. Praise that names a risk and
news of what was done raise nothing.
"""

from __future__ import annotations

from msgspec import Struct

from evidence.facts.conversations.cues import cues
from evidence.facts.conversations.passages import Passage, passages
from evidence.patterns import regex

#: What the catalogue asks of a review that teaches; a reason supports one of these and is nothing by itself.
SUBSTANCE = ("design", "invariant", "risk", "test")
_KINDS = (*SUBSTANCE, "reason", "style")
# A single word raises nothing that somebody could learn from ("Tests?" has one).
_FEWEST_WORDS = 2
# "Test successful." is news.
_FEWEST_OF_A_TEST = 3
# What turns praise into more than that.
_CONDITION = regex(r"\b(?:but|however|though|although|should|could|would|need|needs|if|once|after|before|not)\b|\?")
# Thanks and praise are short; a longer text is more than that.
_APPROVAL_WORDS = 25
# "Nice fix of the race!" names a risk and raises none.
_PRAISE_WORDS = 8
# "Done. Moved the tests." answers a review and is none.
_NEWS_WORDS = 15
# Tools sign at the beginning or in the first lines.
_MACHINE_CHARACTERS = 5_000


class Remark(Struct, frozen=True):
    """What one comment raises: kinds in the order of the table, and for each the passages that showed it."""

    kinds: tuple[str, ...] = ()
    shown: dict[str, tuple[Passage, ...]] = {}
    approval: bool = False
    machine: bool = False

    @property
    def substance(self) -> tuple[str, ...]:
        """Those of :data:`SUBSTANCE` that it raises."""
        return tuple(kind for kind in SUBSTANCE if kind in self.kinds)


def read_comment(body: str) -> Remark:
    """What this comment raises. A body that looks like a tool's raises nothing."""
    if cues("comments")["machine"].words.search(body[:_MACHINE_CHARACTERS].lower()):
        return Remark(machine=True)
    read = passages(body)
    shown: dict[str, list[Passage]] = {}
    for passage in read.passages:
        for kind in _kinds(passage):
            shown.setdefault(kind, []).append(passage)
    if read.suggestions and shown.keys().isdisjoint(SUBSTANCE):
        shown.setdefault("style", [])
    if any(cues("comments")["document"].words.search(passage.text.lower()) for passage in read.passages):
        shown.pop("design", None)
        shown.setdefault("style", [])
    words = sum(len(passage.text.split()) for passage in read.passages)
    praise = words <= _APPROVAL_WORDS and cues("comments")["approval"].words.search(body[:500].lower()) is not None
    if (praise and words <= _PRAISE_WORDS) or (words <= _NEWS_WORDS and _tells_news(read.passages)):
        shown = {kind: found for kind, found in shown.items() if kind not in SUBSTANCE}
    kinds = tuple(kind for kind in (*_KINDS, "question") if kind in shown)
    return Remark(
        kinds, {kind: tuple(shown[kind]) for kind in kinds}, approval=praise and shown.keys().isdisjoint(SUBSTANCE)
    )


def _kinds(passage: Passage) -> set[str]:
    text, table = passage.text.lower(), cues("comments")
    if len(text.split()) < _FEWEST_WORDS and "⟨code⟩" not in text:
        return set()
    if table["news"].words.match(text) or table["courtesy"].words.match(text) or table["process"].words.search(text):
        return {"question"} if _asks(text) else set()
    if (
        table["approval"].words.search(text)
        and not _CONDITION.search(text)
        and not table["proposal"].words.search(text)
    ):
        return set()
    kinds = {kind for kind in _KINDS if table[kind].words.search(text)}
    if table["asks_why"].words.fullmatch(text):
        kinds -= {"design", "invariant"}
    elif table["nit"].words.match(text):
        kinds -= {"design", "invariant", "risk"}
    elif "style" in kinds:
        kinds -= {"invariant"}
    elif "test" not in kinds and table["proposal"].words.search(text):
        kinds.add("design")
    if len(text.split()) < _FEWEST_OF_A_TEST and not _asks(text):
        kinds.discard("test")
    if _asks(text):
        kinds.add("question")
    return kinds


def _asks(text: str) -> bool:
    return text.rstrip(" \"')*_").endswith("?")


def _tells_news(found: tuple[Passage, ...]) -> bool:
    return bool(found) and cues("comments")["news"].words.match(found[0].text.lower()) is not None
