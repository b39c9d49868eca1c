"""Shell scripts as command lines: functions, here-documents, continuations. The words of a line are for ``shell``."""

from __future__ import annotations

import re

from evidence.facts.records import CommandLine
from evidence.facts.shell.heredocs import HeredocEnds
from evidence.patterns import regex

_FUNCTION = regex(
    r"[ \t]{0,40}(?:function[ \t]{1,10}([\w:.\-]{1,100})[ \t]{0,10}(?:\([ \t]{0,5}\))?"
    r"|([\w:.\-]{1,100})[ \t]{0,10}\([ \t]{0,5}\))"
    r"[ \t]{0,10}([{(])?[ \t]{0,10}(.*)"
)
_HEREDOC = regex(r"(?<!<)<<(?!<)(-?)[ \t]{0,10}(?:\\|([\"']))?([A-Za-z_][\w.\-]{0,60})(?(2)\2)")
_ASSIGNMENT = regex(
    r"[ \t]{0,40}(?:(?:export|declare|readonly|local|typeset)[ \t]{1,10}(?:-\w{1,5}[ \t]{1,10})?)?"
    r"([A-Za-z_]\w{0,100})=(.*)"
)
_MAX_HEREDOCS = 10

Found = tuple[list[CommandLine], dict[str, tuple[str, int]]]


def read_shell(lines: list[str]) -> Found:
    """Command lines by function, and plain assignments (the last of a name) with their line."""
    reader = _Reader(lines)
    while reader.at < len(lines):
        reader.line()
    return reader.found, reader.variables


class _Reader:
    """Walks the lines; ``at`` is the index of the next, ``open`` the functions being read with their indentation."""

    def __init__(self, lines: list[str]) -> None:
        self.lines = lines
        self.at = 0
        self.open: list[tuple[str, int, str]] = []
        self.awaits_brace = False
        self.found: list[CommandLine] = []
        self.variables: dict[str, tuple[str, int]] = {}
        self.ends = HeredocEnds(lines)

    def line(self) -> None:
        """One logical line."""
        start, first = self.at + 1, self.lines[self.at]
        text = self._logical()
        stripped = text.strip()
        if not stripped or stripped.startswith("#") or self._is_brace(first, stripped):
            return
        function = _FUNCTION.fullmatch(text)
        if function is not None and (function.group(3) or function.group(1) or not function.group(4)):
            self._open(function, _indent(first), start)
            return
        self._add(stripped, start)

    def _add(self, text: str, start: int) -> None:
        end = self.at
        text = self._without_heredocs(text)
        assignment = _ASSIGNMENT.fullmatch(text)
        if assignment is not None:
            self._assign(assignment.group(1), assignment.group(2), start)
        self.found.append(CommandLine(self.open[-1][0] if self.open else "", text, start, end))

    def _assign(self, name: str, value: str, line: int) -> None:
        value = value.strip()
        quoted = len(value) > 1 and value[0] in "'\"" and value.endswith(value[0])
        if quoted or not re.search(r"[\s;&|]", value):
            self.variables[name] = (value.strip("'\"")[:1_000], line)

    def _logical(self) -> str:
        parts: list[str] = []
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            comment = not parts and line.lstrip().startswith("#")
            if comment or not line.endswith("\\") or line.endswith("\\\\"):
                parts.append(line)
                break
            parts.append(line[:-1].rstrip())
        return parts[0] + "".join(f" {part.strip()}" for part in parts[1:])

    def _open(self, match: re.Match[str], indent: int, start: int) -> None:
        name = match.group(1) or match.group(2)
        brace, body = match.group(3) or "", match.group(4).strip()
        closing = ")" if brace == "(" else "}"
        if body.endswith(closing) and brace:
            self.open.append((name, indent, closing))
            inner = body[:-1].strip().rstrip(";").strip()
            if inner:
                self._add(inner, start)
            self.open.pop()
            return
        self.open.append((name, indent, closing))
        self.awaits_brace = not brace
        if body and not body.startswith("#"):
            self._add(body, start)

    def _is_brace(self, first: str, stripped: str) -> bool:
        """The brace that opens or closes the innermost function, alone on its line (redirections may follow)."""
        if not self.open:
            return False
        if self.awaits_brace and stripped in ("{", "("):
            self.awaits_brace = False
            return True
        _name, indent, closing = self.open[-1]
        if stripped.startswith(closing) and _indent(first) <= indent:
            self.open.pop()
            return True
        return False

    def _without_heredocs(self, text: str) -> str:
        """The line without ``<<WORD``; ``at`` moves behind the bodies."""
        for match in list(_HEREDOC.finditer(text))[:_MAX_HEREDOCS]:
            if "((" in text[: match.start()]:
                continue  # a shift in arithmetic
            end = self.ends.find(match.group(3), self.at, dashed=bool(match.group(1)))
            if end is not None:
                self.at = end + 1
                text = text.replace(match.group(), "", 1)
        return text.strip()


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


__all__ = ["read_shell"]
