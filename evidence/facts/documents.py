"""Documents for people: Markdown, reStructuredText and AsciiDoc as sections with their words."""

from __future__ import annotations

from collections.abc import Callable

from evidence.facts.markdown import read_markdown
from evidence.facts.masking import mask_lines
from evidence.facts.records import Document, Lost
from evidence.facts.rst import read_asciidoc, read_rst
from evidence.facts.structured import text_of

MAX_BYTES = 256 * 1024


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
    return read(mask_lines(lines[:-1] if len(lines) > 1 and not lines[-1] else lines))


__all__ = ["extract_asciidoc", "extract_markdown", "extract_rst"]
