"""Spells syntax of other Python versions the way the running parser accepts, on the same lines."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from evidence.facts.python import _fstrings
from evidence.patterns import regex

if TYPE_CHECKING:
    from tree_sitter import Node

_CLOSE, _OPEN, _REPLACE = 0, 1, 2
_ESCAPE = regex(rb"\\.", re.DOTALL)
_HEX = rb"[0-9A-Fa-f]"
_VALID = regex(
    rb"\\(?:x%b{2}|u%b{4}|U00(?:0%b|10)%b{4}|N\{[A-Za-z]|[^xuUN])" % ((_HEX,) * 4),
    re.DOTALL,
)
_OCTAL = regex(rb"0[0-7]*[1-7][0-7]*")


class Edits:
    """Replacements and insertions over one source, collected outer nodes first and applied in one go."""

    def __init__(self, nodes: list[Node]) -> None:
        self._edits: list[tuple[int, int, int, int, bytes]] = []
        self.lost: list[tuple[int, int]] = []
        self.python2 = any(n.type in ("print_statement", "exec_statement") for n in nodes)
        self.templates: set[int] = set()

    def replace(self, start: int, end: int, text: str) -> None:
        """Put ``text`` for the bytes from ``start`` to ``end``."""
        self._edits.append((start, _REPLACE, len(self._edits), end, text.encode()))

    def swap(self, node: Node, text: str) -> None:
        """Put ``text`` for a node, with as many line ends (escaped ones) as the node had."""
        self.replace(node.start_byte, node.end_byte, text + " \\\n" * (node.end_point[0] - node.start_point[0]))

    def wrap(self, start: int, end: int, before: str, after: str) -> None:
        """Insert around the bytes from ``start`` to ``end``."""
        self._edits.append((start, _OPEN, len(self._edits), start, before.encode()))
        self._edits.append((end, _CLOSE, -len(self._edits), end, after.encode()))

    def apply(self, source: bytes) -> bytes:
        """The source with all edits made; one that overlaps an earlier is left out."""
        parts: list[bytes] = []
        done = 0
        for start, _kind, _seq, end, text in sorted(self._edits):
            if start >= done:
                parts += (source[done:start], text)
                done = end
        return b"".join((*parts, source[done:]))


def rewrite(source: bytes, nodes: list[Node]) -> tuple[bytes, list[tuple[int, int]]]:
    """The source in the running syntax, and the 0-based row spans of f-strings whose expressions had to go.

    ``nodes`` are the syntax nodes of ``source``, parents before children.
    """
    edits = Edits(nodes)
    for node in nodes:
        rule = _RULES.get(node.type)
        if rule is not None:
            rule(node, edits)
    return edits.apply(source), edits.lost


@cache
def _accepts(sample: str) -> bool:
    """Whether the running parser knows this syntax."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(sample)
    except SyntaxError:
        return False
    return True


def _print(node: Node, edits: Edits) -> None:
    args = node.children[1:]
    if not args:
        return
    comma = args[-1] if args[-1].type == "," and len(args) > 1 else None
    to_file = args[0].type == "chevron"
    if to_file:
        edits.replace(args[0].children[0].start_byte, args[0].children[0].end_byte, "(file=")
    starred = to_file and len(args) > 2
    if starred:
        edits.replace(args[1].start_byte, args[1].end_byte, ", *(")
    if comma is not None and not (to_file and len(args) == 2):
        edits.replace(comma.start_byte, comma.end_byte, ',), end=" ")' if starred else ', end=" ")')
        closing = ""
    else:
        closing = ",))" if starred else ")"
    edits.wrap(args[0].start_byte, node.end_byte, "" if to_file else "(", closing)


def _exec(node: Node, edits: Edits) -> None:
    if len(node.children) > 1:
        edits.wrap(node.children[1].start_byte, node.end_byte, "(", ")")
    for child in node.children:
        if child.type == "in":
            edits.replace(child.start_byte, child.end_byte, ",")


def _except(node: Node, edits: Edits) -> None:
    caught = []
    for child in node.children[1:]:
        if child.type == ":":
            break
        if child.type not in ("*", "comment"):
            caught.append(child)
    commas = [c for c in caught if c.type == ","]
    if not commas:
        return
    second = caught[-1]
    bound = len(caught) == 3 and second.type == "identifier" and node.children[1].type != "*"
    if bound and (edits.python2 or not (second.text or b"").lstrip(b"_")[:1].isupper()):
        edits.replace(commas[0].start_byte, commas[0].end_byte, " as")
    elif not _accepts("try:\n pass\nexcept A, B:\n pass\n"):
        edits.wrap(caught[0].start_byte, second.end_byte, "(", ")")


def _raise(node: Node, edits: Edits) -> None:
    values = node.children[1] if len(node.children) == 2 else None
    if values is None or values.type != "expression_list":
        return
    commas = [c for c in values.children if c.type == ","]
    parts = [c for c in values.children if c.type != ","]
    if len(parts) not in (2, 3) or len(commas) != len(parts) - 1:
        return
    # A tuple is the argument list; None stands for no argument.
    star = "(*" if parts[1].type == "tuple" else "("
    edits.replace(commas[0].start_byte, commas[0].end_byte, star)
    if parts[1].type == "none":
        edits.swap(parts[1], "")
    if len(parts) == 3:
        edits.replace(commas[1].start_byte, commas[1].end_byte, ").with_traceback(")
    edits.wrap(node.end_byte, node.end_byte, "", ")")


def _unequal(node: Node, edits: Edits) -> None:
    edits.swap(node, "!=")


def _integer(node: Node, edits: Edits) -> None:
    text = node.text or b""
    bare = text.rstrip(b"lL")
    if _OCTAL.fullmatch(bare):
        bare = b"0o" + bare[1:]
    if bare != text:
        edits.swap(node, bare.decode())


def _parameters(node: Node, edits: Edits) -> None:
    """Tuple parameters of Python 2: one name made of theirs."""
    for child in node.children:
        inner = child.children[0] if child.type == "default_parameter" else child
        if inner.type == "tuple_pattern":
            names = re.findall(r"\w+", (inner.text or b"").decode())
            edits.swap(inner, "_" + "_".join(names))


def _type_parameters(node: Node, edits: Edits) -> None:
    if _accepts("def f[T = int](): pass\n"):
        return
    for child in node.children:
        if child.type == "type_parameter":
            edits.swap(child, "")


def _type_alias(node: Node, edits: Edits) -> None:
    if _accepts("type X[T = int] = T\n"):
        return
    left = node.children[1]
    if left.start_point[0] == node.start_point[0]:
        edits.replace(node.start_byte, left.start_byte, "")
    for child in left.children:
        if child.type == "generic_type":
            _type_parameters(child, edits)


def _identifier(node: Node, edits: Edits) -> None:
    """``async`` and ``await`` were plain names before 3.7."""
    if node.end_byte - node.start_byte == 5 and node.text in (b"async", b"await"):
        edits.swap(node, node.text.decode() + "_")


def _for_in(node: Node, edits: Edits) -> None:
    """``[x for x in 1, 2]`` of Python 2."""
    words = [c.type for c in node.children]
    if "in" in words and "," in words[words.index("in") :]:
        first = node.children[words.index("in") + 1]
        edits.wrap(first.start_byte, node.end_byte, "(", ")")


def _comprehension(node: Node, edits: Edits) -> None:
    """``[*x for x in y]`` of PEP 798: the unpacked part in a tuple of its own."""
    for child in node.children[1:2]:
        if child.type == "list_splat" and not _accepts("[*x for x in y]\n"):
            edits.wrap(child.start_byte, child.end_byte, "(", ",)")


def _concatenated(node: Node, edits: Edits) -> None:
    """Adjacent t-strings make one template, so the call goes around all of them."""
    if any(c.type == "string" and _is_template(c) for c in node.children):
        _as_template(node, edits)
        edits.templates.update(c.start_byte for c in node.children)


def _string(node: Node, edits: Edits) -> None:
    start = (node.children[0].text or b"").lower() if node.children else b""
    if start == b"`":
        edits.replace(node.start_byte, node.start_byte + 1, "repr((")
        edits.replace(node.end_byte - 1, node.end_byte, "))")
    elif start.startswith(b"ur"):
        edits.replace(node.start_byte, node.start_byte + 1, "")
    elif _fstrings.is_formatted(node):
        _formatted(node, edits)
    elif b"r" not in start:
        _escapes(node, edits, in_bytes=b"b" in start)


def _formatted(node: Node, edits: Edits) -> None:
    if _is_template(node) and node.start_byte not in edits.templates:
        _as_template(node, edits)
    if _fstrings.troubled(node):
        text = _fstrings.requoted(node)
        if text is None:
            text = _fstrings.emptied(node)
            edits.lost.append((node.start_point[0], node.end_point[0]))
        if text is not None:
            edits.replace(node.start_byte, node.end_byte, text)
    elif _is_template(node):
        start = node.children[0]
        edits.swap(start, (start.text or b"").decode().replace("t", "f").replace("T", "f"))


def _is_template(string: Node) -> bool:
    return b"t" in (string.children[0].text or b"").lower() and not _accepts('t"{x}"\n')


def _as_template(node: Node, edits: Edits) -> None:
    """A call of ``Template`` keeps the difference to an f-string, whose text is joined without a second thought."""
    edits.wrap(node.start_byte, node.end_byte, "Template(", ")")


def _escapes(node: Node, edits: Edits, *, in_bytes: bool) -> None:
    r"""``"C:\users"`` was a fine byte string in Python 2, as was ``b"é"``."""
    for child in node.children:
        if child.type != "string_content":
            continue
        old = child.text or b""
        new = old if in_bytes else _ESCAPE.sub(_doubled, old)
        if in_bytes:
            new = re.sub(rb"[\x80-\xff]", lambda m: b"\\x%02x" % m[0][0], old)
        if new != old:
            edits.replace(child.start_byte, child.end_byte, new.decode())


def _doubled(match: re.Match[bytes]) -> bytes:
    return match[0] if _VALID.match(match.string, match.start()) else b"\\" + match[0]


_RULES: dict[str, Callable[[Node, Edits], None]] = {
    "print_statement": _print,
    "exec_statement": _exec,
    "except_clause": _except,
    "raise_statement": _raise,
    "<>": _unequal,
    "integer": _integer,
    "parameters": _parameters,
    "lambda_parameters": _parameters,
    "function_definition": _type_parameters,
    "class_definition": _type_parameters,
    "type_alias_statement": _type_alias,
    "identifier": _identifier,
    "for_in_clause": _for_in,
    "list_comprehension": _comprehension,
    "set_comprehension": _comprehension,
    "generator_expression": _comprehension,
    "concatenated_string": _concatenated,
    "string": _string,
}
