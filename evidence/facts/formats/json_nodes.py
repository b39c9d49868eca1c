"""JSON as nodes with lines, by a scanner that forgives comments and trailing commas (renovate.json5, tsconfig.json)."""

from __future__ import annotations

import json
import re

from evidence.facts.formats.structured import Builder, CapReached, line_count, text_of, too_large
from evidence.facts.plain import is_generated
from evidence.facts.records import Data, Lost
from evidence.patterns import regex

MAX_BYTES = 512 * 1024

_TOKEN = regex(
    r"""(?:(?P<space>\s++|//[^\n]*+|/\*[^*]*+(?:\*(?!/)[^*]*+)*\*/)
      |(?P<punct>[{}\[\]:,])
      |(?P<text>"[^"\\\n]*+(?:\\.[^"\\\n]*+)*"|'[^'\\\n]*+(?:\\.[^'\\\n]*+)*')
      |(?P<word>[^\s{}\[\]:,"'/]++))[ ]*+""",
    re.VERBOSE,
)
_NUMBER = regex(r"[-+]?(?:0[xX][0-9a-fA-F]+|[0-9]+)")
_FLOAT = regex(r"[-+]?[0-9]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?")


class _Broken(Exception):
    """The text is not JSON from here on."""


def extract(content: bytes) -> Data:
    """The value of a JSON file. What follows a mistake, or lies beyond a cap, is in ``lost``."""
    over = too_large(content, MAX_BYTES)
    if over is not None:
        return over
    text = text_of(content)
    reader = _Reader(text)
    lost: tuple[Lost, ...] = ()
    try:
        reader.read()
    except CapReached as cap:
        lost = (Lost(reader.line, reader.last, cap.reason),)
    except _Broken:
        lost = (Lost(reader.line, reader.last, "syntax"),)
    return Data(reader.builder.finish(), lost, is_generated(content[:2048]))


class _Reader:
    """Walks the tokens; ``line`` is how far it came."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.builder = Builder()
        self.line = 1
        self.last = line_count(text)

    def read(self) -> None:
        at = 0
        while at < len(self.text):
            match = _TOKEN.match(self.text, at)
            if match is None:
                raise _Broken
            at = match.end()
            group = match.lastgroup or ""
            if group == "space":
                self.line = min(self.line + match[group].count("\n"), self.last)
            else:
                self._take(group, match[group])
        if self.builder.depth:
            raise _Broken

    def _take(self, group: str, piece: str) -> None:
        builder = self.builder
        if group == "punct":
            self._punctuation(piece)
        elif not builder.depth and builder.roots:
            raise _Broken
        elif builder.wants_key:
            builder.key(_unquoted(piece) if group == "text" else piece, self.line)
        elif group == "text":
            builder.scalar("str", _unquoted(piece), self.line, self.line)
        else:
            builder.scalar(*_word(piece), self.line, self.line)

    def _punctuation(self, piece: str) -> None:
        builder = self.builder
        if piece in "{[":
            if builder.wants_key or (builder.roots and not builder.depth):
                raise _Broken
            builder.open("map" if piece == "{" else "list", self.line)
        elif piece in "}]":
            if builder.top() != ("map" if piece == "}" else "list"):
                raise _Broken
            builder.close(self.line)
        elif not builder.depth:
            raise _Broken


def _unquoted(piece: str) -> str:
    if "\\" not in piece:
        return piece[1:-1]
    try:
        value = json.loads(piece if piece[0] == '"' else '"' + piece[1:-1].replace('"', '\\"') + '"', strict=False)
    except ValueError:
        return piece[1:-1]
    # A lone surrogate can be written in JSON but not in UTF-8.
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _word(piece: str) -> tuple[str, str]:
    if piece in ("true", "false"):
        return "bool", piece
    if piece == "null":
        return "null", piece
    if _NUMBER.fullmatch(piece):
        return "int", piece
    return ("float" if piece[-1].isdigit() and _FLOAT.fullmatch(piece) else "str"), piece


__all__ = ["extract"]
