"""Which lines a seed had already: a take-home starts from somebody's code, and only what was added on top counts.

Lines are compared by content, without white space: at the same place of the file of the same name, and anywhere in the
seed where they stand in a run of several, so that moved files and moved blocks stay the seed's.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from difflib import SequenceMatcher

from evidence.attribution.plain import plain_lines, runs, told, with_blank_ones

# Fewer lines in a row stand in unrelated files by chance: imports, closing brackets, a return.
_RUN = 3
_MOST_LINES = 5_000


class Seed:
    """The files of a seed, by path; ``name`` is its repository and commit. ``content`` gives a scanned file's content
    by path, None where it is not there."""

    def __init__(self, name: str, files: Mapping[str, bytes], content: Callable[[str], bytes | None]) -> None:
        self.name = name
        self._files = {path: plain_lines(text) for path, text in files.items() if b"\0" not in text}
        self._content = content
        self._runs = {run for lines in self._files.values() for _, run in runs(told(lines), _RUN)}
        self._known: dict[str, frozenset[int]] = {}

    def lines(self, path: str) -> frozenset[int]:
        """Numbers (1-based) of the lines of a scanned file that the seed had."""
        if path not in self._known:
            content = self._content(path)
            self._known[path] = self._had(path, plain_lines(content)) if content is not None else frozenset()
        return self._known[path]

    def _had(self, path: str, lines: Sequence[bytes]) -> frozenset[int]:
        found = {n for numbers, run in runs(told(lines), _RUN) if run in self._runs for n in numbers}
        same = self._files.get(path, [])
        if len(lines) <= _MOST_LINES and 0 < len(same) <= _MOST_LINES:
            for block in SequenceMatcher(None, same, lines, autojunk=False).get_matching_blocks():
                found.update(range(block.b + 1, block.b + block.size + 1))
        return with_blank_ones(lines, found)
