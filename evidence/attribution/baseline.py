"""Which lines a seed had already: a take-home starts from somebody's code, and only what was added on top counts.

Lines are compared by content, without white space: at the same place of the file of the same name, and anywhere in the
seed where they stand in a run of several, so that moved files and moved blocks stay the seed's. A formatter of Python
breaks lines anew and changes quotes: a line is the seed's too where all its words stand in long runs of its words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from difflib import SequenceMatcher

from evidence.attribution.mechanical import words
from evidence.attribution.plain import plain_lines, runs, told, with_blank_ones

# Fewer lines in a row stand in unrelated files by chance: imports, closing brackets, a return.
_RUN = 3
# About as much as three lines say.
_WORDS = 15
# So much of a seed's Python is compared by its words: a take-home's is far smaller, and this takes 40 MB.
_MOST_PYTHON = 2 << 20
_MOST_LINES = 5_000


class Seed:
    """The files of a seed, by path; ``name`` is its repository and commit. ``content`` gives a scanned file's content
    by path, None where it is not there."""

    def __init__(self, name: str, files: Mapping[str, bytes], content: Callable[[str], bytes | None]) -> None:
        self.name = name
        self._files = {path: plain_lines(text) for path, text in files.items() if b"\0" not in text}
        self._content = content
        self._runs = {run for lines in self._files.values() for _, run in runs(told(lines), _RUN)}
        self._phrases = {run for text in _python(files) for _, run in _phrases(text)}
        self._known: dict[str, frozenset[int]] = {}

    def lines(self, path: str) -> frozenset[int]:
        """Numbers (1-based) of the lines of a scanned file that the seed had."""
        if path not in self._known:
            content = self._content(path)
            self._known[path] = self._had(path, content) if content is not None else frozenset()
        return self._known[path]

    def _had(self, path: str, content: bytes) -> frozenset[int]:
        lines = plain_lines(content)
        found = {n for numbers, run in runs(told(lines), _RUN) if run in self._runs for n in numbers}
        same = self._files.get(path, [])
        if len(lines) <= _MOST_LINES and 0 < len(same) <= _MOST_LINES:
            for block in SequenceMatcher(None, same, lines, autojunk=False).get_matching_blocks():
                found.update(range(block.b + 1, block.b + block.size + 1))
        if path.endswith(".py"):
            found.update(self._formatted(content))
        return with_blank_ones(lines, found)

    def _formatted(self, content: bytes) -> Iterator[int]:
        """The lines whose words all stand in long runs of the seed's."""
        said = {place for places, run in _phrases(content) if run in self._phrases for place in places}
        before = False
        for number, line in enumerate(content.removesuffix(b"\n").split(b"\n"), 1):
            # a bracket alone is of what stands above it
            before = all((number, place) in said for place in range(count)) if (count := len(words(line))) else before
            if before:
                yield number


def _python(files: Mapping[str, bytes]) -> Iterator[bytes]:
    left = _MOST_PYTHON
    for path, content in sorted(files.items()):
        left -= len(content) if path.endswith(".py") else 0
        if left >= 0 and path.endswith(".py"):
            yield content


def _phrases(content: bytes) -> Iterator[tuple[Sequence[tuple[int, int]], int]]:
    """Each so many words in a row: the line and the place in it of each, and a hash of what they say."""
    lines = enumerate(content.split(b"\n"), 1)
    told = [(number, place, word) for number, line in lines for place, word in enumerate(words(line))]
    for start in range(len(told) - _WORDS + 1):
        some = told[start : start + _WORDS]
        yield [(number, place) for number, place, _ in some], hash(tuple(word for _, _, word in some))
