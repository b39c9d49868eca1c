"""Makes Python of other versions, and broken Python, parse: every surviving statement keeps its lines.

What has an equal in the running syntax is spelt that way; what still does not parse becomes ``pass`` and is reported.
"""

from __future__ import annotations

import ast
import re
import warnings
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from evidence.facts.python._decode import decode, git_lines
from evidence.facts.python._salvage import SYNTAX, TOO_DEEP, fault, salvage
from evidence.facts.records import Lost
from evidence.patterns import regex

__all__ = ["MAX_DEPTH", "TOO_DENSE", "Repaired", "decode", "depth_of", "parse", "repair"]

if TYPE_CHECKING:
    from tree_sitter import Node, Tree

TOO_DENSE = "too_many_nodes"

MAX_DEPTH = 200
"""Trees deeper than this (:func:`depth_of`) make recursive visitors such as radon's fail: those take three Python
frames per level (measured: radon ends at 320 levels on an empty stack), and the interpreter allows 1,000 in all."""

# Bracket depth and syntax-tree depth at which no part of a file is worth saving (the interpreter itself stops at 200
# brackets, 100 indentations and about 3,000 operators).
_HOPELESS_BRACKETS, _HOPELESS_TREE = 1_000, 10_000

# A dense file of 1 MiB ("a\n" over and over) costs 930 MB to parse, ordinary source 86 MB. Measured on 3.11: a token is
# worth about 300 bytes, a comma 400 and a line 1,200 more. Files below the floor cannot reach the cap.
_DENSE_FLOOR_CHARS = 128 << 10
_DENSE_CAP_BYTES = 200_000_000
_TOKEN_BYTES, _COMMA_BYTES, _LINE_BYTES = 300, 400, 1_200

_MAX_LOST = 1_000
_LAZY = regex(r"([ \t]*)lazy[ \t]+(?=(?:import|from)[ \t])")
_BRACKETS = regex(r"[()\[\]{}]")

# Nodes whose later lines are no place for a statement to begin.
_ENCLOSING = frozenset(
    {
        "argument_list",
        "concatenated_string",
        "dictionary",
        "generator_expression",
        "import_from_statement",
        "list",
        "list_comprehension",
        "parameters",
        "parenthesized_expression",
        "set",
        "string",
        "subscript",
        "tuple",
        "tuple_pattern",
    }
)


class Repaired(NamedTuple):
    """Source that parses, with as many lines as the original; ``lost`` are the 1-based lines whose meaning is gone."""

    text: str
    lost: tuple[Lost, ...]


def parse(content: bytes) -> tuple[ast.Module | None, tuple[Lost, ...]]:
    """The syntax tree of a Python file and what of it could not be read; line numbers as git counts them.

    None when nothing could be read; ``lost`` then spans the file. Never raises, whatever the bytes: ``lost`` carries
    ``python_syntax``, ``too_deep`` or ``too_many_nodes``.
    """
    text = decode(content)
    if _is_dense(text):
        return None, (Lost(1, _count_lines(text), TOO_DENSE),)
    lost: tuple[Lost, ...] = ()
    tree = _tree(text)
    if tree is None:
        text, lost = repair(content)
        tree = _tree(text) if text or not lost else None
    if tree is not None and "\r" in text:
        _renumber(tree, git_lines(text))
    return tree, lost


def repair(source: bytes) -> Repaired:
    """Source equal to this one that the running interpreter parses, as far as there is one.

    A lone ``\\r`` stays where it was. The text is "" when nothing could be saved (``lost`` then spans the file).
    """
    text = decode(source)
    if not fault(text):
        return Repaired(text, ())
    lines = _count_lines(text)
    if _is_dense(text) or _bracket_depth(text) > _HOPELESS_BRACKETS:
        return Repaired("", (Lost(1, lines, TOO_DENSE if _is_dense(text) else TOO_DEEP),))
    ends = re.findall("[\r\n]", text)
    fixed, lost = _repair_lines(text.replace("\r", "\n"))
    if "\r" in text:
        numbers = git_lines(text)
        lost = [Lost(numbers[part.start], numbers[part.end], part.reason) for part in lost]
        fixed = "".join(a + b for a, b in zip(fixed.split("\n"), [*ends, ""], strict=True)) if fixed else ""
    return Repaired(fixed, _merged(lost, lines))


def depth_of(tree: ast.AST) -> int:
    """The number of nodes on the longest way from this one to a leaf; no recursion, half the cost of parsing."""
    depth, level = 0, [tree]
    while level:
        depth += 1
        below: list[ast.AST] = []
        for node in level:
            for value in node.__dict__.values():
                if isinstance(value, list):
                    below += [item for item in value if isinstance(item, ast.AST)]
                elif isinstance(value, ast.AST) and not isinstance(value, ast.expr_context):
                    below.append(value)
        level = below
    return depth


def _tree(text: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _repair_lines(text: str) -> tuple[str, list[Lost]]:
    """Repair text whose only line end is ``\\n``."""
    lost: list[Lost] = []
    if "\0" in text:
        lost += [Lost(n, n, SYNTAX) for n, line in enumerate(text.split("\n"), 1) if "\0" in line]
        text = text.replace("\0", " ")
    nodes = _nodes(text)
    if nodes is not None and _needs_layout(text):
        text = _laid_out(text, _rows_inside(nodes, frozenset({"string"})))
        nodes = _nodes(text)
    if nodes is None:
        return "", [Lost(1, _count_lines(text), TOO_DEEP)]
    from evidence.facts.python._rewrite import rewrite

    rewritten, emptied = rewrite(text.encode(), nodes)
    text = rewritten.decode()
    lost += [Lost(first + 1, last + 1, SYNTAX) for first, last in emptied]
    if not fault(text):
        return text, lost
    kept, more = salvage(text, _rows_inside(_nodes(text) or [], _ENCLOSING))
    return kept, lost + more


def _nodes(text: str) -> list[Node] | None:
    """All syntax nodes, parents first, from the error-tolerant parser; None when they nest without reason."""
    cursor = _syntax_tree(text).walk()
    nodes: list[Node] = []
    depth = 0
    while True:
        if cursor.node is not None:
            nodes.append(cursor.node)
        if cursor.goto_first_child():
            depth += 1
            if depth > _HOPELESS_TREE:
                return None
            continue
        while not cursor.goto_next_sibling():
            if not cursor.goto_parent():
                return nodes
            depth -= 1


def _syntax_tree(text: str) -> Tree:
    import tree_sitter
    import tree_sitter_python

    return tree_sitter.Parser(tree_sitter.Language(tree_sitter_python.language())).parse(text.encode())


def _rows_inside(nodes: list[Node], types: frozenset[str]) -> set[int]:
    """The 0-based rows that begin inside a sound node of these types."""
    rows: set[int] = set()
    done = -1
    for node in nodes:
        first, last = node.start_point[0], node.end_point[0]
        if last > max(first, done) and node.type in types and not node.has_error:
            rows.update(range(first + 1, last + 1))
            done = last
    return rows


def _needs_layout(text: str) -> bool:
    return any(_LAZY.match(line) or "\t" in line[: len(line) - len(line.lstrip())] for line in text.split("\n"))


def _laid_out(text: str, inside: set[int]) -> str:
    """Indentation in spaces (a tab reaches the next multiple of eight, as in Python 2), no ``lazy`` before imports."""
    lines = text.split("\n")
    for row, line in enumerate(lines):
        if row not in inside:
            code = line.lstrip(" \t\f")
            indent = line[: len(line) - len(code)].rpartition("\f")[2].expandtabs(8)
            lines[row] = _LAZY.sub(r"\1", indent + code, count=1) if code.startswith("lazy") else indent + code
    return "\n".join(lines)


def _is_dense(text: str) -> bool:
    if len(text) < _DENSE_FLOOR_CHARS:
        return False
    tokens = sum(1 for _ in re.finditer(r"\w+|[^\w\s]", text))
    weight = tokens * _TOKEN_BYTES + text.count(",") * _COMMA_BYTES + text.count("\n") * _LINE_BYTES
    return weight > _DENSE_CAP_BYTES


def _bracket_depth(text: str) -> int:
    """The deepest nesting of brackets, those in strings counted too."""
    steps = (1 if m[0] in "([{" else -1 for m in _BRACKETS.finditer(text))
    return max(accumulate(steps, lambda depth, step: max(depth + step, 0)), default=0)


def _count_lines(text: str) -> int:
    """Lines as git counts them; at least 1."""
    return max(text.count("\n") + (not text.endswith("\n")), 1)


def _renumber(tree: ast.Module, numbers: list[int]) -> None:
    """Give every node the line numbers that git counts."""
    last = len(numbers) - 1
    for node in ast.walk(tree):
        for name in ("lineno", "end_lineno"):
            line = getattr(node, name, None)
            if line is not None:
                setattr(node, name, numbers[min(line, last)])


def _merged(lost: list[Lost], lines: int) -> tuple[Lost, ...]:
    """Sorted, neighbours of one reason joined, cut to the file, and not more than ``_MAX_LOST`` of them."""
    merged: list[Lost] = []
    for part in sorted(lost, key=lambda p: (p.start, p.end, p.reason)):
        start, end = min(part.start, lines), min(part.end, lines)
        if merged and start <= merged[-1].end + 1 and part.reason == merged[-1].reason:
            merged[-1] = Lost(merged[-1].start, max(end, merged[-1].end), part.reason)
        else:
            merged.append(Lost(start, end, part.reason))
    if len(merged) > _MAX_LOST:
        last = merged[_MAX_LOST - 1]
        merged[_MAX_LOST - 1 :] = [Lost(last.start, lines, last.reason)]
    return tuple(merged)
