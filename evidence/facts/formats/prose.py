"""Sections of a document under construction, and what of a text counts as words of the author's own."""

from __future__ import annotations

from evidence.facts.records import Section
from evidence.patterns import regex

MAX_TEXT = 4_000
MAX_SECTIONS = 2_000

_LINK = regex(r"\[([^\[\]\n]{0,500})\](?:\([^)\n]{0,2000}\)|\[[^\]\n]{0,200}\])")
_URL = regex(r"https?://[^\s)>\]]{1,2000}")
_TAG = regex(r"</?[A-Za-z!][^<>\n]{0,500}>")
_HINT = regex(
    r"\{\{[^{}\n]{0,300}\}\}|\{[^{}\n]{3,300}\}|<[^<>\n]{3,300}>|\[[^\[\]\s]{1,60}[ ][^\[\]\n]{1,300}\](?![(\[:])"
)
_WORD = regex(r"[^\W\d_][\w'\-]*+")
_TEMPLATE_SENTENCES = (
    "The issue motivating this decision, and any context that influences or constrains the decision.",
    "The change that we're proposing or have agreed to implement.",
    "What becomes easier or more difficult to do and any risks introduced by the change that will need to be"
    " mitigated.",
    "What is the issue that we're seeing that is motivating this decision or change?",
    "What is the change that we're proposing and/or doing?",
    "What becomes easier or more difficult to do because of this change?",
)
"""What adr-tools and Nygard's template put under their headings."""


def count_words(text: str) -> int:
    """Words of prose: without link targets, tags, comments, and the hints that templates leave to be filled in."""
    text = without_comments(text)
    for sentence in _TEMPLATE_SENTENCES:
        text = text.replace(sentence, "")
    text = _LINK.sub(r"\1 ", text.replace("\u2019", "'"))
    for pattern in (_URL, _TAG, _HINT):
        text = pattern.sub(" ", text)
    return len(_WORD.findall(text))


def without_comments(text: str) -> str:
    """The text without HTML comments; one that is not closed goes to the end."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) != -1:
        parts.append(text[at:start])
        end = text.find("-->", start + 4)
        if end == -1:
            return "".join(parts)
        at = end + 3
    return "".join([*parts, text[at:]])


class Sections:
    """Collects headings and the prose under them, in the order of the lines."""

    def __init__(self, last: int) -> None:
        self._last = last
        self._done: list[Section] = []
        self._title, self._level, self._start = "", 0, 1
        self._prose: list[str] = []

    def heading(self, title: str, level: int, line: int) -> None:
        """A new section begins at ``line``."""
        self._close(line - 1)
        self._title, self._level, self._start, self._prose = title.strip()[:500], level, line, []

    def prose(self, text: str) -> None:
        """Text of the author's under the latest heading."""
        self._prose.append(text)

    def finish(self) -> tuple[Section, ...]:
        """All sections, at most ``MAX_SECTIONS``."""
        self._close(self._last)
        return tuple(self._done[:MAX_SECTIONS])

    def _close(self, end: int) -> None:
        text = without_comments("\n".join(self._prose)).strip()
        if self._level == 0 and not text:
            return  # nothing stands before the first heading
        end = max(end, self._start)
        words = count_words(text)
        self._done.append(Section(self._title, self._level, self._start, end, words, text[:MAX_TEXT]))


__all__ = ["Sections", "count_words", "without_comments"]
