"""What the readers of YAML, TOML, JSON and INI share: caps, lines, masking of scalars, and the tree builder."""

from __future__ import annotations

from evidence.facts.records import Data, Lost, Node
from evidence.facts.secrets.masking import mask, mask_value

MAX_DEPTH = 100
"""Nesting that a hand-written file never reaches."""
MAX_NODES = 50_000
"""Nodes read of one file."""
MAX_EXPANDED = 200_000
"""Nodes of one file once every alias counts as a copy of what it names: the work of one ``walk``."""
MAX_TEXT = 16_384
"""Characters kept of one scalar, cut after masking."""

_NAME_KEYS = frozenset({"name", "Name", "key", "Key", "NAME", "KEY", "variable"})
_VALUE_KEYS = frozenset({"value", "Value", "VALUE", "default", "Default", "defaultValue", "val"})


class CapReached(Exception):
    """A cap of this module stopped the reading; ``reason`` is the ledger's code."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def text_of(content: bytes) -> str:
    """The content as text in which only ``\\n`` ends a line, as git counts lines; wrong UTF-8 becomes U+FFFD."""
    text = content.decode("utf-8-sig", "replace").replace("\r\n", "\n")
    if text.isascii():
        return text.replace("\r", " ")
    return text.translate({0x0D: " ", 0x85: " ", 0x2028: " ", 0x2029: " "})


def line_count(text: str) -> int:
    """How many lines the text has, at least 1."""
    return max(1, text.count("\n") + (not text.endswith("\n")))


def too_large(content: bytes, limit: int) -> Data | None:
    """The answer for a file above its cap of bytes: nothing, and why."""
    if len(content) <= limit:
        return None
    return Data((), (Lost(1, max(1, content.count(b"\n")), "too_large"),))


def scalar(name: str, kind: str, text: str, start: int, end: int, tag: str = "") -> Node:
    """A scalar node, masked by what its key is called and by what it looks like."""
    if kind in ("bool", "null"):
        return Node(kind, start, end, text, tag=tag)
    shown = mask_value(name, text)
    return Node(kind if shown == text else "str", start, end, shown[:MAX_TEXT], tag=tag)


class _Frame:
    """A mapping or list still open. ``name`` is the key that leads to it, ``key`` the one awaiting its value."""

    def __init__(self, kind: str, line: int, name: str, tag: str, anchor: str | None, is_key: bool) -> None:
        self.kind, self.start, self.end, self.name, self.tag, self.anchor = kind, line, line, name, tag, anchor
        self.is_key = is_key
        self.keys: list[str] = []
        self.key_lines: list[int] = []
        self.items: list[Node] = []
        self.merges: list[Node] = []
        self.key: str | None = None
        self.size = 1

    def node(self) -> Node:
        for source in self.merges:
            self._merge(source)
        _mask_by_sibling(self.keys, self.items)
        return Node(
            self.kind, self.start, self.end, "", tuple(self.keys), tuple(self.items), self.tag, tuple(self.key_lines)
        )

    def _merge(self, source: Node) -> None:
        present = set(self.keys)
        for mapping in source.each():
            lines = dict(zip(mapping.keys, mapping.key_lines, strict=False))
            for key, item in mapping.pairs():
                if key not in present:
                    present.add(key)
                    self.keys.append(key)
                    self.key_lines.append(lines.get(key, item.start))
                    self.items.append(item)


def _mask_by_sibling(keys: list[str], items: list[Node]) -> None:
    """Mask ``value: ...`` by what the mapping's ``name: ...`` calls it (containers' environments, CI variables)."""
    if len(keys) < 2 or _NAME_KEYS.isdisjoint(keys) or _VALUE_KEYS.isdisjoint(keys):
        return
    name = next(item.text for key, item in zip(keys, items, strict=True) if key in _NAME_KEYS)
    for i, (key, item) in enumerate(zip(keys, items, strict=True)):
        if key in _VALUE_KEYS and item.kind not in ("map", "list", "alias"):
            items[i] = scalar(name, item.kind, item.text, item.start, item.end, item.tag)


class Builder:
    """Builds nodes from a stream of events with an explicit stack, within the caps (else :class:`CapReached`)."""

    def __init__(self) -> None:
        self.roots: list[Node] = []
        self.anchors: dict[str, tuple[Node, int]] = {}
        self._stack: list[_Frame] = []
        self._nodes = 0
        self._expanded = 0

    @property
    def wants_key(self) -> bool:
        """Whether the next node is a key of the open mapping."""
        return bool(self._stack) and self._stack[-1].kind == "map" and self._stack[-1].key is None

    @property
    def depth(self) -> int:
        """How many mappings and lists are open."""
        return len(self._stack)

    def top(self) -> str:
        """``map``, ``list``, or "" when nothing is open."""
        return self._stack[-1].kind if self._stack else ""

    def key(self, text: str, line: int) -> None:
        """The key whose value comes next."""
        frame = self._stack[-1]
        frame.key = mask(text)[:MAX_TEXT]
        if text != "<<":
            frame.key_lines.append(line)
        frame.end = max(frame.end, line)

    def open(self, kind: str, line: int, tag: str = "", anchor: str | None = None) -> None:
        """A mapping or list begins; one that stands where a key is awaited is read and dropped."""
        if len(self._stack) >= MAX_DEPTH:
            raise CapReached("too_deep")
        self._count(1)
        self._stack.append(_Frame(kind, line, self._name(), tag, anchor, is_key=self.wants_key))

    def scalar(self, kind: str, text: str, start: int, end: int, tag: str = "", anchor: str | None = None) -> None:
        """A scalar value."""
        self._count(1)
        self._place(scalar(self._name(), kind, text, start, end, tag), 1, end, anchor)

    def alias(self, name: str, line: int) -> None:
        """A reference to an anchor: the node itself, unless that is unknown, unfinished or would expand too far."""
        node, size = self.anchors.get(name, (None, 1))
        if node is None or self._expanded + size > MAX_EXPANDED:
            node, size = Node("alias", line, line, name), 1
        elif node.kind not in ("map", "list"):
            node = scalar(self._name(), node.kind, node.text, node.start, node.end, node.tag)
        self._nodes += 1
        self._count(size, nodes=0)
        self._place(node, size, line, None)

    def close(self, line: int = 0) -> None:
        """The innermost mapping or list ends, at ``line`` where that is known. A key without a value gets a null."""
        frame = self._stack.pop()
        frame.end = max(frame.end, line)
        if frame.key is not None and frame.key != "<<":
            frame.items.append(Node("null", frame.end, frame.end, "null"))
            frame.keys.append(frame.key)
        if frame.is_key:
            self.key("", frame.start)
            return
        self._place(frame.node(), frame.size, frame.end, frame.anchor)

    def finish(self) -> tuple[Node, ...]:
        """Close whatever is open; the roots."""
        while self._stack:
            self.close()
        return tuple(self.roots)

    def _name(self) -> str:
        if not self._stack:
            return ""
        frame = self._stack[-1]
        return frame.key or "" if frame.kind == "map" else frame.name

    def _count(self, size: int, nodes: int = 1) -> None:
        self._nodes += nodes
        self._expanded += size
        if self._nodes > MAX_NODES or self._expanded > 2 * MAX_EXPANDED:
            raise CapReached("too_many_nodes")

    def _place(self, node: Node, size: int, end: int, anchor: str | None) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size)
        if not self._stack:
            self.roots.append(node)
            return
        frame = self._stack[-1]
        frame.size += size
        frame.end = max(frame.end, end)
        if frame.kind == "list":
            frame.items.append(node)
        elif frame.key == "<<":
            frame.merges.append(node)
            frame.key = None
        else:
            frame.items.append(node)
            frame.keys.append(frame.key or "")
            frame.key = None
