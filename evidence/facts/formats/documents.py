"""Documents for people: Markdown, reStructuredText and AsciiDoc as sections with their words."""

from __future__ import annotations

import re
from collections.abc import Callable

from msgspec.structs import replace

from evidence.facts.formats.markdown import read_markdown
from evidence.facts.formats.prose import MAX_TEXT
from evidence.facts.formats.rst import read_asciidoc, read_rst
from evidence.facts.formats.structured import text_of
from evidence.facts.records import Document, Lost
from evidence.facts.secrets.masking import mask_lines
from evidence.patterns import regex

MAX_BYTES = 256 * 1024
# Only a comment at the very top speaks of the whole document; "do not edit" in prose is advice to contributors.
_FIRST_COMMENT = regex(r"\s{0,20}<!--(.{0,600}?)-->", re.DOTALL)
_GENERATED = regex(r"\bgenerated (?:by|from|with|using)\b|@generated\b", re.IGNORECASE)


def extract_markdown(content: bytes) -> Document:
    """A Markdown file; front matter is read as YAML."""
    return _document("markdown", content, read_markdown)


def extract_rst(content: bytes) -> Document:
    """A reStructuredText file."""
    return _document("rst", content, read_rst)


def extract_asciidoc(content: bytes) -> Document:
    """An AsciiDoc file."""
    return _document("asciidoc", content, read_asciidoc)


def _document(form: str, content: bytes, read: Callable[[list[str]], Document]) -> Document:
    """The document of the masked lines: what is cut or counted later was masked before."""
    if len(content) > MAX_BYTES:
        return Document(form, (), lost=(Lost(1, max(1, content.count(b"\n")), "too_large"),))
    # NUL and other control characters carry no prose, and some of them upset the parser.
    text = text_of(content).replace("\0", " ").replace("\f", " ").replace("\v", " ")
    lines = text.split("\n")
    masked = mask_lines(lines[:-1] if len(lines) > 1 and not lines[-1] else lines)
    document = read(masked)
    if "<!--" not in text:
        return document
    first = _FIRST_COMMENT.match(text)
    generated = first is not None and _GENERATED.search(first[1]) is not None
    return replace(document, comments=_comments("\n".join(masked)), generated=generated)


def _comments(text: str) -> str:
    """What HTML comments say, one after the other; one that is not closed goes to the end."""
    parts: list[str] = []
    at, room = 0, MAX_TEXT
    while room > 0 and (start := text.find("<!--", at)) != -1:
        end = text.find("-->", start + 4)
        at = end + 3 if end != -1 else len(text)
        parts.append(text[start + 4 : end if end != -1 else at].strip()[:room])
        room -= len(parts[-1]) + 1
    return "\n".join(parts)


__all__ = ["extract_asciidoc", "extract_markdown", "extract_rst"]
