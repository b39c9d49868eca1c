"""The sentences of a comment or a description that are its author's own words.

Taken out before anything is judged: quotes of others (``>``), fences and indented code, HTML comments, boxes that
nobody ticked, images, tables, what is struck out, and lines that are commands to a machine (``/retest``, ``bors r+``).
Inline code and addresses stay in their place but are blank to the rules: a function named ``test_risk`` says nothing of
tests or risk. Stars and underscores that stress a word are left out of it.

Everything is one pass over at most :data:`MAX_CHARACTERS` of the text: it is hostile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from evidence.patterns import regex

# A description of a release may be long; what is worth crediting is said in the first pages.
MAX_CHARACTERS = 20_000
MAX_PASSAGES = 400
MAX_PASSAGE = 1_000
# The depths of titles without signs: one in bold stands below the six of Markdown, an underlined one at the top.
_BOLD, _UNDERLINED = 7, 1

_FENCE = regex(r"[ \t]{0,3}(`{3,}|~{3,})[ \t]{0,3}([\w-]{0,30})")
_HEADING = regex(r"[ ]{0,3}#{1,6}[ \t]{1,5}(\S.{0,200})")
_BOLD_LINE = regex(r"[ ]{0,3}(?:\*\*|__)([^*_\n]{2,80}?):?(?:\*\*|__):?[ \t]{0,5}")
_TITLED = regex(r"[ ]{0,3}(?:\*\*|__)([A-Z][^*_\n]{2,40}?):?(?:\*\*|__):?[ \t]{1,5}\S")
# "Tests:" alone at the beginning of a paragraph is a title, as in summaries without Markdown.
_PLAIN_TITLE = regex(r"[ ]{0,3}([A-Z][A-Za-z]{1,20}(?:[ ][A-Za-z]{1,20}){0,4}):[ \t]{0,5}")
# "Risk Level: Low": a field, whose name is the title of its own line alone.
_FIELD = regex(
    r"[ ]{0,3}(?!(?:I|We|You|It|He|She|They|This|That|There|Here|So|But|And|Or|Also|Note|Edit|Example)\b)"
    r"([A-Z][A-Za-z]{1,20}(?:[ ][A-Za-z]{1,20}){0,2}):[ \t]{1,5}\S"
)
_UNDERLINE = regex(r"[ ]{0,3}(?:={2,80}|-{2,80})[ \t]{0,5}")
_ITEM = regex(r"[ \t]{0,12}(?:[-*+]|\d{1,3}[.)])[ \t]{1,5}")
_BOX = regex(r"[ \t]{0,12}(?:[-*+][ \t]{1,5})?\[([ xX]{0,3})\][ \t]{1,5}")
_COMMAND = regex(
    r"[ \t]{0,5}(?:/[a-z][\w-]{1,40}(?:[ \t].{0,100})?|bors[ ](?:r|try|retry|merge|d)\S{0,40}"
    r"|@(?:dependabot|homu|mergifyio|pytorchbot|rustbot|k8s-ci-robot|jenkins|travis|meeseeksdev|openshift-bot)\b.{0,100}"
    r"|(?:jenkins|retest|test|run|ok to test|recheck|rebuild)[, ](?:run|test|this|please|python|retest).{0,60})"
    r"[ \t]{0,5}"
)
_END = regex(r"[.!?…](?=[\"')\]*_]{0,3}(?:\s|$))")
_ABBREVIATED = regex(r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|no)|\b[A-Z])\.$", re.IGNORECASE)
# Blank to the rules, one pattern for all: code, addresses, mentions of people, images, emoji codes, what is struck out.
_BLANK = regex(
    r"`{1,2}[^`\n]{1,300}`{1,2}|!\[[^\]\n]{0,200}\]\([^)\s]{0,500}\)|https?://[^\s<>)\]]{1,500}|@[\w-]{1,40}"
    r"|:[a-z0-9_+-]{2,30}:|</?[A-Za-z][^<>]{0,300}>|~~[^~\n]{1,300}~~"
)
# Stars and underscores that only stress a word: "had **no revocation**". Those within a name are left.
_STRESS = regex(r"(?<![\w*])[*_]{1,3}(?=[^\s*_])|(?<=[^\s*_])[*_]{1,3}(?![\w*])")
_CODE, _ADDRESS, _OTHER = " ⟨code⟩ ", " ⟨address⟩ ", " "


class Passage(Struct, frozen=True):
    """One sentence, list item or ticked box. ``start`` and ``end`` are offsets into the body; ``text`` is what the
    rules read (code, addresses and names blanked); ``heading`` is the title it stands under or the name of its field,
    lower-case, and ``above`` are the titles that one stands under, the nearest first."""

    start: int
    end: int
    text: str
    heading: str = ""
    ticked: bool = False
    item: bool = False
    above: tuple[str, ...] = ()


class Read(Struct, frozen=True):
    """A body as passages. ``suggestions`` counts suggested edits, ``headings`` are all titles in order, ``fenced`` are
    blocks of code as passages without words: only where one stands says something."""

    passages: tuple[Passage, ...]
    suggestions: int = 0
    headings: tuple[str, ...] = ()
    fenced: tuple[Passage, ...] = ()


def passages(body: str, *, boxes: bool = False) -> Read:
    """The author's own sentences, in order; with ``boxes`` those of boxes too that nobody ticked yet (tasks of an
    issue)."""
    reader = _Reader(_without_comments(body[:MAX_CHARACTERS]), boxes)
    reader.read()
    found, fenced = tuple(reader.found[:MAX_PASSAGES]), tuple(reader.fenced[:MAX_PASSAGES])
    return Read(found, reader.suggestions, tuple(reader.headings), fenced)


def _without_comments(text: str) -> str:
    """HTML comments as spaces, so that offsets stay; one that is not closed goes to the end."""
    parts: list[str] = []
    at = 0
    while (start := text.find("<!--", at)) != -1:
        end = text.find("-->", start + 4)
        end = len(text) if end == -1 else end + 3
        parts += [text[at:start], "".join("\n" if c == "\n" else " " for c in text[start:end])]
        at = end
    return "".join([*parts, text[at:]])


class _Reader:
    """Goes through the lines once, gathering paragraphs and cutting them into sentences."""

    def __init__(self, text: str, boxes: bool) -> None:
        self.text = text
        self.boxes = boxes
        self.found: list[Passage] = []
        self.headings: list[str] = []
        self.fenced: list[Passage] = []
        self.suggestions = 0
        self._heading = ""
        self._titles: list[tuple[int, str]] = []
        self._fence = ""
        self._block: tuple[int, int] | None = None
        self._is_item = False
        self._field = ""

    def read(self) -> None:
        """Find every passage."""
        at = 0
        for line in self.text.split("\n"):
            self._line(line, at)
            at += len(line) + 1
        self._flush()

    def _line(self, line: str, at: int) -> None:
        fence = _FENCE.match(line)
        if self._fence:
            if fence and fence[1].startswith(self._fence) and not fence[2]:
                self._fence = ""
            elif line.strip():
                self.fenced.append(Passage(at, at + len(line.rstrip()), _CODE.strip(), self._heading))
        elif fence:
            self._flush()
            self._fence = fence[1]
            self.suggestions += fence[2].startswith("suggestion")
        elif not line.strip() or line.lstrip().startswith((">", "|")):
            self._flush()
        elif self._block is None and line.startswith(("    ", "\t")) and not _ITEM.match(line):
            return  # indented code
        else:
            self._text_line(line, at)

    def _text_line(self, line: str, at: int) -> None:
        line = line.rstrip("\r")
        title = _HEADING.fullmatch(line) or _BOLD_LINE.fullmatch(line)
        if title is None and self._block is None:
            title = _PLAIN_TITLE.fullmatch(line)
        if title:
            self._flush()
            self._open(title[1], _level(line))
        elif _UNDERLINE.fullmatch(line):
            self._underlined()
        elif _COMMAND.fullmatch(line):
            self._flush()
        else:
            self._words(line, at)

    def _words(self, line: str, at: int) -> None:
        box, item = _BOX.match(line), _ITEM.match(line)
        if box or item:
            self._flush()
        if box:
            ticked = "x" in box[1].lower()
            if ticked or self.boxes:
                self._add(at + box.end(), at + len(line), ticked=ticked, item=True)
        elif item:
            self._block = (at + item.end(), at + len(line))
            self._is_item = True
        else:
            if titled := _TITLED.match(line):
                self._flush()
                self._open(titled[1])
            elif field := _FIELD.match(line):
                self._flush()
                self._field = field[1].lower()
            self._is_item = self._is_item if self._block else False
            self._block = (self._block[0] if self._block else at, at + len(line))

    def _open(self, title: str, level: int = _BOLD) -> None:
        self._heading = " ".join(title.strip(" #*_:").lower().split())
        self.headings.append(self._heading)
        self._titles = [(above, each) for above, each in self._titles if above < level] + [(level, self._heading)]

    def _above(self) -> tuple[str, ...]:
        """A title in bold often opens a part of its own, and so stands under nothing."""
        if self._field:
            return (self._heading,)
        deep = bool(self._titles) and self._titles[-1][0] < _BOLD
        return tuple(title for _, title in reversed(self._titles[:-1])) if deep else ()

    def _underlined(self) -> None:
        """The line before is a heading where it is alone; else this is a rule."""
        if self._block and "\n" not in (title := self.text[slice(*self._block)]) and len(title) <= 80:
            self._block = None
            self._open(title, _UNDERLINED)
        else:
            self._flush()

    def _flush(self) -> None:
        if self._block is None:
            return
        (start, end), self._block = self._block, None
        for first, last in _sentences(self.text, start, end):
            self._add(first, last, item=self._is_item)
        self._field = ""

    def _add(self, start: int, end: int, *, ticked: bool = False, item: bool = False) -> None:
        raw = self.text[start : min(end, start + MAX_PASSAGE)]
        text = " ".join(_STRESS.sub("", _BLANK.sub(_blank, raw.replace("\u2019", "'"))).split())
        if any(c.isalnum() for c in text):
            end = start + len(raw.rstrip())
            self.found.append(Passage(start, end, text, self._field or self._heading, ticked, item, self._above()))


def _level(line: str) -> int:
    """How deep a title stands: the number of its signs, or below all of those where it is bold or ends with a colon."""
    title = line.strip()
    return len(title) - len(title.lstrip("#")) or _BOLD


def _blank(match: re.Match[str]) -> str:
    first = match[0][0]
    return _CODE if first == "`" else _ADDRESS if match[0].startswith("http") else _OTHER


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The spans of sentences in a paragraph; line breaks within it end none."""
    first = start
    for stop in _END.finditer(text, start, end):
        at = stop.end()
        while at < end and text[at] in "\"')]*_":
            at += 1
        if _ABBREVIATED.search(text, max(first, at - 8), at):
            continue
        if text[first:at].strip():
            yield first, at
        first = at
        while first < end and text[first].isspace():
            first += 1
    if text[first:end].strip():
        yield first, end
