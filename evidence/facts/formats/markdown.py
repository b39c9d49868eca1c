"""Markdown as sections, fences and links. Blocks come from markdown-it; its inline rules are not run."""

from __future__ import annotations

from functools import cache
from typing import Any

from evidence.facts.formats.prose import Sections
from evidence.facts.records import Document, Lost, Node
from evidence.patterns import regex

MAX_LINES = 10_000
MAX_LINKS = 2_000

_FRONT_END = frozenset({"---", "..."})
_TARGET = regex(
    r"\]\([ ]{0,5}<?([^\s()<>]{1,2000}(?:\([^\s()]{0,200}\)[^\s()<>]{0,500})?)"
    r"|<(https?://[^\s<>]{1,2000})>|(?:src|href)=[\"']([^\"'\s]{1,2000})[\"']"
    r"|(?<![(<\"'\w])(https?://[^\s<>)\]\"'`]{1,2000})"
)
_REFERENCE = regex(r" {0,3}\[[^\]\n]{1,300}\]:[ \t]{1,20}<?(\S{1,2000}?)>?(?:[ \t]|$)")
_RULES = regex(r"[ \t|:\-+=]{3,}")


def read_markdown(lines: list[str]) -> Document:
    """The document whose masked lines these are."""
    front, body = _front_matter(lines)
    kept = body[:MAX_LINES]
    last = max(1, len(body))
    reader = _Reader(kept, last)
    if front is not None:
        reader.skipped = front.end + 1
    reader.read()
    lost = (Lost(MAX_LINES + 1, last, "too_large"),) if len(body) > MAX_LINES else ()
    links = tuple(sorted(dict.fromkeys(reader.links), key=lambda link: link[1])[:MAX_LINKS])
    return Document("markdown", reader.sections.finish(), tuple(reader.fences), links, front, lost)


def _front_matter(lines: list[str]) -> tuple[Node | None, list[str]]:
    """The front matter, its lines those of the file, and the lines with it blanked."""
    from evidence.facts.formats.yaml_nodes import extract

    if not lines or lines[0].rstrip() != "---":
        return None, lines
    end = next((i for i, line in enumerate(lines[1:500], 1) if line.rstrip() in _FRONT_END), 0)
    if end == 0:
        return None, lines
    data = extract("\n".join(["", *lines[1:end]]).encode())
    if not data.roots or data.root.kind != "map":
        return None, lines
    return data.root, [""] * (end + 1) + lines[end + 1 :]


class _Reader:
    """Turns block tokens into sections, fences and links."""

    def __init__(self, lines: list[str], last: int) -> None:
        self.lines = lines
        self.sections = Sections(last)
        self.fences: list[tuple[str, int, int]] = []
        self.links: list[tuple[str, int]] = []
        self.skipped = 0

    def read(self) -> None:
        heading: Any = None
        for token in _parser().parse("\n".join(self.lines)):
            if token.type == "heading_open":
                heading = token if token.level == 0 else None
            elif token.type == "inline":
                self._inline(token, heading)
                heading = None
            elif token.type in ("fence", "code_block") and token.map:
                language = token.info.strip().split(" ")[0][:50] if token.type == "fence" else ""
                self.fences.append((language, token.map[0] + 1, self._end(token)))
            elif token.type == "html_block" and token.map:
                self._find_links(token.content, token.map[0] + 1)
                self.sections.prose(token.content)
        self._references()

    def _inline(self, token: Any, heading: Any) -> None:
        line = (token.map[0] if token.map else 0) + 1
        if heading is not None:
            level = int(heading.tag[1:])
            self.sections.heading(token.content, level, line)
        else:
            rows = (row for row in token.content.split("\n") if not _RULES.fullmatch(row))
            self.sections.prose("\n".join(rows))
        self._find_links(token.content, line)

    def _find_links(self, text: str, line: int) -> None:
        at = 0
        for match in _TARGET.finditer(text):
            if len(self.links) >= MAX_LINKS:
                return
            line += text.count("\n", at, match.start())
            at = match.start()
            self.links.append((next(g for g in match.groups() if g), line))

    def _references(self) -> None:
        inside = [range(start, end + 1) for _, start, end in self.fences]
        for number, line in enumerate(self.lines, 1):
            match = _REFERENCE.match(line) if line.lstrip().startswith("[") else None
            if match is not None and not any(number in span for span in inside):
                self.links.append((match.group(1), number))

    def _end(self, token: Any) -> int:
        end: int = token.map[1]
        while end > token.map[0] + 1 and not self.lines[end - 1].strip():
            end -= 1
        return end


@cache
def _parser() -> Any:
    """CommonMark's block rules. Inline rules are off: their worst cases are quadratic, links are found in one pass."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark")
    parser.core.ruler.disable(["inline", "text_join"], True)
    return parser


__all__ = ["read_markdown"]
