"""Dockerfiles and Containerfiles as instructions, by the rules of BuildKit's own reader."""

from __future__ import annotations

import json

from evidence.facts.formats.structured import line_count, text_of
from evidence.facts.records import Dockerfile, Instruction, Lost
from evidence.facts.secrets.masking import mask_lines
from evidence.facts.shell.heredocs import HeredocEnds
from evidence.patterns import regex

MAX_BYTES = 256 * 1024
MAX_INSTRUCTIONS = 2_000
MAX_TEXT = 16_384

_DIRECTIVE = regex(r"#[ \t]{0,20}(\w{1,20})[ \t]{0,20}=[ \t]{0,20}(\S{1,200})")
_WORD = regex(r"[ \t]*+([A-Za-z]{2,20})(?=[ \t]|$)")
_HEREDOC = regex(r"<<(-?)([\"']?)([A-Za-z_]\w{0,60})\2(?=[\s;|&)>]|$)")
_FLAGS = regex(r"(?:--[\w.\-]{1,60}(?:=[^\s\[]*+)?[ \t]++)*")
_HEREDOC_WORDS = frozenset({"RUN", "COPY", "ADD"})


def extract(content: bytes) -> Dockerfile:
    """The instructions of a Dockerfile; lines that are none are in ``lost``.

    Comment lines and blank lines inside a continued instruction are dropped, as BuildKit drops them.
    """
    if len(content) > MAX_BYTES:
        return Dockerfile((), (Lost(1, max(1, content.count(b"\n")), "too_large"),))
    text = text_of(content)
    reader = _Reader(mask_lines(text.split("\n")), line_count(text))
    reader.read()
    return Dockerfile(tuple(reader.instructions), tuple(reader.lost))


class _Reader:
    """Walks the lines; ``at`` is the index of the next one."""

    def __init__(self, lines: list[str], last: int) -> None:
        self.lines = lines[:last]
        self.ends = HeredocEnds(self.lines)
        self.last = last
        self.at = 0
        self.escape = "\\"
        self.stage = -1
        self.instructions: list[Instruction] = []
        self.lost: list[Lost] = []

    def read(self) -> None:
        self._directives()
        while self.at < len(self.lines):
            stripped = self.lines[self.at].strip()
            if not stripped or stripped.startswith("#"):
                self.at += 1
            elif len(self.instructions) >= MAX_INSTRUCTIONS:
                self.lost.append(Lost(self.at + 1, self.last, "too_many_nodes"))
                return
            else:
                self._instruction()

    def _directives(self) -> None:
        """``# escape=`` and ``# syntax=`` stand before anything else."""
        for line in self.lines:
            match = _DIRECTIVE.match(line)
            if match is None:
                return
            if match.group(1).lower() == "escape" and match.group(2) in ("\\", "`"):
                self.escape = match.group(2)

    def _instruction(self) -> None:
        start = self.at + 1
        text, end = self._logical_line()
        match = _WORD.match(text)
        if match is None:
            self.lost.append(Lost(start, end, "syntax"))
            return
        word, rest = match.group(1).upper(), text[match.end() :].strip()
        heredocs: tuple[str, ...] = ()
        if word in _HEREDOC_WORDS:
            heredocs = self._heredocs(rest)
            end = max(end, self.at)
        if word == "FROM":
            self.stage += 1
        self.instructions.append(
            Instruction(word, rest[:MAX_TEXT], start, end, self.stage, _json_words(word, rest), heredocs)
        )

    def _logical_line(self) -> tuple[str, int]:
        """The text of one instruction with its continuations, and its last line; ``at`` moves behind it."""
        parts: list[str] = []
        end = self.at + 1
        while self.at < len(self.lines):
            line = self.lines[self.at]
            self.at += 1
            stripped = line.strip()
            if parts and (not stripped or stripped.startswith("#")):
                continue
            end = self.at
            if not stripped.endswith(self.escape):
                parts.append(stripped)
                break
            parts.append(stripped[:-1].rstrip())
        return " ".join(part for part in parts if part), end

    def _heredocs(self, text: str) -> tuple[str, ...]:
        """The bodies of the here-documents that the text announces; ``at`` moves behind the last."""
        bodies: list[str] = []
        for match in list(_HEREDOC.finditer(text))[:10]:
            end = self.ends.find(match.group(3), self.at, dashed=bool(match.group(1)))
            if end is not None:
                bodies.append("\n".join(self.lines[self.at : end])[:MAX_TEXT])
                self.at = end + 1
        return tuple(bodies)


def _json_words(word: str, rest: str) -> tuple[str, ...]:
    """The items of the JSON form, of a HEALTHCHECK's command too; none when it is the shell form."""
    text = rest[_match_end(rest) :]
    if word == "HEALTHCHECK" and text[:4].upper() == "CMD ":
        text = text[4:].lstrip()
    if not text.startswith("[") or len(text) > MAX_TEXT:
        return ()
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    strings = isinstance(items, list) and all(isinstance(item, str) for item in items)
    return tuple(item.encode("utf-8", "replace").decode("utf-8") for item in items) if strings else ()


def _match_end(rest: str) -> int:
    match = _FLAGS.match(rest)
    return match.end() if match else 0


__all__ = ["extract"]
