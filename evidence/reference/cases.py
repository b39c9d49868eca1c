"""The fixtures as examples: a signal's cases are its tests and its documentation at once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidence.patterns import regex
from evidence.testkit import read_case

_PACKAGED = Path(__file__).parent.parent / "_fixtures"
_CHECKOUT = Path(__file__).parent.parent.parent / "fixtures"
_FENCE = regex(r"(`{3,}|~{3,})(\S*)(.*)")
_GRADES = ("trace", "practised", "sustained")
# Fences of a case that are no files, and how a page introduces them.
_TOLD = {"expect": "Expected:", "history": "History:"}


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
    text = file.read_text(encoding="utf-8")
    case = read_case(text)
    grades = (each.result for each in case.expectations if each.signal == signal and each.result in _GRADES)
    return Case(file.stem, case.title, text.partition(f"# {case.title}")[2].strip("\n"), next(grades, ""))


def _readable(body: str) -> Iterator[str]:
    """The body with each file's path as a line of text, and what is expected as a list."""
    mark = word = ""
    for line in body.split("\n"):
        opened = None if mark else _FENCE.fullmatch(line)
        if opened:
            mark, word = opened[1], opened[2]
            yield from [_TOLD[word], ""] if word in _TOLD else _opening(opened)
        elif mark and line.strip() == mark:
            yield from () if word in _TOLD else (line,)
            mark = ""
        elif mark and word in _TOLD:
            yield from [f"- {_expectation(line) if word == 'expect' else line}"] if line.strip() else ()
        else:
            yield line


def _opening(fence: re.Match[str]) -> list[str]:
    mark, word, path = fence[1], fence[2], fence[3].strip()
    if word == "forge":
        return ["The forge tells:", "", f"{mark}yaml"]
    return [f"`{path}`", "", f"{mark}{word}"] if path else [f"{mark}{word}"]


def _expectation(line: str) -> str:
    signal, _, rest = line.strip().partition(" ")
    outcome, *places = rest.split()
    return f"`{signal}`: {outcome}" + (", " + ", ".join(f"`{place}`" for place in places) if places else "")
