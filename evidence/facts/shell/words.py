"""The words and operators of shell text, with their lines; linear, without expansion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from evidence.patterns import regex

_BLANK = " \t\r"
_MAX_WORD = 65_536
_ASSIGNMENT = regex(r"[A-Za-z_][A-Za-z0-9_]*\+?=")


class Token(Struct, frozen=True):
    """A word (quotes removed) or an operator. ``quoted`` tells that the word was written with quotes."""

    kind: str
    text: str
    line: int
    quoted: bool = False


def tokens(script: str, first_line: int) -> Iterator[Token]:
    """Words and operators of ``script``; redirections and their targets, comments and here-documents are left out."""
    return _Reader(script, first_line).read()


class _Reader:
    def __init__(self, script: str, first_line: int) -> None:
        self.script = script
        self.at = 0
        self.line = first_line
        self.heredocs: list[str] = []

    def read(self) -> Iterator[Token]:
        script = self.script
        skip_word = False
        while self.at < len(script):
            char = script[self.at]
            if char in _BLANK:
                self.at += 1
            elif char == "\\" and script.startswith(("\\\n", "\\\r\n"), self.at):
                self._skip_through_newline()
            elif char == "\n":
                yield Token("op", "\n", self.line)
                self._newline()
            elif char == "#":
                self._skip_comment()
            elif script.startswith(("$(", "`"), self.at) or char not in "&|;()<>":
                token = self._word()
                if script.startswith((">", "<"), self.at) and token.text.isdigit():
                    continue  # the number of a file descriptor
                if not skip_word:
                    yield token
                skip_word = False
            elif char in "<>" or script.startswith("&>", self.at):
                skip_word = self._redirection()
            else:
                yield self._operator()

    def _newline(self) -> None:
        self.at += 1
        self.line += 1
        waiting, self.heredocs = self.heredocs, []
        for end in waiting:
            while self.at < len(self.script):
                stop = self.script.find("\n", self.at)
                stop = len(self.script) if stop < 0 else stop
                text = self.script[self.at : stop].strip()
                self.at = stop + 1
                self.line += 1
                if text == end:
                    break

    def _skip_through_newline(self) -> None:
        self.at = self.script.index("\n", self.at) + 1
        self.line += 1

    def _skip_comment(self) -> None:
        stop = self.script.find("\n", self.at)
        self.at = len(self.script) if stop < 0 else stop

    def _operator(self) -> Token:
        for text, meaning in (("&&", "&&"), ("||", "||"), ("|&", "|"), (";;&", ";;"), (";;", ";;"), (";&", ";;")):
            if self.script.startswith(text, self.at):
                self.at += len(text)
                return Token("op", meaning, self.line)
        char = self.script[self.at]
        self.at += 1
        return Token("op", char, self.line)

    def _redirection(self) -> bool:
        """Step over a redirection; True when the next word is its target."""
        script = self.script
        if script.startswith("<<<", self.at):
            self.at += 3
            return True
        if script.startswith("<<", self.at):
            self.at += 3 if script.startswith("<<-", self.at) else 2
            while self.at < len(script) and script[self.at] in _BLANK:
                self.at += 1
            if self.at < len(script) and script[self.at] not in "\n&|;()<>":
                self.heredocs.append(self._word().text)
            return False
        while self.at < len(script) and script[self.at] in "<>&|":
            self.at += 1
            if script[self.at - 1] == "&" and script[self.at - 2] in "<>":
                break
        return True

    def _word(self) -> Token:
        script, line, parts, quoted = self.script, self.line, [], False
        while self.at < len(script):
            char = script[self.at]
            if char in "'\"":
                quoted = True
                parts.append(self._quoted(char))
            elif char == "`":
                parts.append(self._until("`"))
            elif script.startswith("{{", self.at) or script.startswith("${{", self.at):
                parts.append(self._until("}}", skip=2))
            elif script.startswith(("$(", "${"), self.at):
                parts.append(self._nested())
            elif char == "\\" and self.at + 1 < len(script):
                if script[self.at + 1] == "\n":
                    self._skip_through_newline()
                    continue
                parts.append(script[self.at + 1])
                self.at += 2
            elif char in " \t\r\n&|;()<>":
                break
            else:
                parts.append(char)
                self.at += 1
        return Token("word", "".join(parts)[:_MAX_WORD], line, quoted)

    def _take(self, stop: int) -> str:
        text = self.script[self.at : stop]
        self.line += text.count("\n")
        self.at = stop
        return text

    def _until(self, end: str, skip: int = 1) -> str:
        stop = self.script.find(end, self.at + skip)
        return self._take(len(self.script) if stop < 0 else stop + len(end))

    def _quoted(self, quote: str) -> str:
        stop = self.at + 1
        while stop < len(self.script) and self.script[stop] != quote:
            stop += 2 if quote == '"' and self.script[stop] == "\\" else 1
        text = self._take(min(stop + 1, len(self.script)))
        return text[1:-1] if text.endswith(quote) and len(text) > 1 else text[1:]

    def _nested(self) -> str:
        """A ``$( )`` or ``${ }`` with what is nested in it; a quote inside does not end it."""
        opening, closing = self.script[self.at + 1], ")" if self.script[self.at + 1] == "(" else "}"
        depth, stop = 0, self.at + 1
        while stop < len(self.script):
            char = self.script[stop]
            if char == "\\":
                stop += 1
            elif char == "'" and opening == "(":
                end = self.script.find("'", stop + 1)
                stop = end if end > 0 else len(self.script)
            elif char == opening:
                depth += 1
            elif char == closing:
                depth -= 1
                if depth == 0:
                    break
            stop += 1
        return self._take(min(stop + 1, len(self.script)))


def without_assignments(found: Iterable[Token]) -> tuple[list[str], list[str]]:
    """The words of a command, and the assignments before the first of them."""
    words: list[str] = []
    assigned: list[str] = []
    for token in found:
        if not words and _ASSIGNMENT.match(token.text):
            assigned.append(token.text)
        else:
            words.append(token.text)
    return words, assigned
