"""The grammar of Makefiles, as far as recipes, prerequisites and plain variables go."""

from __future__ import annotations

import re

from evidence.facts.records import CommandLine
from evidence.patterns import regex

MAX_VALUE = 1_000
"""Characters of a variable's value that is still substituted."""
MAX_EXPANDED = 4_096
_MAX_PASSES = 5
_MAX_TARGETS = 5_000

_ASSIGNMENT = regex(
    r"(?:(?:export|override|private)[ \t]{1,10}){0,3}([A-Za-z_.][\w.\-]{0,100})[ \t]{0,20}"
    r"(\?=|\+=|!=|:{0,3}=)[ \t]{0,20}(.*)"
)
_REFERENCE = regex(r"\$[({]([A-Za-z_.][\w.\-]{0,100})[)}]")
_DIRECTIVE = regex(r"[ ]{0,20}(?:ifeq|ifneq|ifdef|ifndef|else|endif|-?include|sinclude|vpath|unexport|undefine)\b")
_CONDITION = regex(r"[ ]{0,20}(?:ifeq|ifneq|ifdef|ifndef|(endif))\b")
_DEFINE = regex(r"[ ]{0,20}(?:override[ ]{1,10})?define\b")

Variables = dict[str, tuple[str, int]]
Found = tuple[list[CommandLine], dict[str, tuple[str, ...]], Variables]


def read_makefile(lines: list[str]) -> Found:
    """Recipe lines, prerequisites by target, and variables with their line."""
    reader = _Reader(lines)
    while reader.at < len(lines):
        reader.line()
    recipes = [
        CommandLine(c.section, _recipe(c.text, c.section, reader.variables), c.start, c.end) for c in reader.recipes
    ]
    return recipes, reader.needs, reader.variables


class _Reader:
    """Walks the lines; ``at`` is the index of the next, ``targets`` those whose recipe is being read."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.targets: list[str] = []
        self.recipes: list[CommandLine] = []
        self.needs: dict[str, tuple[str, ...]] = {}
        self.variables: Variables = {}
        self.depth = 0
        self.always: set[str] = set()

    def line(self) -> None:
        """One logical line."""
        first = self.lines[self.at]
        start = self.at + 1
        if _DEFINE.match(first):
            self._skip_define()
            return
        text = self._logical()
        stripped = text.strip()
        condition = _CONDITION.match(text)
        if condition is not None:
            self.depth += -1 if condition[1] else 1
        if not stripped or stripped.startswith("#") or _DIRECTIVE.match(text):
            return
        if first.startswith("\t") and self.targets:
            self._add_recipe(stripped, start)
            return
        assignment = _ASSIGNMENT.fullmatch(stripped)
        if assignment is not None:
            self._assign(*assignment.groups(), line=start)
        else:
            self._rule(stripped, start)

    def _logical(self) -> str:
        parts: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            if not line.endswith("\\"):
                parts.append(line)
                break
            parts.append(line[:-1].rstrip())
        return parts[0] + "".join(f" {part.strip()}" for part in parts[1:])

    def _skip_define(self) -> None:
        while self.at < len(self.lines):
            line = self.lines[self.at].strip()
            self.at += 1
            if line == "endef":
                return

    def _assign(self, name: str, operator: str, value: str, *, line: int) -> None:
        self.targets = []
        value = value.partition(" #")[0].strip()
        known = self.variables.get(name)
        if self.depth > 0 and name in self.always:
            return  # what a condition sets instead is an exception to what stands outside of all of them
        if self.depth <= 0:
            self.always.add(name)
        if operator == "+=" and known is not None:
            self.variables[name] = (f"{known[0]} {value}"[:MAX_EXPANDED], known[1])
        elif operator != "!=" and (operator != "?=" or known is None):
            self.variables[name] = (value[:MAX_EXPANDED], line)

    def _rule(self, text: str, line: int) -> None:
        head, colon, rest = _at_colon(_expanded(text, self.variables))
        self.targets = []
        if not colon or len(self.needs) > _MAX_TARGETS:
            return
        rest, _, recipe = rest.lstrip(":").partition(";")
        self.targets = head.split()[:100]
        names = () if "=" in rest else tuple(n for n in rest.partition("#")[0].split() if n != "|")
        for target in self.targets:
            self.needs[target] = tuple(dict.fromkeys((*self.needs.get(target, ()), *names)))[:_MAX_TARGETS]
        if recipe.strip():
            self._add_recipe(recipe.strip(), line)

    def _add_recipe(self, text: str, start: int) -> None:
        if not text.startswith("#"):
            self.recipes += [CommandLine(target, text, start, self.at) for target in self.targets]


def _at_colon(text: str) -> tuple[str, str, str]:
    """Targets, colon and the rest; a colon inside of ``$(...)`` is not the rule's."""
    depth = 0
    for at, char in enumerate(text):
        depth += (char in "({") - (char in ")}")
        if char == ":" and depth <= 0:
            return text[:at], ":", text[at + 1 :]
    return text, "", ""


def _expanded(text: str, variables: Variables) -> str:
    """The text with plain variables replaced, as long as it stays short; functions and unknown names stay."""

    def value(match: re.Match[str]) -> str:
        known = variables.get(match.group(1))
        return known[0] if known is not None and len(known[0]) <= MAX_VALUE else match.group()

    for _ in range(_MAX_PASSES):
        if len(text) > MAX_EXPANDED or "$" not in text:
            break
        longer = _REFERENCE.sub(value, text)
        if longer == text or len(longer) > MAX_EXPANDED:
            break
        text = longer
    return text


def _recipe(text: str, target: str, variables: Variables) -> str:
    """A recipe line as the shell gets it, ``$(MAKE)`` and what is not known left alone."""
    return _expanded(text, variables).replace("$@", target).replace("$(@)", target).replace("$$", "$")


__all__ = ["read_makefile"]
