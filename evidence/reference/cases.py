"""The fixtures as examples: a signal's cases are its tests and its documentation at once.

A case is a Markdown file: a title that is a sentence, fenced files whose info string ends in their path, and one fence
called ``expect`` with a line for each signal, its grade (or ``absent``, ``not_applicable``) and the lines to cite.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_PACKAGED = Path(__file__).parent.parent / "_fixtures"
_CHECKOUT = Path(__file__).parent.parent.parent / "fixtures"
_FENCE = re.compile(r"(`{3,})\s*(\S*)\s*(.*)")
_GRADES = ("trace", "practised", "sustained")


@dataclass(frozen=True)
class Case:
    """One example. ``grade`` is the grade that the signal reaches in it, empty where it must not fire."""

    name: str
    title: str
    body: str
    grade: str

    @property
    def fires(self) -> bool:
        """Whether the signal is found at all."""
        return bool(self.grade)

    def under(self, heading_level: int) -> str:
        """The case as a section of a page: file names above their fences, expectations in words."""
        return "\n".join([f"{'#' * heading_level} {self.title}", "", *_readable(self.body)]).rstrip() + "\n"


def cases_of(signal: str) -> tuple[Case, ...]:
    """The cases of a signal, strongest grade first and those that must not fire last; none for a detector elsewhere."""
    folder = (_PACKAGED if _PACKAGED.is_dir() else _CHECKOUT) / signal
    cases = [_case(file, signal) for file in sorted(folder.glob("*.md"))]
    return tuple(sorted(cases, key=lambda case: (-_rank(case), case.name)))


def one_of_each(cases: Sequence[Case]) -> tuple[Case, ...]:
    """One case that fires, practised where there is one (the bar itself), and one that must not."""
    firing = sorted((case for case in cases if case.fires), key=lambda case: case.grade != "practised")
    quiet = [case for case in cases if not case.fires]
    return (*firing[:1], *quiet[:1])


def _rank(case: Case) -> int:
    return _GRADES.index(case.grade) if case.fires else -1


def _case(file: Path, signal: str) -> Case:
    title, _, body = file.read_text(encoding="utf-8").partition("\n")
    return Case(file.stem, title.lstrip("# ").strip(), body.strip("\n"), _grade(body, signal))


def _grade(body: str, signal: str) -> str:
    """The grade that the case expects of ``signal``."""
    for kind, _path, lines in _fences(body):
        for line in lines if kind == "expect" else ():
            words = line.split()
            if len(words) > 1 and words[0] == signal and words[1] in _GRADES:
                return words[1]
    return ""


def _fences(body: str) -> Iterator[tuple[str, str, list[str]]]:
    """(first word, rest, lines) of each fenced block."""
    inside: tuple[str, str, str] | None = None
    lines: list[str] = []
    for line in body.split("\n"):
        if inside is not None and line.rstrip() == inside[0]:
            yield inside[1], inside[2], lines
            inside, lines = None, []
        elif inside is not None:
            lines.append(line)
        elif found := _FENCE.fullmatch(line):
            inside = (found[1], found[2], found[3].strip())


def _readable(body: str) -> Iterator[str]:
    """The body with each file's path as a line of text, and the ``expect`` fence as a list."""
    closing, expecting = "", False
    for line in body.split("\n"):
        found = _FENCE.fullmatch(line)
        if closing:
            ends = line.rstrip() == closing
            closing = "" if ends else closing
            if not expecting:
                yield line
            elif not ends and line.strip():
                yield f"- {_expectation(line)}"
        elif found:
            closing, expecting = found[1], found[2] == "expect"
            yield from ["Expected:", ""] if expecting else _opening(found)
        else:
            yield line


def _opening(fence: re.Match[str]) -> list[str]:
    mark, first, rest = fence.groups()
    path, language = (rest.strip(), first) if rest else (first, "")
    return [f"`{path}`", "", f"{mark}{language}"] if path else [mark]


def _expectation(line: str) -> str:
    signal, _, rest = line.strip().partition(" ")
    outcome, *places = rest.split()
    return f"`{signal}`: {outcome}" + (", " + ", ".join(f"`{place}`" for place in places) if places else "")
