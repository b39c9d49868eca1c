"""What leads to what, where only what is reached matters: a graph as plain sets, cheaper to fill than a library's."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from typing import Generic, TypeVar

Node = TypeVar("Node", bound=Hashable)


class Links(Generic[Node]):
    """Nodes with those that each leads to."""

    def __init__(self) -> None:
        self._onward: dict[Node, set[Node]] = {}

    def add(self, node: Node, onward: Iterable[Node]) -> None:
        """Let a node lead to these."""
        self._onward.setdefault(node, set()).update(onward)

    def number_of_edges(self) -> int:
        """How many steps there are from one node to another."""
        return sum(map(len, self._onward.values()))

    def reached(self, roots: Iterable[Node]) -> frozenset[Node]:
        """These and all that they lead to, directly or not."""
        seen = set(roots)
        pending = list(seen)
        while pending:
            fresh = self._onward.get(pending.pop(), set()) - seen
            seen |= fresh
            pending += fresh
        return frozenset(seen)
