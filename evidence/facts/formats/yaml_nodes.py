"""YAML as nodes, from libyaml's event stream and a stack of our own.

libyaml's composer recurses on the input's depth and copies merge keys without limit; its events do neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from evidence.facts.formats.structured import Builder, CapReached, line_count, text_of, too_large
from evidence.facts.plain import is_generated
from evidence.facts.records import Data, Lost, Node
from evidence.patterns import regex

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES = 512 * 1024

_BOOLEANS = dict.fromkeys(("true", "yes", "on"), "true") | dict.fromkeys(("false", "no", "off"), "false")
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_INT = regex(r"[-+]?(?:0x[0-9a-fA-F_]{1,40}|0o?[0-7_]{1,60}|[0-9][0-9_]{0,60})")
_FLOAT = regex(r"[-+]?(?:[0-9][0-9_]{0,40})?\.?[0-9_]{0,40}(?:[eE][-+]?[0-9]{1,6})?|[-+]?\.(?:inf|Inf|INF|nan|NaN|NAN)")
_STANDARD_TAG = "tag:yaml.org,2002:"


def extract(content: bytes) -> Data:
    """The documents of a YAML file. What follows a mistake, or lies beyond a cap, is in ``lost``.

    Templated YAML (Helm, cookiecutter, Copier) that does not parse is read again with its template tags blanked; an
    expression then reads ``x``.
    """
    over = too_large(content, MAX_BYTES)
    if over is not None:
        return over
    text = text_of(content)
    roots, lost = _read(text)
    if lost and ("{{" in text or "{%" in text):
        again = _read(_untemplated(text))
        if not again[1] or again[1][0].start > lost[0].start:
            roots, lost = again
    return Data(roots, lost, is_generated(content[:2048]))


def _read(text: str) -> tuple[tuple[Node, ...], tuple[Lost, ...]]:
    import yaml

    reader = _Reader(text)
    lost: tuple[Lost, ...] = ()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            reader.take(event)
    except CapReached as cap:
        lost = (Lost(reader.line, reader.last, cap.reason),)
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else reader.line
        lost = (Lost(min(line, reader.last), reader.last, "syntax"),)
    return reader.builder.finish(), lost


class _Reader:
    """Turns events into calls of the builder. ``line`` is how far it came."""

    def __init__(self, text: str) -> None:
        self.builder = Builder()
        self.lines = text.split("\n")
        self.last = line_count(text)
        self.line = 1

    def take(self, event: Any) -> None:
        """One event of libyaml."""
        self.line = max(self.line, min(event.start_mark.line + 1, self.last))
        handler = _HANDLERS.get(type(event).__name__)
        if handler is not None:
            handler(self, event)

    def document(self, _event: Any) -> None:
        self.builder.anchors.clear()

    def mapping(self, event: Any) -> None:
        self.builder.open("map", self.line, _tag(event), event.anchor)

    def sequence(self, event: Any) -> None:
        self.builder.open("list", self.line, _tag(event), event.anchor)

    def end(self, event: Any) -> None:
        """A block collection ends where its last item does; only a flow collection has an end of its own."""
        start, end = event.start_mark, event.end_mark
        self.builder.close(self.line if end.index > start.index else 0)

    def alias(self, event: Any) -> None:
        if self.builder.wants_key:
            node = self.builder.anchors.get(event.anchor, (None, 1))[0]
            self.builder.key(node.text if node else event.anchor, self.line)
        else:
            self.builder.alias(event.anchor, self.line)

    def scalar(self, event: Any) -> None:
        if self.builder.wants_key:
            self.builder.key(event.value, self.line)
            if event.anchor:
                self.builder.anchors[event.anchor] = (Node("str", self.line, self.line, event.value), 1)
            return
        kind, text = _resolved(event)
        self.builder.scalar(kind, text, self.line, self._end_of(event), _tag(event), event.anchor)

    def _end_of(self, event: Any) -> int:
        """The last line of a scalar; libyaml's end of a block scalar lies behind the blank lines that follow it."""
        mark = event.end_mark
        end: int = mark.line if mark.column == 0 and mark.line > event.start_mark.line else mark.line + 1
        end = min(end, self.last)
        if event.style in ("|", ">"):
            while end > self.line and not self.lines[end - 1].strip():
                end -= 1
        return max(end, self.line)


_HANDLERS: dict[str, Any] = {
    "DocumentStartEvent": _Reader.document,
    "MappingStartEvent": _Reader.mapping,
    "SequenceStartEvent": _Reader.sequence,
    "MappingEndEvent": _Reader.end,
    "SequenceEndEvent": _Reader.end,
    "AliasEvent": _Reader.alias,
    "ScalarEvent": _Reader.scalar,
}


def _tag(event: Any) -> str:
    tag = event.tag or ""
    return "" if tag.startswith(_STANDARD_TAG) or tag == "!" else tag[:200]


def _resolved(event: Any) -> tuple[str, str]:
    """Kind and text of a scalar by YAML 1.1's rules, the ones of PyYAML, Ruby and Ansible."""
    text: str = event.value
    if event.tag and event.tag.startswith(_STANDARD_TAG):
        kind = event.tag.removeprefix(_STANDARD_TAG)
        return (kind, text) if kind in ("int", "float") else ("str", text)
    if not event.implicit[0]:
        return "str", text
    if text in _NULLS:
        return "null", "null"
    if len(text) <= 5 and text in (text.lower(), text.title(), text.upper()) and text.lower() in _BOOLEANS:
        return "bool", _BOOLEANS[text.lower()]
    if text[0] in "0123456789+-." and len(text) <= 80:
        if _INT.fullmatch(text):
            return "int", text
        if any(c.isdigit() for c in text) and _FLOAT.fullmatch(text):
            return "float", text
    return "str", text


def _untemplated(text: str) -> str:
    """The text with template tags blanked, line by line: ``x`` for an expression within a line, spaces else."""
    parts: list[str] = []
    done = 0
    for start, end in _template_spans(text):
        parts.append(text[done:start])
        tag = text[start:end]
        inline = tag.startswith("{{") and _within_line(text, start, end)
        parts.append("".join("\n" if c == "\n" else "x" if inline else " " for c in tag))
        done = end
    return "".join([*parts, text[done:]])


_CLOSING = {"{{": "}}", "{%": "%}", "{#": "#}"}


def _template_spans(text: str) -> Iterator[tuple[int, int]]:
    """Start and end of each template tag. A kind that is not closed once is not closed later either: linear."""
    unclosed: set[str] = set()
    at = text.find("{")
    while at != -1:
        opening = text[at : at + 2]
        end = -1
        if opening in _CLOSING and opening not in unclosed:
            end = text.find(_CLOSING[opening], at + 2)
            if end == -1:
                unclosed.add(opening)
        if end != -1:
            yield at, end + 2
        at = text.find("{", end + 2 if end != -1 else at + 1)


def _within_line(text: str, start: int, end: int) -> bool:
    """Whether something else than list dashes stands beside a tag on its lines."""
    before = text[max(text.rfind("\n", 0, start) + 1, start - 200) : start]
    stop = text.find("\n", end, end + 200)
    after = text[end : stop if stop != -1 else end + 200]
    return bool(before.strip() or after.strip())


__all__ = ["extract"]
