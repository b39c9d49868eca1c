"""All that application code assigns and hands to calls, by the kind of expression: for what stands in few of them.

A secret, or the text of a log format, stands in one expression of ten thousand: who looks for it goes through those of
its kind, and not through every expression of the project again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TypeAlias

from evidence.facts.names import PyFile
from evidence.facts.python.records import Assign, Call, Expr

Placed: TypeAlias = tuple[PyFile, Assign | Call, Expr]
"""The file, the assignment or call, and an expression of it: its value or itself, or one that stands in that."""


def expressions(files: Iterable[PyFile]) -> dict[str, list[Placed]]:
    """The expressions of these files by their kind; file by file, assignments first."""
    found: defaultdict[str, list[Placed]] = defaultdict(list)
    for file in files:
        items: tuple[Assign | Call, ...] = (*file.module.assigns, *file.module.calls)
        for item in items:
            stack = [item.expr if isinstance(item, Call) else item.value]
            while stack:
                expr = stack.pop()
                found[expr.kind].append((file, item, expr))
                if expr.items:
                    stack += expr.items[::-1]
    return found
