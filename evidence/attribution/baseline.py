"""Which lines a seed had already: a take-home starts from somebody's code, and only what was added on top counts.

Lines are compared by content, without white space: at the same place of the file of the same name, and anywhere in the
seed where they stand in a run of several, so that moved files and moved blocks stay the seed's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from difflib import SequenceMatcher

# Fewer lines in a row stand in unrelated files by chance: imports, closing brackets, a return.
_RUN = 3
_MOST_LINES = 5_000


class Seed:
    """The files of a seed, by path; ``name`` is its repository and commit. ``content`` gives a scanned file's content
    by path, None where it is not there."""

    def __init__(self, name: str, files: Mapping[str, bytes], content: Callable[[str], bytes | None]) -> None:
        self.name = name
        self._files = {path: _plain(text) for path, text in files.items() if b"\0" not in text}
        self._content = content
        self._runs = {run for lines in self._files.values() for _, run in _runs(_told(lines))}
        self._known: dict[str, frozenset[int]] = {}

    def lines(self, path: str) -> frozenset[int]:
        """Numbers (1-based) of the lines of a scanned file that the seed had."""
        if path not in self._known:
            content = self._content(path)
            self._known[path] = self._had(path, _plain(content)) if content is not None else frozenset()
        return self._known[path]

    def _had(self, path: str, lines: list[bytes]) -> frozenset[int]:
        found = {n for numbers, run in _runs(_told(lines)) if run in self._runs for n in numbers}
        same = self._files.get(path, [])
        if len(lines) <= _MOST_LINES and 0 < len(same) <= _MOST_LINES:
            for block in SequenceMatcher(None, same, lines, autojunk=False).get_matching_blocks():
                found.update(range(block.b + 1, block.b + block.size + 1))
        return frozenset(found | _blank_between(lines, found))


def _plain(content: bytes) -> list[bytes]:
    lines = [b"".join(line.split()) for line in content.split(b"\n")]
    return lines if lines[-1] else lines[:-1]


def _told(lines: Iterable[bytes]) -> list[tuple[int, bytes]]:
    return [(number, line) for number, line in enumerate(lines, 1) if line]


def _runs(told: list[tuple[int, bytes]]) -> Iterable[tuple[tuple[int, ...], tuple[bytes, ...]]]:
    """Each few lines in a row: their numbers and what they say."""
    for start in range(len(told) - _RUN + 1):
        some = told[start : start + _RUN]
        yield tuple(number for number, _ in some), tuple(line for _, line in some)


def _blank_between(lines: list[bytes], found: set[int]) -> set[int]:
    """Blank lines below lines of the seed belong to it."""
    blank, before = set[int](), False
    for number, line in enumerate(lines, 1):
        if line:
            before = number in found
        elif before:
            blank.add(number)
    return blank
