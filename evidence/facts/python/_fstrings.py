"""F-strings of PEP 701 (nested quotes, backslashes, comments inside the braces) for interpreters before it."""

from __future__ import annotations

import ast
import re
import warnings
from typing import TYPE_CHECKING

from evidence.patterns import regex

if TYPE_CHECKING:
    from tree_sitter import Node

# Outer quotes first; each nested string takes the next. Older grammars allow no quote of an enclosing string inside it.
_QUOTES = (('"""', "'''", '"', "'"), ("'''", '"""', "'", '"'), ('"""', "'''", "'", '"'), ("'''", '"""', '"', "'"))
_TROUBLE = regex(rb"""["'\\#\n]""")
_START = regex(r"""([A-Za-z]*)("{3}|'{3}|"|')""")


def is_formatted(string: Node) -> bool:
    """Whether a ``string`` node is an f-string or t-string."""
    start = (string.children[0].text or b"") if string.children else b""
    return b"f" in start.lower() or b"t" in start.lower()


def troubled(string: Node) -> bool:
    """Whether the running parser refuses this f-string by itself."""
    inner = [c.text or b"" for c in string.children if c.type == "interpolation"]
    return any(_TROUBLE.search(text) for text in inner) and not _parses(_without_t(string))


def requoted(string: Node) -> str | None:
    """The same f-string in other quotes, comments dropped, escapes spelt ``chr(10)``; None when none parses."""
    for quotes in _QUOTES:
        text = _spelt(string, quotes)
        if text is None:
            return None
        if _parses(text):
            return text
    return None


def emptied(string: Node) -> str | None:
    """A plain string with ``{}`` for each expression, as many lines long; None when a raw string cannot be so."""
    match = _START.match(_text(string.children[0]))
    if match is None:
        return None
    prefix = re.sub("[fFtT]", "", match[1])
    parts = [prefix + match[2]]
    for child in string.children[1:]:
        if child.type == "interpolation":
            newlines = child.end_point[0] - child.start_point[0]
            if newlines and prefix:
                return None
            parts.append("{}" + "\\\n" * newlines)
        else:
            parts.append(_text(child))
    text = "".join(parts)
    return text if _parses(text) else None


def _spelt(string: Node, quotes: tuple[str, ...]) -> str | None:
    """The source of this f-string with the quotes of each nesting level replaced."""
    source, origin = string.text or b"", string.start_byte
    parts: list[str] = []
    done = origin
    stack: list[tuple[Node, int]] = [(string, -1)]
    while stack:
        node, level = stack.pop()
        if node.type == "string":
            level += 1
            if level >= len(quotes):
                return None
        new = _token(node, quotes[max(level, 0)], level)
        if new is None and node.children:
            stack.extend((child, level) for child in reversed(node.children))
            continue
        parts.append(source[done - origin : node.start_byte - origin].decode())
        parts.append(_text(node) if new is None else new)
        done = node.end_byte
    parts.append(source[done - origin :].decode())
    return "".join(parts)


def _token(node: Node, quote: str, level: int) -> str | None:
    """What stands for this node: None means itself (or its children)."""
    if node.type == "comment":
        return ""
    if node.type == "string_start":
        return _without_t_prefix(re.sub("[\"']", "", _text(node))) + quote
    if node.type == "string_end":
        return quote
    if node.type == "string" and level > 0 and not is_formatted(node) and b"\\" in (node.text or b""):
        return _without_escapes(_text(node), quote)
    return None


def _without_escapes(literal: str, quote: str) -> str | None:
    """An expression equal to this string literal in which no backslash stands."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = ast.literal_eval(literal)
    except (SyntaxError, ValueError):
        return None
    if not isinstance(value, str):
        return None
    pieces = re.findall(r"[^\\\"'\n\r{}\x00-\x1f]+|.", value, re.DOTALL) or [""]
    plain = [f"{quote}{p}{quote}" if not p or _is_plain(p) else f"chr({ord(p)})" for p in pieces]
    return plain[0] if len(plain) == 1 else f"({'+'.join(plain)})"


def _is_plain(piece: str) -> bool:
    return piece[0] not in "\\\"'{}" and piece[0] >= " "


def _without_t(string: Node) -> str:
    start = _text(string.children[0])
    return _without_t_prefix(start) + _text(string)[len(start) :]


def _without_t_prefix(start: str) -> str:
    return start.replace("t", "f").replace("T", "f")


def _parses(expression: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(f"({expression}\n)")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def _text(node: Node) -> str:
    return (node.text or b"").decode()
