"""Command lines of Makefiles, Procfiles, shell scripts and justfiles; for other files see ``declared_commands``."""

from __future__ import annotations

import re

from evidence.facts.formats.makefile import read_makefile
from evidence.facts.formats.structured import text_of
from evidence.facts.records import CommandLine, Commands, Lost
from evidence.facts.secrets.masking import mask_lines
from evidence.facts.shell.script import read_shell
from evidence.patterns import regex

MAX_BYTES = 256 * 1024
MAX_LINES = 20_000
MAX_TEXT = 16_384

_PROCESS = regex(r"([A-Za-z0-9_\-]{1,100}):[ \t]{0,20}(.*)")
_RECIPE = regex(r"@?([A-Za-z_][\w\-]{0,100})((?:[ \t]{1,10}[^:\n]{1,300}?)?)[ \t]{0,10}:(?!=)(.*)")
_ASSIGNMENT = regex(r"(?:export[ \t]{1,10})?([A-Za-z_][\w\-]{0,100})[ \t]{0,10}:=[ \t]{0,10}(.*)")
_JUST_VARIABLE = regex(r"\{\{[ \t]{0,10}([A-Za-z_][\w\-]{0,100})[ \t]{0,10}\}\}")
_DEPENDENCY = regex(r"\(?[ \t]{0,10}([A-Za-z_][\w\-]{0,100})")
_JUST_WORDS = frozenset({"set", "alias", "import", "mod"})


def extract_makefile(content: bytes) -> Commands:
    """A Makefile: recipe lines by target (with their ``@`` and ``-``), prerequisites, variables.

    ``needs`` has every target, those without prerequisites too, in the file's order; ``.PHONY`` is one of them.
    """
    lines, lost = _lines_of(content)
    found, needs, variables = read_makefile(lines)
    return _commands("makefile", found, needs, variables, lost)


def extract_shell(content: bytes) -> Commands:
    """A shell script: one line per command line, by function; here-documents and comments are left out.

    Of a line that begins a here-document the ``<<WORD`` is left out as well, so that lines can be read as a script.
    """
    lines, lost = _lines_of(content)
    found, variables = read_shell(lines)
    return _commands("shell", found, {}, variables, lost)


def extract_procfile(content: bytes) -> Commands:
    """A Procfile: one line per process type."""
    lines, lost = _lines_of(content)
    found: list[CommandLine] = []
    missed: list[Lost] = []
    at = 0
    while at < len(lines):
        start = at + 1
        text, at = _joined(lines, at)
        match = _PROCESS.match(text)
        if match is not None:
            found.append(CommandLine(match.group(1), match.group(2).strip(), start, at))
        elif text and not text.startswith("#"):
            missed.append(Lost(start, at, "syntax"))
    return _commands("procfile", found, {}, {}, (*lost, *missed))


def extract_justfile(content: bytes) -> Commands:
    """A justfile: recipe lines by recipe (with their ``@`` and ``-``), dependencies, variables."""
    lines, lost = _lines_of(content)
    reader = _Justfile()
    at = 0
    while at < len(lines):
        at = reader.take(lines, at)
    return _commands("justfile", reader.found, reader.needs, reader.variables, lost)


class _Justfile:
    """What was read of a justfile so far; ``recipe`` is the one whose body is being read."""

    def __init__(self) -> None:
        self.found: list[CommandLine] = []
        self.needs: dict[str, tuple[str, ...]] = {}
        self.variables: dict[str, tuple[str, int]] = {}
        self.recipe = ""

    def take(self, lines: list[str], at: int) -> int:
        """One logical line; where the next begins."""
        line = lines[at]
        text, after = _joined(lines, at)
        if not text or text.startswith("#"):
            return after
        if line[:1] in (" ", "\t"):
            if self.recipe:
                self.found.append(CommandLine(self.recipe, self._filled(text), at + 1, after))
            return after
        self.recipe = ""
        self._top(text, at + 1)
        return after

    def _top(self, text: str, line: int) -> None:
        assignment = _ASSIGNMENT.match(text)
        if assignment is not None or text.partition(" ")[0] in _JUST_WORDS:
            if assignment is not None:
                self.variables[assignment.group(1)] = (assignment.group(2).strip("\"' "), line)
            return
        recipe = _RECIPE.match(text)
        if recipe is not None:
            self.recipe = recipe.group(1)
            parts = re.findall(r"\([^)]{0,300}\)|[^\s&()]{1,200}", recipe.group(3).partition("#")[0])
            needs = [m.group(1) for part in parts if (m := _DEPENDENCY.match(part)) is not None]
            self.needs[self.recipe] = tuple(needs)

    def _filled(self, text: str) -> str:
        def value(match: re.Match[str]) -> str:
            known = self.variables.get(match.group(1))
            return known[0] if known is not None and len(known[0]) <= 1_000 else match.group()

        return _JUST_VARIABLE.sub(value, text[:MAX_TEXT])


def _joined(lines: list[str], at: int) -> tuple[str, int]:
    """The logical line that begins at index ``at``, stripped, and the index behind it."""
    parts: list[str] = []
    while at < len(lines):
        stripped = lines[at].strip()
        at += 1
        if not stripped.endswith("\\"):
            parts.append(stripped)
            break
        parts.append(stripped[:-1].rstrip())
    return " ".join(part for part in parts if part), at


def _lines_of(content: bytes) -> tuple[list[str], tuple[Lost, ...]]:
    """The masked lines of the file, none when it is too large."""
    if len(content) > MAX_BYTES:
        return [], (Lost(1, max(1, content.count(b"\n")), "too_large"),)
    lines = mask_lines(text_of(content).split("\n"))
    return lines[:-1] if len(lines) > 1 and not lines[-1] else lines, ()


def _commands(
    kind: str,
    found: list[CommandLine],
    needs: dict[str, tuple[str, ...]],
    variables: dict[str, tuple[str, int]],
    lost: tuple[Lost, ...],
) -> Commands:
    if len(found) > MAX_LINES:
        lost = (*lost, Lost(found[MAX_LINES].start, found[-1].end, "too_many_nodes"))
    lines = (CommandLine(c.section, c.text[:MAX_TEXT], c.start, c.end) for c in found[:MAX_LINES])
    return Commands(kind, tuple(lines), needs, variables, lost)


__all__ = ["extract_justfile", "extract_makefile", "extract_procfile", "extract_shell"]
