"""INI (setup.cfg, tox.ini, .flake8, .coveragerc) and shell-like environment files as nodes, with lines."""

from __future__ import annotations

from collections.abc import Callable

from evidence.facts.formats.structured import Builder, CapReached, line_count, text_of, too_large
from evidence.facts.plain import is_generated
from evidence.facts.records import Data, Lost
from evidence.patterns import regex

MAX_BYTES = 256 * 1024
MAX_LINE = 10_000
"""Characters of one line; longer ones are not INI."""

_SECTION = regex(r"\[([^\]\n]{1,200})\]")
_VARIABLE = regex(r"(?:export[ \t]{1,10})?([A-Za-z_][\w.\-]{0,200})[ \t]{0,10}=")
_MAX_QUOTED_LINES = 200


class _Value:
    """A key whose continuation lines are still being collected."""

    def __init__(self, key: str, text: str, line: int) -> None:
        self.key, self.lines, self.start, self.end = key, [text], line, line

    def more(self, text: str, line: int) -> None:
        self.lines += [""] * (line - self.end - 1)
        self.lines.append(text)
        self.end = line


def extract(content: bytes) -> Data:
    """Sections as a mapping of mappings; keys before the first section stand beside them.

    The lines of a value are joined by newlines, one for every line of the file: a value that begins below its key
    begins with an empty line, and a comment (``#``, ``;``) within it leaves one. Other lines are in ``lost``.
    """
    return _mapping(content, _read_ini)


def _read_ini(builder: Builder, lines: list[str]) -> list[Lost]:
    lost: list[Lost] = []
    value: _Value | None = None
    for number, line in enumerate(lines, 1):
        stripped = line.strip()
        if not stripped or stripped[0] in "#;":
            continue
        if value is not None and line[0] in " \t":
            value.more(stripped, number)
            continue
        _put(builder, value)
        value = None
        section = _SECTION.match(stripped)
        if section is not None:
            _open_section(builder, section.group(1), number)
        elif len(line) <= MAX_LINE:
            value = _key_value(stripped, number)
        if section is None and value is None:
            lost.append(Lost(number, number, "syntax"))
    _put(builder, value)
    return lost


def _open_section(builder: Builder, name: str, line: int) -> None:
    if builder.depth > 1:
        builder.close()
    builder.key(name, line)
    builder.open("map", line)


def _key_value(stripped: str, line: int) -> _Value | None:
    at = min((i for i in (stripped.find("="), stripped.find(":")) if i > 0), default=-1)
    if at == -1:
        # configparser allows keys without a value; a word alone is one, prose is not.
        return _Value(stripped, "", line) if len(stripped.split()) == 1 else None
    return _Value(stripped[:at].rstrip(), stripped[at + 1 :].lstrip(), line)


def _put(builder: Builder, value: _Value | None) -> None:
    if value is not None:
        builder.key(value.key, value.start)
        builder.scalar("str", "\n".join(value.lines), value.start, value.end)


def extract_env(content: bytes) -> Data:
    """``NAME=value`` lines (.env, .flaskenv, .properties) as one mapping; quotes are taken off, ``export`` is ignored.

    A quoted value may span lines. A line that is no assignment is in ``lost``.
    """
    return _mapping(content, _read_env)


def _mapping(content: bytes, read: Callable[[Builder, list[str]], list[Lost]]) -> Data:
    """What ``read`` builds of the lines, within the caps."""
    over = too_large(content, MAX_BYTES)
    if over is not None:
        return over
    text = text_of(content)
    builder = Builder()
    builder.open("map", 1)
    try:
        lost = read(builder, text.split("\n"))
    except CapReached as cap:
        lost = [Lost(1, line_count(text), cap.reason)]
    return Data(builder.finish(), tuple(lost), is_generated(content[:2048]))


def _read_env(builder: Builder, lines: list[str]) -> list[Lost]:
    lost: list[Lost] = []
    at = 0
    while at < len(lines):
        stripped = lines[at].strip()
        at += 1
        if not stripped or stripped[0] in "#!;":
            continue
        match = _VARIABLE.match(stripped)
        if match is None:
            lost.append(Lost(at, at, "syntax"))
            continue
        text, end = _env_value(stripped[match.end() :].strip(), lines, at)
        builder.key(match.group(1), at)
        builder.scalar("str", text, at, end)
        at = end
    return lost


def _env_value(text: str, lines: list[str], line: int) -> tuple[str, int]:
    """The value and its last line (1-based)."""
    quote = text[:1]
    if quote not in ("'", '"'):
        return text.partition(" #")[0].rstrip(), line
    close = text.find(quote, 1)
    if close != -1:
        return text[1:close], line
    for end in range(line, min(line + _MAX_QUOTED_LINES, len(lines))):
        close = lines[end].find(quote)
        if close != -1:
            return "\n".join([text[1:], *lines[line:end], lines[end][:close]]), end + 1
    return text[1:], line


__all__ = ["extract", "extract_env"]
