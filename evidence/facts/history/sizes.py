"""How large a commit is for who must review or undo it: lines and files written by hand, and whether a tool made it."""

from __future__ import annotations

import re

from msgspec import Struct

from evidence.facts.history.path_kinds import Kinds, PathKind
from evidence.model import Commit, LineCount
from evidence.patterns import regex

_BY_TOOL = regex(
    r"\b(?:black|isort|ruff format|yapf|autopep8|prettier|eslint --fix|gofmt|clang-format|pyupgrade|2to3|codemod)\b"
    r"|\b(?:re-?format|formatting|re-?indent|auto-?format|white-?space|bump)"
    r"|\bupdate (?:lock|dependenc|translat)"
    r"|\b(?:rename|move|vendor|regenerate|licen[cs]e header|copyright year)",
    re.IGNORECASE,
)


class Size(Struct, frozen=True):
    """``lines`` added and removed and ``files`` changed, without vendored, generated, lock and binary files and without
    white space; ``by_tool`` where the change is mechanical: only removals, or the subject names a tool or a move."""

    lines: int
    files: int
    by_tool: bool


def size_of(commit: Commit, count: LineCount, kinds: Kinds) -> Size:
    """The size of a commit from its counted lines; ``kinds`` are those of all paths."""
    own = [(added, gone) for path, added, gone in count.files if added >= 0 and kinds[path] != PathKind.FOREIGN]
    added, gone = sum(a for a, _ in own), sum(g for _, g in own)
    only_removed = gone > 0 and added <= gone // 20
    return Size(added + gone, len(own), only_removed or bool(_BY_TOOL.search(commit.subject)))
