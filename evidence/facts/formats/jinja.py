"""Jinja templates as tags, by Jinja's own lexer: unknown tags and extensions are no mistake."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from evidence.facts.formats.structured import line_count, text_of
from evidence.facts.records import Lost, Tag, Template
from evidence.facts.secrets.masking import mask_value

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 512 * 1024
MAX_TAGS = 20_000
MAX_PARTS = 200
"""Names, strings and filters kept of one tag, each."""
_MAX_RESUMES = 20
_MAX_STRING = 1_000

_OPERATORS = frozenset({"and", "or", "not", "in", "is", "if", "else", "elif", "recursive"})
_IMPORTING = frozenset({"from", "import", "include"})
_IMPORT_WORDS = frozenset({"import", "as", "with", "without", "context", "ignore", "missing"})
_BEGIN = {"block_begin": "block_end", "variable_begin": "variable_end"}

_Piece = tuple[int, str, str]


def extract(content: bytes) -> Template:
    """The tags and outputs of a template in order; the closing tags (``endblock``...) are left out.

    A line on which the lexer fails is in ``lost``, and reading goes on behind it.
    """
    if len(content) > MAX_BYTES:
        return Template((), (Lost(1, max(1, content.count(b"\n")), "too_large"),))
    text = text_of(content)
    last = line_count(text)
    tags: list[Tag] = []
    lost: list[Lost] = []
    first = 0
    for _ in range(_MAX_RESUMES + 1):
        failed = _read(text, first, tags)
        if failed == 0:
            break
        line = min(first + failed, last)
        lost.append(Lost(line, line, "syntax"))
        text = "\n".join(text.split("\n")[line - first :])
        first = line
    else:
        lost.append(Lost(min(first + 1, last), last, "syntax"))
    if len(tags) > MAX_TAGS:
        lost.append(Lost(tags[MAX_TAGS].line, last, "too_many_nodes"))
    return Template(tuple(tags[:MAX_TAGS]), tuple(lost))


def _read(text: str, offset: int, tags: list[Tag]) -> int:
    """Append the tags of ``text``, whose first line is ``offset + 1``; the line on which the lexer failed, or 0."""
    from jinja2 import TemplateSyntaxError

    pieces: list[_Piece] = []
    closing = ""
    try:
        for line, kind, value in _lexed(text):
            if kind in _BEGIN:
                closing, pieces = _BEGIN[kind], []
            elif closing and kind == closing:
                tag = _tag(kind, pieces, offset)
                tags.extend([tag] if tag is not None else [])
                closing = ""
            elif closing and kind != "whitespace":
                pieces.append((line, kind, value))
            if len(tags) > MAX_TAGS:
                return 0
    except TemplateSyntaxError as error:
        return max(1, error.lineno)
    return 0


def _lexed(text: str) -> Iterator[_Piece]:
    yield from _environment().lex(text)


@cache
def _environment() -> Any:
    from jinja2 import Environment

    return Environment(autoescape=True)


def _tag(kind: str, pieces: list[_Piece], offset: int) -> Tag | None:
    if not pieces:
        return None
    line = pieces[0][0] + offset
    word = "output"
    if kind == "block_end":
        word, pieces = pieces[0][2], pieces[1:]
        if word.startswith("end"):
            return None
    names, filters = _names(pieces)
    if word in _IMPORTING:
        names = [name for name in names if name not in _IMPORT_WORDS]
    if word == "filter" and names:
        filters, names = [names[0], *filters], names[1:]
    strings = [text[:_MAX_STRING] for text in _strings(pieces)]
    return Tag(word, line, tuple(names[:MAX_PARTS]), tuple(strings[:MAX_PARTS]), tuple(filters[:MAX_PARTS]))


def _strings(pieces: list[_Piece]) -> Iterator[str]:
    """The string constants, masked: also by the name that is given them (``set token = "..."``, ``password="..."``)."""
    for index, (_, kind, value) in enumerate(pieces):
        if kind == "string":
            given = index > 1 and pieces[index - 1][2] in ("=", ":", "==")
            yield mask_value(pieces[index - 2][2] if given else "", value[1:-1])


def _names(pieces: list[_Piece]) -> tuple[list[str], list[str]]:
    """Dotted names in order, and the filters applied; keyword operators are neither."""
    names: list[str] = []
    filters: list[str] = []
    last: list[str] = []  # the list whose last name an attribute would belong to
    before = ""
    for _, kind, value in pieces:
        if kind == "name" and before == ".":
            if last:
                last[-1] += f".{value}"
        elif kind == "name" and value not in _OPERATORS:
            last = filters if before == "|" else names
            last.append(value)
        elif value != ".":
            last = []
        before = value
    return names, filters


__all__ = ["extract"]
