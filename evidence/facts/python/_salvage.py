"""Keeps what parses of a broken Python file: statement by statement, block by block, every line where it was.

A block is halved until the faulty statements are alone. A faulty compound statement keeps its header when only its
body is broken, and its body when only its header is. There is no recursion: blocks wait on a stack.
"""

from __future__ import annotations

import ast
import warnings

from msgspec import Struct

from evidence.facts.records import Lost
from evidence.patterns import regex

SYNTAX = "python_syntax"
TOO_DEEP = "too_deep"

# Work allowed for one file, so that a file broken in every line stays linear: parsed bytes per byte of source, with a
# floor and a ceiling (parsing runs at 10 to 20 MB/s), and calls of the parser.
_PARSED_FACTOR, _PARSED_FLOOR, _PARSED_CEILING = 40, 1 << 20, 32 << 20
_PARSER_CALLS = 20_000
_HEADER_LINES = 30

_WORD = regex(r"[ \t\f]*(async[ \t]+)?([^\W\d]\w*)?[ \t]*([^\W\d]\w*)?")
_CLAUSES = {"else": "if 1:\n pass\n", "elif": "if 1:\n pass\n", "except": "try:\n pass\n", "finally": "try:\n pass\n"}
_COMPOUND = frozenset({"if", "while", "for", "with", "try", "def", "class", "match", "case"})
_NEUTRAL = {
    "else": "else:",
    "finally": "finally:",
    "elif": "elif True:",
    "except": "except ():",
    "try": "try:",
    "case": "case _:",
}
_DEEP_MESSAGES = ("too many nested", "too many levels of indentation", "too complex", "recursion", "stack overflow")


def fault(source: str) -> str:
    """Why the running parser refuses this source: "" (it does not), ``python_syntax`` or ``too_deep``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(source)
    except (RecursionError, MemoryError):
        return TOO_DEEP
    except (SyntaxError, ValueError) as error:
        return TOO_DEEP if any(message in str(error) for message in _DEEP_MESSAGES) else SYNTAX
    return ""


class _Chunk(Struct, frozen=True):
    """Lines ``first`` to ``last`` (0-based, inclusive) that make one statement at ``indent`` within ``wrapper``."""

    first: int
    last: int
    indent: str
    wrapper: str

    @property
    def filler(self) -> str:
        """What may stand for a statement here."""
        return self.indent + ("case _: pass" if self.wrapper.startswith("match") else "pass")


def salvage(text: str, interior: set[int]) -> tuple[str, list[Lost]]:
    """The text with what does not parse replaced, and what that was.

    ``interior`` are the 0-based rows that certainly begin inside a string or a pair of brackets.
    """
    work = _Salvage(text.split("\n"), interior)
    work.run()
    kept = "\n".join(work.lines)
    reason = fault(kept)
    if reason:
        return "", [Lost(1, len(work.lines), reason)]
    return kept, work.lost


class _Salvage:
    def __init__(self, lines: list[str], interior: set[int]) -> None:
        self.lines = lines
        self.lost: list[Lost] = []
        self._interior = interior
        size = sum(map(len, lines))
        self._bytes = min(max(size * _PARSED_FACTOR, _PARSED_FLOOR), _PARSED_CEILING)
        self._calls = _PARSER_CALLS
        self._stack: list[tuple[str, list[_Chunk]]] = []

    def run(self) -> None:
        """Work through the file; afterwards ``lines`` holds what is kept."""
        self._stack.append(("settle", self._split(0, len(self.lines) - 1, "", "")))
        while self._stack:
            task, chunks = self._stack.pop()
            if task == "check":
                self._check(chunks[0])
            elif chunks and self._fault(chunks[0].wrapper, chunks[0].first, chunks[-1].last):
                if len(chunks) == 1:
                    self._open(chunks[0])
                else:
                    half = len(chunks) // 2
                    self._stack += [("settle", chunks[half:]), ("settle", chunks[:half])]

    def _fault(self, before: str, first: int, last: int, after: str = "") -> str:
        source = before + "\n".join(self.lines[first : last + 1]) + after + "\n"
        self._bytes -= len(source)
        self._calls -= 1
        return SYNTAX if self._bytes < 0 or self._calls < 0 else fault(source)

    def _code(self, row: int) -> str:
        """The code of a line without indentation; "" for blank lines, comments and rows inside strings or brackets."""
        stripped = self.lines[row].strip(" \t\f")
        return "" if row in self._interior or stripped.startswith("#") else stripped

    def _split(self, first: int, last: int, indent: str, wrapper: str) -> list[_Chunk]:
        """The statements of a block: each begins at exactly this indentation and ends before the next."""
        starts: list[int] = []
        decorated = False
        for row in range(first, last + 1):
            code = self._code(row)
            if not code or self._indent(row) != indent or code[0] in ")]}" or self._word(row) in _CLAUSES:
                continue
            if not decorated:
                starts.append(row)
            decorated = code.startswith("@")
        leading = next((r for r in range(first, last + 1) if self._code(r)), last + 1)
        if leading <= last and (not starts or leading < starts[0]):
            starts.insert(0, leading)
        ends = [*(s - 1 for s in starts[1:]), last]
        return [_Chunk(s, e, indent, wrapper) for s, e in zip(starts, ends, strict=True)]

    def _indent(self, row: int) -> str:
        line = self.lines[row]
        return line[: len(line) - len(line.lstrip(" \t\f"))]

    def _word(self, row: int) -> str:
        match = _WORD.match(self.lines[row])
        return (match[2] or "") if match else ""

    def _open(self, chunk: _Chunk) -> None:
        """One faulty statement: take its headers and blocks apart, or give it up when it has none."""
        top = next((r for r in range(chunk.first, chunk.last + 1) if self._is_head(r, chunk.indent)), None)
        deep = self._fault(chunk.wrapper, chunk.first, chunk.last)
        if top is None or not self._has_block(top, chunk) or self._is_too_indented(chunk):
            if top is not None and deep != TOO_DEEP and self._word(top) in ("def", "class"):
                self._mend(top, chunk.last, chunk.indent)
            if deep == TOO_DEEP or self._fault(chunk.wrapper, chunk.first, chunk.last):
                self._give_up(chunk, deep or SYNTAX)
            return
        heads = [top, *(r for r in range(top + 1, chunk.last + 1) if self._is_clause(r, chunk.indent))]
        self._stack.append(("check", [chunk]))
        if top > chunk.first and self._fault(chunk.wrapper, chunk.first, top - 1, f"\n{chunk.indent}def f(): pass"):
            self._blank(chunk.first, top - 1, SYNTAX)
        for head, end in zip(heads, [*(h - 1 for h in heads[1:]), chunk.last], strict=True):
            self._segment(head, end, chunk)

    def _is_head(self, row: int, indent: str) -> bool:
        code = self._code(row)
        return bool(code) and self._indent(row) == indent and code[0] not in "@)]}"

    def _is_clause(self, row: int, indent: str) -> bool:
        return bool(self._code(row)) and self._indent(row) == indent and self._word(row) in _CLAUSES

    def _has_block(self, top: int, chunk: _Chunk) -> bool:
        """Whether this looks like a compound statement with lines below its header."""
        known = self._word(top) in _COMPOUND or self._code(top).partition("#")[0].rstrip().endswith(":")
        return known and any(self._code(r) for r in range(top + 1, chunk.last + 1))

    def _is_too_indented(self, chunk: _Chunk) -> bool:
        """The interpreter allows a hundred levels of indentation, however little is wrong below them."""
        return len({self._indent(r) for r in range(chunk.first, chunk.last + 1) if self._code(r)}) > 90

    def _segment(self, head: int, end: int, chunk: _Chunk) -> None:
        """One header and its block: mend the header if it is broken, then queue the block."""
        word = self._word(head)
        before = _CLAUSES.get(word, "match 0:\n" if word == "case" else "if 1:\n" if chunk.indent else "")
        if word in _CLAUSES and chunk.indent:
            before = "if 1:\n" + "".join(f"{chunk.indent}{line}\n" for line in before.splitlines())
        close = self._header_end(head, end, before, chunk.indent)
        if close is None:
            close = self._mend(head, end, chunk.indent)
        body = next((r for r in range(close + 1, end + 1) if self._code(r)), None)
        if body is not None and len(self._indent(body)) > len(chunk.indent):
            wrapper = "match 0:\n" if word == "match" else "if 1:\n"
            self._stack.append(("settle", self._split(body, end, self._indent(body), wrapper)))
        elif body is not None:
            self._blank(body, end, SYNTAX)

    def _header_end(self, head: int, end: int, before: str, indent: str) -> int | None:
        """The last row of a sound header; None when it is broken."""
        body = f"\n{indent} {'case _: pass' if self._word(head) == 'match' else 'pass'}"
        if self._word(head) == "try":
            body += f"\n{indent}finally: pass"
        for row in range(head, min(end, head + _HEADER_LINES) + 1):
            if ":" in self.lines[row] and not self._fault(before, head, row, body):
                return row
        return None

    def _mend(self, head: int, end: int, indent: str) -> int:
        """Put a neutral header for a broken one, keeping the name of a function or class; its last row."""
        rows = range(head, min(end, head + _HEADER_LINES) + 1)
        close = next((r for r in rows if self.lines[r].partition("#")[0].rstrip().endswith(":")), head)
        match = _WORD.match(self.lines[head])
        is_async, word, name = match.groups() if match else ("", "", "")
        named = {"def": f"{is_async or ''}def {name}():", "class": f"class {name}:"} if name else {}
        self._blank(head, close, SYNTAX)
        self.lines[head] = indent + named.get(word or "", _NEUTRAL.get(word or "", "if True:"))
        if not any(self._code(r) for r in range(close + 1, end + 1)):
            self.lines[head] += " pass"
        return close

    def _check(self, chunk: _Chunk) -> None:
        """After the parts of a statement were settled: does the whole hold? Else loosen it, else give it up."""
        if not self._fault(chunk.wrapper, chunk.first, chunk.last):
            return
        # Mostly a try that lost its handlers: plain blocks keep what stands in them.
        loose = {r: self.lines[r] for r in range(chunk.first, chunk.last + 1) if self._is_clause(r, chunk.indent)}
        loose |= {r: self.lines[r] for r in (chunk.first,) if self._word(r) == "try"}
        for row in loose:
            self.lines[row] = chunk.indent + "if True:"
        if not loose or self._fault(chunk.wrapper, chunk.first, chunk.last):
            self._give_up(chunk, SYNTAX)
        else:
            self.lost += [Lost(row + 1, row + 1, SYNTAX) for row in loose]

    def _give_up(self, chunk: _Chunk, reason: str) -> None:
        last = chunk.last
        while last > chunk.first and not self.lines[last].strip():
            last -= 1
        self._blank(chunk.first, last, reason)
        self.lines[chunk.first] = chunk.filler

    def _blank(self, first: int, last: int, reason: str) -> None:
        self.lines[first : last + 1] = [""] * (last + 1 - first)
        self.lost.append(Lost(first + 1, last + 1, reason))
