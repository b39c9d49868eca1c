"""TOML as nodes with lines.

``tomllib`` gives no lines, loses the whole file at one mistake, and one dotted key of 40 KB costs it seconds. So
structure and lines are read here, in one pass; strings with escapes are still its to read.
"""

from __future__ import annotations

import re
from bisect import bisect_right

from evidence.facts.formats.structured import MAX_DEPTH, MAX_NODES, CapReached, line_count, scalar, text_of, too_large
from evidence.facts.plain import is_generated
from evidence.facts.records import Data, Lost, Node
from evidence.patterns import regex

MAX_BYTES = 256 * 1024
MAX_PARTS = 50
"""Parts of a dotted key."""

_BLANK = regex(r"[ \t]*+")
_SPACE = regex(r"(?:[ \t\n]++|#[^\n]*+)*")
_REST_OF_LINE = regex(r"[ \t]*+(?:#[^\n]*+)?(?:\n|\Z)")
_BARE_KEY = regex(r"[A-Za-z0-9_-]++")
_BASIC = regex(r'"([^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*)"')
_LITERAL = regex(r"'([^'\n]*+)'")
_LONG_BASIC = regex(r'"""([^"\\]*+(?:(?:\\[\s\S]|"(?!""))[^"\\]*+)*)"""("{0,2})')
_LONG_LITERAL = regex(r"'''([^']*+(?:'(?!'')[^']*+)*)'''('{0,2})")
_PLAIN = regex(r"[^\s,\]}#]++(?: [0-9:.]++(?:Z|[+-][0-9:]++)?)?")
_INT = regex(r"[-+]?(?:0x[0-9a-fA-F_]++|0o[0-7_]++|0b[01_]++|[0-9][0-9_]*+)")
_FLOAT = regex(r"[-+]?(?:inf|nan|[0-9][0-9_]*+(?:\.[0-9_]++)?(?:[eE][-+]?[0-9_]++)?)")
_DATE = regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt ].{5,30})?|[0-9]{2}:[0-9]{2}.{0,20}")


class _Broken(Exception):
    """The text is not TOML here."""


class _Table:
    """A table under construction; arrays of tables are lists of these."""

    def __init__(self, line: int) -> None:
        self.start = self.end = line
        self.entries: dict[str, tuple[int, Node | _Table | list[_Table]]] = {}

    def node(self) -> Node:
        items = [_frozen(value) for _, value in self.entries.values()]
        end = max([self.end, *(item.end for item in items)])
        lines = tuple(line for line, _ in self.entries.values())
        return Node("map", self.start, end, "", tuple(self.entries), tuple(items), "", lines)


def _frozen(value: Node | _Table | list[_Table]) -> Node:
    if isinstance(value, Node):
        return value
    if isinstance(value, _Table):
        return value.node()
    items = tuple(table.node() for table in value)
    return Node("list", items[0].start, items[-1].end, "", (), items)


def extract(content: bytes) -> Data:
    """The tables of a TOML file as one mapping. A line that is not TOML is in ``lost``; reading goes on behind it."""
    over = too_large(content, MAX_BYTES)
    if over is not None:
        return over
    text = text_of(content)
    reader = _Reader(text)
    reader.read()
    return Data((reader.root.node(),), tuple(reader.lost), is_generated(content[:2048]))


class _Reader:
    """Walks the text; ``at`` is how far it came."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.starts = [0, *(m.end() for m in re.finditer("\n", text))]
        self.last = line_count(text)
        self.root = _Table(1)
        self.table: _Table | None = self.root
        self.depth = 0
        self.at = 0
        self.nodes = 0
        self.lost: list[Lost] = []

    def line(self) -> int:
        """The line of ``at``."""
        return min(bisect_right(self.starts, self.at), self.last)

    def read(self) -> None:
        """All lines; after a mistake the next one."""
        while True:
            self._skip(_SPACE)
            if self.at >= len(self.text):
                return
            start = self.line()
            try:
                self._header() if self.text[self.at] == "[" else self._pair()
                self._finish_line()
            except CapReached as cap:
                self.lost.append(Lost(start, self.last, cap.reason))
                return
            except _Broken:
                self._give_up(start)

    def _give_up(self, start: int) -> None:
        end = self.text.find("\n", self.at)
        self.lost.append(Lost(start, self.line(), "syntax"))
        self.at = len(self.text) if end == -1 else end + 1

    def _skip(self, pattern: re.Pattern[str]) -> None:
        match = pattern.match(self.text, self.at)
        if match is not None:
            self.at = match.end()

    def _finish_line(self) -> None:
        match = _REST_OF_LINE.match(self.text, self.at)
        if match is None:
            raise _Broken
        self.at = match.end()

    def _count(self) -> None:
        self.nodes += 1
        if self.nodes > MAX_NODES:
            raise CapReached("too_many_nodes")

    def _expect(self, literal: str) -> None:
        if not self.text.startswith(literal, self.at):
            raise _Broken
        self.at += len(literal)

    # ------------------------------------------------------------------------------------------- tables

    def _header(self) -> None:
        line = self.line()
        brackets = 2 if self.text.startswith("[[", self.at) else 1
        self.table = None  # pairs under a broken header belong nowhere
        self.at += brackets
        parts = self._key()
        self._expect("]" * brackets)
        self._count()
        self.depth = len(parts)
        parent = self._descend(self.root, parts[:-1], line)
        self.table = self._append(parent, parts[-1], line) if brackets == 2 else self._descend(parent, parts[-1:], line)

    def _descend(self, table: _Table, parts: list[str], line: int) -> _Table:
        for part in parts:
            if part not in table.entries:
                self._count()
                table.entries[part] = (line, _Table(line))
            found = table.entries[part][1]
            if isinstance(found, list):
                found = found[-1]
            if not isinstance(found, _Table):
                raise _Broken
            table = found
        return table

    def _append(self, parent: _Table, key: str, line: int) -> _Table:
        table = _Table(line)
        tables = parent.entries.setdefault(key, (line, []))[1]
        if not isinstance(tables, list):
            raise _Broken
        tables.append(table)
        return table

    def _pair(self) -> None:
        line = self.line()
        parts = self._key()
        self._expect("=")
        self._skip(_BLANK)
        value = self._value(parts[-1], self.depth + len(parts))
        if self.table is None:
            raise _Broken
        owner = self._descend(self.table, parts[:-1], line)
        if parts[-1] in owner.entries:
            raise _Broken
        owner.entries[parts[-1]] = (line, value)
        owner.end = self.table.end = max(self.table.end, value.end)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._skip(_BLANK)
            parts.append(self._key_part())
            if len(parts) > MAX_PARTS:
                raise CapReached("too_deep")
            self._skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _key_part(self) -> str:
        if self.text[self.at : self.at + 1] in ("'", '"'):
            return self._string()
        match = _BARE_KEY.match(self.text, self.at)
        if match is None:
            raise _Broken
        self.at = match.end()
        return match.group()

    # ------------------------------------------------------------------------------------------- values

    def _value(self, name: str, depth: int) -> Node:
        self._count()
        start, first = self.line(), self.text[self.at : self.at + 1]
        if first in ("[", "{"):
            if depth >= MAX_DEPTH:
                raise CapReached("too_deep")
            return self._array(name, depth) if first == "[" else self._inline(depth)
        if first in ("'", '"'):
            text = self._string()
            return scalar(name, "str", text, start, self.line())
        return self._bare(name, start)

    def _array(self, name: str, depth: int) -> Node:
        start, items = self.line(), []
        self.at += 1
        self._skip(_SPACE)
        while not self.text.startswith("]", self.at):
            items.append(self._value(name, depth + 1))
            self._skip(_SPACE)
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip(_SPACE)
            elif not self.text.startswith("]", self.at):
                raise _Broken
        node = Node("list", start, self.line(), "", (), tuple(items))
        self.at += 1
        return node

    def _inline(self, depth: int) -> Node:
        start, table = self.line(), _Table(self.line())
        self.at += 1
        self._skip(_SPACE)
        while not self.text.startswith("}", self.at):
            self._inline_pair(table, depth)
            self._skip(_SPACE)
            if self.text.startswith(",", self.at):
                self.at += 1
                self._skip(_SPACE)
            elif not self.text.startswith("}", self.at):
                raise _Broken
        table.start, table.end = start, self.line()
        self.at += 1
        return table.node()

    def _inline_pair(self, table: _Table, depth: int) -> None:
        line, parts = self.line(), self._key()
        self._expect("=")
        self._skip(_SPACE)
        owner = self._descend(table, parts[:-1], line)
        if parts[-1] in owner.entries:
            raise _Broken
        owner.entries[parts[-1]] = (line, self._value(parts[-1], depth + len(parts)))

    def _bare(self, name: str, start: int) -> Node:
        match = _PLAIN.match(self.text, self.at)
        if match is None:
            raise _Broken
        word = match.group()
        kind = _kind(word)
        if kind is None:
            raise _Broken
        self.at = match.end()
        return scalar(name, kind, word, start, start)

    def _string(self) -> str:
        for pattern in (_LONG_BASIC, _LONG_LITERAL, _BASIC, _LITERAL):
            match = pattern.match(self.text, self.at)
            if match is not None:
                self.at = match.end()
                simple = len(match.groups()) == 1 and "\\" not in match.group()
                return match.group(1) if simple else _unescaped(match.group())
        raise _Broken


def _kind(word: str) -> str | None:
    if word in ("true", "false"):
        return "bool"
    if _INT.fullmatch(word):
        return "int"
    if _FLOAT.fullmatch(word):
        return "float"
    return "str" if _DATE.fullmatch(word) else None


def _unescaped(quoted: str) -> str:
    import tomllib

    try:
        return str(tomllib.loads(f"x = {quoted}")["x"])
    except ValueError as error:
        raise _Broken from error


__all__ = ["extract"]
