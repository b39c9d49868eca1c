"""The domains of a code base, told from its folders: large folders are opened until none holds most of the code.

Folders are how people say what belongs together, so they stand for domains here. What is not application code has one
area for each kind (tests, documents and so on), and old paths outside today's folders belong to none.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from evidence.facts.history.path_kinds import Kinds, PathKind

MOST_AREAS = 10
# A folder is opened while it holds more than this share of the application's files, and a folder below it gets an area
# of its own from this many files on.
_LARGE = 0.25
_FEWEST_FILES = 2

BESIDE = {
    PathKind.TEST: "tests",
    PathKind.DOCUMENT: "documents",
    PathKind.CONFIG: "configuration",
    PathKind.CI: "CI",
    PathKind.MIGRATION: "migrations",
}
"""Areas of what is not application code; other kinds of paths have none."""


class Areas(dict[str, str]):
    """The area of any path, "" for none. ``paths`` are those of the scanned commit; ``code`` are the areas of
    application code, each named by its folder (``.`` is the top)."""

    def __init__(self, paths: Iterable[str], kinds: Kinds) -> None:
        super().__init__()
        self._kinds = kinds
        code = [tuple(path.split("/")[:-1]) for path in paths if kinds[path] == PathKind.APP]
        self.code = tuple(sorted("/".join(folder) or "." for folder in _opened(code)))
        self._folders = frozenset(self.code)

    def __missing__(self, path: str) -> str:
        found = self[path] = self._find(path)
        return found

    def _find(self, path: str) -> str:
        kind = self._kinds[path]
        if kind != PathKind.APP:
            return BESIDE.get(kind, "")
        folder = path.rpartition("/")[0]
        while folder:
            if folder in self._folders:
                return folder
            folder = folder.rpartition("/")[0]
        return "." if "." in self._folders else ""


def _opened(code: list[tuple[str, ...]]) -> set[tuple[str, ...]]:
    """The folders that are areas, as parts of their paths."""
    areas: dict[tuple[str, ...], int] = {(): len(code)} if code else {}
    closed: set[tuple[str, ...]] = set()
    while True:
        large = [a for a, n in areas.items() if a not in closed and n > _LARGE * len(code)]
        if not large or len(areas) >= MOST_AREAS:
            return {area for area, count in areas.items() if count}
        area = min(large, key=lambda a: (-areas[a], a))
        closed.add(area)
        for child, count in _children(code, area, areas)[: MOST_AREAS + 1 - len(areas)]:
            areas[child] = count
            areas[area] -= count


def _children(
    code: list[tuple[str, ...]], area: tuple[str, ...], areas: dict[tuple[str, ...], int]
) -> list[tuple[tuple[str, ...], int]]:
    """The folders right below an area that are large enough, with their counts, largest first."""
    depth = len(area)
    counted = Counter(folder[: depth + 1] for folder in code if len(folder) > depth and folder[:depth] == area)
    large = [(c, n) for c, n in counted.items() if n >= _FEWEST_FILES and c not in areas]
    return sorted(large, key=lambda each: (-each[1], each[0]))
